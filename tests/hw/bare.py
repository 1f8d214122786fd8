"""A sparse node alone as a whole accelerator, without FINN's graph: what an engine makes of a network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganglion.hw.design.design import Design
from ganglion.hw.design.design_files import write_design
from ganglion.hw.engines.sparse_node import Plan, SparseNode
from ganglion.hw.sim.harness import Bench
from ganglion.hw.sim.verilate import simulator_cache, verilate
from ganglion.hw.target.board import find_board
from ganglion.models.build.paths import BuildPaths

CACHE = Path(__file__).parents[2] / "build" / "verilator"
NODE = "ganglion_node"


def share_simulators(paths: BuildPaths) -> None:
    """Give a test's builds the simulators that other tests compiled."""
    CACHE.mkdir(parents=True, exist_ok=True)
    simulator_cache(paths).symlink_to(CACHE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """A node's design in `folder`, and hw.json's part about it."""

    folder: Path
    node: SparseNode
    description: dict[str, Any]

    @property
    def design(self) -> Design:
        """The design as the later stages read it."""
        board = find_board("Pynq-Z2")
        around = {"name": "bare", "engine": self.node.plan.kind.value, "behavioural": []}
        around |= {"board": board.name, "part": board.part, "clock_mhz": board.clock_mhz}
        return Design.from_json(self.folder, self.description | around)

    def bench(self, patience_cycles: int = 20_000) -> Bench:
        """Return its compiled simulator."""
        design = self.design
        return Bench(design=design, simulator=verilate(design, CACHE), patience_cycles=patience_cycles)


def build_bare(plan: Plan, folder: Path, in_lanes: int | None = None, out_lanes: int | None = None) -> Bare:
    """Return the plan's node as a design in `folder`, between words of these lanes (None: the engine's)."""
    node = SparseNode.between(plan, in_lanes, out_lanes)
    generated = folder / "node"
    generated.mkdir(parents=True)
    hardware = node.write(NODE, generated)
    description = write_design((hardware,), plan.network.spec, folder)
    return Bare(folder=folder, node=node, description=description)
