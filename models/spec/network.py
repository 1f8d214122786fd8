"""What an integer network is: layers of any kind, each fed by the input or by one before it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import ExportError
from ganglion.models.layers import Layer
from ganglion.models.layers.layer import INPUT, MAX_SHIFT, Shape
from ganglion.models.spec.types import IntType

MAX_LAYERS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec:
    """Layers in an order in which each follows what it reads; the last one's values are the output.

    Boundaries are counted from 0, the input: boundary i is what layer i - 1 gives.
    """

    __pydantic_config__: ClassVar = STRICT

    input_type: IntType
    layers: tuple[Layer, ...]
    thresholds: tuple[int, ...] | None = None
    """For each layer, in steps of its input's integer grid: a value is sent to the layer only when it differs
    by more than that from the one last sent (`ganglion.models.delta`); None: every value always is."""
    frame_stack: int = 1
    """How many of an episode's latest frames the input's channels are, the newest last (`models.frames`)."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.layers) <= MAX_LAYERS:
            raise ExportError(f"a network has 1 to {MAX_LAYERS} layers, not {len(self.layers)}")
        names = [layer.name for layer in self.layers]
        if repeated := {name for name in names if names.count(name) > 1}:
            raise ExportError(f"{min(repeated)}: two layers of this name")
        for index, layer in enumerate(self.layers):
            self._check_source(index, layer)
            self._check_residual(index, layer)
        if self.thresholds is not None:
            self._check_thresholds(self.thresholds)
        self._check_frame_stack()

    def _check_frame_stack(self) -> None:
        shape, stack = self.shape(0), self.frame_stack
        if stack < 1 or (stack > 1 and (len(shape) != 3 or shape[0] % stack)):
            raise ExportError(
                f"frame_stack = {stack} for an input of {_sizes(shape)}; "
                "allowed: 1, or a divisor of the channels of [channels, rows, columns]"
            )

    def _check_thresholds(self, thresholds: tuple[int, ...]) -> None:
        if len(thresholds) != len(self.layers):
            raise ExportError(
                f"{len(thresholds)} thresholds for {len(self.layers)} layers; expected one each"
            )
        if not any(thresholds):
            raise ExportError("thresholds of 0 everywhere are the ordinary network's; leave them out")
        for index, (layer, threshold) in enumerate(zip(self.layers, thresholds, strict=True)):
            span = self.input_type_of(index).high - self.input_type_of(index).low
            most = span if layer.has_weights else 0
            if not 0 <= threshold <= most:
                raise ExportError(f"{layer.name}: threshold {threshold} is outside 0 to {most}")

    def _check_source(self, index: int, layer: Layer) -> None:
        source = self.source(index)
        before, shape = self.name(source), self.shape(source)
        if layer.source is not None and source == index:
            raise ExportError(f"{layer.name}: {before} is the layer before, which is no source to name")
        flattened = len(layer.in_shape) == 1 and layer.in_shape[0] == math.prod(shape)
        if shape != layer.in_shape and not flattened:
            raise ExportError(
                f"{layer.name}: reads {_sizes(layer.in_shape)} values, but {before} has {_sizes(shape)}"
            )
        if layer.pre_relu and not (self.type(source).signed and self.type(source).bits > 1):
            raise ExportError(f"{layer.name}: pre_relu, but {before} has no negative values; leave it out")
        if self.exponent(source) != layer.input_exponent:
            raise ExportError(
                f"{layer.name}: input scale 2^{layer.input_exponent} differs from "
                f"{before}'s scale 2^{self.exponent(source)}"
            )

    def _check_residual(self, index: int, layer: Layer) -> None:
        residual = self.residual(index)
        if residual is None:
            return
        if self.shape(residual) != layer.out_shape:
            raise ExportError(
                f"{layer.name}: residual {layer.residual} has {_sizes(self.shape(residual))} values, "
                f"the layer {_sizes(layer.out_shape)}"
            )
        if not 0 <= self.residual_shift(index) <= MAX_SHIFT:
            raise ExportError(
                f"{layer.name}: residual {layer.residual}'s scale 2^{self.exponent(residual)} is finer than "
                f"the accumulator's 2^{layer.accumulator_exponent}, or more than {MAX_SHIFT} bits coarser"
            )

    def threshold(self, index: int) -> int:
        """Return by how much an input of layer `index` must change to be sent; 0: by anything."""
        return 0 if self.thresholds is None else self.thresholds[index]

    def source(self, index: int) -> int:
        """Return the boundary that layer `index` reads."""
        name = self.layers[index].source
        return index if name is None else self._boundary(index, name)

    def residual(self, index: int) -> int | None:
        """Return the boundary that is added to layer `index`'s accumulators, None without any."""
        name = self.layers[index].residual
        return None if name is None else self._boundary(index, name)

    def residual_shift(self, index: int) -> int:
        """Return by how many bits a residual's values are shifted left onto layer `index`'s accumulators."""
        residual = self.residual(index)
        assert residual is not None
        return self.exponent(residual) - self.layers[index].accumulator_exponent

    def _boundary(self, index: int, name: str) -> int:
        before = [INPUT, *(layer.name for layer in self.layers[:index])]
        if name not in before:
            raise ExportError(f"{self.layers[index].name}: reads {name:.70}, which is no layer before it")
        return before.index(name)

    def name(self, boundary: int) -> str:
        """Return what a boundary is called: "input", or its layer's name."""
        return self.layers[boundary - 1].name if boundary else INPUT

    def shape(self, boundary: int) -> Shape:
        """Return the sizes at a boundary, without the batch."""
        return self.layers[boundary - 1].out_shape if boundary else self.layers[0].in_shape

    def type(self, boundary: int) -> IntType:
        """Return the type of the values at a boundary."""
        return self.layers[boundary - 1].output_type if boundary else self.input_type

    def exponent(self, boundary: int) -> int:
        """Return log2 of the scale at a boundary."""
        return self.layers[boundary - 1].output_exponent if boundary else self.layers[0].input_exponent

    def input_type_of(self, index: int) -> IntType:
        """Return the type of what enters layer `index`, behind its own ReLU where it has one."""
        source = self.type(self.source(index))
        return IntType(bits=source.bits - 1, signed=False) if self.layers[index].pre_relu else source

    @property
    def step_shape(self) -> Shape:
        """Sizes of what is new in a step: the input, or of stacked frames the newest one."""
        channels, *sizes = self.shape(0)
        return (channels // self.frame_stack, *sizes)

    @property
    def step_width(self) -> int:
        """Values that are new in a step."""
        return math.prod(self.step_shape)

    @property
    def remembers(self) -> bool:
        """Whether a step depends on those before it in its episode, by thresholds or stacked frames."""
        return self.thresholds is not None or self.frame_stack > 1

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Tell the codec that files of ordinary networks have no keys `thresholds` and `frame_stack`."""
        from pydantic_core import core_schema

        schema = handler(source)
        schema["serialization"] = core_schema.wrap_serializer_function_ser_schema(_without_defaults)
        return schema

    @property
    def output_exponent(self) -> int:
        """log2 of the output's scale."""
        return self.layers[-1].output_exponent

    @property
    def widths(self) -> tuple[int, ...]:
        """Values at every boundary."""
        return tuple(math.prod(self.shape(boundary)) for boundary in range(len(self.layers) + 1))


def _sizes(shape: Shape) -> str:
    return " x ".join(map(str, shape))


def _without_defaults(spec: NetworkSpec, encoded: Callable[[NetworkSpec], dict[str, Any]]) -> dict[str, Any]:
    value = encoded(spec)
    if spec.thresholds is None:
        del value["thresholds"]
    if spec.frame_stack == 1:
        del value["frame_stack"]
    return value
