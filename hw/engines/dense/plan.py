"""Dense layers and convolutions on FINN's units, as a run of layers between two streams."""

from dataclasses import dataclass

from ganglion.hw.design.axi_stream import StreamFormat, stream
from ganglion.hw.engines.dense.cost import Folding, total
from ganglion.hw.engines.dense.latency import latency
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import Resources
from ganglion.models.reference import IntNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class DensePlan:
    """A run of layers on FINN's units; a ganglion.hw.engines.engine.Plan, and its own Block."""

    network: IntNetwork
    foldings: tuple[Folding, ...]
    board: Board

    @property
    def entry(self) -> StreamFormat:
        """The stream that the first layer reads; of a map, position by position."""
        first, kind = self.foldings[0], self.network.spec.input_type
        window = first.shape.window
        channels = window.channels if window else 1
        return stream(kind, self.network.spec.widths[0], first.window_simd, channels)

    @property
    def egress(self) -> StreamFormat:
        """The stream that the last layer writes."""
        last = self.foldings[-1]
        return stream(self.network.spec.layers[-1].output_type, last.shape.out_features, last.requant_pe)

    input, output = entry, egress

    @property
    def resources(self) -> Resources:
        """The sum of the layers' estimated resources."""
        return total(self.foldings, self.board)

    @property
    def latency_cycles(self) -> int:
        """Predicted cycles from a vector's first word to its result."""
        return latency(self.foldings)

    @property
    def sending_cycles(self) -> int:
        """Cycles in which the last layer's results come, as they are multiplied."""
        return self.foldings[-1].cycles

    @property
    def interval_cycles(self) -> int:
        """Cycles of the slowest layer."""
        return max(folding.cycles for folding in self.foldings)

    def layer_cycles(self) -> list[int]:
        """Return the cycles of each layer."""
        return [folding.cycles for folding in self.foldings]

    def layer_figures(self) -> list[dict[str, int]]:
        """Return the lanes and widths of each layer."""
        return [
            {
                "pe": folding.pe,
                "simd": folding.simd,
                "requant_pe": folding.requant_pe,
                "weight_bits": folding.shape.weight_bits,
                "accumulator_bits": folding.shape.accumulator_bits,
            }
            for folding in self.foldings
        ]

    def verify(self) -> None:
        """Do nothing: the lanes of FINN's units change no number."""
