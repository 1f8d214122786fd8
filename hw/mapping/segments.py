"""Which engine computes which layer: a run of layers on one engine is a segment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np

from ganglion.hw.engines.engine import Engine
from ganglion.hw.engines.registry import engine_names, find_engine
from ganglion.models.build.errors import CompileError
from ganglion.models.build.spelling import spelled
from ganglion.models.layers import Dense
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.network import NetworkSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Layers `first` to `last` - 1 of a network, all on one engine; `network` are they, padded."""

    engine: Engine
    first: int
    last: int
    network: IntNetwork


def engine_of_each(asked: Sequence[Engine], spec: NetworkSpec) -> tuple[Engine, ...]:
    """Return an engine a layer, from one for all or one for each; another number raises CompileError.

    One for all leaves what is behind the layers that it computes to its tail's.
    """
    if len(asked) == 1:
        (engine,), n_layers = asked, len(spec.layers)
        n_first = engine.n_first(spec.layers)
        if engine.tail is None or not n_first:
            return (engine,) * n_layers
        return (engine,) * n_first + (find_engine(engine.tail),) * (n_layers - n_first)
    if len(asked) != len(spec.layers):
        names, layers = ",".join(e.name for e in asked), ", ".join(layer.name for layer in spec.layers)
        raise CompileError(
            f"{spelled('engine', names)} names {len(asked)} engines, the policy has {len(spec.layers)} "
            f"layers ({layers}); name one engine for all or one a layer, each {engine_names()}"
        )
    return tuple(asked)


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
        input_type=whole.type(first),
        layers=whole.layers[first:last],
        thresholds=thresholds if any(thresholds) else None,
        frame_stack=1 if first else whole.frame_stack,
    )
    return IntNetwork(spec=spec, weights=network.weights[first:last], biases=network.biases[first:last])


def padded(network: IntNetwork, engines: Sequence[Engine]) -> IntNetwork:
    """Return the network, hidden layers as wide as the engines at both sides want, by neurons that are zero.

    What is between two dense layers grows; maps have their sizes.
    """
    spec = network.spec
    widths = list(spec.widths)
    for index, (before, behind) in enumerate(pairwise(spec.layers), 1):
        if isinstance(before, Dense) and isinstance(behind, Dense):
            sides = engines[index - 1 : index + 1]
            widths[index] = max(-(-widths[index] // engine.pad_to) * engine.pad_to for engine in sides)
    layers, weights, biases = list(spec.layers), list(network.weights), list(network.biases)
    for index, layer in enumerate(spec.layers):
        if isinstance(layer, Dense):
            n_in, n_out = widths[index], widths[index + 1]
            layers[index] = replace(layer, in_features=n_in, out_features=n_out)
            weights[index] = _grown(weights[index], (n_out, n_in))
            biases[index] = _grown(biases[index], (n_out,))
    return IntNetwork(spec=replace(spec, layers=tuple(layers)), weights=tuple(weights), biases=tuple(biases))


def _grown(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return `values` in the low corner of zeros of `shape`."""
    result = np.zeros(shape, dtype=values.dtype)
    result[tuple(slice(size) for size in values.shape)] = values
    return result
