"""The ways to choose the weights that live."""

from enum import Enum


class Pruning(Enum):
    """Which weights are pruned, and when."""

    MAGNITUDE = "magnitude"  # the smallest, ever more on a cubic schedule: Zhu & Gupta 2017
    SCALED = "scaled"  # the same of |weight| * standard deviation of its input: after Sun et al. 2023 (Wanda)
    ONE_SHOT = "one_shot"  # the smallest, all at once, then fine-tuning
    RANDOM = "random"  # random ones before the first update, for good
    SNIP = "snip"  # those of least |weight * gradient| before the first update, for good: Lee et al. 2019
    SET = "set"  # before the first update; then the smallest give way to random ones: Mocanu et al. 2018
    RIGL = "rigl"  # the same, giving way to those of largest gradient: Evci et al. 2020

    @property
    def is_gradual(self) -> bool:
        """Whether the sparsity rises on a schedule."""
        return self in (Pruning.MAGNITUDE, Pruning.SCALED)

    @property
    def rewires(self) -> bool:
        """Whether weights that were pruned may come back."""
        return self in (Pruning.SET, Pruning.RIGL)
