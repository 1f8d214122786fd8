"""Cycles of steps where they depend on data: measured, held against the engine's model and its bound."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ganglion.hw.design.design import Design
from ganglion.hw.engines.node import EngineNode, NodeEngine
from ganglion.hw.engines.registry import find_engine
from ganglion.models.build.codec import STRICT, Amount, Count, decode
from ganglion.models.build.errors import MismatchError
from ganglion.models.equality import require_equal
from ganglion.models.reference import IntNetwork, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Cycles from a step's first input word to its last output word, over whole episodes.

    No step ever takes more than `worst_case_cycles`, which is proven.
    """

    __pydantic_config__: ClassVar = STRICT

    steps: Count
    mean_cycles: Amount
    p99_cycles: Count
    max_cycles: Count
    worst_case_cycles: Count


def latency_of(
    design: Design, network: IntNetwork, inputs: Ints, starts: npt.NDArray[np.bool_], measured: Ints
) -> Latency | None:
    """Return the distribution of measured cycles, [n], of steps; None where they are the same for any.

    inputs, starts: of the steps, [n, in] and [n]. Cycles that the engine's model does not give, or more than
    its worst case, raise MismatchError.
    """
    expected = expected_cycles(design, network, inputs, starts)
    if expected is None or design.estimate is None:
        return None
    require_equal("latency: the model's cycles and the RTL's", expected[:, None], measured[:, None])
    worst = design.estimate.latency_cycles
    if measured.max() > worst:
        raise MismatchError(f"latency: a step took {measured.max()} cycles, more than the proven {worst}")
    return Latency(
        steps=len(measured),
        mean_cycles=round(float(measured.mean()), 2),
        p99_cycles=int(np.percentile(measured, 99, method="higher")),
        max_cycles=int(measured.max()),
        worst_case_cycles=worst,
    )


def worst_case_cycles(design: Design, network: IntNetwork) -> int | None:
    """Return the proven most cycles that a step takes; None where they are the same for any."""
    at_rest = np.zeros((1, network.spec.step_width), np.int64)
    if design.estimate is None or expected_cycles(design, network, at_rest, np.array([True])) is None:
        return None
    return design.estimate.latency_cycles


def expected_cycles(
    design: Design, network: IntNetwork, inputs: Ints, starts: npt.NDArray[np.bool_]
) -> Ints | None:
    """Return the cycles of each step by the model of the design's only engine; None without one."""
    if len(design.segments) != 1:
        return None
    segment = design.segments[0]
    engine = find_engine(segment.engine)
    if not isinstance(engine, NodeEngine):
        return None
    plan = engine.plan_as(network, decode(engine.shape, segment.shape, "shape"))
    node = EngineNode(plan=plan, in_values=segment.in_values, out_values=segment.out_values)
    cycles = engine.step_cycles(plan, inputs, starts)
    return None if cycles is None else cycles + node.latency_cycles - plan.latency_cycles
