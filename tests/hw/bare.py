"""A node alone as a whole accelerator, without FINN's graph: what an engine makes of a network."""

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from ganglion.hw.design.design import Design, Estimate, Inputs
from ganglion.hw.design.design_files import DesignFiles, write_files
from ganglion.hw.engines.node import EngineNode, NodePlan
from ganglion.hw.sim.harness import Bench
from ganglion.hw.sim.verilate import simulator_cache, verilate
from ganglion.hw.synth import resources_by_node, run_yosys
from ganglion.hw.target.board import Board, find_board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.paths import BuildPaths

CACHE = Path(__file__).parents[2] / "build" / "verilator"
NODE = "ganglion_node"


def share_simulators(paths: BuildPaths) -> None:
    """Give a test's builds the simulators that other tests compiled."""
    CACHE.mkdir(parents=True, exist_ok=True)
    simulator_cache(paths).symlink_to(CACHE)


def bench_of(design: Design, patience_cycles: int | None = None) -> Bench:
    """Return a design's compiled simulator; patience: None, as much as its layers need."""
    bench = Bench.of(design, verilate(design, CACHE))
    return bench if patience_cycles is None else replace(bench, patience_cycles=patience_cycles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """A node's files in `folder`."""

    folder: Path
    node: EngineNode
    files: DesignFiles
    board: Board

    @property
    def design(self) -> Design:
        """The design as the later stages read it."""
        written = {each.name: getattr(self.files, each.name) for each in fields(self.files)}
        del written["layer_nodes"]
        estimate = Estimate(
            resources=self.node.resources,
            latency_cycles=self.node.latency_cycles,
            interval_cycles=self.node.interval_cycles,
        )
        return Design(
            root=self.folder,
            name="bare",
            engine="bare",
            board=self.board,
            estimate=estimate,
            inputs=Inputs(policy={}),
            **written,
        )

    def bench(self, patience_cycles: int = 20_000) -> Bench:
        """Return its compiled simulator."""
        return bench_of(self.design, patience_cycles)

    def counted(self) -> Resources:
        """Return what synthesis makes of it."""
        design = self.design
        statistics = run_yosys(design, self.folder / "work")
        nodes = resources_by_node(statistics, design.top, design.board.family.cells).values()
        return Resources(**{each.name: sum(node[each.name] for node in nodes) for each in fields(Resources)})

    def assert_estimate_is_near(self) -> None:
        """Fail unless its resources are within 15% of those that synthesis counts."""
        estimated = asdict(self.node.resources)
        for resource, measured in asdict(self.counted()).items():
            assert abs(estimated[resource] - measured) <= 0.15 * measured, resource


def build_bare(
    plan: NodePlan,
    folder: Path,
    in_values: int | None = None,
    out_values: int | None = None,
    board: str = "Pynq-Z2",
) -> Bare:
    """Return the plan's node as a design in `folder`; values a word at its ends (None: the engine's)."""
    node = EngineNode.between(plan, in_values, out_values)
    generated = folder / "node"
    generated.mkdir(parents=True)
    spec = plan.network.spec
    files = write_files((node.write(NODE, generated),), spec, spec.widths[1:], folder)
    return Bare(folder=folder, node=node, files=files, board=find_board(board))
