"""From an integer network to its adder graph: only what an output depends on, with exact ranges."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ganglion.hw.engines.unrolled.cmvm import share_pairs
from ganglion.hw.engines.unrolled.graph import Clip, Constant, Graph, Input, Layer, Node, Sum, sources
from ganglion.hw.engines.unrolled.share import merge_pairs
from ganglion.hw.engines.unrolled.tree import AdderSpec, OffsetSignal, Operand, add_up, adder_of
from ganglion.models.layers import Layer as LayerSpec
from ganglion.models.reference import IntNetwork, Ints, requantize


@dataclass(frozen=True, slots=True, kw_only=True)
class Neuron:
    """The signal that carries a neuron, or its value when it cannot vary, or neither when nobody reads it."""

    signal: OffsetSignal | None = None
    value: int | None = None


def lower(network: IntNetwork, adder_inputs: int) -> Graph:
    """Return the graph of `network`; `adder_inputs` is 3 where ternary adders cost what binary ones do."""
    kind = network.spec.input_type
    nodes: list[Node] = []
    neurons = []
    for feature in range(network.spec.widths[0]):
        signal = OffsetSignal(node=len(nodes), low=0, high=kind.high - kind.low, offset=-kind.low, ready=0)
        nodes.append(Input(feature=feature, low=signal.low, high=signal.high))
        neurons.append(Neuron(signal=signal))
    layers = []
    for index, read in enumerate(_read_neurons(network)):
        lowering = LayerLowering(
            spec=network.spec.layers[index], inputs=neurons, nodes=nodes, adder_inputs=adder_inputs
        )
        neurons = lowering.lower(network.weights[index], network.biases[index], read)
        layers.append(lowering.layer(neurons))
    graph = Graph(
        input_type=kind, n_features=network.spec.widths[0], nodes=tuple(nodes), layers=tuple(layers)
    )
    return _without_dead_nodes(graph)


def _read_neurons(network: IntNetwork) -> list[Ints]:
    """Return for each layer the indices of the neurons on which an output may depend."""
    read = [np.arange(network.spec.widths[-1])]
    for weight in reversed(network.weights[1:]):
        read.insert(0, np.flatnonzero(weight[read[0]].any(axis=0)))
    return read


class LayerLowering:
    """One layer in progress: `nodes` is the graph's list, to which it appends."""

    def __init__(
        self, *, spec: LayerSpec, inputs: Sequence[Neuron], nodes: list[Node], adder_inputs: int
    ) -> None:
        self.spec, self.inputs, self.nodes, self.adder_inputs = spec, inputs, nodes, adder_inputs
        self.linear: dict[int, Ints] = {}
        self.low = self.high = np.zeros(0, dtype=np.int64)

    def lower(self, weight: Ints, bias: Ints, read: Ints) -> list[Neuron]:
        """Return the layer's neurons; `weight` is [out, in], `bias` [out], `read` the neurons that matter."""
        varying = np.array([neuron.signal is not None for neuron in self.inputs])
        values = np.array([neuron.value or 0 for neuron in self.inputs])
        bias = bias + np.where(varying, 0, weight) @ values
        weight = weight * varying
        neurons = [Neuron(value=value) for value in self._constants(weight, bias, read)]
        rows = np.array([row for row in read if neurons[row].value is None], dtype=np.int64)
        columns = np.flatnonzero(weight[rows].any(axis=0))
        self._set_ranges(columns)
        if rows.size:
            sums = self._row_operands(weight[np.ix_(rows, columns)], columns)
            for row, operands in zip(rows, sums, strict=True):
                neurons[row] = Neuron(signal=self._neuron(operands, int(bias[row])))
        return neurons

    def layer(self, neurons: Sequence[Neuron]) -> Layer:
        """Return where the neurons are in the graph; one that cannot vary becomes a constant there."""
        return Layer(
            name=self.spec.name,
            type=self.spec.output_type,
            neurons=tuple(self._node(neuron) for neuron in neurons),
        )

    def _node(self, neuron: Neuron) -> int | None:
        if neuron.value is not None:
            stored = neuron.value - self.spec.output_type.low
            self.nodes.append(Constant(low=stored, high=stored))
            return len(self.nodes) - 1
        return neuron.signal.node if neuron.signal else None

    def _constants(self, weight: Ints, bias: Ints, read: Ints) -> list[int | None]:
        """Return the values of the neurons that cannot vary; None for the others and the unread."""
        self._set_ranges(np.arange(weight.shape[1]))
        values: list[int | None] = [None] * len(bias)
        for row in read:
            ends = self._row_range(weight[row], bias[row])
            low, high = (int(requantize(end, self.spec.shift, self.spec.output_type)) for end in ends)
            values[row] = low if low == high else None
        return values

    def _set_ranges(self, columns: Ints) -> None:
        """Remember the ranges of `columns`; zero for those that do not vary, which no weight reads."""
        signals = [self.inputs[column].signal for column in columns]
        self.low = np.array([c.low - c.offset if c else 0 for c in signals], dtype=np.int64)
        self.high = np.array([c.high - c.offset if c else 0 for c in signals], dtype=np.int64)

    def _row_range(self, weight: Ints, bias: int | Ints) -> tuple[Ints, Ints]:
        positive, negative = np.maximum(weight, 0), np.minimum(weight, 0)
        low = positive @ self.low + negative @ self.high + bias
        return low, positive @ self.high + negative @ self.low + bias

    def _row_operands(self, matrix: Ints, columns: Ints) -> list[list[Operand]]:
        """Return for each row of the live `matrix` what its last adder adds, apart from the constant."""
        signals = [self.inputs[column].signal for column in columns]
        inputs = [signal for signal in signals if signal is not None]
        for index, signal in enumerate(inputs):
            self.linear[signal.node] = np.eye(len(inputs), dtype=np.int64)[index]
        shared = merge_pairs(share_pairs(matrix), inputs, self.adder_inputs)
        operands = [Operand(signal=signal, shift=0, negative=False) for signal in inputs]
        for terms in shared.sums:
            body = [operands[term.source].turned(term.shift, term.negative) for term in terms]
            operands += add_up(body, 1, self.adder_inputs, self._add)
        rows = [[operands[t.source].turned(t.shift, t.negative) for t in terms] for terms in shared.rows]
        return [add_up(row, self.adder_inputs - 1, self.adder_inputs, self._add) for row in rows]

    def _add(self, adder: AdderSpec) -> OffsetSignal:
        """Append the adder `adder` with its exact range."""
        linear = sum(
            (self.linear[o.signal.node] << o.shift) * (-1 if o.negative else 1) for o in adder.operands
        )
        low, high = (int(end) for end in self._row_range(np.asarray(linear), adder.offset))
        self.linear[len(self.nodes)] = np.asarray(linear)
        self.nodes.append(Sum(low=low, high=high, addends=adder.addends, constant=adder.constant))
        return OffsetSignal(
            node=len(self.nodes) - 1, low=low, high=high, offset=adder.offset, ready=adder.ready
        )

    def _neuron(self, operands: Sequence[Operand], bias: int) -> OffsetSignal:
        """Append a neuron's last adder, which takes the bias, the rounding and all offsets; then its clip."""
        shift, kind = self.spec.shift, self.spec.output_type
        wanted = bias + ((1 << shift) >> 1) - (kind.low << shift)
        # Where every operand's low bits are zero, those of the constant do not matter: the shift drops them.
        zeros = min(shift, *(operand.shift for operand in operands))
        constant = (wanted - sum(operand.offset for operand in operands)) >> zeros
        adder = adder_of([operand.turned(-zeros, False) for operand in operands], constant)
        if len(operands) == 1 and not operands[0].negative and constant == 0:
            total, left = operands[0].signal, shift - operands[0].shift
        else:
            total, left = self._add(adder), shift - zeros
        top = (1 << kind.bits) - 1
        low, high = (min(max(_shifted(end, left), 0), top) for end in (total.low, total.high))
        self.nodes.append(Clip(low=low, high=high, source=total.node, shift=left, bits=kind.bits))
        return OffsetSignal(
            node=len(self.nodes) - 1, low=low, high=high, offset=-kind.low, ready=adder.ready + 1
        )


def _shifted(value: int, right: int) -> int:
    return value >> right if right >= 0 else value << -right


def _without_dead_nodes(graph: Graph) -> Graph:
    """Return the graph without nodes on which no output depends; constants stay, they cost nothing."""
    alive = {node for node in graph.layers[-1].neurons if node is not None}
    for index in reversed(range(len(graph.nodes))):
        if index in alive:
            alive.update(sources(graph.nodes[index]))
    kept = [i for i, node in enumerate(graph.nodes) if i in alive or isinstance(node, Constant)]
    number = {old: new for new, old in enumerate(kept)}
    layers = tuple(
        replace(layer, neurons=tuple(None if node is None else number.get(node) for node in layer.neurons))
        for layer in graph.layers
    )
    return replace(
        graph, nodes=tuple(_renumbered(graph.nodes[index], number) for index in kept), layers=layers
    )


def _renumbered(node: Node, number: dict[int, int]) -> Node:
    if isinstance(node, Sum):
        addends = tuple(replace(addend, source=number[addend.source]) for addend in node.addends)
        return replace(node, addends=addends)
    return replace(node, source=number[node.source]) if isinstance(node, Clip) else node
