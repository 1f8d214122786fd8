"""The memory files of a folded engine: program, biases by pairs of lanes, the order of results for taps."""

from pathlib import Path

from ganglion.hw.engines.folded.emit import BIAS_PREFIX, PROGRAM_FILE
from ganglion.hw.engines.folded.program import Program
from ganglion.hw.engines.memory_files import hex_words, tap_order, write_memory_files


def write_memories(program: Program, folder: Path, node: str) -> tuple[Path, ...]:
    """Write the memory files into `folder`, their names beginning with the node's, and return them."""
    files = {PROGRAM_FILE: hex_words(program.words(), program.word_bits)}
    depth = 1 << program.index_bits
    for pair in range(-(-program.shape.lanes // 2)):
        words = [word for lane in program.biases[2 * pair : 2 * pair + 2] for word in _padded(lane, depth)]
        files[f"{BIAS_PREFIX}{pair:02}.dat"] = hex_words(words, program.lowered.bias_bits)
    files |= tap_order(program.written, program.lowered.inputs)
    return write_memory_files(files, folder, node)


def _padded(values: tuple[int, ...], length: int) -> list[int]:
    return [*values, *[0] * (length - len(values))]
