"""What a layer is: what all kinds share, and what each kind says of itself."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from ganglion.models.build.codec import STRICT, decode_kind, encode
from ganglion.models.build.errors import ExportError
from ganglion.models.spec.types import IntType

if TYPE_CHECKING:
    from torch import Tensor, nn

Ints = npt.NDArray[np.int64]
Shape = tuple[int, ...]

OBSERVATION, INPUT, EPISODE_START = "observation", "input", "episode_start"
"""The names of what enters the host's part and the network, and of where it starts anew: no layer's."""
MAX_SIZE = 4096
MAX_EXPONENT = 64
MAX_SHIFT = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer(ABC):
    """A layer on integers, y = clip((a + half) >> shift), whose accumulator a is what its kind computes.

    An integer v stands for v * 2**exponent. A ReLU is what an unsigned output type means: the clip at zero.
    Kinds are found by `kind` in `KINDS`; none needs more than this class asks for.
    """

    __pydantic_config__: ClassVar = STRICT
    torch_module: ClassVar[str]
    """The class of torch.nn that this kind is in a float network."""
    operators: ClassVar[tuple[str, ...]]
    """The ONNX operators that may be this kind, the one that is written first."""
    is_separable: ClassVar[bool] = False
    """Whether features, or channels of a map, can leave by `without`; the others keep what they have."""
    keeps_channels: ClassVar[bool] = False
    """Whether each channel is made of the same one of what is read, so that both leave together."""

    name: str
    kind: str
    weight_type: IntType
    output_type: IntType
    input_exponent: int
    weight_exponent: int
    output_exponent: int
    source: str | None = None
    """The layer that feeds this one, or "input"; None: the layer before."""
    residual: str | None = None
    """A layer whose values, or "input", are added to the accumulator before it is rounded."""
    pre_relu: bool = False
    """Whether it reads its signed source through a ReLU, negative values as 0, which others read as it is
    (full pre-activation, He et al. 2016)."""

    def __post_init__(self) -> None:
        if (
            not 1 <= len(self.name) <= 64
            or not self.name.isidentifier()
            or self.name in (OBSERVATION, INPUT, EPISODE_START)
        ):
            raise ExportError(f"{self.name!r:.70} is no layer's name; expected an identifier such as fc1")
        weights = (self.weight_shape,) if self.has_weights else ()
        for shape in (self.in_shape, self.out_shape, *weights):
            if not all(1 <= size <= MAX_SIZE for size in shape):
                raise ExportError(f"{self.name}: shape {list(shape)} has a size outside 1 to {MAX_SIZE}")
        for what in ("input_exponent", "weight_exponent", "accumulator_exponent", "output_exponent"):
            if abs(getattr(self, what)) > MAX_EXPONENT:
                raise ExportError(f"{self.name}: {what} = {getattr(self, what)} is outside ±{MAX_EXPONENT}")
        if not self.weight_type.signed:
            raise ExportError(f"{self.name}: weights must be signed, got {self.weight_type.name}")
        if not 0 <= self.shift <= MAX_SHIFT:
            raise ExportError(
                f"{self.name}: requantization shifts by {self.shift} bits, allowed 0 to {MAX_SHIFT}; output "
                f"scale 2^{self.output_exponent}, the accumulator's 2^{self.accumulator_exponent}"
            )

    @property
    def accumulator_exponent(self) -> int:
        """log2 of the scale of accumulators and biases."""
        return self.input_exponent + self.weight_exponent

    @property
    def shift(self) -> int:
        """Right shift of the requantization, in bits."""
        return self.output_exponent - self.accumulator_exponent

    @property
    @abstractmethod
    def in_shape(self) -> Shape:
        """Sizes of what enters, without the batch; a source of as many values is read in C order."""

    @property
    @abstractmethod
    def out_shape(self) -> Shape:
        """Sizes of what leaves, without the batch."""

    @property
    @abstractmethod
    def weight_shape(self) -> Shape:
        """Sizes of the weights, outputs first, and biases, one an output; (0,) for a kind without any."""

    @property
    def has_weights(self) -> bool:
        """Whether the kind has weights and biases."""
        return self.weight_shape != (0,)

    @property
    def n_inputs(self) -> int:
        """Values that enter."""
        return math.prod(self.in_shape)

    @property
    def n_outputs(self) -> int:
        """Values that leave."""
        return math.prod(self.out_shape)

    def entering(self, source: Any) -> Any:
        """Return what enters of a source's values, of numpy or torch: [batch, *any] → [batch, *in_shape]."""
        shaped = source.reshape(len(source), *self.in_shape)
        if not self.pre_relu:
            return shaped
        return np.maximum(shaped, 0) if isinstance(shaped, np.ndarray) else shaped.relu()

    @abstractmethod
    def accumulate(self, x: Ints, weight: Ints, bias: Ints) -> Ints:
        """Return the accumulators: [batch, *in_shape] → [batch, *out_shape] int64."""

    def interval(self, low: Ints, high: Ints, weight: Ints, bias: Ints) -> tuple[Ints, Ints]:
        """Return the range of every accumulator over inputs between `low` and `high`, [1, *in_shape] both.

        For kinds that are linear in what they read; another says its own.
        """
        positive, negative = np.maximum(weight, 0), np.minimum(weight, 0)
        none = np.zeros_like(bias)
        return (
            self.accumulate(low, positive, bias) + self.accumulate(high, negative, none),
            self.accumulate(high, positive, bias) + self.accumulate(low, negative, none),
        )

    def fan_out(self, weight: Ints) -> Ints:
        """Return how many products each input is a factor of, with weights that are not zero: [*in_shape]."""
        return np.zeros(self.in_shape, np.int64)

    def reads(self, weight: Ints, outputs: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Return which inputs can matter to some outputs, given in C order: [*in_shape] bool."""
        return np.ones(self.in_shape, dtype=bool)

    def without(
        self, weight: Ints, bias: Ints, inputs: npt.NDArray[np.intp], outputs: npt.NDArray[np.intp]
    ) -> tuple["Layer", Ints, Ints]:
        """Return the layer of these inputs and outputs only, in C order, with its weights and biases."""
        raise NotImplementedError(f"{self.kind} layers are not separable")

    def fold_constants(self, weight: Ints, bias: Ints, values: Ints, constant: Any) -> tuple[Ints, Ints]:
        """Return weights and biases that do not read the `constant` inputs, which hold `values`."""
        return weight, bias

    @staticmethod
    @abstractmethod
    def geometry_of(module: Any, in_shape: Shape) -> dict[str, Any]:
        """Return the kind's own fields for a float module that reads `in_shape`."""

    @abstractmethod
    def functional(self, x: "Tensor", weight: "Tensor", bias: "Tensor") -> "Tensor":
        """Return the accumulators of real numbers: [batch, *in_shape] → [batch, *out_shape] float32."""

    @abstractmethod
    def module(self) -> "nn.Module":
        """Return the Brevitas layer that computes the accumulators, biases on their grid."""

    @abstractmethod
    def attributes(self) -> dict[str, Any]:
        """Return the attributes of the ONNX node, whose inputs are x and, of weights, weight and bias."""

    @staticmethod
    @abstractmethod
    def geometry_from_onnx(
        operator: str, attributes: Mapping[str, Any], weight: npt.NDArray[Any], in_shape: Shape
    ) -> tuple[dict[str, Any], npt.NDArray[Any]]:
        """Return the kind's own fields for a node, and weights in our order; ExportError if none mean it."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Tell the codec that the key `kind` says which class a layer is."""
        if cls is not Layer:
            return handler(source)
        from pydantic_core import core_schema

        by_kind = core_schema.plain_serializer_function_ser_schema(encode)
        return core_schema.no_info_plain_validator_function(_decoded, serialization=by_kind)


KINDS: dict[str, type[Layer]] = {}
"""The class of each kind, by what policy.json calls it."""

K = TypeVar("K", bound=type[Layer])


def register(kind: K) -> K:
    """Add a class to `KINDS` by the default of its field `kind`; a decorator."""
    KINDS[next(str(field.default) for field in fields(kind) if field.name == "kind")] = kind
    return kind


def _decoded(value: Any) -> Layer:
    name = value.get("name") if isinstance(value, dict) else None
    where = name if isinstance(name, str) and name.isidentifier() else "a layer"
    return decode_kind(KINDS, value, where, default="dense")
