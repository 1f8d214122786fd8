"""What a scheduled graph takes of a part, by counting LUTs and flip-flops."""

from ganglion.hw.engines.folded.part import lutram_luts
from ganglion.hw.engines.unrolled.adder import plain_luts
from ganglion.hw.engines.unrolled.graph import Clip, Graph
from ganglion.hw.engines.unrolled.registers import register_bits, registers
from ganglion.hw.engines.unrolled.schedule import Schedule
from ganglion.hw.target.family import Family
from ganglion.hw.target.resources import Resources
from ganglion.models.spec.network import NetworkSpec

# Credits and FIFO addresses of rtl/ganglion_pipeline_stream.sv; a LUT RAM of 32 words of 14 bits is 8 LUT.
STREAM_LUTS = 36
STREAM_FFS = 13
RAM_LUTS, RAM_BITS, RAM_WORDS = 8, 14, 32


def cost(graph: Graph, stages: Schedule) -> Resources:
    """Return what the design takes of a Xilinx part, adders as ganglion_add3_xc7 builds them."""
    luts = sum(node.cells.luts for node in graph.sums)
    luts += sum(clip_luts(graph, node) for node in graph.nodes if isinstance(node, Clip))
    out_bits = len(graph.layers[-1].neurons) * graph.layers[-1].type.bits
    fifo = RAM_LUTS * -(-out_bits // RAM_BITS) * -(-_fifo_words(stages.n_stages) // RAM_WORDS)
    held = registers(graph, stages)
    return Resources(
        lut=luts + held.shift_registers + fifo + STREAM_LUTS,
        ff=held.flip_flops + stages.n_stages + STREAM_FFS,
        dsp=0,
        bram=0,
    )


def plain_cost(graph: Graph, stages: Schedule) -> Resources:
    """Return what plain adders take, a LUT a bit, without the FIFO's words; no LUT is a shift register.

    `on_part` makes a family's LUTs of these.
    """
    luts = sum(plain_luts(node.shapes, node.constant, node.type.bits) for node in graph.sums)
    # A clip of the sign alone is a reset of the register behind it.
    clips = (node for node in graph.nodes if isinstance(node, Clip) and _overflow_bits(graph, node))
    luts += sum(node.type.bits for node in clips)
    ff = register_bits(graph, stages) + stages.n_stages + STREAM_FFS
    return Resources(lut=luts + STREAM_LUTS, ff=ff, dsp=0, bram=0)


def on_part(plain: Resources, family: Family, spec: NetworkSpec, n_stages: int) -> Resources:
    """Return the resources on a family's part, from a LUT a bit and the FIFO behind so many stages."""
    last, words = spec.layers[-1], _fifo_words(n_stages)
    out_bits, lut, bram = last.n_outputs * last.output_type.bits, plain.lut * family.luts_per_adder_bit, 0
    if family.lutram_rows:
        lut += lutram_luts(out_bits, words, family)
    else:
        bram = family.bram.needed(out_bits, words)
    return Resources(lut=round(lut), ff=plain.ff, dsp=0, bram=bram)


def clip_luts(graph: Graph, node: Clip) -> int:
    """Return the LUTs of ganglion_clip: two bits a LUT6_2, and what joins more than two overflow bits."""
    over = _overflow_bits(graph, node)
    if not graph.nodes[node.source].type.signed and not over:
        return 0
    joined = -(-(over - 1) // 5) if over > 2 else 0
    return -(-node.type.bits // 2) + joined


def _overflow_bits(graph: Graph, node: Clip) -> int:
    return max(0, graph.nodes[node.source].high.bit_length() - node.shift - node.type.bits)


def _fifo_words(n_stages: int) -> int:
    return n_stages + 2
