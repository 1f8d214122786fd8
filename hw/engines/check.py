"""What an engine of ours can hold, and a plan held against the reference before anything is written."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ganglion.models.build.errors import CompileError
from ganglion.models.build.spelling import spelled
from ganglion.models.equality import require_equal
from ganglion.models.reference import IntNetwork, Ints
from ganglion.models.spec.types import MIN_BITS, most_bits

CHECKED_VECTORS = 256
MAX_WIDTH = 1024


def check_widths(engine: str, network: IntNetwork) -> None:
    """Raise CompileError, with the nearest that works, for a layer wider than MAX_WIDTH."""
    for width in network.spec.widths:
        if width > MAX_WIDTH:
            raise CompileError(
                f"{engine}: a layer is {width} wide, allowed 1 to {MAX_WIDTH}; "
                f"prune or train it to at most {MAX_WIDTH} features, or use {spelled('engine', 'folded')}"
            )


def check_types(engine: str, network: IntNetwork, *, stores_outputs: bool = False) -> None:
    """Raise CompileError, with the nearest that works, for a type that is too wide or too narrow.

    stores_outputs: whether what leaves the network lies in the memories of what is between layers.
    """
    last = network.spec.layers[-1]
    types = [("input", network.spec.input_type, False)]
    for layer in network.spec.layers:
        types.append((f"{layer.name}'s weight", layer.weight_type, False))
        types.append((f"{layer.name}'s output", layer.output_type, not stores_outputs and layer is last))
    for what, kind, leaves in types:
        if not MIN_BITS <= kind.bits <= (most := most_bits(leaves)):
            raise CompileError(
                f"{engine}: {what} type {kind.name} has {kind.bits} bits, allowed {MIN_BITS} to {most}; "
                f"quantize to {min(max(kind.bits, MIN_BITS), most)} bits"
            )


def check_lanes(engine: str, network: IntNetwork, lanes: int) -> None:
    """Raise CompileError, with the nearest setting that works, for more lanes than there is work."""
    if lanes > max(1, network.nnz):
        raise CompileError(
            f"{engine}: {lanes} lanes are more than the network's {network.nnz} nonzero weights; "
            f"the nearest that works: {spelled('lanes', max(1, network.nnz))}"
        )


def check_plan(
    engine: str,
    network: IntNetwork,
    interpret: Callable[[Ints], list[Ints]],
    computed: Sequence[npt.NDArray[np.bool_]] | None = None,
    n_vectors: int = CHECKED_VECTORS,
) -> None:
    """Raise MismatchError unless `interpret` gives the reference's integers, every layer's.

    A mistake of the engine, never of the user. Inputs are random, the extremes and zero among them. computed:
    where a plan leaves out neurons that nobody reads, those that it has, [out] for each layer.
    """
    kind, features = network.spec.input_type, network.spec.widths[0]
    inputs = np.random.default_rng(0).integers(kind.low, kind.high + 1, (n_vectors, features))
    inputs[:3] = np.array([kind.low, kind.high, 0])[:, None]
    results = zip(network.spec.layers, network.forward(inputs), interpret(inputs), strict=True)
    for index, (layer, expected, got) in enumerate(results):
        shown = got if computed is None else np.where(computed[index], got, expected)
        require_equal(f"{engine} plan: {layer.name}", expected, shown)
