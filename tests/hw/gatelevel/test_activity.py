"""Switching is counted as by hand, by what drives a net, and written as SAIF; energy needs constants."""

from dataclasses import replace

import numpy as np
import pytest

from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.design import Design, Port
from ganglion.hw.gatelevel.activity import Activity, kind_of, measure_activity
from ganglion.hw.gatelevel.bench import netlist_bench
from ganglion.hw.gatelevel.energy import estimate_energy
from ganglion.hw.gatelevel.netlist import Cell, Netlist
from ganglion.hw.gatelevel.netlist import Port as Pins
from ganglion.hw.gatelevel.saif import write_saif
from ganglion.hw.sim.harness import Switching
from ganglion.hw.target.board import Board, find_board
from ganglion.hw.target.family import EnergyConstants
from ganglion.models.build.errors import ConfigError
from ganglion.models.spec.types import IntType
from tests.hw.bare import CACHE

BOARD = find_board("Pynq-Z2")
CLOCK, RESET_N, IN_VALID, OUT_VALID, OUT_READY, INVERTED, IN, STORED = 2, 3, 4, 5, 6, 7, 10, 20
NAMES = {CLOCK: "ap_clk", OUT_VALID: "u_a.valid_q", INVERTED: "$abc$1"}
NAMES |= {STORED + i: f"u_a.data_q[{i}]" for i in range(8)}
CONSTANTS = EnergyConstants(
    source="a test",
    cycle_pj=10.0,
    toggle_pj={"ff": (1.0, 2.0), "lut": (1.0, 4.0)},
    static_mw={BOARD.part: 3.0},
)
ACTIVITY = Activity(actions=1, cycles=100.0, toggles={"ff": 500.0, "lut": 250.0}, nets={"ff": 9, "lut": 1})


def register(d: int | str, q: int, enable: int | str) -> Cell:
    pins = {"C": (CLOCK,), "CE": (enable,), "D": (d,), "Q": (q,), "R": ("0",)}
    return Cell(kind="FDRE", parameters={"INIT": "0"}, pins=pins, outputs=frozenset("Q"))


def word_register() -> Netlist:
    """Return a register of a word that is always ready, its lowest bit inverted behind it."""
    inverter = Cell(
        kind="LUT1",
        parameters={"INIT": "01"},
        pins={"I0": (STORED,), "O": (INVERTED,)},
        outputs=frozenset("O"),
    )
    inputs = {"ap_clk": (CLOCK,), "ap_rst_n": (RESET_N,), "s_axis_tvalid": (IN_VALID,)}
    inputs |= {"m_axis_tready": (OUT_READY,), "s_axis_tdata": tuple(range(IN, IN + 8))}
    outputs = {"s_axis_tready": ("1",), "m_axis_tvalid": (OUT_VALID,)}
    outputs["m_axis_tdata"] = (INVERTED, *range(STORED + 1, STORED + 8))
    cells = [register(IN + i, STORED + i, IN_VALID) for i in range(8)]
    ports = {name: Pins(is_input=name in inputs, bits=bits) for name, bits in (inputs | outputs).items()}
    netlist = Netlist("top", ports, (*cells, register(IN_VALID, OUT_VALID, "1"), inverter), {})
    return replace(netlist, names={net: NAMES.get(net, f"port{net}") for net in netlist.drivers})


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> Switching:
    """Return what four words switch, a cycle after which each is answered."""
    byte = StreamFormat(type=IntType.parse("UINT8"), features=1, word_values=1, words=1, width_bits=8)
    folder = tmp_path_factory.mktemp("word")
    design = Design(
        root=folder,
        name="word",
        engine="none",
        board=BOARD,
        top="top",
        sources=(),
        memories={},
        input=Port(prefix="s_axis", format=byte),
        output=Port(prefix="m_axis", format=byte),
        taps=(),
    )
    bench = netlist_bench(design, word_register(), folder, CACHE)
    result, found = bench.switching(np.array([[0x00], [0xFF], [0x0F], [0x0F]]), folder)
    assert result.words["m_axis"].ravel().tolist() == [0x01, 0xFE, 0x0E, 0x0E]
    return found


