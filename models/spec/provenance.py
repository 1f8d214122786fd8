"""What a policy's provenance says where Ganglion wrote it; other makers say what they like."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.models.build.codec import SOME_KEYS, Amount, Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """The keys that Ganglion reads; None is what policy.json does not say.

    Weights are entries of the layers' matrices and kernels: all of the actor's (`n_weights`), those that
    pruning left (`nnz`) and those of them that can matter to an output (`nnz_live`).
    """

    __pydantic_config__: ClassVar = SOME_KEYS

    widths: tuple[Count, ...] | None = None
    """Values at every boundary of the actor before dead neurons were removed."""
    n_weights: Count | None = None
    nnz: Count | None = None
    nnz_live: Count | None = None
    sparsity: Amount | None = None
    return_mean: float | None = None
    return_std: Amount | None = None
    episodes: Count | None = None
