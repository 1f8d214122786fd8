"""What an integer network is: layers and their chain, frozen, validated and JSON-able."""

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from ganglion.models.build.errors import ExportError
from ganglion.models.spec.types import IntType

MAX_FEATURES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSpec:
    """A dense layer: y = clip((W x + b + half) >> shift), real value of an integer v being v * 2**exponent.

    A ReLU is what an unsigned output type means: the clip at zero.
    """

    name: str
    in_features: int
    out_features: int
    weight_type: IntType
    output_type: IntType
    input_exponent: int
    weight_exponent: int
    output_exponent: int

    def __post_init__(self) -> None:
        for what in ("in_features", "out_features"):
            if not 1 <= getattr(self, what) <= MAX_FEATURES:
                raise ExportError(
                    f"{self.name}: {what} = {getattr(self, what)} is outside 1 to {MAX_FEATURES}"
                )
        if not self.weight_type.signed:
            raise ExportError(f"{self.name}: weights must be signed, got {self.weight_type.name}")
        if not 0 <= self.shift <= 24:
            raise ExportError(
                f"{self.name}: requantization shifts by {self.shift} bits, allowed 0 to 24; output scale "
                f"2^{self.output_exponent} is finer than the accumulator's 2^{self.accumulator_exponent}"
            )

    @property
    def accumulator_exponent(self) -> int:
        """log2 of the scale of accumulators and biases."""
        return self.input_exponent + self.weight_exponent

    @property
    def shift(self) -> int:
        """Right shift of the requantization, in bits."""
        return self.output_exponent - self.accumulator_exponent


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec:
    """A chain of dense layers behind an integer input."""

    input_type: IntType
    layers: tuple[LayerSpec, ...]

    def __post_init__(self) -> None:
        if not self.layers:
            raise ExportError("a network needs at least one layer")
        for before, after in pairwise(self.layers):
            if before.out_features != after.in_features:
                raise ExportError(
                    f"{after.name}: {after.in_features} inputs, but "
                    f"{before.name} has {before.out_features} outputs"
                )
            if before.output_exponent != after.input_exponent:
                raise ExportError(
                    f"{after.name}: input scale 2^{after.input_exponent} differs from "
                    f"{before.name}'s output scale 2^{before.output_exponent}"
                )

    def input_type_of(self, index: int) -> IntType:
        """Return the type of what enters layer `index`."""
        return self.layers[index - 1].output_type if index else self.input_type

    @property
    def widths(self) -> tuple[int, ...]:
        """Features at every boundary, inputs first."""
        return (self.layers[0].in_features, *(layer.out_features for layer in self.layers))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dict; types by name."""
        return {
            "input_type": self.input_type.name,
            "layers": [_layer_to_json(layer) for layer in self.layers],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "NetworkSpec":
        """Return the network described by `value`; a missing or unknown key raises ExportError."""
        require_keys("network", value, {"input_type", "layers"})
        layers = tuple(_layer_from_json(layer) for layer in value["layers"])
        return cls(input_type=IntType.parse(value["input_type"]), layers=layers)


def _layer_to_json(layer: LayerSpec) -> dict[str, Any]:
    return asdict(layer) | {
        "weight_type": layer.weight_type.name,
        "output_type": layer.output_type.name,
    }


def _layer_from_json(value: dict[str, Any]) -> LayerSpec:
    require_keys("layer", value, set(LayerSpec.__dataclass_fields__))
    types = {key: IntType.parse(value[key]) for key in ("weight_type", "output_type")}
    return LayerSpec(**{**value, **types})


def require_keys(where: str, value: dict[str, Any], expected: set[str]) -> None:
    """Raise ExportError naming the keys that `value` lacks or that nobody knows."""
    missing, unknown = expected - value.keys(), value.keys() - expected
    if missing or unknown:
        names = ", ".join(sorted(missing or unknown))
        raise ExportError(f"policy.json: {where}: {'missing' if missing else 'unknown'} key: {names}")
