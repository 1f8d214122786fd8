"""Thresholds chosen layer by layer: as few multiplications as keep a fraction of the return."""

import logging
from collections.abc import Callable

from ganglion.training.delta.measure import Measured, Thresholds
from ganglion.training.statistics import as_precise

LADDER = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""The thresholds that are tried, in steps of a layer's input."""

log = logging.getLogger(__name__)


def search(measure: Callable[[Thresholds], Measured], start: Thresholds, floor: float) -> list[Measured]:
    """Return ever fewer multiplications, from those with `start` on, whose mean return is at least `floor`.

    The layer whose next threshold saves most is raised, as long as one holds the return; a layer whose next
    threshold does not is left as it is.
    """
    path, layers = [measure(start)], set(range(len(start)))
    while layers:
        best = path[-1]
        found = {
            index: measure(raised)
            for index in sorted(layers)
            if (raised := _raised(best.thresholds, index)) is not None
        }
        held = {
            index: each
            for index, each in found.items()
            if each.return_mean >= floor and each.total < best.total
        }
        layers = set(held)
        if held:
            path.append(min(held.values(), key=lambda each: each.total))
            log.info(
                "delta: thresholds %s: %.0f multiplications a step, return %s of at least %s",
                path[-1].thresholds,
                path[-1].total,
                as_precise(path[-1].return_mean, floor),
                as_precise(floor, floor),
            )
    return path


def _raised(thresholds: Thresholds, index: int) -> Thresholds | None:
    """Return the thresholds with that of layer `index` a rung higher; None at the top."""
    higher = next((rung for rung in LADDER if rung > thresholds[index]), None)
    return None if higher is None else (*thresholds[:index], higher, *thresholds[index + 1 :])
