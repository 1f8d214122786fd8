"""Networks with the corners that adder graphs trip over, and all of their inputs."""

import numpy as np

from ganglion.models.layers import Dense
from ganglion.models.reference import IntNetwork, Ints
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.types import IntType


def network_of(
    layers: list[tuple[list[list[int]], list[int], int, IntType]], input_type: IntType, weight_bits: int = 8
) -> IntNetwork:
    """Return a network from (weight [out][in], bias [out], shift, output type) per layer."""
    specs, exponent = [], 0
    for index, (weight, _, shift, output_type) in enumerate(layers):
        spec = Dense(
            name=f"fc{index + 1}",
            in_features=len(weight[0]),
            out_features=len(weight),
            weight_type=IntType(bits=weight_bits, signed=True),
            output_type=output_type,
            input_exponent=exponent,
            weight_exponent=0,
            output_exponent=exponent + shift,
        )
        specs.append(spec)
        exponent = spec.output_exponent
    return IntNetwork(
        spec=NetworkSpec(input_type=input_type, layers=tuple(specs)),
        weights=tuple(np.array(weight, dtype=np.int64) for weight, *_ in layers),
        biases=tuple(np.array(bias, dtype=np.int64) for _, bias, *_ in layers),
    )


INT8, UINT8 = IntType(bits=8, signed=True), IntType(bits=8, signed=False)
INT3, UINT5 = IntType(bits=3, signed=True), IntType(bits=5, signed=False)

CORNERS = {
    # Empty, dense, one nonzero, a power of two, extremes, negative, the same again; nobody reads neuron 7.
    "rows": network_of(
        [
            (
                [
                    [0, 0, 0, 0, 0],
                    [3, -77, 127, -5, 91],
                    [0, 0, -93, 0, 0],
                    [0, 64, 0, 0, 0],
                    [127, -127, 127, -127, 127],
                    [-1, -2, -4, -8, -16],
                    [3, -77, 127, -5, 91],
                    [11, 0, 0, 22, 0],
                ],
                [700, -900, 5000, 0, 0, 31, -900, 0],
                6,
                UINT8,
            ),
            ([[1, -2, 3, 0, 127, -4, 5, 0], [0, 0, 0, 1, 0, 0, 0, 0], [0] * 8], [0, 0, -3], 7, INT8),
        ],
        INT8,
    ),
    # Shifts of 1 and 2 meet ties of both signs; biases far out saturate both ways; a layer without a shift.
    "ties and saturation": network_of(
        [
            ([[1, 1], [1, -1], [-1, 0], [2, 2]], [0, 300, -300, 1], 1, UINT5),
            ([[1, -1, 1, -1], [1, 1, 1, 1]], [0, -20], 0, INT8),
            ([[1, 1], [1, -1], [3, 0]], [2, -2, 0], 2, INT3),
        ],
        INT8,
    ),
    "signed hidden layer": network_of(
        [([[5, -3, 1], [0, 7, -7]], [4, -9], 3, IntType(bits=5, signed=True)), ([[3, -5]], [1], 4, INT8)],
        IntType(bits=4, signed=True),
    ),
    "unsigned input": network_of([([[5, -3, 1], [0, 7, -7]], [4, -9], 3, INT8)], UINT5),
    "one weight": network_of([([[-1]], [0], 0, INT8)], IntType(bits=2, signed=True)),
    "wires": network_of([([[1, 0], [0, 4]], [0, 0], 0, IntType(bits=8, signed=False))], UINT5),
    "constant outputs": network_of([([[0, 0], [1, 0]], [-7, 100000], 2, INT8)], INT8),
}


def all_inputs(network: IntNetwork, n_vectors: int = 400) -> Ints:
    """Return every input when there are few, else random ones behind the extremes: [n, in] int64."""
    kind, features = network.spec.input_type, network.spec.widths[0]
    values = np.arange(kind.low, kind.high + 1)
    if len(values) ** features <= 4096:
        return np.stack(np.meshgrid(*[values] * features), axis=-1).reshape(-1, features)
    inputs = np.random.default_rng(5).integers(kind.low, kind.high + 1, (n_vectors, features))
    inputs[0], inputs[1], inputs[2] = kind.low, kind.high, 0
    return inputs
