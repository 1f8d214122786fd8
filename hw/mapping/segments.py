"""Which engine computes which layer: a run of layers on one engine is a segment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from ganglion.hw.engines.engine import Engine
from ganglion.hw.engines.registry import engine_names
from ganglion.models.build.errors import CompileError
from ganglion.models.build.spelling import spelled
from ganglion.models.layers import dense_layers
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.network import NetworkSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Layers `first` to `last` - 1 of a network, all on one engine; `network` are they, padded."""

    engine: Engine
    first: int
    last: int
    network: IntNetwork


def engine_of_each(engines: Sequence[Engine], spec: NetworkSpec) -> tuple[Engine, ...]:
    """Return an engine a layer, from one for all or one for each; another number raises CompileError."""
    if len(engines) == 1:
        return tuple(engines) * len(spec.layers)
    if len(engines) != len(spec.layers):
        names, layers = ",".join(e.name for e in engines), ", ".join(layer.name for layer in spec.layers)
        raise CompileError(
            f"{spelled('engine', names)} names {len(engines)} engines, the policy has {len(spec.layers)} "
            f"layers ({layers}); name one engine for all or one a layer, each {engine_names()}"
        )
    return tuple(engines)


def segments_of(network: IntNetwork, engines: Sequence[Engine]) -> tuple[Segment, ...]:
    """Return the runs of layers with one engine, in order; `network` has the widths that these want."""
    segments, first = [], 0
    for engine, run in groupby(engines):
        last = first + len(list(run))
        segments.append(Segment(engine=engine, first=first, last=last, network=_run(network, first, last)))
        first = last
    return tuple(segments)


def _run(network: IntNetwork, first: int, last: int) -> IntNetwork:
    whole = network.spec
    thresholds = tuple(whole.threshold(index) for index in range(first, last))
    spec = NetworkSpec(
        input_type=whole.input_type_of(first),
        layers=whole.layers[first:last],
        thresholds=thresholds if any(thresholds) else None,
    )
    return IntNetwork(spec=spec, weights=network.weights[first:last], biases=network.biases[first:last])


def padded(network: IntNetwork, engines: Sequence[Engine]) -> IntNetwork:
    """Return the network, hidden layers as wide as the engines at both sides want, by neurons that are zero.

    CompileError names a layer that is not dense.
    """
    hidden = [
        max(-(-width // engine.pad_to) * engine.pad_to for engine in engines[index : index + 2])
        for index, width in enumerate(network.spec.widths[1:-1])
    ]
    widths = (network.spec.widths[0], *hidden, network.spec.widths[-1])
    layers = tuple(
        replace(layer, in_features=widths[index], out_features=widths[index + 1])
        for index, layer in enumerate(dense_layers(network.spec.layers))
    )
    return IntNetwork(
        spec=replace(network.spec, layers=layers),
        weights=tuple(
            _grown(w, (o, i)) for w, i, o in zip(network.weights, widths, widths[1:], strict=False)
        ),
        biases=tuple(_grown(bias, (o,)) for bias, o in zip(network.biases, widths[1:], strict=True)),
    )


def _grown(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return `values` in the low corner of zeros of `shape`."""
    result = np.zeros(shape, dtype=values.dtype)
    result[tuple(slice(size) for size in values.shape)] = values
    return result
