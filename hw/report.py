"""Stage: report.json and the table on stdout, from what the other stages wrote. Computes nothing itself."""

from dataclasses import dataclass
from typing import ClassVar

from rich.console import Console
from rich.table import Table

from ganglion.hw.bitstream import Bitstream
from ganglion.hw.closed_loop import ClosedLoop
from ganglion.hw.design.design import load_design
from ganglion.hw.gates import GateLevel, current
from ganglion.hw.shell.description import Shell
from ganglion.hw.simulate import Simulation
from ganglion.hw.synth import Synthesis
from ganglion.models.build.codec import STRICT, Amount, Count, decode_json, encode_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.settings import BuildSettings
from ganglion.models.build.stage import Stage
from ganglion.models.formats.policy_folder import read_description
from ganglion.models.spec.policy import PolicySpec

STAGES = ("policy", "compile", "simulate", "closed_loop", "synth", "shell")
NO_BIT_FILE = "none has been asked for"
UNKNOWN = "not recorded in policy.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySection:
    """Who made the policy, how sparse it is, what it returned; null is what its provenance does not say."""

    __pydantic_config__: ClassVar = STRICT

    name: str
    algorithm: str
    bits: Count
    sparsity: Amount | None
    nnz: Count | None
    nnz_live: Count | None
    return_mean: float | None
    return_std: Amount | None
    episodes: Count | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """report.json: a section a stage, and the seconds each took; `gates` is null where that did not run."""

    __pydantic_config__: ClassVar = STRICT

    env: str
    policy: PolicySection
    engine: str
    board: str
    clock_mhz: Amount
    simulation: Simulation
    closed_loop: ClosedLoop
    resources: Synthesis
    shell: dict[str, str]
    bitstream: Bitstream
    gates: GateLevel | None
    stage_s: dict[str, Amount]


def collect(paths: BuildPaths) -> Report:
    """Return the report; a missing or altered file of a stage raises ExportError.

    Without the last stages, that of the bit file and `gates`, it says that they did not run.
    """
    design = load_design(paths)
    spec, gates = read_description(paths.policy), current(paths)
    bitstream = decode_json(Bitstream, paths.bitstream) if paths.bitstream.exists() else None
    last = {"bitstream": bitstream, "gates": gates}
    ran = (*STAGES, *(name for name, said in last.items() if said is not None))
    return Report(
        env=spec.env,
        policy=_policy_section(spec),
        engine=design.engine,
        board=design.board.name,
        clock_mhz=design.clock_mhz,
        simulation=decode_json(Simulation, paths.made(paths.sim, "simulate")),
        closed_loop=decode_json(ClosedLoop, paths.made(paths.closed_loop, "closed-loop")),
        resources=decode_json(Synthesis, paths.made(paths.synth, "synth")),
        shell=decode_json(Shell, paths.made(paths.shell_json, "shell")).tops,
        bitstream=bitstream or Bitstream(status="skipped", reason=NO_BIT_FILE),
        gates=gates,
        stage_s={name: Stage.at(paths.root, name).seconds for name in ran},
    )


def _policy_section(spec: PolicySpec) -> PolicySection:
    said = spec.said
    return PolicySection(
        name=spec.name,
        algorithm=spec.algorithm,
        bits=spec.network.layers[0].weight_type.bits,
        sparsity=said.sparsity,
        nnz=said.nnz,
        nnz_live=said.nnz_live,
        return_mean=said.return_mean,
        return_std=said.return_std,
        episodes=said.episodes,
    )


def rows(report: Report) -> list[tuple[str, str]]:
    """Return the table's lines: what, and its value with the unit."""
    policy, sim, loop = report.policy, report.simulation, report.closed_loop
    stalls = ", ".join(str(percent) for percent in sim.stall_percent)
    return [
        ("policy", f"{policy.name} ({policy.algorithm}, int{policy.bits})"),
        ("weights", _weights(policy)),
        ("return", _returns(policy)),
        ("engine", f"{report.engine} on {report.board} at {report.clock_mhz:g} MHz"),
        ("simulated RTL", f"{sim.mismatches} mismatches in {sim.vectors:,} vectors, stalls of {stalls} %"),
        ("latency", _latency(report)),
        ("closed loop", str(loop)),
        ("resources", str(report.resources)),
        ("  by", f"{report.resources.tool} for {report.resources.part}"),
        *_gate_rows(report),
        ("bit file", str(report.bitstream)),
        *_action_rows(report),
        ("seconds", ", ".join(f"{name} {seconds:.0f}" for name, seconds in report.stage_s.items())),
    ]


def _gate_rows(report: Report) -> list[tuple[str, str]]:
    gates = report.gates
    if gates is None:
        return []
    power_w = report.bitstream.power_w
    energy = str(gates.energy)
    if power_w is not None:
        nj = 1000 * power_w * gates.latency_cycles / report.clock_mhz
        energy = (
            f"{power_w:g} W by {report.bitstream.flow} for the whole part, {nj:,.0f} nJ while it computes"
        )
    toggles = f"{gates.activity.total:,.0f} toggles of {sum(gates.activity.nets.values()):,} nets"
    return [("netlist", str(gates)), ("  an action", toggles), ("energy", energy)]


def _action_rows(report: Report) -> list[tuple[str, str]]:
    bits = report.bitstream
    if not bits.runs_mhz:
        return []
    latency = report.closed_loop.latency
    cycles = report.simulation.latency_cycles if latency is None else latency.mean_cycles
    core_us = cycles / bits.runs_mhz
    line = "" if bits.line_us is None else f", {core_us + bits.line_us:.0f} µs over {bits.baud:,} baud"
    return [("  an action", f"{core_us:.2f} µs in the accelerator at {bits.runs_mhz:g} MHz{line}")]


def _latency(report: Report) -> str:
    sim, episodes = report.simulation, report.closed_loop.latency
    if episodes is None:
        latency_us = sim.latency_cycles / report.clock_mhz
        cycles = f"{sim.latency_cycles:,} cycles = {latency_us:.2f} µs"
        return f"{cycles}, one vector every {sim.interval_cycles:,g} cycles"
    mean_us = episodes.mean_cycles / report.clock_mhz
    return (
        f"mean {episodes.mean_cycles:.0f} cycles = {mean_us:.2f} µs, 99 % within {episodes.p99_cycles}, all "
        f"{episodes.steps:,} within {episodes.max_cycles}; never more than {episodes.worst_case_cycles}"
    )


def _weights(policy: PolicySection) -> str:
    if policy.nnz is None or policy.nnz_live is None or policy.sparsity is None:
        return UNKNOWN
    return f"{policy.nnz:,} nonzero, {policy.nnz_live:,} live, {100 * policy.sparsity:.1f} % sparse"


def _returns(policy: PolicySection) -> str:
    if policy.return_mean is None or policy.return_std is None or policy.episodes is None:
        return UNKNOWN
    return f"{policy.return_mean:.0f} ± {policy.return_std:.0f} over {policy.episodes} episodes"


def print_table(report: Report) -> None:
    """Print the report as a short table."""
    table = Table(title=f"{report.env} → hardware", show_header=False)
    for what, value in rows(report):
        table.add_row(what, value)
    Console(width=110).print(table)


def run(settings: BuildSettings) -> None:
    """Write a build's report.json and print its table."""
    paths = settings.paths
    report = collect(paths)
    encode_json(paths.report, report)
    print_table(report)
    print(f"written: {paths.report}")
