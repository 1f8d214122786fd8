"""Square windows over planes of rows and columns: what convolutions and poolings share."""

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ganglion.models.build.errors import ExportError
from ganglion.models.layers.layer import Shape

T = TypeVar("T", bound=np.generic)


def check_window(name: str, planes: Shape, kernel: int, stride: int, padding: int) -> None:
    """Raise ExportError unless windows of these sizes fit planes [height, width] and leave nothing out."""
    if not 1 <= kernel <= min(planes) + 2 * padding:
        raise ExportError(f"{name}: kernel {kernel} does not fit {planes[0]} x {planes[1]}")
    if not 1 <= stride <= kernel or not 0 <= padding < kernel:
        raise ExportError(
            f"{name}: stride {stride}, padding {padding}; allowed: a stride of 1 to the "
            f"kernel's {kernel}, a padding below it"
        )


def n_windows(planes: Shape, kernel: int, stride: int, padding: int) -> Shape:
    """Return rows and columns of windows that lie wholly within the padded planes [height, width]."""
    return tuple((size + 2 * padding - kernel) // stride + 1 for size in planes)


def windows(x: npt.NDArray[T], kernel: int, stride: int, padding: int, edge: int = 0) -> npt.NDArray[T]:
    """Return a view of all windows: [batch, channels, height, width] → [..., rows, columns, kernel, kernel].

    edge: the value around the planes.
    """
    around = (padding, padding)
    padded = np.pad(x, ((0, 0), (0, 0), around, around), constant_values=edge)
    return sliding_window_view(padded, (kernel, kernel), axis=(2, 3))[:, :, ::stride, ::stride]


def square_window(kernel: Any, stride: Any, padding: Any, dilation: Any) -> dict[str, int]:
    """Return kernel, stride and padding of torch's or ONNX's sizes; ExportError unless square, undilated."""
    sides = {
        what: {sizes} if isinstance(sizes, int) else set(sizes)
        for what, sizes in (("kernel", kernel), ("stride", stride), ("padding", padding))
    }
    undilated = dilation == 1 or set(np.atleast_1d(dilation).tolist()) == {1}
    if not undilated or any(len(sizes) != 1 for sizes in sides.values()):
        raise ExportError("supported: a square kernel, stride and padding, no dilation")
    return {what: sizes.pop() for what, sizes in sides.items()}


def window_from_onnx(attributes: Mapping[str, Any], kernel: Any) -> dict[str, int]:
    """Return kernel, stride and padding of an ONNX node; ExportError where it pads by itself."""
    if (pad := attributes.get("auto_pad", "NOTSET")) != "NOTSET":
        raise ExportError(f"auto_pad {pad}, supported: NOTSET with pads")
    return square_window(
        kernel, attributes.get("strides", [1]), attributes.get("pads", [0]), attributes.get("dilations", [1])
    )


def window_attributes(kernel: int, stride: int, padding: int) -> dict[str, Any]:
    """Return the attributes by which ONNX describes a window."""
    return {
        "dilations": [1, 1],
        "kernel_shape": [kernel] * 2,
        "pads": [padding] * 4,
        "strides": [stride] * 2,
    }


def channels_of(values: npt.NDArray[np.intp], shape: Shape) -> npt.NDArray[np.intp]:
    """Return the channels of a map [channels, height, width] that these of its values, in C order, are of."""
    return np.unique(values // (shape[1] * shape[2]))
