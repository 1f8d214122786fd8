"""A plan held against the reference before anything is written."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ganglion.models.equality import require_equal
from ganglion.models.reference import IntNetwork, Ints

CHECKED_VECTORS = 256


def check_plan(
    engine: str,
    network: IntNetwork,
    interpret: Callable[[Ints], list[Ints]],
    computed: Sequence[npt.NDArray[np.bool_]] | None = None,
) -> None:
    """Raise MismatchError unless `interpret` gives the reference's integers, every layer's.

    A mistake of the engine, never of the user. Inputs are random, the extremes and zero among them. computed:
    where a plan leaves out neurons that nobody reads, those that it has, [out] for each layer.
    """
    kind, features = network.spec.input_type, network.spec.widths[0]
    inputs = np.random.default_rng(0).integers(kind.low, kind.high + 1, (CHECKED_VECTORS, features))
    inputs[:3] = np.array([kind.low, kind.high, 0])[:, None]
    results = zip(network.spec.layers, network.forward(inputs), interpret(inputs), strict=True)
    for index, (layer, expected, got) in enumerate(results):
        shown = got if computed is None else np.where(computed[index], got, expected)
        require_equal(f"{engine} plan: {layer.name}", expected, shown)
