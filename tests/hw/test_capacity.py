"""A design that synthesis finds larger than its part is refused, with the nearest that should fit."""

from dataclasses import replace
from pathlib import Path

import pytest

from ganglion.hw.capacity import require_room
from ganglion.hw.design.design import CandidateReport, ChoiceReport, Design, Estimate
from ganglion.hw.synth import Synthesis
from ganglion.hw.target.board import find_board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.errors import CompileError
from tests.hw.toy import toy_design

PREDICTED = Resources(lut=4423, ff=5000, dsp=0, bram=1)


def _synthesis(lut: int) -> Synthesis:
    counts = {"lut": lut, "ff": 5100, "dsp": 0, "bram": 1, "carry": 0, "other": 0}
    return Synthesis(tool="yosys", part="", **counts, utilisation={}, nodes={}, notes=(), seconds=1.0)


def _estimate(resources: Resources, cycles: int) -> Estimate:
    return Estimate(resources=resources, latency_cycles=cycles, interval_cycles=cycles)


def _candidate(name: str, lut: int, latency_us: float) -> CandidateReport:
    resources = Resources(lut=lut, ff=900, dsp=4, bram=9)
    return CandidateReport(name=name, latency_us=latency_us, estimate=_estimate(resources, 80))


def _design(root: Path, *candidates: CandidateReport) -> Design:
    choice = ChoiceReport(taken="engine=unrolled adders_per_stage=2", reason="", candidates=candidates)
    design = replace(toy_design(root), board=find_board("icebreaker"), engine="unrolled")
    return replace(design, choice=choice if candidates else None, estimate=_estimate(PREDICTED, 22))


TAKEN = _candidate("engine=unrolled adders_per_stage=2", 4423, 0.44)
LARGE, FAST, SLOW = (
    _candidate(name, lut, latency_us)
    for name, lut, latency_us in (("large", 3000, 1.0), ("fast", 1500, 1.7), ("slow", 700, 3.07))
)


def test_a_design_that_fits_its_part_passes(tmp_path: Path) -> None:
    require_room(_design(tmp_path, TAKEN), _synthesis(5280))


def test_the_fastest_candidate_that_fits_even_if_it_is_as_much_larger_is_named(tmp_path: Path) -> None:
    message = (
        r"yosys maps engine=unrolled to 6,847 LUT of 5,280 that iCEBreaker has, predicted were 4,423 LUT, "
        r".*; take fast, predicted to answer in 1.7 µs, or a larger board"
    )
    with pytest.raises(CompileError, match=message):
        require_room(_design(tmp_path, TAKEN, LARGE, FAST, SLOW), _synthesis(6847))


@pytest.mark.parametrize(
    ("candidates", "remedy"),
    [((TAKEN, LARGE), "take a larger board or prune"), ((), "take engine=auto, a larger board or prune")],
)
def test_where_none_should_fit_a_larger_board_is(
    candidates: tuple[CandidateReport, ...], remedy: str, tmp_path: Path
) -> None:
    with pytest.raises(CompileError, match=f"1 BRAM; {remedy} further"):
        require_room(_design(tmp_path, *candidates), _synthesis(6847))
