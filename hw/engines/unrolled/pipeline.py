"""Write what stands between a node's streams: the pipeline, and what makes AXI-Streams of its ends."""

from ganglion.hw.codegen.instance import instance
from ganglion.hw.codegen.node_module import CLOCK
from ganglion.hw.design.top_ports import TAPS_DEFINE
from ganglion.hw.engines.unrolled.emit import CoreWriter


def engine_lines(core: CoreWriter) -> list[str]:
    """Return the lines between a node's streams x and y: the pipeline, and what makes a stream of it."""
    n_stages, taps = core.schedule.n_stages, core.tapped_layers()
    return [
        f"  logic [{core.layer_bits(-1) - 1}:0] result;",
        f"  logic [{n_stages - 1}:0] valid;",
        *instance(
            core.name,
            "u_core",
            {},
            {"clk_i": "ap_clk", "x_i": "x_tdata", "y_o": "result"},
            {f"tap{tap}_o": f"tap{tap}_tdata[{core.layer_bits(tap) - 1}:0]" for tap in taps},
        ),
        *instance(
            "ganglion_pipeline_stream",
            "u_stream",
            {"OutBits": core.layer_bits(-1), "Latency": n_stages},
            CLOCK
            | {"s_valid_i": "x_tvalid", "s_ready_o": "x_tready", "valid_o": "valid", "data_i": "result"}
            | {"m_valid_o": "y_tvalid", "m_data_o": "y_tdata", "m_ready_i": "y_tready"},
        ),
        f"`ifdef {TAPS_DEFINE}",
        *(line for tap in taps for line in _tap_lines(core, tap)),
        "`endif",
        "  logic unused;",
        "  assign unused = ^valid;",
    ]


def _tap_lines(core: CoreWriter, tap: int) -> list[str]:
    used, width = core.layer_bits(tap), core.tap_format(tap).width_bits
    surplus = [f"  assign tap{tap}_tdata[{width - 1}:{used}] = '0;"] if used < width else []
    valid = f"{{valid[{core.tap_stage(tap)}], 1'b1}}"
    return [*surplus, f"  assign {{tap{tap}_tvalid, tap{tap}_tready}} = {valid};"]
