"""The RTL over columns equals the reference in every layer under any traffic, in the promised cycles."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw import gates
from ganglion.hw.engines.folded.columns.plan import COLUMN_MODULES, ColumnPlan, plan_columns
from ganglion.hw.engines.folded.columns.schedule import schedule_columns
from ganglion.hw.engines.folded.shape import FoldedShape, Multiplier
from ganglion.hw.gates import GateLevel, GatesSettings
from ganglion.hw.sim.equality import Vectors
from ganglion.hw.sim.harness import Traffic
from ganglion.hw.sim.vectors import proof_inputs
from ganglion.hw.simulate import verify
from ganglion.hw.target.board import find_board
from ganglion.models.build.codec import decode_json
from ganglion.models.build.errors import MismatchError
from ganglion.models.reference import IntNetwork
from tests.hw.bare import build_bare
from tests.hw.engines.folded.columns.nets import nature, tail
from tests.hw.engines.folded.nets import corner_network, with_types
from tests.hw.faults.texts import Fault, put_fault
from tests.hw.lint import assert_dies, assert_is_clean_and_says_what_it_is, lint_in
from tests.hw.toy import toy_network, write_toy_node
from tests.hw.traffic import run_and_check, stalled
from tests.networks import random_inputs, random_network

Case = tuple[IntNetwork, FoldedShape]


def _random(seed: int, *widths: int, density: float = 0.3, output_bits: int = 8) -> IntNetwork:
    return random_network(np.random.default_rng(seed), widths, density=density, output_bits=output_bits)


# Corners with mixed types; then groups of a word each, registers, one lane, one layer, thousands of inputs.
FAST: dict[str, Callable[[], Case]] = {
    "corners": lambda: (corner_network(np.random.default_rng(1)), FoldedShape.columns(4)),
    "wide values": lambda: (_random(5, 40, 20, 6, output_bits=16), FoldedShape.columns(4)),
}
SLOW: dict[str, Callable[[], Case]] = {
    "pipelined corners": lambda: (
        corner_network(np.random.default_rng(1)),
        FoldedShape.columns(4, pipelining=1),
    ),
    "two groups": lambda: (_random(9, 91, 40, 12), FoldedShape.columns(16)),
    "pipelined, three groups": lambda: (_random(9, 90, 40, 20, 3), FoldedShape.columns(12, pipelining=1)),
    "one lane": lambda: (_random(5, 6, 9, 2), FoldedShape.columns(1)),
    "one layer, in LUTs": lambda: (_random(4, 30, 5), FoldedShape.columns(3, Multiplier.LUT)),
    "64 lanes": lambda: (tail((1100, 70, 70, 6), (5000, 700, 300)), FoldedShape.columns(64)),
    "4096 inputs": lambda: (nature(36_000, 4096), FoldedShape.columns(32)),
}
CASES = [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]


def _traffic(cycles: int) -> list[Traffic]:
    """Return stalls of all kinds, and resets while loading, computing and sending of `cycles` in all."""
    resets = [(cycles * part // 8, length) for part, length in ((1, 1), (3, 2), (5, 1), (7, 16), (15, 1))]
    return [
        *stalled(25, 75),
        *(
            Traffic(stall_percent=20 * (at % 3), reset_at_cycle=at + 1, reset_cycles=length)
            for at, length in resets
        ),
    ]


@pytest.mark.parametrize("name", CASES)
def test_rtl_equals_the_reference_under_any_traffic(name: str, tmp_path: Path) -> None:
    network, shape = (FAST | SLOW)[name]()
    plan = plan_columns(network, shape)
    bench = build_bare(plan, tmp_path).bench()
    vectors = Vectors.of(network, random_inputs(np.random.default_rng(2), network, 60))
    for traffic in _traffic(plan.latency_cycles):
        run_and_check(bench, vectors, traffic, tmp_path / "run")
    alone = run_and_check(bench, vectors, Traffic(spaced=True), tmp_path / "run")
    assert (alone.latency_min, alone.latency_max) == (plan.latency_cycles,) * 2
    steady = run_and_check(bench, vectors, Traffic(), tmp_path / "run")
    assert steady.interval == plan.interval_cycles(plan.entry.words)


OWN_MODULES = [module for module in COLUMN_MODULES if "column" in module or "share" in module]


@pytest.mark.parametrize("module", OWN_MODULES)
def test_module_lints_clean_and_says_what_it_is(module: str) -> None:
    assert_is_clean_and_says_what_it_is(module)


@pytest.mark.slow
@pytest.mark.parametrize("lanes", [1, 3, 8])
def test_generated_top_lints_clean(lanes: int, tmp_path: Path) -> None:
    build_bare(plan_columns(corner_network(np.random.default_rng(0)), FoldedShape.columns(lanes)), tmp_path)
    for options in ([], ["-DGANGLION_TAPS=1"]):
        assert lint_in(tmp_path / "rtl", "ganglion_top", *options) == ""


@pytest.mark.parametrize(
    ("module", "parameter"), [("ganglion_share_queue", "-GDepth=24"), ("ganglion_column_loader", "-GWidth=3")]
)
def test_an_illegal_parameter_dies_at_elaboration(module: str, parameter: str) -> None:
    assert_dies(module, parameter)


FAULTS: tuple[Fault, ...] = (
    ("ganglion_share_queue", "takes ? ends - 1'b1 : lacks_q - 1'b1", "'0"),
    ("ganglion_share_queue", "skips ? '0 : share", "share"),
    ("ganglion_share_queue", "tail_q <= tail_q + PointerBits'(push_i != '0)", "tail_q <= tail_q"),
    ("ganglion_column_lane", "first_q <= ends != '0", "first_q <= 1'b0"),
    ("ganglion_column_loader", "- turn", ""),
    ("ganglion_column_loader", "group == GroupBits'(p / Width)", "1'b1"),
    ("ganglion_column_loader", "&& !busy_i", ""),
    ("ganglion_column_loader", "^ Offset", ""),
    ("ganglion_column_sums", "entry_qq <= entry_q;", "entry_qq <= entries[index_q];"),
    ("ganglion_column_sums", "index_q == IndexBits'(Sums - 1) ?", "1'b0 ?"),
    ("ganglion_columns", "in_tready && !rst_q", "in_tready"),
    ("ganglion_columns", ".release_i(run && word[0])", ".release_i(run)"),
    ("ganglion_columns", "Cycles(4 + Pipelining)", "Cycles(3 + Pipelining)"),
)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=range(len(FAULTS)))
def test_a_fault_in_the_rtl_is_found(fault: Fault, tmp_path: Path) -> None:
    network = with_types(_random(3, 14, 9, 6, 3), ("UINT8", "UINT6", "INT8"))
    made = build_bare(plan_columns(network, FoldedShape.columns(6)), tmp_path)
    put_fault(tmp_path / "rtl", fault)
    golden = random_inputs(np.random.default_rng(1), network, 50)
    with pytest.raises(MismatchError):
        verify(made.bench(1000), Vectors.of(network, proof_inputs(network, golden)), workers=1)


@pytest.mark.slow
def test_the_netlist_of_synthesis_equals_the_reference(tmp_path: Path) -> None:
    made = plan_columns(toy_network(), FoldedShape.columns(4))
    paths = write_toy_node(made, tmp_path)
    gates.run(GatesSettings(name="toy", build=tmp_path))
    proven = decode_json(GateLevel, paths.gates)
    assert proven.vectors > 10_000 and proven.latency_cycles == made.latency_cycles


ESTIMATED: dict[str, Callable[[], Case]] = {
    "8 lanes": lambda: (tail((256, 64, 4), (1200, 200)), FoldedShape.columns(8)),
    "pipelined": lambda: (tail((512, 64, 64, 4), (2400, 300, 200)), FoldedShape.columns(16, pipelining=1)),
    "in LUTs": lambda: (tail((256, 64, 4), (1200, 200)), FoldedShape.columns(8, Multiplier.LUT)),
    "Nature 98%": lambda: (nature(28_401), FoldedShape.columns(32)),
}


@pytest.mark.slow
@pytest.mark.parametrize("board", ["Pynq-Z2", "ZCU104"])
@pytest.mark.parametrize("name", ESTIMATED)
def test_estimate_is_within_15_percent_of_synthesis(name: str, board: str, tmp_path: Path) -> None:
    network, shape = ESTIMATED[name]()
    accumulates = find_board(board).family.dsp_accumulates
    made = ColumnPlan.of(schedule_columns(network, shape), accumulates)
    build_bare(made, tmp_path, board=board).assert_estimate_is_near()
