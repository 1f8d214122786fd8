"""Our modules, and what the engine generates from them, are clean under `verilator --lint-only -Wall`."""

from pathlib import Path

import pytest

from ganglion.hw.engines.unrolled.plan import MODULES, plan
from ganglion.hw.engines.unrolled.shape import UnrolledShape
from ganglion.hw.rtl import RTL
from tests.hw.bare import build_bare
from tests.hw.engines.unrolled.corners import CORNERS
from tests.hw.lint import lint

CELLS = """
/* verilator lint_off DECLFILENAME */
/* verilator lint_off UNUSEDSIGNAL */
/* verilator lint_off UNUSEDPARAM */
/* verilator lint_off UNDRIVEN */
module LUT6_2 #(parameter bit [63:0] INIT = 0) (
  input logic I0, I1, I2, I3, I4, I5, output logic O5, O6
);
endmodule
module CARRY4 (input logic CI, CYINIT, input logic [3:0] DI, S, output logic [3:0] O, CO);
endmodule
"""


@pytest.mark.parametrize("module", MODULES)
def test_module_is_clean(module: str, tmp_path: Path) -> None:
    cells = tmp_path / "cells.sv"
    cells.write_text(CELLS)
    sources = [RTL / f"{name}.sv" for name in MODULES[: MODULES.index(module) + 1]]
    options = ("-DSYNTHESIS",) if module.endswith("xc7") else ()
    assert lint(module, [cells, *sources], *options) == ""


@pytest.mark.parametrize("define", ["", "-DGANGLION_TAPS"])
@pytest.mark.parametrize("name", CORNERS)
def test_generated_design_is_clean(name: str, define: str, tmp_path: Path) -> None:
    design = build_bare(plan(CORNERS[name], UnrolledShape()), tmp_path).design
    sources = [design.root / source for source in design.sources]
    assert lint(design.top, sources, *filter(None, [define])) == ""


def test_illegal_parameters_die_at_elaboration() -> None:
    add3, clip = RTL / "ganglion_add3.sv", RTL / "ganglion_clip.sv"
    assert "Addends = 4, allowed 1 to 3" in lint("ganglion_add3", [add3], "-GAddends=4")
    assert "a constant beside 3 addends" in lint("ganglion_add3", [add3], "-GAddends=3", "-GConstant=1")
    assert "bits 12 to 10 of 12 cannot become 8" in lint("ganglion_clip", [clip], "-GShift=12")
    streams = [RTL / f"ganglion_{name}.sv" for name in ("output_fifo", "pipeline_stream")]
    assert "Latency = 0, allowed from 1" in lint("ganglion_pipeline_stream", streams, "-GLatency=0")
    assert "Depth = 1, allowed from 1 and 2" in lint("ganglion_output_fifo", streams[:1], "-GDepth=1")
