"""What the accelerator must answer, layer by layer, and where it first answers something else."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ganglion.hw.design.design import Design
from ganglion.hw.sim.harness import Result
from ganglion.models.build.errors import MismatchError
from ganglion.models.episodes import forward_blocks
from ganglion.models.equality import require_equal
from ganglion.models.reference import IntNetwork, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """Inputs [n, in] and what each layer must answer, by name, [n, out]; the last layer is the output.

    Answers have the smallest dtype of their layer's type: maps are large.

    Of a network that remembers they are steps of episodes, of stacked frames the newest, which start where
    `starts`, [n], says; else it is None.
    """

    inputs: Ints
    layers: dict[str, npt.NDArray[np.integer[Any]]]
    starts: npt.NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, network: IntNetwork, inputs: Ints, starts: npt.NDArray[np.bool_] | None = None) -> "Vectors":
        """Return `inputs` [n, in] with the reference's answers."""
        answers = {layer.name: list[np.ndarray]() for layer in network.spec.layers}
        for block in forward_blocks(network, inputs, starts):
            for layer, values in zip(network.spec.layers, block, strict=True):
                answers[layer.name].append(values.reshape(len(values), -1).astype(layer.output_type.dtype))
        layers = {name: np.concatenate(blocks) for name, blocks in answers.items()}
        return cls(inputs=inputs, layers=layers, starts=starts)

    def part(self, start: int, stop: int) -> "Vectors":
        """Return vectors `start` to `stop`, of which the first starts an episode."""
        layers = {name: values[start:stop] for name, values in self.layers.items()}
        starts = None if self.starts is None else self.starts[start:stop]
        return Vectors(inputs=self.inputs[start:stop], layers=layers, starts=starts)

    def episode_end(self, most: int) -> int:
        """Return how many vectors the first episode has, `most` at most; `most` without episodes."""
        ends = [] if self.starts is None else np.flatnonzero(self.starts[1:most])
        return int(ends[0]) + 1 if len(ends) else most

    def start_before(self, index: int) -> int:
        """Return the last vector up to `index` that starts an episode; `index` itself without episodes."""
        return index if self.starts is None else int(np.flatnonzero(self.starts[: index + 1])[-1])


def check_result(design: Design, expected: Vectors, result: Result, where: str) -> None:
    """Raise MismatchError, naming the first layer, vector and neuron that differ, unless all are equal.

    Layers are looked at in the order of the data: the layer that is named received what it should have.
    """
    last = list(expected.layers)[-1]
    for port in (*design.taps, replace(design.output, layer=last)):
        got = port.format.unpack(result.words[port.prefix])
        require_equal(f"{where}: layer {port.layer}", expected.layers[port.layer], got, _because(result))
    if result.failure:
        raise MismatchError(f"{where}: every integer was equal{_because(result)}")


def _because(result: Result) -> str:
    return f"; {result.failure}" if result.failure else ""
