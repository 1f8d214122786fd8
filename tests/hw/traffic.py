"""Stalls and resets that an engine's streams are proven under."""

from collections.abc import Sequence

from ganglion.hw.sim.harness import Traffic

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
