"""What a GanglionFolded node carries: its attributes, and its network as parameter tensors; see folded.md."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hw.finn_plugin import HWCustomOp
from hw.folded.settings import FoldedSettings, Multiplier
from models.artifacts import CompileError
from models.reference import IntNetwork, Ints
from models.spec import NetworkSpec

# The settings of an engine that its node carries under their own names.
SHAPE = ("lanes", "banks", "copies", "input_lanes", "output_lanes")


def attribute(op: HWCustomOp, name: str) -> Any:
    """Return a node's attribute; FINN's signature says that it may be anything."""
    return op.get_nodeattr(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedAttributes:
    """What a GanglionFolded node carries; read and written here only."""

    spec: NetworkSpec
    settings: FoldedSettings
    batch: tuple[int, ...]

    @classmethod
    def of(cls, op: HWCustomOp) -> "FoldedAttributes":
        """Return the attributes of a node."""
        shape = {name: attribute(op, name) for name in SHAPE}
        multiplier = Multiplier(attribute(op, "multiplier"))
        return cls(
            spec=NetworkSpec.from_json(json.loads(attribute(op, "network"))),
            settings=FoldedSettings(**shape, multiplier=multiplier),
            batch=tuple(attribute(op, "numInputVectors")),
        )

    def to_node(self) -> dict[str, Any]:
        """Return the node's attributes."""
        return {
            "network": json.dumps(self.spec.to_json()),
            **{name: getattr(self.settings, name) for name in SHAPE},
            "input_lanes": self.settings.lanes_of_input(self.spec.widths[0]),
            "multiplier": self.settings.multiplier.value,
            "numInputVectors": list(self.batch),
        }


def parameter_names(spec: NetworkSpec, node: str) -> list[str]:
    """Return the names of a node's parameter tensors: weight and bias of each layer."""
    return [f"{node}_{layer.name}_{what}" for layer in spec.layers for what in ("weight", "bias")]


def parameters(network: IntNetwork) -> list[npt.NDArray[np.float32]]:
    """Return the tensors in the order of `parameter_names`; float32 carries them, see EXACT_IN_FLOAT32."""
    pairs = zip(network.weights, network.biases, strict=True)
    return [values.astype(np.float32) for pair in pairs for values in pair]


def network_of(spec: NetworkSpec, tensors: list[npt.NDArray[np.float32]]) -> IntNetwork:
    """Return the network of a node's parameter tensors; CompileError when one is not integer."""
    return IntNetwork(
        spec=spec,
        weights=tuple(exact(tensor) for tensor in tensors[::2]),
        biases=tuple(exact(tensor) for tensor in tensors[1::2]),
    )


def exact(values: npt.NDArray[np.float32]) -> Ints:
    """Return integers that float32 carries as int64; CompileError names the first that is none."""
    ints = np.rint(values).astype(np.int64)
    if not np.array_equal(ints, values):
        where = tuple(int(i) for i in np.argwhere(ints != values)[0])
        raise CompileError(
            f"GanglionFolded: {values[where]} at {list(where)} is not an integer; quantize first"
        )
    return ints
