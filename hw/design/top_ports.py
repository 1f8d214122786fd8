"""What every engine's top module has in common: its name, its ports and the taps that the harness watches."""

from collections.abc import Mapping

TOP = "ganglion_top"
TAPS_DEFINE = "GANGLION_TAPS"
MEMORY_PARAMETER = "MemDir"


def port_list(entry_bits: int, exit_bits: int, tap_bits: Mapping[int, int]) -> list[str]:
    """Return the lines of the port list behind its opening parenthesis, `);` included.

    tap_bits: the width of each tapped layer's stream, by the layer's number.
    """
    return [
        "  input logic ap_clk,",
        "  input logic ap_rst_n,",
        f"`ifdef {TAPS_DEFINE}",
        *(line for layer, bits in tap_bits.items() for line in tap_ports(layer, bits)),
        "`endif",
        f"  input logic [{entry_bits - 1}:0] s_axis_tdata,",
        "  input logic s_axis_tvalid,",
        "  output logic s_axis_tready,",
        f"  output logic [{exit_bits - 1}:0] m_axis_tdata,",
        "  output logic m_axis_tvalid,",
        "  input logic m_axis_tready",
        ");",
    ]


def tap_ports(layer: int, bits: int) -> list[str]:
    """Return the ports through which a layer is watched; they exist under TAPS_DEFINE only."""
    return [
        f"  output logic [{bits - 1}:0] tap{layer}_tdata,",
        f"  output logic tap{layer}_tvalid,",
        f"  output logic tap{layer}_tready,",
    ]
