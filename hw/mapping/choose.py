"""ENGINE=auto: what each engine would take, how fast it would be, and the smallest that is fast enough."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from rich.console import Console
from rich.table import Table

from ganglion.hw.engines.dense.folding import fold, latency_cycles, total
from ganglion.hw.engines.folded.cost import estimate
from ganglion.hw.engines.folded.fit import fit
from ganglion.hw.engines.unrolled.predict import predict
from ganglion.hw.target.board import Board, Engine
from ganglion.hw.target.resources import Resources
from ganglion.models.build.errors import CompileError
from ganglion.models.reference import IntNetwork

LANES = (4, 8, 12, 16, 24, 32, 48, 64)
CUTS = (1, 2, 4)
# Xilinx parts sum three operands in one row of LUTs.
ADDER_INPUTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An engine with its setting, its predicted cost and speed; `setting` is lanes or adders per stage."""

    engine: Engine
    setting: int
    latency_cycles: int
    interval_cycles: int
    resources: Resources

    @property
    def name(self) -> str:
        """Return the variables that ask for it."""
        option = {Engine.FOLDED: f" LANES={self.setting}", Engine.UNROLLED: f" CUT={self.setting}"}
        return f"ENGINE={self.engine.value}{option.get(self.engine, '')}"

    def latency_us(self, board: Board) -> float:
        """Return the latency at the board's clock in microseconds."""
        return self.latency_cycles / board.clock_mhz

    def share(self, board: Board) -> float:
        """Return the share of the board's part that it takes of its scarcest resource."""
        return max(
            getattr(self.resources, f.name) / getattr(board.resources, f.name) for f in fields(Resources)
        )

    def fits(self, board: Board) -> bool:
        """Return whether it stays within what the accelerator may take of the part."""
        return board.holds(self.resources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The candidate taken, those it was taken from, and why."""

    taken: Candidate
    candidates: tuple[Candidate, ...]
    reason: str

    def to_json(self, board: Board) -> dict[str, Any]:
        """Return a JSON-able dict for hw.json."""
        rows = [
            {"name": candidate.name, "latency_us": round(candidate.latency_us(board), 3)}
            | {key: value for key, value in asdict(candidate).items() if key not in ("engine", "setting")}
            for candidate in self.candidates
        ]
        return {"taken": self.taken.name, "reason": self.reason, "candidates": rows}


def candidates(network: IntNetwork, board: Board) -> Iterator[Candidate]:
    """Yield every engine at its usual settings, those that the network cannot have left out."""
    try:
        foldings = fold(network, board)
    except CompileError:
        pass  # the dense engine does not fit this board at all
    else:
        yield Candidate(
            engine=Engine.DENSE,
            setting=0,
            latency_cycles=latency_cycles(foldings),
            interval_cycles=max(folding.cycles for folding in foldings),
            resources=total(foldings, board),
        )
    for lanes in LANES:
        if lanes <= network.nnz:
            program = fit(network, lanes)
            yield Candidate(
                engine=Engine.FOLDED,
                setting=lanes,
                latency_cycles=program.latency_cycles,
                interval_cycles=program.n_cycles,
                resources=estimate(program),
            )
    for cut in CUTS:
        cost = predict(network, cut, ADDER_INPUTS)
        yield Candidate(
            engine=Engine.UNROLLED,
            setting=cut,
            latency_cycles=cost.latency_cycles,
            interval_cycles=cost.interval_cycles,
            resources=Resources(lut=cost.lut, ff=cost.ff, dsp=cost.dsp, bram18=cost.bram18),
        )


def choose(network: IntNetwork, board: Board, latency_us: float) -> Choice:
    """Return the candidate that takes least of the part among those that fit and answer within `latency_us`.

    Raises CompileError with the nearest settings that work when there is none.
    """
    known = tuple(candidates(network, board))
    fitting = [candidate for candidate in known if candidate.fits(board)]
    if not fitting:
        smallest = min(known, key=lambda candidate: candidate.share(board))
        raise CompileError(
            f"no engine fits {board.name}: the smallest, {smallest.name}, takes {smallest.share(board):.0%} "
            "of its scarcest resource; take a larger BOARD or prune further"
        )
    quick = [candidate for candidate in fitting if candidate.latency_us(board) <= latency_us]
    if not quick:
        fastest = min(fitting, key=lambda candidate: candidate.latency_cycles)
        raise CompileError(
            f"no engine answers within {latency_us:g} µs on {board.name}: the fastest that fits is "
            f"{fastest.name} with {fastest.latency_us(board):.2f} µs; set LATENCY_US to that or more"
        )
    taken = min(quick, key=lambda candidate: candidate.share(board))
    reason = (
        f"{taken.name} takes {taken.share(board):.0%} of {board.name}'s scarcest resource, the least of "
        f"{len(quick)} candidates that fit and answer within {latency_us:g} µs"
    )
    return Choice(taken=taken, candidates=known, reason=reason)


def print_choice(choice: Choice, board: Board, latency_us: float) -> None:
    """Print the table of candidates and why one was taken."""
    table = Table(title=f"engines for {board.name} at {board.clock_mhz:g} MHz, predicted")
    for column in ("", "cycles", "µs", "interval", "LUT", "FF", "DSP", "BRAM18", "share", ""):
        table.add_column(column, justify="left" if not column else "right")
    for candidate in choice.candidates:
        needs = [f"{getattr(candidate.resources, f.name):,}" for f in fields(Resources)]
        table.add_row(
            candidate.name,
            str(candidate.latency_cycles),
            f"{candidate.latency_us(board):.2f}",
            str(candidate.interval_cycles),
            *needs,
            f"{candidate.share(board):.0%}",
            _verdict(candidate, choice, board, latency_us),
        )
    Console(width=110).print(table)
    print(f"compile: {choice.reason}")


def _verdict(candidate: Candidate, choice: Choice, board: Board, latency_us: float) -> str:
    if candidate is choice.taken:
        return "taken"
    if not candidate.fits(board):
        return "does not fit"
    return "too slow" if candidate.latency_us(board) > latency_us else ""
