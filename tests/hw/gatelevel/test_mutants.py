"""A netlist equals the reference, and a fault in a lookup table, a memory or a net is found."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from ganglion.hw.design.design import Design
from ganglion.hw.engines.folded.plan import plan
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.engines.unrolled.plan import plan as unrolled
from ganglion.hw.engines.unrolled.shape import UnrolledShape
from ganglion.hw.gatelevel.bench import netlist_bench, synthesize_netlist
from ganglion.hw.gatelevel.netlist import Cell, Netlist
from ganglion.hw.sim.equality import Vectors
from ganglion.hw.simulate import Simulation, verify
from ganglion.hw.target.board import all_boards, find_board
from ganglion.models.build.errors import MismatchError
from tests.hw.bare import CACHE, build_bare
from tests.hw.toy import toy_network

VECTORS = 100
FAMILIES = {board.family.name: board.name for board in all_boards() if board.family.gates}
FIRST = "7-series"
QUICK = (FIRST, "ecp5")
"""Families of six and of four inputs a table; the others' netlists take longer to compile."""


@pytest.fixture(scope="module")
def made() -> Iterator[Callable[[str], tuple[Design, Netlist]]]:
    """Return a function that maps a small folded engine to a family once."""
    with TemporaryDirectory() as folder:

        @cache
        def make(family: str) -> tuple[Design, Netlist]:
            root = Path(folder) / family
            board = find_board(FAMILIES[family])
            shape = FoldedShape.of(2, pipelining=board.family.pipelining)
            design = build_bare(plan(toy_network(), shape), root, board=board.name).design
            return design, synthesize_netlist(design, root / "work")

        yield make


def prove(design: Design, netlist: Netlist, folder: Path) -> Simulation:
    inputs = np.random.default_rng(0).integers(-128, 128, (VECTORS, 4))
    bench = netlist_bench(design, netlist, folder, CACHE)
    return verify(replace(bench, patience_cycles=2000), Vectors.of(toy_network(), inputs), workers=1)


def changed(netlist: Netlist, index: int, cell: Cell) -> Netlist:
    cells = list(netlist.cells)
    cells[index] = cell
    return replace(netlist, cells=tuple(cells))


def flipped(value: str, index: int) -> str:
    return value[:index] + {"0": "1", "1": "0"}[value[index]] + value[index + 1 :]


def mutated_table(netlist: Netlist) -> Netlist:
    """Return the netlist with the largest lookup table's function inverted."""
    tables = [i for i, cell in enumerate(netlist.cells) if "LUT" in cell.kind and cell.parameters]
    index = max(tables, key=lambda i: len(_table(netlist.cells[i])[1]))
    cell = netlist.cells[index]
    name, value = _table(cell)
    wrong = "".join({"0": "1", "1": "0"}.get(digit, digit) for digit in value)
    return changed(netlist, index, replace(cell, parameters={**cell.parameters, name: wrong}))


def _table(cell: Cell) -> tuple[str, str]:
    return next((name, value) for name, value in cell.parameters.items() if "INIT" in name)


def mutated_memory(netlist: Netlist) -> Netlist:
    """Return the netlist with the highest bit set in a block RAM's first slice cleared.

    The lowest may be a bias' least bit, which rounding hides.
    """
    for index, cell in enumerate(netlist.cells):
        slices = sorted(name for name in cell.parameters if re.fullmatch(r"INIT\w*_0+", name))
        for name in slices:
            value = cell.parameters[name]
            if len(value) >= 256 and "1" in value:
                wrong = flipped(value, value.index("1"))
                return changed(netlist, index, replace(cell, parameters={**cell.parameters, name: wrong}))
    raise AssertionError("no block RAM with contents")


def swapped_nets(netlist: Netlist) -> Netlist:
    """Return the netlist with the lowest two bits of an answer swapped."""
    port = netlist.ports["m_axis_tdata"]
    bits = (port.bits[1], port.bits[0], *port.bits[2:])
    return replace(netlist, ports={**netlist.ports, "m_axis_tdata": replace(port, bits=bits)})


@pytest.mark.parametrize(
    "family",
    [family if family in QUICK else pytest.param(family, marks=pytest.mark.slow) for family in FAMILIES],
)
def test_the_netlist_equals_the_reference(
    family: str, made: Callable[[str], tuple[Design, Netlist]], tmp_path: Path
) -> None:
    design, netlist = made(family)
    modes = {cell.parameters["REGMODE_B"] for cell in netlist.cells if cell.kind == "DP16KD"}
    assert modes == ({"OUTREG"} if family == "ecp5" else set())
    proof = prove(design, netlist, tmp_path)
    assert (proof.mismatches, proof.vectors) == (0, VECTORS)
    assert proof.resets > 0
    assert proof.stalled_vectors > 0


def test_lookup_tables_that_the_rtl_instantiates_keep_their_contents(tmp_path: Path) -> None:
    design = build_bare(unrolled(toy_network(), UnrolledShape()), tmp_path, board=FAMILIES[FIRST]).design
    netlist = synthesize_netlist(design, tmp_path / "work")
    assert all("INIT" in cell.parameters for cell in netlist.cells if cell.kind == "LUT6_2")
    assert any(cell.kind == "LUT6_2" for cell in netlist.cells)
    assert prove(design, netlist, tmp_path / "gates").mismatches == 0


@pytest.mark.parametrize("mutate", [mutated_table, mutated_memory, swapped_nets])
def test_a_mutant_is_found(
    mutate: Callable[[Netlist], Netlist], made: Callable[[str], tuple[Design, Netlist]], tmp_path: Path
) -> None:
    design, netlist = made(FIRST)
    with pytest.raises(MismatchError):
        prove(design, mutate(netlist), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("mutate", [mutated_table, mutated_memory, swapped_nets])
@pytest.mark.parametrize("family", [family for family in FAMILIES if family != FIRST])
def test_a_mutant_of_any_family_is_found(
    family: str,
    mutate: Callable[[Netlist], Netlist],
    made: Callable[[str], tuple[Design, Netlist]],
    tmp_path: Path,
) -> None:
    design, netlist = made(family)
    with pytest.raises(MismatchError):
        prove(design, mutate(netlist), tmp_path)
