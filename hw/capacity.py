"""Whether synthesis finds a design larger than its part, and what then is the nearest that is not."""

from dataclasses import replace

from ganglion.hw.design.design import CandidateReport, Design
from ganglion.hw.engines.registry import AUTO
from ganglion.hw.synth import Synthesis
from ganglion.hw.target.resources import Resources
from ganglion.models.build.errors import CompileError
from ganglion.models.build.spelling import spelled


def require_room(design: Design, synthesis: Synthesis) -> None:
    """Raise CompileError, with the nearest candidate that should fit, where a part is too small."""
    counted = Resources(lut=synthesis.lut, ff=synthesis.ff, dsp=synthesis.dsp, bram=synthesis.bram)
    board = design.board
    if over := counted.shortage(board.resources):
        raise CompileError(
            f"{synthesis.tool} maps {spelled('engine', design.engine)} to {over} "
            f"that {board.name} has{_predicted(design)}; {_remedy(design, counted)}"
        )


def _predicted(design: Design) -> str:
    return "" if design.estimate is None else f", predicted were {design.estimate.resources}"


def _remedy(design: Design, counted: Resources) -> str:
    """Return what to do: take the fastest candidate that fits even if it takes as much more as this one."""
    if design.choice is None or design.estimate is None:
        return f"take {spelled('engine', AUTO)}, a larger {spelled('board')} or prune further"
    excess = max(1.0, counted.lut / max(1, design.estimate.resources.lut))
    fitting = [
        each
        for each in design.choice.candidates
        if each.name != design.choice.taken and design.board.holds(_grown(each, excess))
    ]
    if not fitting:
        return f"take a larger {spelled('board')} or prune further"
    fastest = min(fitting, key=lambda each: each.latency_us)
    answer = f"predicted to answer in {fastest.latency_us:g} µs"
    return f"take {fastest.name}, {answer}, or a larger {spelled('board')}"


def _grown(candidate: CandidateReport, excess: float) -> Resources:
    """Return a candidate's resources with as many more LUTs as the one that was built has."""
    predicted = candidate.estimate.resources
    return replace(predicted, lut=round(predicted.lut * excess))
