"""Taps on the hidden layers of an engine whose activations pass, as they are computed, on shared wires."""

from dataclasses import dataclass

from ganglion.hw.codegen.instance import instance
from ganglion.hw.codegen.node_module import CLOCK, SIGNALS, memory_path, stream_pins
from ganglion.hw.design.axi_stream import StreamFormat, stream
from ganglion.hw.design.top_ports import TAPS_DEFINE
from ganglion.hw.engines.memory_files import ORDER_FILE
from ganglion.models.spec.network import NetworkSpec


def tap_formats(spec: NetworkSpec) -> dict[int, StreamFormat]:
    """Return the streams of the hidden layers' taps, each in one word."""
    hidden = spec.layers[:-1]
    return {k: stream(layer.output_type, layer.n_outputs, layer.n_outputs) for k, layer in enumerate(hidden)}


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenWires:
    """Where hidden activations pass: values at a time, and how many of them the fullest bank has in all."""

    banks: int
    activation_bits: int
    results: int


def tapped_engine(
    engine: str,
    parameters: dict[str, str],
    pins: dict[str, str],
    wires: HiddenWires,
    spec: NetworkSpec,
    node: str,
) -> list[str]:
    """Return the instance of module `engine` between the streams x and y, and its taps.

    `pins` are those of its own that name the wires hidden_we and hidden. The files of memories begin with
    the node's name.
    """
    return [
        f"  logic [{wires.banks - 1}:0] hidden_we;",
        f"  logic [{wires.banks * wires.activation_bits - 1}:0] hidden;",
        *instance(engine, "u_engine", parameters, CLOCK | stream_pins() | pins),
        "  logic unused_hidden;",
        "  assign unused_hidden = ^{hidden_we, hidden};",
        f"`ifdef {TAPS_DEFINE}",
        *(line for layer in tap_formats(spec) for line in _tap(wires, spec, layer, node)),
        "`endif",
    ]


def _tap(wires: HiddenWires, spec: NetworkSpec, layer: int, node: str) -> list[str]:
    described = spec.layers[layer]
    parameters = {
        "Banks": str(wires.banks),
        "ActBits": str(wires.activation_bits),
        "First": str(sum(spec.widths[1 : layer + 1])),
        "Features": str(described.n_outputs),
        "Bits": str(described.output_type.bits),
        "IsSigned": str(int(described.output_type.signed)),
        "Results": str(wires.results),
        "OrderFile": memory_path(node, ORDER_FILE),
    }
    pins = CLOCK | {"we_i": "hidden_we", "data_i": "hidden"}
    pins |= {f"{signal}_o": f"tap{layer}_{signal}" for signal in SIGNALS}
    return instance("ganglion_tap", f"u_tap{layer}", parameters, pins)
