"""Hidden widths grow by neurons that compute zero, and the Requant constants become exactly the policy's."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ganglion.hw.finn.passes.graph import constant, layers, set_attributes, text_attribute
from ganglion.hw.finn.plugin import ModelWrapper, NodeProto
from ganglion.hw.mapping.parts import padded
from ganglion.models.build.errors import CompileError, MismatchError
from ganglion.models.reference import IntNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class PadAndPin:
    """Writes the policy's own integers, padded to `widths` at every boundary, into the nodes.

    FINN's weights must already equal them. Its Requant constants come from float32 thresholds, which cannot
    carry a large shift beside an odd bias, so they are replaced: 2**-shift and b * 2**-shift are exact.
    """

    name: ClassVar[str] = "pad"
    network: IntNetwork
    widths: tuple[int, ...]

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the graph with padded hidden layers; other weights than the policy's raise MismatchError."""
        nodes = layers(model)
        if len(nodes) != len(self.network.spec.layers):
            raise CompileError(
                f"pass {self.name}: {len(nodes)} layers in the graph, "
                f"{len(self.network.spec.layers)} in the policy"
            )
        for index, (mvau, requant) in enumerate(nodes):
            self._pad_mvau(model, index, mvau)
            self._pin_requant(model, index, requant)
        return model

    def _pad_mvau(self, model: ModelWrapper, index: int, mvau: NodeProto) -> None:
        weight, layer = self.network.weights[index], self.network.spec.layers[index]
        in_features, out_features = self.widths[index : index + 2]
        found = constant(model, mvau.input[1])
        differences = np.argwhere(weight != found.T)
        if differences.size:
            row, column = (int(i) for i in differences[0])
            raise MismatchError(
                f"pass {self.name}: {layer.name}: weight [{row}, {column}]: "
                f"expected {weight[row, column]}, got {found[column, row]:g}"
            )
        model.set_initializer(mvau.input[1], padded(weight, (out_features, in_features)).T.astype(np.float32))
        set_attributes(mvau, MW=in_features, MH=out_features)
        model.set_tensor_shape(mvau.output[0], [1, out_features])

    def _pin_requant(self, model: ModelWrapper, index: int, requant: NodeProto) -> None:
        layer, out_features = self.network.spec.layers[index], self.widths[index + 1]
        if (got := text_attribute(requant, "outputDataType")) != layer.output_type.name:
            raise MismatchError(
                f"pass {self.name}: {layer.name}: type: expected {layer.output_type.name}, got {got}"
            )
        bias = np.ldexp(padded(self.network.biases[index], (out_features,)), -layer.shift)
        model.set_initializer(requant.input[1], np.full(out_features, 2.0**-layer.shift, dtype=np.float32))
        model.set_initializer(requant.input[2], bias.astype(np.float32))
        set_attributes(requant, NumChannels=out_features)
        model.set_tensor_shape(requant.output[0], [1, out_features])
