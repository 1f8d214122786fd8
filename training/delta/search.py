"""Thresholds chosen layer by layer: as few multiplications as keep a fraction of the return."""

import logging
from collections.abc import Callable, Iterator

from ganglion.training.delta.measure import Measured, Thresholds

LADDER = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""The thresholds that are tried, in steps of a layer's input."""

log = logging.getLogger(__name__)


def search(measure: Callable[[Thresholds], Measured], n_layers: int, keep: float) -> Measured:
    """Return the fewest multiplications found whose mean return is at least `keep` of that with thresholds 0.

    From 0 everywhere, the layer whose next threshold saves most is raised, as long as one holds the return.
    The return of policies with negative ones must lose no more than the fraction 1 - keep of its size.
    """
    best = measure((0,) * n_layers)
    floor = best.return_mean - (1 - keep) * abs(best.return_mean)
    while True:
        found = [measure(thresholds) for thresholds in _next(best.thresholds)]
        held = [each for each in found if each.return_mean >= floor and each.total < best.total]
        if not held:
            return best
        best = min(held, key=lambda each: each.total)
        log.info(
            "delta: thresholds %s: %.0f multiplications a step, return %.0f of at least %.0f",
            best.thresholds,
            best.total,
            best.return_mean,
            floor,
        )


def _next(thresholds: Thresholds) -> Iterator[Thresholds]:
    """Yield the thresholds with one of them a rung higher."""
    for index, threshold in enumerate(thresholds):
        rung = LADDER.index(threshold) + 1
        if rung < len(LADDER):
            yield (*thresholds[:index], LADDER[rung], *thresholds[index + 1 :])
