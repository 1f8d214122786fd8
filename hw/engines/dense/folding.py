"""Choose each dense layer's lanes: few cycles per observation, and the board not overfilled."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ganglion.hw.engines.dense.cost import Folding, divisors, total
from ganglion.hw.engines.dense.shape import DenseShape
from ganglion.hw.target.board import Board, all_boards
from ganglion.hw.target.resources import Resources
from ganglion.models.build.spelling import spelled

# Wider adder trees (SIMD) and fan-outs (PE) cost more clock than they save cycles.
MAX_SIMD = MAX_PE = 64


def fold(shapes: Sequence[DenseShape], board: Board, taken: Resources) -> tuple[Folding, ...]:
    """Return a folding per layer within the board's budget; CompileError with the numbers if none fits.

    taken: what other layers take of the budget. The least folding is widened step by step, each time by what
    saves most cycles per DSP. The sum of the layers' cycles counts, not the largest: a control loop waits for
    one vector. Layers that stream maps work at the same time: there the slowest layer comes first.
    """
    least = _least(shapes, board, taken)
    needed = total(least, board) + taken
    if not board.holds(needed):
        larger = next((other for other in all_boards() if _could_fit(shapes, other, taken)), None)
        remedy = f"the nearest board that fits is {larger.name}" if larger else "no known board fits"
        names = ", ".join(f"{shape.name} {shape.in_features} x {shape.out_features}" for shape in shapes)
        has_maps = any(shape.window for shape in shapes)
        other = f" or use {spelled('engine', 'planar')}, which keeps nonzero weights only" if has_maps else ""
        board.require(
            needed,
            f"by the model of FINN's units the smallest folding of {names}",
            f"{remedy}; prune or narrow it{other}",
        )
    return _widen(least, board, taken)


def _least(shapes: Sequence[DenseShape], board: Board, taken: Resources) -> tuple[Folding, ...]:
    """Return the foldings with fewest multipliers, widened only as far as narrow memories waste block RAM.

    Not beyond what else the board has: then memory is what is short.
    """
    choices = [sorted(_options(shape), key=lambda option: option.pe * option.simd) for shape in shapes]
    least = tuple(options[0] for options in choices)
    while not _fits(least, board, taken) and (relieved := _relieve(least, choices, board)):
        if not board.holds(replace(total(relieved, board) + taken, bram=0)):
            break
        least = relieved
    return least


def _relieve(
    foldings: tuple[Folding, ...], choices: list[list[Folding]], board: Board
) -> tuple[Folding, ...] | None:
    """Return the foldings with one layer changed, the cheapest way, to need fewer block RAMs, if any can."""
    best: tuple[int, int, Folding] | None = None
    for index, current in enumerate(foldings):
        bram = current.resources(board).bram
        better = next((option for option in choices[index] if option.resources(board).bram < bram), None)
        if better and (best is None or better.pe * better.simd < best[0]):
            best = (better.pe * better.simd, index, better)
    return None if best is None else _replaced(foldings, best[1], best[2])


def _widen(foldings: tuple[Folding, ...], board: Board, taken: Resources) -> tuple[Folding, ...]:
    """Return the foldings widened until nothing more fits; where layers stream maps, the slowest first."""
    streams = any(folding.shape.window for folding in foldings)
    while True:
        slowest = max(range(len(foldings)), key=lambda index: foldings[index].cycles)
        wider = _widened(foldings, [slowest], board, taken) if streams else None
        wider = wider or _widened(foldings, range(len(foldings)), board, taken)
        if wider is None:
            return foldings
        foldings = wider


def _widened(
    foldings: tuple[Folding, ...], layers: Iterable[int], board: Board, taken: Resources
) -> tuple[Folding, ...] | None:
    """Return the foldings with one of these layers widened, by what saves most cycles per DSP, if it fits."""
    best_score, best = 0.0, None
    for index, option in _steps(foldings, layers):
        candidate = _replaced(foldings, index, option)
        if not _fits(candidate, board, taken):
            continue
        saved = foldings[index].cycles - option.cycles
        added = option.resources(board).dsp - foldings[index].resources(board).dsp
        # A narrower adder tree wins among equals: it is the shorter path.
        score = saved / max(added, 0.5) - option.simd * 1e-6
        if score > best_score:
            best_score, best = score, candidate
    return best


def _steps(foldings: tuple[Folding, ...], layers: Iterable[int]) -> Iterator[tuple[int, Folding]]:
    for index in layers:
        for option in _options(foldings[index].shape):
            if option.cycles < foldings[index].cycles:
                yield index, option


def _options(shape: DenseShape) -> list[Folding]:
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


def _could_fit(shapes: Sequence[DenseShape], board: Board, taken: Resources) -> bool:
    return _fits(_least(shapes, board, taken), board, taken)