def test_toggles_are_those_counted_by_hand(counts: Switching) -> None:
    netlist = word_register()
    # Valid rises and falls in 8 cycles, 7 times from the first on, in front of the register and behind it; of
    # the data 0 + 8 + 4 + 0 bits switch; the inverted one once, from 0 to 1.
    activity = measure_activity(netlist, BOARD.family.cells, counts, actions=4)
    assert counts.cycles == 8
    assert activity.toggles == {"ff": (7 + 12) / 4, "input": (7 + 12) / 4, "lut": 1 / 4}
    assert activity.nets == {"ff": 9, "input": 12, "lut": 1}
    assert counts.high[netlist.observed.index(OUT_VALID)] == 4


def test_saif_says_the_same_in_the_instances_of_the_rtl(counts: Switching) -> None:
    text = write_saif(word_register(), counts, ["board", "u_policy"], "ap_clk", clock_mhz=100.0)
    lines = text.splitlines()
    assert "(DURATION 80000)" in lines
    assert lines[lines.index("(INSTANCE board") :][:2] == ["(INSTANCE board", "(INSTANCE u_policy"]
    assert "(valid_q (T0 40000) (T1 40000) (TX 0) (TC 7))" in lines[lines.index("(INSTANCE u_a") :]
    assert r"(data_q\[7\] (T0 60000) (T1 20000) (TX 0) (TC 2))" in lines
    assert "(ap_clk (T0 40000) (T1 40000) (TX 0) (TC 16))" in lines
    assert "abc" not in text


def test_a_net_is_of_the_kind_of_what_drives_it() -> None:
    cells = BOARD.family.cells
    kinds = {"": "input", "LUT6": "lut", "FDRE": "ff", "CARRY4": "carry", "DSP48E1": "dsp", "MUXF7": "other"}
    assert {driver: kind_of(driver, cells) for driver in kinds} == kinds


def board_with(constants: EnergyConstants | None) -> Board:
    return replace(BOARD, clock_mhz=100.0, family=replace(BOARD.family, energy=constants))


def test_energy_is_clock_and_toggles_and_apart_from_them_rest() -> None:
    found = estimate_energy(ACTIVITY, board_with(CONSTANTS))
    assert found.dynamic_nj == (1.75, 3.0)  # 100 * 10 pJ + 500 * 1 or 2 pJ + 250 * 1 or 4 pJ
    assert found.static_nj == 3.0  # 3 mW for 1 µs
    assert (found.not_counted, found.reason) == ((), None)
    assert str(found) == "estimate: 1.75 to 3 nJ an action, 3 nJ at rest meanwhile; a test"


@pytest.mark.parametrize("kind", ["ff", "lut"])
def test_more_activity_costs_more(kind: str) -> None:
    board = board_with(CONSTANTS)
    more = replace(ACTIVITY, toggles=ACTIVITY.toggles | {kind: ACTIVITY.toggles[kind] + 10})
    less, found = estimate_energy(ACTIVITY, board).dynamic_nj, estimate_energy(more, board).dynamic_nj
    assert less is not None
    assert found is not None
    assert all(a > b for a, b in zip(found, less, strict=True))


def test_a_kind_that_nobody_measured_is_named_and_not_counted() -> None:
    activity = replace(ACTIVITY, toggles=ACTIVITY.toggles | {"bram": 7.0, "dsp": 0.0})
    found = estimate_energy(activity, board_with(CONSTANTS))
    assert found.not_counted == ("bram",)
    assert found.dynamic_nj == (1.75, 3.0)
    assert "an action without bram," in str(found)


def test_without_constants_there_is_no_number_and_a_reason() -> None:
    found = estimate_energy(ACTIVITY, board_with(None))
    assert (found.dynamic_nj, found.static_nj, found.source) == (None, None, None)
    assert str(found) == "none: no measured cost of a toggle is known for 7-series; toggles compare engines"


@pytest.mark.parametrize("wrong", [{"toggle_pj": {"ff": (2.0, 1.0)}}, {"cycle_pj": -1.0}])
def test_impossible_constants_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"energy\.(toggle_pj\.ff = \[2.0, 1.0\]|cycle_pj)"):
        replace(CONSTANTS, **wrong)
