"""What the accelerator must answer, layer by layer, and where it first answers something else."""

from dataclasses import dataclass, replace

from ganglion.hw.design.design import Design
from ganglion.hw.sim.harness import Result
from ganglion.models.build.errors import MismatchError
from ganglion.models.equality import require_equal
from ganglion.models.reference import IntNetwork, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """Inputs [n, in] and what each layer must answer, by name, [n, out]; the last layer is the output."""

    inputs: Ints
    layers: dict[str, Ints]

    @classmethod
    def of(cls, network: IntNetwork, inputs: Ints) -> "Vectors":
        """Return `inputs` [n, in] with the reference's answers."""
        names = [layer.name for layer in network.spec.layers]
        return cls(inputs=inputs, layers=dict(zip(names, network.forward(inputs), strict=True)))

    def part(self, start: int, stop: int) -> "Vectors":
        """Return vectors `start` to `stop`."""
        layers = {name: values[start:stop] for name, values in self.layers.items()}
        return Vectors(inputs=self.inputs[start:stop], layers=layers)


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
