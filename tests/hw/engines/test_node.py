"""An engine's node behind words of any lanes: every integer equal, in the promised cycles, modules clean."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.codegen.node_module import ADAPTERS
from ganglion.hw.engines.folded.plan import FoldedPlan
from ganglion.hw.engines.folded.plan import plan as plan_folded
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.engines.node import EngineNode, NodePlan
from ganglion.hw.engines.unrolled.plan import plan as plan_unrolled
from ganglion.hw.engines.unrolled.shape import UnrolledShape
from ganglion.hw.rtl import RTL
from ganglion.hw.sim.equality import Vectors
from ganglion.hw.sim.harness import Traffic
from ganglion.models.build.errors import CompileError
from ganglion.models.reference import IntNetwork
from tests.hw.bare import build_bare
from tests.hw.lint import assert_dies, lint, lint_in
from tests.hw.traffic import run_and_check
from tests.networks import random_inputs, random_network

TRAFFIC = [
    *(Traffic(stall_percent=percent, burst_cycles=9, seed=percent) for percent in (25, 60, 90)),
    *(Traffic(stall_percent=30 * (cycle % 2), burst_cycles=8, reset_at_cycle=cycle) for cycle in (3, 10, 25)),
]


def _network(*widths: int, **options: int) -> IntNetwork:
    return random_network(np.random.default_rng(3), widths, density=0.6, **options)


def _plans() -> dict[str, tuple[NodePlan, int | None, int | None]]:
    odd = _network(9, 14, 5, input_bits=5, output_bits=3)
    return {
        "folded, one by one, surplus lanes": (plan_folded(odd, FoldedShape.of(4)), 1, None),
        "folded, pairs, one layer": (plan_folded(_network(12, 7), FoldedShape.of(4)), 2, None),
        "unrolled, one by one": (plan_unrolled(odd, UnrolledShape()), 1, 1),
        "unrolled, threes to words of four": (plan_unrolled(_network(6, 11, 9), UnrolledShape()), 3, 4),
    }


PLANS = ("folded, one by one, surplus lanes", "folded, pairs, one layer", "unrolled, one by one",
         "unrolled, threes to words of four")  # fmt: skip


@pytest.mark.parametrize("name", PLANS)
def test_a_node_of_any_lanes_is_exact_and_takes_the_promised_cycles(name: str, tmp_path: Path) -> None:
    plan, in_values, out_values = _plans()[name]
    bare = build_bare(plan, tmp_path, in_values, out_values)
    assert bare.node.in_values == in_values and bare.node.out_values == (
        out_values or plan.egress.word_values
    )
    sources = [tmp_path / source for source in bare.design.sources]
    assert lint("ganglion_top", sources, "-DGANGLION_TAPS=1") == ""
    bench = bare.bench()
    vectors = Vectors.of(plan.network, random_inputs(np.random.default_rng(2), plan.network, 120))
    for traffic in TRAFFIC:
        run_and_check(bench, vectors, traffic, tmp_path / "run")
    alone = bench.run(vectors.inputs, Traffic(spaced=True), tmp_path / "run")
    assert (alone.latency_min, alone.latency_max) == (bare.node.latency_cycles,) * 2
    steady = bench.run(vectors.inputs, Traffic(), tmp_path / "run")
    # A result of another layer may take the port of the bank that an input waits for.
    assert 0 <= steady.interval - bare.node.interval_cycles <= isinstance(plan, FoldedPlan)


# folded.cost does not know that the banks of a single layer are never written: it counts LUTs too many.
@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in PLANS if "one layer" not in name])
def test_estimate_of_a_node_is_near_synthesis(name: str, tmp_path: Path) -> None:
    bare = build_bare(_plans()[name][0], tmp_path, *_plans()[name][1:])
    estimated = asdict(bare.node.resources)
    for resource, measured in asdict(bare.counted()).items():
        assert estimated[resource] == pytest.approx(measured, rel=0.15, abs=40), resource


def test_lanes_follow_the_neighbours_as_far_as_they_divide() -> None:
    folded = plan_folded(_network(12, 7), FoldedShape.of(8))
    unrolled = plan_unrolled(_network(6, 11, 9), UnrolledShape())
    sources = {None: (8, 6), 1: (1, 1), 2: (2, 2), 3: (1, 3), 4: (4, 2), 6: (2, 6)}
    for lanes, expected in sources.items():
        assert tuple(EngineNode.between(p, lanes, None).in_values for p in (folded, unrolled)) == expected
    for lanes, expected in {None: (1, 9), 1: (1, 1), 4: (1, 4), 20: (1, 9)}.items():
        assert tuple(EngineNode.between(p, None, lanes).out_values for p in (folded, unrolled)) == expected


def test_lanes_that_do_not_divide_are_refused(tmp_path: Path) -> None:
    node = EngineNode(plan=plan_folded(_network(12, 7), FoldedShape.of(8)), in_values=5, out_values=1)
    with pytest.raises(CompileError, match="odd: words of 5 values cannot become words of 8 of 12 values"):
        node.write("odd", tmp_path)
    node = EngineNode(plan=plan_folded(_network(12, 7), FoldedShape.of(8)), in_values=8, out_values=7)
    with pytest.raises(CompileError, match="odd: out_values = 7, but its words have 1 values"):
        node.write("odd", tmp_path)


@pytest.mark.parametrize(
    ("module", "parameter"), list(zip(ADAPTERS, ("-GInValues=3", "-GOutValues=21"), strict=True))
)
def test_an_adapter_is_clean_and_refuses_illegal_parameters(module: str, parameter: str) -> None:
    assert lint_in(RTL, module) == ""
    assert_dies(module, parameter)
