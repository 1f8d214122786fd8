"""What an action is estimated to cost, from how often nets switch and what a toggle was measured to cost.

energy = cycles * clock network + sum over kinds (toggles * what one costs), and apart from it power at rest *
latency. Toggles within a cycle (hazards) are not seen by the simulation; the larger constant of a pair was
measured on a circuit full of them.
"""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.gatelevel.activity import Activity
from ganglion.hw.target.board import Board
from ganglion.models.build.codec import STRICT, Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """An estimate in nJ an action: `dynamic_nj` from least to most, `static_nj` while it computes.

    Null where the family has no trusted constants; `reason` says so. `not_counted` are kinds of nets that
    switched, but whose cost nobody measured: with any, the estimate is a lower bound.
    """

    __pydantic_config__: ClassVar = STRICT

    dynamic_nj: tuple[Amount, Amount] | None
    static_nj: Amount | None
    not_counted: tuple[str, ...]
    source: str | None
    reason: str | None

    def __str__(self) -> str:
        """Return one line for people."""
        if self.dynamic_nj is None:
            return f"none: {self.reason}"
        low, high = self.dynamic_nj
        bound = f" without {', '.join(self.not_counted)}" if self.not_counted else ""
        rest = "" if self.static_nj is None else f", {self.static_nj:g} nJ at rest meanwhile"
        return f"estimate: {low:g} to {high:g} nJ an action{bound}{rest}; {self.source}"


def estimate_energy(activity: Activity, board: Board) -> Energy:
    """Return the estimate for a board's family and part; without constants every figure is None."""
    constants = board.family.energy
    if constants is None:
        return Energy(
            dynamic_nj=None,
            static_nj=None,
            not_counted=(),
            source=None,
            reason=f"no measured cost of a toggle is known for {board.family.name}; toggles compare engines",
        )
    known = {kind: n for kind, n in activity.toggles.items() if kind in constants.toggle_pj}
    missing = [kind for kind, n in activity.toggles.items() if n and kind not in constants.toggle_pj]
    clock_pj = activity.cycles * constants.cycle_pj
    low, high = (
        round((clock_pj + sum(n * constants.toggle_pj[kind][end] for kind, n in known.items())) / 1000, 4)
        for end in (0, 1)
    )
    static_mw = constants.static_mw.get(board.part)
    latency_us = activity.cycles / board.clock_mhz
    return Energy(
        dynamic_nj=(low, high),
        static_nj=None if static_mw is None else round(static_mw * latency_us, 4),
        not_counted=tuple(missing),
        source=constants.source,
        reason=None,
    )
