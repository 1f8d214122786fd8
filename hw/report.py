"""Stage: report.json and the table on stdout, from what the other stages wrote. Computes nothing itself."""

from typing import Any

from rich.console import Console
from rich.table import Table

from ganglion.hw.design.design import load_design
from ganglion.hw.settings import BuildSettings
from ganglion.models.build.files import read_json, write_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.stage import Stage
from ganglion.models.formats.policy_folder import JSON_FILE

STAGES = ("policy", "compile", "simulate", "closed_loop", "synth", "bitstream")


def collect(paths: BuildPaths) -> dict[str, Any]:
    """Return the report: one section a stage, keys as the README documents them."""
    policy = read_json(paths.policy / JSON_FILE)
    design, sim = load_design(paths), read_json(paths.sim)
    loop = read_json(paths.closed_loop)
    return {
        "env": policy["env"],
        "policy": policy_section(policy),
        "engine": design.engine,
        "board": design.board.name,
        "clock_mhz": design.clock_mhz,
        "simulation": sim,
        "closed_loop": loop,
        "resources": read_json(paths.synth),
        "bitstream": {"reason": None} | read_json(paths.bitstream),
        "stage_s": {name: stage_seconds(paths, name) for name in STAGES},
    }


def policy_section(policy: dict[str, Any]) -> dict[str, Any]:
    """Return the report's policy section; what a user's own policy.json does not say is null."""
    known = policy["provenance"]
    counts = {key: known.get(key) for key in ("sparsity", "nnz", "nnz_live")}
    returns = {key: known.get(key) for key in ("return_mean", "return_std", "episodes")}
    bits = int(policy["network"]["layers"][0]["weight_type"].removeprefix("INT"))
    return {"name": policy["name"], "algorithm": policy["algorithm"], "bits": bits} | counts | returns


def stage_seconds(paths: BuildPaths, name: str) -> float:
    """Return how long the last run of a stage took, in seconds."""
    return float(read_json(Stage.at(paths.root, name).record)["seconds"])


def rows(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the table's lines: what, and its value with the unit."""
    policy, resources, bitstream = report["policy"], report["resources"], report["bitstream"]
    return [
        ("policy", f"{policy['name']} ({policy['algorithm']}, int{policy['bits']})"),
        ("weights", _weights(policy)),
        ("return", _returns(policy)),
        ("engine", f"{report['engine']} on {report['board']} at {report['clock_mhz']:g} MHz"),
        ("simulated RTL", _simulation(report["simulation"])),
        ("latency", _latency(report["simulation"], report["clock_mhz"])),
        ("closed loop", _closed_loop(report["closed_loop"])),
        ("resources", _resources(resources)),
        ("  by", f"{resources['tool']} for {resources['part']}"),
        ("bit file", f"{bitstream['status']}: {bitstream['reason'] or ', '.join(bitstream['files'])}"),
        ("seconds", ", ".join(f"{name} {value:.0f}" for name, value in report["stage_s"].items())),
    ]


def _latency(sim: dict[str, Any], clock_mhz: float) -> str:
    cycles, interval = sim["latency_cycles"], sim["interval_cycles"]
    return f"{cycles} cycles = {cycles / clock_mhz:.2f} µs, one vector every {interval:g} cycles"


def _closed_loop(loop: dict[str, Any]) -> str:
    if loop["status"] == "skipped":
        return f"skipped: {loop['reason']}"
    returns = f"PyTorch {loop['return_mean_pytorch']:.1f}, RTL {loop['return_mean_rtl']:.1f}"
    return f"{returns} over {loop['episodes']} episodes, {loop['steps']:,} steps, equal step by step"


def _resources(resources: dict[str, Any]) -> str:
    used = resources["utilisation"]
    keys = ("lut", "ff", "dsp", "bram18")
    return ", ".join(f"{resources[key]:,} {key.upper()}{_percent(used.get(key))}" for key in keys)


def _simulation(sim: dict[str, Any]) -> str:
    stalls = ", ".join(str(percent) for percent in sim["stall_percent"])
    return f"{sim['mismatches']} mismatches in {sim['vectors']:,} vectors, stalls of {stalls} %"


def _percent(fraction: float | None) -> str:
    return "" if fraction is None else f" ({100 * fraction:.0f} %)"


def _weights(policy: dict[str, Any]) -> str:
    if policy["nnz"] is None:
        return "not recorded in policy.json"
    return f"{policy['nnz']:,} nonzero, {policy['nnz_live']:,} live, {100 * policy['sparsity']:.1f} % sparse"


def _returns(policy: dict[str, Any]) -> str:
    if policy["return_mean"] is None:
        return "not recorded in policy.json"
    return f"{policy['return_mean']:.0f} ± {policy['return_std']:.0f} over {policy['episodes']} episodes"


def print_table(report: dict[str, Any]) -> None:
    """Print the report as a short table."""
    table = Table(title=f"{report['env']} → hardware", show_header=False)
    for what, value in rows(report):
        table.add_row(what, value)
    Console(width=110).print(table)


def run(settings: BuildSettings) -> None:
    """Write a build's report.json and print its table."""
    paths = settings.paths
    report = collect(paths)
    write_json(paths.report, report)
    print_table(report)
    print(f"written: {paths.report}")
