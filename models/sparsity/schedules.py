"""How much is pruned or rewired at a step."""

import math

from ganglion.models.build.errors import ConfigError


def check_sparsity(sparsity: float) -> None:
    """Raise ConfigError unless `sparsity`, the fraction of zeros, lies in [0, 1)."""
    if not 0 <= sparsity < 1:
        raise ConfigError(
            f"sparsity {sparsity} is outside [0, 1); it is the fraction of weights that are zero"
        )


def cubic_sparsity(step: int, begin: int, end: int, final: float) -> float:
    """Return the sparsity at `step`: 0 until `begin`, `final` from `end`, cubic between.

    Zhu & Gupta 2017, equation 1. Raises ConfigError when `final` is outside [0, 1).
    """
    check_sparsity(final)
    if step >= end:
        return final
    remaining = 1 - max(step - begin, 0) / (end - begin)
    return final * (1 - remaining**3)


def cosine_fraction(step: int, begin: int, end: int, first: float) -> float:
    """Return the fraction to rewire at `step`: `first` until `begin`, half a cosine down to 0 at `end`.

    Evci et al. 2020 (RigL), section 3.
    """
    if step >= end:
        return 0.0
    return first / 2 * (1 + math.cos(math.pi * max(step - begin, 0) / (end - begin)))
