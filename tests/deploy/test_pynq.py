"""The PYNQ transport over a stand-in for pynq: what it makes of clocks, overlays and other processes."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ganglion.deploy.board_lock import BoardLock
from ganglion.deploy.policy import Policy
from ganglion.deploy.transports import pynq_board
from ganglion.deploy.transports.transport import TransportError
from ganglion.models.build.errors import ToolError
from tests.deploy.bundles import OBSERVATION_FEATURES, Toy, give_bit_file, write_toy
from tests.deploy.pynq_stand_in import VLNV, stand_in

OBSERVATIONS = np.random.default_rng(1).normal(0, 2, (20, OBSERVATION_FEATURES))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    return write_toy(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def toy(built: Toy, tmp_path: Path) -> Toy:
    folder = Path(shutil.copytree(built.folder, tmp_path / "bundle"))
    give_bit_file(folder, "<EDKSYSTEM/>")
    return Toy(folder=folder, ends=built.ends)


@pytest.fixture(autouse=True)
def _pynq(built: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynq", stand_in(built.library))


def test_actions_equal_the_reference_on_an_overlay(toy: Toy) -> None:
    _, _, expected = toy.ends.act(OBSERVATIONS)
    with Policy.load(toy.folder) as policy:
        assert policy.self_test() == 100
        assert np.array_equal([policy(each).copy() for each in OBSERVATIONS], expected)


@pytest.mark.parametrize(("allowed_mhz", "set_mhz"), [(100.0, 100.0), (120.2, 1000 / 9), (71.0, 1000 / 15)])
def test_the_clock_is_the_nearest_that_timing_allows(toy: Toy, allowed_mhz: float, set_mhz: float) -> None:
    give_bit_file(toy.folder, "<EDKSYSTEM/>", allowed_mhz)
    with Policy.load(toy.folder) as policy:
        assert sys.modules["pynq"].Clocks.fclk0_mhz == set_mhz
        policy(OBSERVATIONS[0])
        assert policy.timing.core_us == pytest.approx(policy._cycles / set_mhz)


def test_a_clock_much_slower_than_the_bundle_s_is_told(
    toy: Toy, built: Toy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "pynq", stand_in(built.library, pll_mhz=60.0))
    Policy.load(toy.folder).close()
    assert "its clock is 60 MHz, the bundle's 100" in caplog.text


def test_a_clock_that_cannot_be_as_slow_is_refused(
    toy: Toy, built: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynq", stand_in(built.library, pll_mhz=63 * 63 * 250.0))
    with pytest.raises(TransportError, match="its clock is 250 MHz, allowed 100"):
        Policy.load(toy.folder)


@pytest.mark.parametrize("blocks", [(), ("xilinx.com:ip:axi_dma:7.1",), (VLNV, VLNV)])
def test_an_overlay_without_our_shell_is_refused(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, blocks: tuple[str, ...]
) -> None:
    monkeypatch.setitem(sys.modules, "pynq", stand_in(toy.library, blocks))
    with pytest.raises(
        TransportError, match=rf"toy\.bit: {blocks.count(VLNV)} blocks of {VLNV} in the overlay"
    ):
        Policy.load(toy.folder)
    BoardLock(pynq_board.BOARD).release()


def test_a_bit_file_that_pynq_does_not_load(toy: Toy, tmp_path: Path) -> None:
    (tmp_path / "lone.bit").write_bytes(b"bit")
    with pytest.raises(ToolError, match=r"lone\.bit: pynq cannot load it: Unable to find metadata"):
        pynq_board.PynqTransport.open(tmp_path / "lone.bit", 100.0)


def test_without_pynq_it_says_where_it_comes_from(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynq", None)
    with pytest.raises(ToolError, match="it comes with a PYNQ board's image"):
        Policy.load(toy.folder)


def test_one_board_is_driven_once(toy: Toy) -> None:
    first = Policy.load(toy.folder)
    with pytest.raises(TransportError, match=r"the PYNQ board is driven by process \d+; end it, or wait"):
        Policy.load(toy.folder)
    first.close()
    Policy.load(toy.folder).close()


def test_a_call_after_close_reaches_no_register(toy: Toy) -> None:
    transport = pynq_board.PynqTransport.open(toy.folder / "toy.bit", 100.0)
    transport.close()
    transport.close()
    for ask in (lambda: transport.read(0), lambda: transport.write(0, 0)):
        with pytest.raises(TransportError, match="the PYNQ board is closed"):
            ask()


HOLD = """
import sys
from pathlib import Path
from ganglion.deploy.board_lock import BoardLock
lock = BoardLock("a board", Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_process_that_holds_a_board_is_named_and_death_lets_go(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        with pytest.raises(TransportError, match=f"a board is driven by process {other.pid}"):
            BoardLock("a board", tmp_path)
        other.kill()
    BoardLock("a board", tmp_path).release()
