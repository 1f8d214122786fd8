"""Max-pooling over planes of rows and columns, square in kernel, stride and padding."""

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
from ganglion.models.spec.types import IntType

if TYPE_CHECKING:
    from torch import Tensor, nn

NO_WEIGHT_TYPE = IntType(bits=8, signed=True)
"""What stands for the type of weights that there are none of."""


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPool2d(Layer):
    """a[c, y, x] = the largest z[c, stride y + v, stride x + u] that is not padding.

    It keeps the scale of what it reads, so that requantizing only clips: an unsigned output type is a ReLU.
    """

    torch_module: ClassVar[str] = "MaxPool2d"
    operators: ClassVar[tuple[str, ...]] = ("MaxPool",)
    is_separable: ClassVar[bool] = True
    keeps_channels: ClassVar[bool] = True

    kind: Literal["max_pool2d"] = "max_pool2d"
    channels: int
    height: int
    """Rows of the input."""
    width: int
    """Columns of the input."""
    kernel: int
    stride: int
    padding: int = 0
    weight_type: IntType = NO_WEIGHT_TYPE
    weight_exponent: int = 0

    def __post_init__(self) -> None:
        check_window(self.name, self.in_shape[1:], self.kernel, self.stride, self.padding)
        if 2 * self.padding > self.kernel:
            raise ExportError(
                f"{self.name}: padding {self.padding}, allowed up to half the kernel's {self.kernel}"
            )
        if self.residual is not None or self.shift:
            raise ExportError(f"{self.name}: a pooling adds no residual and keeps its input's scale")
        Layer.__post_init__(self)

    @property
    def in_shape(self) -> Shape:
        """[channels, height, width]."""
        return (self.channels, self.height, self.width)

    @property
    def out_shape(self) -> Shape:
        """[channels, rows, columns]."""
        return (self.channels, *n_windows(self.in_shape[1:], self.kernel, self.stride, self.padding))

    @property
    def weight_shape(self) -> Shape:
        """There are none."""
        return (0,)

    def accumulate(self, x: Ints, weight: Ints, bias: Ints) -> Ints:
        """Return the largest values: [batch, channels, height, width] → [batch, channels, rows, columns]."""
        lowest = int(np.min(x, initial=0))
        return windows(x, self.kernel, self.stride, self.padding, lowest).max(axis=(4, 5))

    def interval(self, low: Ints, high: Ints, weight: Ints, bias: Ints) -> tuple[Ints, Ints]:
        """Return the range of every result: the largest of the lowest, and of the highest."""
        return self.accumulate(low, weight, bias), self.accumulate(high, weight, bias)

    def reads(self, weight: Ints, outputs: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Return the channels of these outputs: [channels, height, width] bool."""
        read = np.zeros(self.in_shape, dtype=bool)
        read[channels_of(outputs, self.out_shape)] = True
        return read

    def without(
        self, weight: Ints, bias: Ints, inputs: npt.NDArray[np.intp], outputs: npt.NDArray[np.intp]
    ) -> tuple["MaxPool2d", Ints, Ints]:
        """Return the layer of these channels only."""
        return replace(self, channels=len(channels_of(outputs, self.out_shape))), weight, bias

    @staticmethod
    def geometry_of(module: Any, in_shape: Shape) -> dict[str, Any]:
        """Return the sizes of an nn.MaxPool2d."""
        if module.ceil_mode or module.return_indices:
            raise ExportError("supported: windows that lie wholly inside, and values, not indices")
        window = square_window(module.kernel_size, module.stride, module.padding, module.dilation)
        return _planes(in_shape) | window

    def functional(self, x: "Tensor", weight: "Tensor", bias: "Tensor") -> "Tensor":
        """Return the largest values: [batch, channels, height, width] → [batch, channels, rows, columns]."""
        from torch.nn.functional import max_pool2d

        return max_pool2d(x, self.kernel, self.stride, self.padding)

    def module(self) -> "nn.Module":
        """Return an nn.MaxPool2d, which is exact."""
        from torch import nn

        return nn.MaxPool2d(self.kernel, self.stride, self.padding)

    def attributes(self) -> dict[str, Any]:
        """Return MaxPool's attributes."""
        return window_attributes(self.kernel, self.stride, self.padding)

    @staticmethod
    def geometry_from_onnx(
        operator: str, attributes: Mapping[str, Any], weight: npt.NDArray[Any], in_shape: Shape
    ) -> tuple[dict[str, Any], npt.NDArray[Any]]:
        """Return the sizes of a MaxPool."""
        if attributes.get("ceil_mode", 0) or attributes.get("storage_order", 0):
            raise ExportError("supported: ceil_mode 0 and storage_order 0")
        return _planes(in_shape) | window_from_onnx(attributes, attributes["kernel_shape"]), weight


def _planes(in_shape: Shape) -> dict[str, int]:
    if len(in_shape) != 3:
        raise ExportError(f"pools {list(in_shape)}; expected three dimensions")
    return dict(zip(("channels", "height", "width"), in_shape, strict=True))
