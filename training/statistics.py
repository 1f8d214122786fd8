"""What returns say: mean, standard deviation, interquartile mean, and bootstrap intervals of 95%.

Agarwal et al. 2021 (arXiv:2108.13264): the interquartile mean over runs, and percentile intervals from
resampling the runs within each environment (the stratum).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import bootstrap, trim_mean

from ganglion.models.build.errors import ConfigError

CONFIDENCE = 0.95
_N_RESAMPLES = 2_000
_CUT = 0.25

Interval = tuple[float, float]


def floor_of(return_mean: float, keep: float) -> float:
    """Return the least return that keeps the fraction `keep`; of a negative one, that loses as little."""
    return return_mean - (1 - keep) * abs(return_mean)


def mean_and_std(mean: float, std: float) -> str:
    """Return both as text: with a decimal where the mean is below 100, as a score of Pong is."""
    return f"{as_precise(mean, mean)} ± {as_precise(std, mean)}"


def as_precise(value: float, mean: float) -> str:
    """Return one of the returns with this mean as text, with a decimal as in `mean_and_std`."""
    return f"{value:,.{0 if abs(mean) >= 100 else 1}f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """A sample of returns in numbers; the intervals are None when a stratum holds fewer than two values."""

    mean: float
    std: float
    """Of the population, as numpy's default and every table of ours."""
    iqm: float
    """The mean of the middle half."""
    mean_ci95: Interval | None
    iqm_ci95: Interval | None

    def to_json(self) -> dict[str, Any]:
        """Return what result.json holds: each value as `return_<name>`."""
        return {f"return_{name}": value for name, value in asdict(self).items()}

    @classmethod
    def of(cls, returns: ArrayLike) -> Self:
        """Return the statistics of one policy's episodes [n]."""
        return cls.stratified([returns])

    @classmethod
    def stratified(cls, strata: Sequence[ArrayLike]) -> Self:
        """Return the statistics of all values together, resampled within each stratum.

        strata: for each environment the scores of its seeds, [n]. An empty or non-finite one raises
        ConfigError.
        """
        arrays = [np.asarray(values, dtype=np.float64).ravel() for values in strata]
        if not arrays or not all(a.size and np.isfinite(a).all() for a in arrays):
            raise ConfigError("statistics need at least one return in every stratum, all of them finite")
        together = np.concatenate(arrays)
        return cls(
            mean=float(together.mean()),
            std=float(together.std()),
            iqm=float(interquartile_mean(together)),
            mean_ci95=_interval(arrays, np.mean),
            iqm_ci95=_interval(arrays, interquartile_mean),
        )


def interquartile_mean(values: ArrayLike, axis: int = -1) -> Any:
    """Return the mean of the middle half of `values` along an axis."""
    return trim_mean(values, _CUT, axis=axis)


def _interval(strata: list[NDArray[np.float64]], statistic: Any) -> Interval | None:
    """Return the percentile interval of `statistic`; the resamples are always the same."""
    if min(len(values) for values in strata) < 2:
        return None
    interval = bootstrap(
        strata,
        lambda *samples, axis: statistic(np.concatenate(samples, axis=axis), axis=axis),
        confidence_level=CONFIDENCE,
        n_resamples=_N_RESAMPLES,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(interval.low), float(interval.high)
