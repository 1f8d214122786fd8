"""Every fault of the slow sweeps still has a place in the RTL, once."""

from pathlib import Path

import ganglion.hw
from tests.hw.bare import NODE
from tests.hw.engines.folded.columns import test_rtl as test_columns_rtl
from tests.hw.faults import test_delta_rtl, test_folded_rtl, test_planar_rtl

RTL = Path(ganglion.hw.__path__[0]) / "rtl"


def test_every_fault_has_its_place() -> None:
    faults = (
        *test_folded_rtl.FAULTS,
        *test_folded_rtl.PIPELINED_FAULTS,
        *test_columns_rtl.FAULTS,
        *test_delta_rtl.FAULTS,
        *test_planar_rtl.FAULTS,
        *test_planar_rtl.RESIDUAL_FAULTS,
        *test_planar_rtl.STREAM_FAULTS,
        *test_planar_rtl.PAIR_FAULTS,
    )
    counts = {
        (module, find): (RTL / f"{module}.sv").read_text().count(find)
        for module, find, _ in faults
        if module != NODE
    }
    assert {fault for fault, count in counts.items() if count != 1} == set()
