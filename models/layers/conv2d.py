"""The convolution over planes of rows and columns, square in kernel, stride and padding."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ganglion.models.build.errors import ExportError
from ganglion.models.layers.layer import Ints, Layer, Shape, register

if TYPE_CHECKING:
    from torch import Tensor, nn


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class Conv2d(Layer):
    """a[o, y, x] = Σ W[o, i, v, u] z[i, stride y + v, stride x + u] + b[o], z the input padded by zeros."""

    torch_module: ClassVar[str] = "Conv2d"
    operators: ClassVar[tuple[str, ...]] = ("Conv",)

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
        if not 1 <= self.kernel <= min(self.height, self.width) + 2 * self.padding:
            raise ExportError(f"{self.name}: kernel {self.kernel} does not fit {self.height} x {self.width}")
        if not 1 <= self.stride <= self.kernel or not 0 <= self.padding < self.kernel:
            raise ExportError(
                f"{self.name}: stride {self.stride}, padding {self.padding}; allowed: a stride of 1 to the "
                f"kernel's {self.kernel}, a padding below it"
            )
        Layer.__post_init__(self)

    @property
    def in_shape(self) -> Shape:
        """[in_channels, height, width]."""
        return (self.in_channels, self.height, self.width)

    @property
    def out_shape(self) -> Shape:
        """[out_channels, rows, columns]."""
        sizes = ((size + 2 * self.padding - self.kernel) // self.stride + 1 for size in self.in_shape[1:])
        return (self.out_channels, *sizes)

    @property
    def weight_shape(self) -> Shape:
        """[out_channels, in_channels, kernel, kernel]."""
        return (self.out_channels, self.in_channels, self.kernel, self.kernel)

    def accumulate(self, x: Ints, weight: Ints, bias: Ints) -> Ints:
        """Return the sums: [batch, in, height, width] → [batch, out, rows, columns] int64."""
        edge = (self.padding, self.padding)
        padded = np.pad(x, ((0, 0), (0, 0), edge, edge))
        windows = sliding_window_view(padded, (self.kernel, self.kernel), axis=(2, 3))
        strided = windows[:, :, :: self.stride, :: self.stride]
        # As in dense: exact in the float64 that BLAS multiplies.
        kernels = weight.astype(np.float64)
        sums = np.tensordot(strided.astype(np.float64), kernels, axes=((1, 4, 5), (1, 2, 3)))
        return np.moveaxis(sums.astype(np.int64) + bias, -1, 1)

    @staticmethod
    def geometry_of(module: Any, in_shape: Shape) -> dict[str, Any]:
        """Return the sizes of an nn.Conv2d."""
        return _geometry(
            tuple(module.weight.shape),
            in_shape,
            module.stride,
            module.padding,
            module.dilation,
            module.groups,
        )

    def functional(self, x: "Tensor", weight: "Tensor", bias: "Tensor") -> "Tensor":
        """Return the sums of real numbers: [batch, in, height, width] → [batch, out, rows, columns]."""
        from torch.nn.functional import conv2d

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
        return {
            "dilations": [1, 1],
            "group": 1,
            "kernel_shape": [self.kernel] * 2,
            "pads": [self.padding] * 4,
            "strides": [self.stride] * 2,
        }

    @staticmethod
    def geometry_from_onnx(
        operator: str, attributes: Mapping[str, Any], weight: npt.NDArray[Any], in_shape: Shape
    ) -> tuple[dict[str, Any], npt.NDArray[Any]]:
        """Return the sizes of a Conv, and its weights as they are."""
        if (pad := attributes.get("auto_pad", "NOTSET")) != "NOTSET":
            raise ExportError(f"auto_pad {pad}, supported: NOTSET with pads")
        pads = attributes.get("pads", [0])
        strides, dilations = attributes.get("strides", [1]), attributes.get("dilations", [1])
        return _geometry(weight.shape, in_shape, strides, pads, dilations, attributes.get("group", 1)), weight


def _geometry(
    weight: Shape, in_shape: Shape, stride: Any, padding: Any, dilation: Any, groups: int
) -> dict[str, Any]:
    """Return the fields of a convolution; ExportError unless it is square, undilated and of one group."""
    if len(weight) != 4 or len(in_shape) != 3:
        raise ExportError(f"weights {list(weight)} over {list(in_shape)}; expected four and three dimensions")
    square = [len(set(sizes)) == 1 for sizes in (weight[2:], stride, padding)]
    if not all(square) or set(dilation) != {1} or groups != 1:
        raise ExportError("supported: a square kernel, stride and padding, no dilation, one group")
    return {
        "in_channels": weight[1],
        "out_channels": weight[0],
        "height": in_shape[1],
        "width": in_shape[2],
        "kernel": weight[2],
        "stride": stride[0],
        "padding": padding[0],
    }
