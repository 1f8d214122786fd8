"""What each engine would take, how fast it would be, and the smallest that is fast enough: auto's choice."""

import logging
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from rich.table import Table

from ganglion.hw.design.design import CandidateReport, ChoiceReport, Estimate
from ganglion.hw.engines.engine import Candidate, Engine, EngineSettings
from ganglion.hw.engines.registry import find_engine
from ganglion.hw.mapping.candidates import all_candidates, candidates_of
from ganglion.hw.target.board import Board
from ganglion.models.build.errors import CompileError
from ganglion.models.build.spelling import spelled
from ganglion.models.build.tables import whole_console
from ganglion.models.reference import IntNetwork

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The candidate taken for a board, those it was taken from, and why."""

    board: Board
    latency_us: float | None
    """None: any."""
    taken: Candidate
    candidates: tuple[Candidate, ...]

    @property
    def reason(self) -> str:
        """Return why in a sentence."""
        alike = find_engine(self.taken.engine).keeps_state
        quick = [
            each
            for each in self.candidates
            if self.verdict(each) in ("", "taken") and find_engine(each.engine).keeps_state == alike
        ]
        if self.latency_us is None:
            return (
                f"{self.taken.name} is the fastest of {len(quick)} candidates that fit {self.board.name}; "
                f"{spelled('latency_us')} takes the smallest that is in time"
            )
        return (
            f"{self.taken.name} takes {self.taken.resources.share_of(self.board.resources):.0%} of "
            f"{self.board.name}'s scarcest resource, the least of {len(quick)} candidates that fit and "
            f"answer within {self.latency_us:g} µs"
        )

    @property
    def report(self) -> ChoiceReport:
        """Return what hw.json says of it."""
        return ChoiceReport(
            taken=self.taken.name,
            reason=self.reason,
            candidates=tuple(
                CandidateReport(
                    name=each.name,
                    latency_us=round(each.latency_cycles / self.board.clock_mhz, 3),
                    estimate=Estimate(
                        resources=each.resources,
                        latency_cycles=each.latency_cycles,
                        interval_cycles=each.interval_cycles,
                    ),
                )
                for each in self.candidates
            ),
        )

    def verdict(self, candidate: Candidate) -> str:
        """Return "taken", why a candidate was not, or nothing where it would do too."""
        if candidate is self.taken:
            return "taken"
        if not self.board.holds(candidate.resources):
            return "does not fit"
        if self.latency_us is None or in_time(candidate.latency_cycles, self.latency_us, self.board):
            return ""
        return "too slow"


def choose(network: IntNetwork, board: Board, *latencies_us: float) -> Choice:
    """Return the candidate that takes least of the part among those that fit and answer in time.

    In time is the first of `latencies_us` that any candidate keeps; without them the fastest that fits is
    taken. An engine that keeps state is taken only where no other will do: that every step takes the same
    cycles is worth more than a few of the part's resources.

    Raises CompileError with the nearest settings that work when there is none.
    """
    enough_cycles = min(latencies_us, default=0.0) * board.clock_mhz
    known = all_candidates(network, board, enough_cycles)

    def share(candidate: Candidate) -> float:
        return candidate.resources.share_of(board.resources)

    fitting = [candidate for candidate in known if board.holds(candidate.resources)]
    if not fitting:
        smallest = min(known, key=share)
        raise CompileError(
            f"no engine fits {board.name}: the smallest, {smallest.name}, takes {share(smallest):.0%} "
            f"of its scarcest resource; take a larger {spelled('board')} or prune further"
        )
    if not latencies_us:
        taken = min(fitting, key=lambda each: (each.latency_cycles, share(each)))
        return Choice(board=board, latency_us=None, taken=taken, candidates=known)
    for latency_us in latencies_us:
        quick = [each for each in fitting if in_time(each.latency_cycles, latency_us, board)]
        if quick:
            taken = min(quick, key=lambda each: (find_engine(each.engine).keeps_state, share(each)))
            return Choice(board=board, latency_us=latency_us, taken=taken, candidates=known)
    fastest = min(fitting, key=lambda candidate: candidate.latency_cycles)
    asked = " or ".join(f"{each:g}" for each in latencies_us)
    raise CompileError(
        f"no engine answers within {asked} µs on {board.name}: the fastest that fits is "
        f"{fastest.name} with {fastest.latency_cycles / board.clock_mhz:.3g} µs; "
        f"set {spelled('latency_us', f'{kept_us(fastest.latency_cycles, board):g}')} or more"
    )


def in_time(cycles: int, latency_us: float, board: Board) -> bool:
    """Return whether so many cycles of the board's clock end within a time."""
    return cycles / board.clock_mhz <= latency_us


def kept_us(cycles: int, board: Board) -> float:
    """Return a time in which so many cycles end, in whole hundredths of a microsecond."""
    return math.ceil(100 * cycles / board.clock_mhz) / 100


def choose_tail(
    network: IntNetwork, engine: Engine, settings: EngineSettings, board: Board
) -> Mapping[str, EngineSettings]:
    """Return the settings of what computes the layers behind `engine`, by its name, that are the fastest.

    settings: the engine's as asked for, None where not. Nothing is returned where no candidate fits.
    """

    def is_asked(found: EngineSettings) -> bool:
        asked = ((getattr(settings, each.name), each.name) for each in fields(settings))
        return all(value in (None, getattr(found, name)) for value, name in asked)

    fitting = [
        each
        for each in candidates_of(engine, network, board)
        if each.tail is not None and board.holds(each.resources) and is_asked(each.settings)
    ]
    if not fitting:
        return {}
    taken = min(fitting, key=lambda each: (each.latency_cycles, each.resources.share_of(board.resources)))
    assert taken.tail is not None
    log.info("compile: behind %s is %s", spelled("engine", engine.name), taken.tail.name)
    return {taken.tail.engine: taken.tail.settings}


def log_choice(choice: Choice, stage: str = "compile") -> None:
    """Log the table of candidates and why one was taken."""
    board = choice.board
    table = Table(title=f"engines for {board.name} at {board.clock_mhz:g} MHz, predicted")
    for column in ("", "cycles", "µs", "interval", "LUT", "FF", "DSP", "BRAM", "share", ""):
        table.add_column(column, justify="right" if column else "left")
    for each in choice.candidates:
        table.add_row(
            each.name,
            str(each.latency_cycles),
            f"{each.latency_cycles / board.clock_mhz:.2f}",
            str(each.interval_cycles),
            *(f"{count:,}" for count in asdict(each.resources).values()),
            f"{each.resources.share_of(board.resources):.0%}",
            choice.verdict(each),
        )
    console = whole_console(table)
    with console.capture() as captured:
        console.print(table)
    log.info("%s", captured.get().rstrip())
    log.info("%s: %s", stage, choice.reason)
