"""What yosys really makes for nextpnr-xilinx: the processing system's port, and cells that can be routed."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.compile import compile_policy
from ganglion.hw.design.design import load_design
from ganglion.hw.engines.unrolled.plan import plan
from ganglion.hw.engines.unrolled.shape import UnrolledShape
from ganglion.hw.flows.openxc7 import FLOW
from ganglion.hw.flows.openxc7.flow import OpenXc7, synthesize
from ganglion.hw.flows.openxc7.tops import PROCESSOR_TOP, divided_clock, processor_top, serial_top
from ganglion.hw.mapping.compile_settings import CompileSettings
from ganglion.hw.shell.description import Shell
from ganglion.hw.shell.generate import generate, write_shell
from ganglion.hw.target.board import find_board
from ganglion.models.build.codec import decode_json
from ganglion.models.build.errors import ConfigError, ToolError
from ganglion.models.build.paths import BuildPaths
from ganglion.models.select_policy import shipped_policy
from tests.hw.bare import build_bare
from tests.hw.flows.openxc7.stand_ins import PS7_PORTS, install
from tests.hw.lint import lint
from tests.hw.shell.shells import POLICY, build_shells
from tests.networks import random_network

# What yosys' library declares of the two cells of the device, as ports alone.
CELLS = f"""
/* verilator lint_off DECLFILENAME */
/* verilator lint_off UNUSEDSIGNAL */
/* verilator lint_off UNDRIVEN */
module BUFG (input logic I, output logic O);
endmodule
{PS7_PORTS}
endmodule
"""

# The types of cells that were routed on another machine.
ROUTABLE = {
    *(f"LUT{inputs}" for inputs in range(1, 7)),
    *("INV", "FDRE", "FDSE", "CARRY4", "MUXF7", "MUXF8", "RAM32M", "RAM64M", "SRL16E"),
    *("DSP48E1", "RAMB18E1", "PS7", "BUFG"),
}


def cells(netlist: Path, top: str = PROCESSOR_TOP) -> Counter[str]:
    """Return how many cells of each type the top of a netlist has."""
    top = json.loads(netlist.read_text())["modules"][top]
    return Counter(cell["type"] for cell in top["cells"].values())


def test_the_top_is_clean(tmp_path: Path) -> None:
    build = build_shells(tmp_path, (4, 3), lanes=1)
    (tmp_path / "cells.sv").write_text(CELLS)
    sources = [tmp_path / source for source in build.shell.sources]
    waived = ("-Wno-PINCONNECTEMPTY",)  # the interrupt, which no one listens to
    assert lint(PROCESSOR_TOP, [tmp_path / "cells.sv", *sources, FLOW / f"{PROCESSOR_TOP}.sv"], *waived) == ""


ARTY = find_board("Arty-A7-35T")


@pytest.mark.parametrize(
    ("limit_mhz", "clock_mhz"), [(120.0, 100.0), (100.0, 100.0), (99.0, 50.0), (30.0, 25.0)]
)
def test_the_top_behind_a_serial_line_is_clean(limit_mhz: float, clock_mhz: float, tmp_path: Path) -> None:
    assert ARTY.wiring is not None
    assert divided_clock(ARTY, limit_mhz) == clock_mhz
    build = build_shells(tmp_path, (4, 3), lanes=1)
    top = serial_top(ARTY.wiring, build.shell, clock_mhz)
    (tmp_path / "cells.sv").write_text(CELLS)
    for name, text in top.modules.items():
        (tmp_path / f"{name}.sv").write_text(text)
    sources = [*build.shell.sources, *(f"{name}.sv" for name in top.modules)]
    waived = "-Wno-PROCASSINIT"  # what registers hold at power-on
    assert lint(top.name, [tmp_path / "cells.sv", *(tmp_path / source for source in sources)], waived) == ""


def test_a_clock_that_no_halving_makes_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no clock up to clock_mhz=1 is its oscillator's 100 MHz halved 6"):
        divided_clock(ARTY, 1.0)


@pytest.mark.slow
def test_an_arty_gets_a_bit_file_when_its_clock_is_met_and_else_none(tmp_path: Path) -> None:
    assert ARTY.open_part is not None
    build = build_shells(tmp_path / "build", (4, 3), lanes=1)
    design = replace(build.design, board=ARTY)
    flow = OpenXc7(install(tmp_path / "met", part=ARTY.open_part).environment)
    made = flow.build(design, tmp_path, seeds=3)
    assert (made.clock_mhz, made.runs_mhz, made.files[0].name) == (120.2, 100.0, "bare.bit")
    request, response = 8 + 4 * 1, 7 + 4 * (1 + 1)  # docs/serial.md: 4 and 3 values of 8 bits are a word each
    assert (made.baud, made.line_us) == (1_000_000, 10 * (request + response))
    found = cells(build.paths.work / "openxc7" / "netlist.json", "ganglion_board")
    # In: clock, rx, reset. Out: tx and four LEDs.
    assert (found["IBUF"], found["OBUF"], found["LUT6_2"]) == (3, 5, 0)
    made.files[0].unlink()
    late = OpenXc7(install(tmp_path / "late", mhz=(98.0, 96.0), part=ARTY.open_part).environment)
    with pytest.raises(ToolError, match=r"best of 2 seeds reaches 98 MHz of 100; no bit file .*clock_mhz=50"):
        late.build(design, tmp_path, seeds=2)
    assert not list(tmp_path.rglob("*.bit"))


@pytest.mark.slow
def test_an_unrolled_network_has_no_lut6_2(tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(0), (6, 5, 3))
    design = build_bare(plan(network, UnrolledShape(adders_per_stage=2)), tmp_path).design
    shell = write_shell(BuildPaths(root=tmp_path), design, POLICY)
    found = cells(synthesize(design, shell, processor_top(shell), tmp_path / "work" / "openxc7"))
    assert found["LUT6_2"] == 0 and found["PS7"] == found["BUFG"] == 1
    assert any(".Xc7(1)" in (tmp_path / source).read_text() for source in design.sources)


@pytest.mark.slow
def test_the_shipped_hopper_is_made_of_cells_that_can_be_routed(tmp_path: Path) -> None:
    paths = BuildPaths.of("Hopper", tmp_path)
    paths.root.mkdir()
    paths.policy.symlink_to(shipped_policy("Hopper"))
    compile_policy(paths, CompileSettings(board=find_board("Pynq-Z2")))
    generate(paths)
    design = load_design(paths)
    shell = decode_json(Shell, paths.shell_json)
    found = cells(synthesize(design, shell, processor_top(shell), paths.work / "openxc7"))
    assert found["LUT6_2"] == 0 and found["PS7"] == found["BUFG"] == 1
    assert (found["DSP48E1"], found["RAMB18E1"]) == (8, 9)
    assert set(found) <= ROUTABLE
