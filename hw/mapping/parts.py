"""Which engine computes which layer: a run of layers on one engine is a part, a sparse one a node."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from ganglion.hw.target.board import Engine
from ganglion.models.build.errors import CompileError
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.network import NetworkSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Layers `first` to `last` - 1, all on one engine."""

    engine: Engine
    first: int
    last: int


def engine_of_each(engines: Sequence[Engine], spec: NetworkSpec) -> tuple[Engine, ...]:
    """Return an engine a layer, from one for all or one for each; another number raises CompileError."""
    if len(engines) == 1:
        return tuple(engines) * len(spec.layers)
    if len(engines) != len(spec.layers):
        names, layers = ",".join(e.value for e in engines), ", ".join(layer.name for layer in spec.layers)
        raise CompileError(
            f"ENGINE={names} names {len(engines)} engines, the policy has {len(spec.layers)} layers "
            f"({layers}); name one engine for all or one a layer, each {Engine.known(', ', auto=False)}"
        )
    return tuple(engines)


def parts_of(engines: Sequence[Engine]) -> tuple[Part, ...]:
    """Return the runs of layers with one engine, in order."""
    parts, first = [], 0
    for engine, run in groupby(engines):
        last = first + len(list(run))
        parts.append(Part(engine=engine, first=first, last=last))
        first = last
    return tuple(parts)


def padded_widths(spec: NetworkSpec, engines: Sequence[Engine], pad_to: int) -> tuple[int, ...]:
    """Return the features at every boundary: hidden ones beside a dense layer are a multiple of `pad_to`."""
    hidden = [
        -(-width // pad_to) * pad_to if Engine.DENSE in engines[index : index + 2] else width
        for index, width in enumerate(spec.widths[1:-1])
    ]
    return (spec.widths[0], *hidden, spec.widths[-1])


def part_network(network: IntNetwork, part: Part, widths: Sequence[int]) -> IntNetwork:
    """Return the layers of a part, padded to `widths` by neurons that compute zero."""
    span = range(part.first, part.last)
    layers = tuple(
        replace(network.spec.layers[index], in_features=widths[index], out_features=widths[index + 1])
        for index in span
    )
    return IntNetwork(
        spec=NetworkSpec(input_type=network.spec.input_type_of(part.first), layers=layers),
        weights=tuple(padded(network.weights[index], (widths[index + 1], widths[index])) for index in span),
        biases=tuple(padded(network.biases[index], (widths[index + 1],)) for index in span),
    )


def padded(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return `values` in the low corner of zeros of `shape`."""
    result = np.zeros(shape, dtype=values.dtype)
    result[tuple(slice(size) for size in values.shape)] = values
    return result
