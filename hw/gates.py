"""Stage: hold the netlist of synthesis, or a routed one, against golden, and estimate its energy.

It writes build/<name>/gates.json, and only when every integer is equal; memories hold what the netlist says.
"""

import logging
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Literal

from ganglion.hw.design.design import Design, design_stage, locked_design
from ganglion.hw.flows.yosys.run import tool
from ganglion.hw.gatelevel.activity import Activity, measure_activity
from ganglion.hw.gatelevel.bench import netlist_bench, require_models, synthesize_netlist
from ganglion.hw.gatelevel.energy import Energy, estimate_energy
from ganglion.hw.gatelevel.netlist import Netlist, read_netlist
from ganglion.hw.gatelevel.saif import write_saif
from ganglion.hw.sim.equality import Vectors, check_result
from ganglion.hw.sim.harness import Bench, Switching
from ganglion.hw.sim.toolchain import toolchain
from ganglion.hw.sim.vectors import proof_vectors
from ganglion.hw.sim.verilate import simulator_cache
from ganglion.hw.simulate import verify
from ganglion.models.build.codec import STRICT, Amount, Count, decode_json, encode_json
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import atomic_write, sha256_file
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.settings import BuildSettings
from ganglion.models.build.spelling import spelled

ACTIONS = 200
CLOCK = "ap_clk"
STAGE = "gates"

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class GatesSettings(BuildSettings):
    """A build, the netlist to take, and how its activity is counted."""

    actions: int = ACTIONS
    """Observations of real episodes over which switching is counted."""
    netlist: Path | None = None
    """A flat JSON netlist of the accelerator to take, such as place and route writes, and not yosys' own."""
    saif: str | None = None
    """Write gates/activity.saif for a design in which the accelerator is this instance, such as top/u_a."""

    def __post_init__(self) -> None:
        if self.actions < 1:
            raise ConfigError(f"{spelled('actions', self.actions)}: allowed from 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLevel:
    """gates.json: whose netlist was simulated, of what cells, always without a mismatch, and what it costs.

    `hw` is the SHA-256 of the hw.json that it was made from.
    """

    __pydantic_config__: ClassVar = STRICT

    hw: str
    netlist: str
    cells: dict[str, Count]
    vectors: Count
    mismatches: Literal[0]
    stalled_vectors: Count
    resets: Count
    latency_cycles: Count
    inferences_per_s: Count
    compile_s: Amount
    activity: Activity
    energy: Energy

    def __str__(self) -> str:
        """Return one line for people."""
        n_cells = sum(self.cells.values())
        return (
            f"{self.mismatches} mismatches in {self.vectors:,} vectors of {n_cells:,} cells, {self.netlist}"
        )


def prove_netlist(
    paths: BuildPaths, design: Design, netlist: Netlist, settings: GatesSettings, origin: str
) -> GateLevel:
    """Return the content of gates.json; a difference raises MismatchError."""
    # Slow to import, and not needed when the stage is up to date.
    from ganglion.models.formats.policy_folder import load_policy

    policy = load_policy(paths.policy)
    bench = netlist_bench(design, netlist, paths.work / STAGE, simulator_cache(paths))
    vectors = proof_vectors(policy)
    log.info("gates: compiled in %.0f s, now %d vectors", bench.simulator.compile_s, len(vectors.inputs))
    proof = verify(bench, vectors, os.cpu_count() or 1)
    actions = min(settings.actions, len(policy.golden["input"]))
    counts = count_switching(bench, vectors.part(0, actions))
    if settings.saif is not None:
        text = write_saif(netlist, counts, settings.saif.split("/"), CLOCK, design.clock_mhz)
        atomic_write(paths.activity, text)
    activity = measure_activity(netlist, design.board.family.cells, counts, actions)
    return GateLevel(
        hw=sha256_file(paths.hw),
        netlist=origin,
        cells=dict(sorted(Counter(cell.kind for cell in netlist.cells).items())),
        vectors=proof.vectors,
        mismatches=proof.mismatches,
        stalled_vectors=proof.stalled_vectors,
        resets=proof.resets,
        latency_cycles=proof.latency_cycles,
        inferences_per_s=proof.inferences_per_s,
        compile_s=proof.compile_s,
        activity=activity,
        energy=estimate_energy(activity, design.board),
    )


def count_switching(bench: Bench, vectors: Vectors) -> Switching:
    """Return what the observed nets do while the vectors are answered, one after another, rightly."""
    with TemporaryDirectory() as scratch:
        result, counts = bench.switching(vectors.inputs, Path(scratch), vectors.starts)
    check_result(bench.design, vectors, result, "vectors whose switching is counted")
    return counts


def current(paths: BuildPaths) -> GateLevel | None:
    """Return gates.json, None where the stage did not run for the design that hw.json describes."""
    if not paths.gates.exists():
        return None
    found = decode_json(GateLevel, paths.gates)
    return found if found.hw == sha256_file(paths.hw) else None


def run(settings: GatesSettings) -> None:
    """Prove a build's netlist, unless gates.json is up to date; MismatchError names the first difference."""
    paths = settings.paths
    with locked_design(paths) as design:
        require_models(design.board.family)
        stage = design_stage(
            STAGE,
            paths,
            design,
            __name__,
            tool=tool(),
            toolchain=toolchain(),
            actions=settings.actions,
            saif=settings.saif,
            netlist=None if settings.netlist is None else sha256_file(settings.netlist),
        )
        stage.refresh([paths.gates, paths.activity.parent], lambda: _prove(paths, design, settings))


def _prove(paths: BuildPaths, design: Design, settings: GatesSettings) -> str:
    paths.activity.unlink(missing_ok=True)  # that of an older netlist
    if settings.netlist is None:
        log.info("gates: yosys makes a netlist of %s for %s", design.top, design.part)
        netlist, origin = synthesize_netlist(design, paths.work / STAGE), f"by {tool()}"
    else:
        netlist, origin = read_netlist(settings.netlist, design.top), str(settings.netlist)
    encode_json(paths.gates, prove_netlist(paths, design, netlist, settings, origin))
    return f"{paths.gates}: 0 mismatches"
