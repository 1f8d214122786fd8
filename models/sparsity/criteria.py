"""The ways to choose the weights, or the neurons, that live."""

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
    NEURONS_L1 = "neurons_l1"  # whole neurons, those of least L1 norm, ever more on that cubic schedule
    NEURONS_L2 = "neurons_l2"  # the same by the L2 norm

    @property
    def is_gradual(self) -> bool:
        """Whether the sparsity rises on a schedule."""
        return self in (Pruning.MAGNITUDE, Pruning.SCALED) or self.norm is not None

    @property
    def norm(self) -> int | None:
        """The order of the norm by which whole neurons are pruned; None where single weights are."""
        return {Pruning.NEURONS_L1: 1, Pruning.NEURONS_L2: 2}.get(self)

    @property
    def rewires(self) -> bool:
        """Whether weights that were pruned may come back."""
        return self in (Pruning.SET, Pruning.RIGL)
