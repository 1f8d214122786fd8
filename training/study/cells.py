"""What the study measures: a trained policy, pruned after training or not, under a scheme."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import ConfigError
from ganglion.models.quant.schemes import Scheme
from ganglion.models.sparsity import Pruning, check_sparsity

POST_TRAINING = (Pruning.NEURONS_L1, Pruning.NEURONS_L2, Pruning.MAGNITUDE)
"""The prunings that need nothing but weights, so that they can be done after training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """A trained dense policy, from which the others are made."""

    __pydantic_config__: ClassVar = STRICT

    environment: str
    """A configuration's name."""
    algorithm: str
    seed: int
    checkpoint: Path
    """The float weights: a shipped teacher.npz, or the best checkpoint of the study's own run."""

    @property
    def name(self) -> str:
        """What its files begin with."""
        return f"{self.environment}-{self.algorithm}-s{self.seed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One policy of the study."""

    __pydantic_config__: ClassVar = STRICT

    teacher: Teacher
    scheme: Scheme
    pruning: Pruning | None = None
    """What was pruned after training; None: nothing."""
    fraction: float = 0.0
    """The part of the neurons, or of the weights, that was pruned."""
    shipped: Path | None = None
    """The shipped policy folder that this is, whose pruning and int8 were trained; None: made here."""

    @property
    def name(self) -> str:
        """The folder's name: letters, digits and hyphens that tell it from all others."""
        if self.shipped is not None:
            return f"{self.teacher.name}-shipped-{self.shipped.name}"
        pruned = "" if self.pruning is None else f"-{self.pruning.value}-{100 * self.fraction:g}"
        return f"{self.teacher.name}-{self.scheme.value}{pruned}"


def cells_of(
    teacher: Teacher,
    schemes: Sequence[Scheme],
    prunings: Sequence[Pruning],
    fractions: Sequence[float],
    shipped: Path | None,
) -> Iterator[Cell]:
    """Yield the unpruned policy under each scheme, each pruned one in float and static int8, the shipped one.

    Training through the rounding, and dynamic scales, are for the unpruned policy alone.
    """
    for scheme in schemes:
        yield Cell(teacher=teacher, scheme=scheme)
    for pruning in prunings:
        for fraction in fractions:
            for scheme in (Scheme.FLOAT, Scheme.PTSQ):
                if scheme in schemes:
                    yield Cell(teacher=teacher, scheme=scheme, pruning=pruning, fraction=fraction)
    if shipped is not None:
        yield Cell(teacher=teacher, scheme=Scheme.QAT, shipped=shipped)


def check_axes(schemes: Sequence[Scheme], prunings: Sequence[Pruning], fractions: Sequence[float]) -> None:
    """Raise ConfigError unless the axes can be measured."""
    if Scheme.FLOAT not in schemes:
        raise ConfigError("schemes: float is missing, with which all others are compared")
    for pruning in prunings:
        if pruning not in POST_TRAINING:
            allowed = ", ".join(each.value for each in POST_TRAINING)
            raise ConfigError(f"prunings: {pruning.value} needs training; after it there are {allowed}")
    for fraction in fractions:
        check_sparsity(fraction)
        if not fraction:
            raise ConfigError("fractions: 0 prunes nothing, and that policy is measured in any case")
