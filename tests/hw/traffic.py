"""Stalls and resets that an engine's streams are proven under, and the proof."""

from collections.abc import Sequence
from pathlib import Path

from ganglion.hw.sim.equality import Vectors, check_result
from ganglion.hw.sim.harness import Bench, Result, Traffic

RESET_LENGTHS = (1, 2, 16)


def stalled(*percents: int) -> list[Traffic]:
    """Return runs of which so much is stalled, in long bursts."""
    return [Traffic(stall_percent=percent, burst_cycles=64, seed=percent) for percent in percents]


def reset_at(cycles: Sequence[int]) -> list[Traffic]:
    """Return runs reset once at these cycles, for one, two and many, a third of them without stalls."""
    return [
        Traffic(stall_percent=20 * (cycle % 3), reset_at_cycle=cycle, reset_cycles=length)
        for cycle in cycles
        for length in RESET_LENGTHS
    ]


def run_and_check(bench: Bench, vectors: Vectors, traffic: Traffic, scratch: Path) -> Result:
    """Return the result of a run whose every layer was equal."""
    result = bench.run(vectors.inputs, traffic, scratch, vectors.starts)
    check_result(bench.design, vectors, result, str(traffic))
    return result
