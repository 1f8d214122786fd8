"""Every flow by its name, and which of them a board's family has on this machine."""

from ganglion.hw.flows.flow import Flow
from ganglion.hw.flows.nextpnr.flow import Nextpnr
from ganglion.hw.flows.openxc7.flow import OpenXc7
from ganglion.hw.flows.vivado.flow import Vivado
from ganglion.hw.target.board import Board, all_boards
from ganglion.models.build.errors import ConfigError

FLOWS: dict[str, Flow] = {flow.name: flow for flow in (Vivado(), OpenXc7(), Nextpnr())}


def flows_of(board: Board) -> list[Flow]:
    """Return the flows of a board's family, best first; ConfigError for one that is unknown."""
    for name in board.family.flows:
        if name not in FLOWS:
            raise ConfigError(f"{board.family.name}: flow {name!r} is unknown; known: {', '.join(FLOWS)}")
    return [FLOWS[name] for name in board.family.flows]


def find_flow(board: Board) -> Flow | str:
    """Return the first flow that can make a bit file for `board` here, or why there is none."""
    reasons: list[str] = []
    for flow in flows_of(board):
        reason = flow.unavailable(board)
        if reason is None:
            return flow
        reasons.append(reason)
    return "; ".join(reasons)


def boards_at_once() -> list[str]:
    """Return the names of the boards for which a bit file can be made on this machine as it is."""
    return [board.name for board in all_boards() if not isinstance(find_flow(board), str)]
