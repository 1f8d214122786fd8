"""What a scheduled graph takes of a Xilinx part, by counting LUTs and flip-flops."""

from ganglion.hw.engines.unrolled.graph import Clip, Graph
from ganglion.hw.engines.unrolled.registers import registers
from ganglion.hw.engines.unrolled.schedule import Schedule
from ganglion.hw.target.resources import Resources

# Credits and FIFO addresses of rtl/ganglion_pipeline_stream.sv; a LUT RAM of 32 words of 14 bits is 8 LUT.
STREAM_LUTS = 36
STREAM_FFS = 13
RAM_LUTS, RAM_BITS, RAM_WORDS = 8, 14, 32


def cost(graph: Graph, stages: Schedule) -> Resources:
    """Return what the design takes, adders as ganglion_add3_xc7 builds them."""
    luts = sum(node.cells.luts for node in graph.sums)
    luts += sum(clip_luts(graph, node) for node in graph.nodes if isinstance(node, Clip))
    out_bits = len(graph.layers[-1].neurons) * graph.layers[-1].type.bits
    fifo = RAM_LUTS * -(-out_bits // RAM_BITS) * -(-(stages.n_stages + 2) // RAM_WORDS)
    held = registers(graph, stages)
    return Resources(
        lut=luts + held.shift_registers + fifo + STREAM_LUTS,
        ff=held.flip_flops + stages.n_stages + STREAM_FFS,
        dsp=0,
        bram=0,
    )


def clip_luts(graph: Graph, node: Clip) -> int:
    """Return the LUTs of ganglion_clip: two bits a LUT6_2, and what joins more than two overflow bits."""
    source = graph.nodes[node.source]
    over = max(0, source.high.bit_length() - node.shift - node.type.bits)
    if not source.type.signed and not over:
        return 0
    joined = -(-(over - 1) // 5) if over > 2 else 0
    return -(-node.type.bits // 2) + joined
