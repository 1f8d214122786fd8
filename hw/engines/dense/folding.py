"""Choose each dense layer's lanes: few cycles per observation, and the board not overfilled.

Resources are a model of FINN's MVAU_rtl and Requant_rtl calibrated with yosys; FINN's own estimates are half
of what int8 takes. `ganglion.hw.synth` counts what a design really takes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ganglion.hw.mapping.parts import padded_widths
from ganglion.hw.target.board import Board, Engine, all_boards
from ganglion.hw.target.resources import NOTHING, Resources
from ganglion.models.build.errors import CompileError
from ganglion.models.reference import IntNetwork

# LUTs and flip-flops of a layer's parts, as yosys 0.70 counted them for xc7 in an int8 11-255-179-3 policy.
LUT_PER_MULTIPLIER, FF_PER_MULTIPLIER = 30, 28
LUT_PER_REQUANTIZER, FF_PER_REQUANTIZER = 75, 160
# FINN's memory streamers hold words in shift registers and flip-flops: width costs more than depth.
LUT_PER_STREAM_BIT, FF_PER_STREAM_BIT = 1.05, 2.5
LUT_RAM_PER_BIT_OF_32 = 0.55
# A requantizer's parameters: 25 bits of scale, 1 of shift, a bias of 25 plus the accumulator's 20 or so.
REQUANT_PARAMETER_BITS = 71
# FIFOs and width converters on top of the layers.
LUT_OVERHEAD, FF_OVERHEAD = 1.17, 1.06
# Measured: what a layer adds to its multiplying cycles, in pipelines, queues and converters.
LAYER_CYCLES = 19
# Up to this depth a memory is cheaper as LUT RAM than as a mostly empty block RAM.
LUT_RAM_DEPTH = 64
# Hidden widths grow to a multiple of it, so that lanes divide them.
PAD_TO = 8
# Wider adder trees (SIMD) and fan-outs (PE) cost more clock than they save cycles.
MAX_SIMD = MAX_PE = 64
# Width and depth a RAMB18 can take.
BRAM18_SHAPES = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseShape:
    """What the folding of layer `index` of the network depends on: its padded size and widths."""

    index: int
    name: str
    in_features: int
    out_features: int
    weight_bits: int
    input_bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Folding:
    """A layer's lanes: `pe` outputs times `simd` inputs multiplied and `requant_pe` requantized per cycle."""

    shape: DenseShape
    pe: int
    simd: int

    @property
    def weight_depth(self) -> int:
        """Words of the weight memory."""
        return (self.shape.out_features // self.pe) * (self.shape.in_features // self.simd)

    @property
    def cycles(self) -> int:
        """Cycles per vector, one per word of the weight memory."""
        return self.weight_depth

    @property
    def weights_in_block_ram(self) -> bool:
        """Whether the weight memory is block RAM; else LUT RAM."""
        return self.weight_depth > LUT_RAM_DEPTH

    @property
    def requant_pe(self) -> int:
        """The fewest requantizers that keep up with the multipliers and divide their lanes."""
        word_cycles = self.shape.in_features // self.simd
        return next(lanes for lanes in divisors(self.pe) if lanes * word_cycles >= self.pe)

    def resources(self, board: Board) -> Resources:
        """Return the estimated resources of the layer on the board's part."""
        multipliers, requantizers = self.pe * self.simd, self.requant_pe
        memories = (
            (multipliers * self.shape.weight_bits, self.weight_depth),
            (requantizers * REQUANT_PARAMETER_BITS, self.shape.out_features // requantizers),
        )
        lut = LUT_PER_MULTIPLIER * multipliers + LUT_PER_REQUANTIZER * requantizers
        ff = FF_PER_MULTIPLIER * multipliers + FF_PER_REQUANTIZER * requantizers
        return Resources(
            lut=int(LUT_OVERHEAD * (lut + sum(_memory_luts(*memory) for memory in memories))),
            ff=int(FF_OVERHEAD * (ff + FF_PER_STREAM_BIT * sum(width for width, _ in memories))),
            dsp=self.simd * -(-self.pe // self._products_per_dsp(board)) + requantizers,
            bram18=sum(_bram18(*memory) for memory in memories),
        )

    def _products_per_dsp(self, board: Board) -> int:
        # NUM_LANES in FINN's mvu.sv, for narrow-range weights, which ganglion.hw.finn.passes.size guarantees.
        lane_bits = self.shape.weight_bits + self.shape.input_bits - 1
        return 1 + (board.family.dsp_bits - self.shape.weight_bits) // lane_bits


def divisors(number: int) -> list[int]:
    """Return the divisors of a positive number, ascending."""
    return [candidate for candidate in range(1, number + 1) if number % candidate == 0]


def narrow_bits(weights_low: int, weights_high: int) -> int:
    """Return the bits, 2 at least, of the smallest signed type whose symmetric range holds both values.

    MVAU_rtl needs weights above the type's lowest value on 7-series, and packs more per DSP elsewhere.
    """
    return max(2, max(-weights_low, weights_high).bit_length() + 1)


def dense_shapes(network: IntNetwork, engines: Sequence[Engine] = ()) -> tuple[DenseShape, ...]:
    """Return the shapes of the dense layers, hidden widths padded to a multiple of `PAD_TO`.

    engines: one a layer; none means that all are dense.
    """
    engines = engines or (Engine.DENSE,) * len(network.spec.layers)
    padded = padded_widths(network.spec, engines, PAD_TO)
    return tuple(
        DenseShape(
            index=index,
            name=layer.name,
            in_features=padded[index],
            out_features=padded[index + 1],
            weight_bits=narrow_bits(int(weight.min()), int(weight.max())),
            input_bits=network.spec.input_type_of(index).bits,
        )
        for index, (layer, weight) in enumerate(zip(network.spec.layers, network.weights, strict=True))
        if engines[index] is Engine.DENSE
    )


def total(foldings: tuple[Folding, ...], board: Board) -> Resources:
    """Return the sum of the layers' estimated resources."""
    return sum((folding.resources(board) for folding in foldings), NOTHING)


def latency_cycles(foldings: tuple[Folding, ...]) -> int:
    """Return the predicted cycles from a vector's first word to its result."""
    return sum(folding.cycles + LAYER_CYCLES for folding in foldings)


def fold(
    network: IntNetwork, board: Board, engines: Sequence[Engine] = (), taken: Resources = NOTHING
) -> tuple[Folding, ...]:
    """Return a folding per dense layer within the board's budget; CompileError with the numbers if none fits.

    engines: one a layer; none means that all are dense. taken: what the other layers take of the budget.
    The least folding is widened step by step, each time by what saves most cycles per DSP. The sum of the
    layers' cycles counts, not the largest: a control loop waits for one vector.
    """
    shapes = dense_shapes(network, engines)
    least = _least(shapes, board, taken)
    if not _fits(least, board, taken):
        raise CompileError(_misfit(network, board, engines, total(least, board), taken))
    return _widen(least, board, taken)


def _least(shapes: tuple[DenseShape, ...], board: Board, taken: Resources) -> tuple[Folding, ...]:
    """Return the foldings with fewest multipliers, widened only as far as narrow memories waste block RAM."""
    choices = [sorted(_options(shape, board), key=lambda option: option.pe * option.simd) for shape in shapes]
    least = tuple(options[0] for options in choices)
    while not _fits(least, board, taken) and (relieved := _relieve(least, choices, board)):
        least = relieved
    return least


def _relieve(
    foldings: tuple[Folding, ...], choices: list[list[Folding]], board: Board
) -> tuple[Folding, ...] | None:
    """Return the foldings with one layer changed, the cheapest way, to need fewer block RAMs, if any can."""
    best: tuple[int, int, Folding] | None = None
    for index, current in enumerate(foldings):
        bram18 = current.resources(board).bram18
        better = next((option for option in choices[index] if option.resources(board).bram18 < bram18), None)
        if better and (best is None or better.pe * better.simd < best[0]):
            best = (better.pe * better.simd, index, better)
    return None if best is None else _replaced(foldings, best[1], best[2])


def _widen(foldings: tuple[Folding, ...], board: Board, taken: Resources) -> tuple[Folding, ...]:
    while True:
        best_score, best = 0.0, None
        for index, option in _steps(foldings, board):
            candidate = _replaced(foldings, index, option)
            if not _fits(candidate, board, taken):
                continue
            saved = foldings[index].cycles - option.cycles
            added = option.resources(board).dsp - foldings[index].resources(board).dsp
            # A narrower adder tree wins among equals: it is the shorter path.
            score = saved / max(added, 0.5) - option.simd * 1e-6
            if score > best_score:
                best_score, best = score, candidate
        if best is None:
            return foldings
        foldings = best


def _steps(foldings: tuple[Folding, ...], board: Board) -> Iterator[tuple[int, Folding]]:
    for index, current in enumerate(foldings):
        for option in _options(current.shape, board):
            if option.cycles < current.cycles:
                yield index, option


def _options(shape: DenseShape, board: Board) -> list[Folding]:
    return [
        Folding(shape=shape, pe=pe, simd=simd)
        for pe in divisors(shape.out_features)
        for simd in divisors(shape.in_features)
        if pe <= MAX_PE and simd <= MAX_SIMD
    ]


def _replaced(foldings: tuple[Folding, ...], index: int, option: Folding) -> tuple[Folding, ...]:
    return (*foldings[:index], option, *foldings[index + 1 :])


def _fits(foldings: tuple[Folding, ...], board: Board, taken: Resources) -> bool:
    return board.holds(total(foldings, board) + taken)


def _memory_luts(width: int, depth: int) -> float:
    """Return the LUTs of a streamed memory of `depth` words of `width` bits, its LUT RAM included."""
    lut_ram = LUT_RAM_PER_BIT_OF_32 * -(-depth // 32) if depth <= LUT_RAM_DEPTH else 0
    return width * (LUT_PER_STREAM_BIT + lut_ram)


def _bram18(width: int, depth: int) -> int:
    if depth <= LUT_RAM_DEPTH:
        return 0
    return min(-(-width // bits) * -(-depth // words) for bits, words in BRAM18_SHAPES)


def _misfit(
    network: IntNetwork, board: Board, engines: Sequence[Engine], least: Resources, taken: Resources
) -> str:
    names, needed = ("lut", "dsp", "bram18"), least + taken
    over = [
        f"{getattr(needed, name)} {name} of {getattr(board.budget, name)}"
        for name in names
        if getattr(needed, name) > getattr(board.budget, name)
    ]
    shape = "-".join(str(width) for width in network.spec.widths)
    larger = next((other for other in all_boards() if _could_fit(network, other, engines, taken)), None)
    advice = (
        f"the nearest board that fits is {larger.name}"
        if larger
        else "no known board fits; prune or narrow it"
    )
    return f"{shape} does not fit {board.name}: its smallest folding takes {', '.join(over)}; {advice}"


def _could_fit(network: IntNetwork, board: Board, engines: Sequence[Engine], taken: Resources) -> bool:
    shapes = dense_shapes(network, engines)
    return _fits(_least(shapes, board, taken), board, taken)
