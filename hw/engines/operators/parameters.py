"""What a node of ours carries: attributes, and its network as parameter tensors."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ganglion.hw.finn.plugin import HWCustomOp
from ganglion.models.build.codec import decode, encode
from ganglion.models.build.errors import CompileError
from ganglion.models.reference import IntNetwork, Ints
from ganglion.models.spec.network import NetworkSpec


def attribute(op: HWCustomOp, name: str) -> Any:
    """Return a node's attribute; FINN's signature says that it may be anything."""
    return op.get_nodeattr(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainAttributes:
    """What a node carries beside its engine's shape; read and written here only."""

    spec: NetworkSpec
    in_values: int
    out_values: int
    batch: tuple[int, ...]

    @classmethod
    def of(cls, op: HWCustomOp) -> "ChainAttributes":
        """Return the attributes of a node."""
        return cls(
            spec=decode(NetworkSpec, json.loads(attribute(op, "network")), "network"),
            in_values=attribute(op, "inValues"),
            out_values=attribute(op, "outValues"),
            batch=tuple(attribute(op, "numInputVectors")),
        )

    def to_node(self) -> dict[str, Any]:
        """Return the node's attributes."""
        return {
            "network": json.dumps(encode(self.spec)),
            "inValues": self.in_values,
            "outValues": self.out_values,
            "numInputVectors": list(self.batch),
        }


def parameter_names(spec: NetworkSpec, node: str) -> list[str]:
    """Return the names of a node's parameter tensors: weight and bias of each layer."""
    return [f"{node}_{layer.name}_{what}" for layer in spec.layers for what in ("weight", "bias")]


def holding(spec: NetworkSpec) -> list[int]:
    """Return the layers that have a threshold: what they were last sent is a state."""
    return [index for index in range(len(spec.layers)) if spec.threshold(index)]


def state_names(spec: NetworkSpec, node: str) -> list[tuple[str, str]]:
    """Return a node's tensors before and after a vector: stacked frames, and what layers were sent."""
    names = [f"{node}_frames"] if spec.frame_stack > 1 else []
    names += [f"{node}_{spec.layers[index].name}_sent" for index in holding(spec)]
    return [(name, f"{name}_next") for name in names]


def state_widths(spec: NetworkSpec) -> list[int]:
    """Return the values of each of these."""
    frames = [spec.widths[0]] if spec.frame_stack > 1 else []
    return frames + [spec.layers[index].n_inputs for index in holding(spec)]


def parameters(network: IntNetwork) -> list[npt.NDArray[np.float32]]:
    """Return the tensors in the order of `parameter_names`; float32 carries them, see EXACT_IN_FLOAT32."""
    pairs = zip(network.weights, network.biases, strict=True)
    return [values.astype(np.float32) for pair in pairs for values in pair]


def network_of(op: str, spec: NetworkSpec, tensors: list[npt.NDArray[np.float32]]) -> IntNetwork:
    """Return the network of a node's parameter tensors; CompileError when one is not integer."""
    return IntNetwork(
        spec=spec,
        weights=tuple(exact(op, tensor) for tensor in tensors[::2]),
        biases=tuple(exact(op, tensor) for tensor in tensors[1::2]),
    )


def exact(op: str, values: npt.NDArray[np.float32]) -> Ints:
    """Return integers that float32 carries as int64; CompileError names the op and the first that is none."""
    ints = np.rint(values).astype(np.int64)
    if not np.array_equal(ints, values):
        where = tuple(int(i) for i in np.argwhere(ints != values)[0])
        raise CompileError(f"{op}: {values[where]} at {list(where)} is not an integer; quantize first")
    return ints
