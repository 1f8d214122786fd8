"""The most cycles that a step can take: those of a step in which everything changes.

In a scan, the event of row r of a channel's unit is taken r + 1 cycles after the scan's start, and at most
one cycle later for each event of the channel's lower units: in any cycle without one, the unit gives up the
event that it has and reads its next row. When everything changes it takes just as long, so in no other step
is an event taken later. A lane with entries to walk is never idle, so fewer events, none of them later, are
walked no later. Inputs come in the same cycles whatever changes. So each scan starts, and the last one
ends, no later than when everything changes.
"""

import numpy as np

from ganglion.hw.engines.delta.cycles import layer_cycles, step_cycles
from ganglion.hw.engines.delta.program import Program


def bound(program: Program) -> int:
    """Return the cycles that no step exceeds, from its first input word to its last output word."""
    return int(step_cycles(program, _everything(program))[0])


def layer_bounds(program: Program) -> list[int]:
    """Return the most cycles for the products of each layer, up to the scan of its rows."""
    return [int(cycles[0]) for cycles in layer_cycles(program, _everything(program))]


def _everything(program: Program) -> list[np.ndarray]:
    return [np.ones((1, width), np.bool_) for width in program.network.spec.widths[:-1]]
