"""The dense layer: every output reads every input."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from ganglion.models.build.errors import ExportError
from ganglion.models.layers.layer import Ints, Layer, Shape, register

if TYPE_CHECKING:
    from torch import Tensor, nn


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class Dense(Layer):
    """a = W x + b: weights [out, in], biases [out]."""

    torch_module: ClassVar[str] = "Linear"
    operators: ClassVar[tuple[str, ...]] = ("Gemm", "MatMul")
    is_separable: ClassVar[bool] = True

    kind: Literal["dense"] = "dense"
    in_features: int
    out_features: int

    @property
    def in_shape(self) -> Shape:
        """[in_features]."""
        return (self.in_features,)

    @property
    def out_shape(self) -> Shape:
        """[out_features]."""
        return (self.out_features,)

    @property
    def weight_shape(self) -> Shape:
        """[out_features, in_features]."""
        return (self.out_features, self.in_features)

    def accumulate(self, x: Ints, weight: Ints, bias: Ints) -> Ints:
        """Return W x + b: [..., in] → [..., out] int64."""
        # BLAS multiplies float64 only, in which sums of products of our types, below 2^53, are exact.
        sums = np.asarray(x, np.float64) @ weight.T.astype(np.float64)
        return sums.astype(np.int64) + bias

    def fan_out(self, weight: Ints) -> Ints:
        """Return the weights of each column that are not zero: [in]."""
        return np.count_nonzero(weight, axis=0)

    def reads(self, weight: Ints, outputs: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Return which columns hold a weight of these rows: [in] bool."""
        return np.any(weight[outputs], axis=0, keepdims=True)[0]

    def without(
        self, weight: Ints, bias: Ints, inputs: npt.NDArray[np.intp], outputs: npt.NDArray[np.intp]
    ) -> tuple["Dense", Ints, Ints]:
        """Return the layer of these columns and rows only."""
        smaller = replace(self, in_features=len(inputs), out_features=len(outputs))
        return smaller, weight[np.ix_(outputs, inputs)], bias[outputs]

    def fold_constants(self, weight: Ints, bias: Ints, values: Ints, constant: Any) -> tuple[Ints, Ints]:
        """Return biases with what constant inputs add, and weights that are zero there."""
        return np.where(constant, 0, weight), bias + weight[:, constant] @ values[constant]

    @staticmethod
    def geometry_of(module: Any, in_shape: Shape) -> dict[str, Any]:
        """Return the features of an nn.Linear, which reads whatever it is given as one row."""
        return {"in_features": math.prod(in_shape), "out_features": module.out_features}

    def functional(self, x: "Tensor", weight: "Tensor", bias: "Tensor") -> "Tensor":
        """Return W x + b: [batch, in] → [batch, out] float32."""
        return x.flatten(1) @ weight.T + bias

    def module(self) -> "nn.Module":
        """Return a QuantLinear."""
        import brevitas.nn as qnn

        from ganglion.models.quant.quantizers import layer_quantizers

        return qnn.QuantLinear(self.in_features, self.out_features, **layer_quantizers(self))

    def attributes(self) -> dict[str, Any]:
        """Return Gemm's attributes: weights are [out, in]."""
        return {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 1}

    @staticmethod
    def geometry_from_onnx(
        operator: str, attributes: Mapping[str, Any], weight: npt.NDArray[Any], in_shape: Shape
    ) -> tuple[dict[str, Any], npt.NDArray[Any]]:
        """Return the features of a Gemm or MatMul, and weights [out, in]."""
        if weight.ndim != 2:
            raise ExportError(f"weights of shape {list(weight.shape)}, expected two dimensions")
        if attributes.get("transA", 0):
            raise ExportError("transA = 1 multiplies the batch, not the features")
        ours = weight if attributes.get("transB", 0) else weight.T
        return {"in_features": ours.shape[1], "out_features": ours.shape[0]}, ours
