"""The convolution over planes of rows and columns, square in kernel, stride and padding."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from ganglion.models.build.errors import ExportError
from ganglion.models.layers.layer import Ints, Layer, Shape, register
from ganglion.models.layers.windows import (
    channels_of,
    check_window,
    n_windows,
    square_window,
    window_attributes,
    window_from_onnx,
    windows,
)

if TYPE_CHECKING:
    from torch import Tensor, nn


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class Conv2d(Layer):
    """a[o, y, x] = Σ W[o, i, v, u] z[i, stride y + v, stride x + u] + b[o], z the input padded by zeros."""

    torch_module: ClassVar[str] = "Conv2d"
    operators: ClassVar[tuple[str, ...]] = ("Conv",)
    is_separable: ClassVar[bool] = True

    kind: Literal["conv2d"] = "conv2d"
    in_channels: int
    out_channels: int
    height: int
    """Rows of the input."""
    width: int
    """Columns of the input."""
    kernel: int
    stride: int = 1
    padding: int = 0

    def __post_init__(self) -> None:
        check_window(self.name, self.in_shape[1:], self.kernel, self.stride, self.padding)
        Layer.__post_init__(self)

    @property
    def in_shape(self) -> Shape:
        """[in_channels, height, width]."""
        return (self.in_channels, self.height, self.width)

    @property
    def out_shape(self) -> Shape:
        """[out_channels, rows, columns]."""
        return (self.out_channels, *n_windows(self.in_shape[1:], self.kernel, self.stride, self.padding))

    @property
    def weight_shape(self) -> Shape:
        """[out_channels, in_channels, kernel, kernel]."""
        return (self.out_channels, self.in_channels, self.kernel, self.kernel)

    def accumulate(self, x: Ints, weight: Ints, bias: Ints) -> Ints:
        """Return the sums: [batch, in, height, width] → [batch, out, rows, columns] int64."""
        window = (self.kernel, self.stride, self.padding)
        # What delta inference sends is zero nearly everywhere: windows of zeros are not multiplied.
        met = windows(np.any(x, axis=1, keepdims=True), *window).any(axis=(1, 4, 5))
        seen = np.moveaxis(windows(np.asarray(x, np.float64), *window), 1, 3)[met]
        # As in dense: exact in the float64 that BLAS multiplies.
        sums = np.zeros((*met.shape, self.out_channels))
        kernels = weight.reshape(self.out_channels, -1).T.astype(np.float64)
        sums[met] = seen.reshape(-1, len(kernels)) @ kernels
        return np.moveaxis(sums.astype(np.int64) + bias, -1, 1)

    def fan_out(self, weight: Ints) -> Ints:
        """Return the weights that meet each pixel as kernels pass over it: [in, height, width]."""
        read = np.count_nonzero(weight, axis=0)
        rows, columns = self.out_shape[1:]
        edge = self.padding
        found = np.zeros((self.in_channels, self.height + 2 * edge, self.width + 2 * edge), np.int64)
        for v, u in np.ndindex(self.kernel, self.kernel):
            down, right = v + self.stride * rows, u + self.stride * columns
            found[:, v : down : self.stride, u : right : self.stride] += read[:, v, u, None, None]
        return found[:, edge : edge + self.height, edge : edge + self.width]

    def reads(self, weight: Ints, outputs: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Return the channels with a weight in the kernels of these outputs: [in, height, width] bool."""
        kernels = weight[channels_of(outputs, self.out_shape)]
        return np.broadcast_to(np.any(kernels, axis=(0, 2, 3))[:, None, None], self.in_shape)

    def without(
        self, weight: Ints, bias: Ints, inputs: npt.NDArray[np.intp], outputs: npt.NDArray[np.intp]
    ) -> tuple["Conv2d", Ints, Ints]:
        """Return the layer of these channels' kernels only."""
        read, made = channels_of(inputs, self.in_shape), channels_of(outputs, self.out_shape)
        smaller = replace(self, in_channels=len(read), out_channels=len(made))
        return smaller, weight[np.ix_(made, read)], bias[made]

    def fold_constants(self, weight: Ints, bias: Ints, values: Ints, constant: Any) -> tuple[Ints, Ints]:
        """Return biases with what channels of one constant value add, and kernels that are zero there.

        At a padded edge zeros take its place, so that only a channel of zeros folds there.
        """
        first = values[:, 0, 0]
        folds = np.all(constant & (values == first[:, None, None]), axis=(1, 2))
        folds &= (first == 0) | (self.padding == 0)
        added = weight[:, folds].sum(axis=(2, 3)) @ first[folds]
        return np.where(folds[:, None, None], 0, weight), bias + added

    @staticmethod
    def geometry_of(module: Any, in_shape: Shape) -> dict[str, Any]:
        """Return the sizes of an nn.Conv2d."""
        window = square_window(module.kernel_size, module.stride, module.padding, module.dilation)
        return _geometry(tuple(module.weight.shape), in_shape, module.groups) | window

    def functional(self, x: "Tensor", weight: "Tensor", bias: "Tensor") -> "Tensor":
        """Return the sums of real numbers: [batch, in, height, width] → [batch, out, rows, columns].

        Channels last, in which a CPU convolves and pools maps of few channels in half the time.
        """
        import torch
        from torch.nn.functional import conv2d

        x = x.contiguous(memory_format=torch.channels_last)
        return conv2d(x, weight, bias, self.stride, self.padding)

    def module(self) -> "nn.Module":
        """Return a QuantConv2d."""
        import brevitas.nn as qnn

        from ganglion.models.quant.quantizers import layer_quantizers

        return qnn.QuantConv2d(
            self.in_channels,
            self.out_channels,
            self.kernel,
            stride=self.stride,
            padding=self.padding,
            **layer_quantizers(self),
        )

    def attributes(self) -> dict[str, Any]:
        """Return Conv's attributes."""
        return {"group": 1} | window_attributes(self.kernel, self.stride, self.padding)

    @staticmethod
    def geometry_from_onnx(
        operator: str, attributes: Mapping[str, Any], weight: npt.NDArray[Any], in_shape: Shape
    ) -> tuple[dict[str, Any], npt.NDArray[Any]]:
        """Return the sizes of a Conv, and its weights as they are."""
        geometry = _geometry(weight.shape, in_shape, attributes.get("group", 1))
        return geometry | window_from_onnx(attributes, weight.shape[2:]), weight


def _geometry(weight: Shape, in_shape: Shape, groups: int) -> dict[str, Any]:
    """Return channels and planes of a convolution; ExportError unless it is of one group."""
    if len(weight) != 4 or len(in_shape) != 3:
        raise ExportError(f"weights {list(weight)} over {list(in_shape)}; expected four and three dimensions")
    if groups != 1:
        raise ExportError(f"{groups} groups; supported: one group")
    return {
        "in_channels": weight[1],
        "out_channels": weight[0],
        "height": in_shape[1],
        "width": in_shape[2],
    }
