"""A Quant node of QONNX, read strictly; and what else is read of ONNX nodes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto

from ganglion.models.build.errors import ExportError
from ganglion.models.spec.types import IntType


@dataclass(frozen=True, slots=True, kw_only=True)
class Quant:
    """What a Quant node means: its output is an `int_type` times 2**exponent."""

    exponent: int
    int_type: IntType
    narrow: bool
    rounding: str


def read_quant(node: NodeProto, constants: Mapping[str, np.ndarray]) -> Quant:
    """Return a Quant node's meaning; ExportError unless its scale is one power of two, its zero point 0."""
    if len(node.input) != 4:
        raise ExportError(f"{named(node)}: {len(node.input)} inputs, expected four")
    scale, zero_point, bits = (_scalar(node, index, constants) for index in (1, 2, 3))
    if zero_point != 0:
        raise ExportError(f"{named(node)}: zero point {zero_point:g}, allowed 0")
    attributes = attributes_of(node)
    flags = {name: attributes.get(name, default) for name, default in (("signed", 1), ("narrow", 0))}
    if not bits.is_integer() or any(flag not in (0, 1) for flag in flags.values()):
        raise ExportError(f"{named(node)}: {bits:g} bits, {flags}; expected whole bits, flags of 0 or 1")
    return Quant(
        exponent=exponent_of(f"{named(node)}: scale", scale),
        int_type=IntType(bits=int(bits), signed=bool(flags["signed"])),
        narrow=bool(flags["narrow"]),
        rounding=str(attributes.get("rounding_mode", "ROUND")).upper(),
    )


def _scalar(node: NodeProto, index: int, constants: Mapping[str, np.ndarray]) -> float:
    value = constants.get(node.input[index])
    if value is None or value.size != 1 or value.dtype.kind not in "fiu":
        raise ExportError(f"{named(node)}: input {index} must be one constant (per-tensor scales)")
    return float(value.reshape(()))


def named(node: NodeProto) -> str:
    """Return how a message names a node."""
    return f"{node.op_type} node {node.name}".rstrip()


def attributes_of(node: NodeProto) -> dict[str, Any]:
    """Return a node's attributes by name, texts as str."""
    values = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    return {name: v.decode(errors="replace") if isinstance(v, bytes) else v for name, v in values.items()}


def exponent_of(what: str, scale: float) -> int:
    """Return log2 of a power of two; ExportError for another number."""
    mantissa, exponent = math.frexp(scale)
    if mantissa != 0.5:
        raise ExportError(f"{what} {scale:g} is not a power of two")
    return exponent - 1


def on_grid(what: str, values: np.ndarray, exponent: int) -> np.ndarray:
    """Return values / 2**exponent as int64; raises ExportError unless all are whole and exact in float64."""
    quotient = np.ldexp(values.astype(np.float64), -exponent)
    off = np.flatnonzero((quotient != np.floor(quotient)) | ~(np.abs(quotient) < 2.0**53))
    if off.size:
        raise ExportError(f"{what}: {values.flat[off[0]]:g} is not a multiple of the scale 2^{exponent}")
    return quotient.astype(np.int64)
