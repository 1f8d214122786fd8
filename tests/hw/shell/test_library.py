"""The Verilated AXI4-Lite shell, by the functions through which a driver's simulated transport sees it."""

from collections.abc import Iterator

import numpy as np
import pytest

from ganglion.hw.shell.registers import IDENTITY, POLICY_BYTES, REGISTERS, VERSION, shape_word
from tests.hw.shell.shells import OKAY, POLICY, SLVERR, Build, Library, build_shells


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build_shells(tmp_path_factory.mktemp("shell") / "small")


@pytest.fixture(scope="module")
def library(build: Build) -> Library:
    return Library(build)


@pytest.fixture
def board(library: Library) -> Iterator[Library]:
    with library.opened() as opened:
        yield opened


def test_header_says_which_policy_and_what_shape(board: Library) -> None:
    fixed = {
        "identity": IDENTITY,
        "version": VERSION,
        "control": 0,
        "status": 0,
        "cycles": 0,
        "inferences": 0,
    }
    assert {name: board.register(name) for name in fixed} == fixed
    first = board.shell.registers["policy"]
    words = [board.read(first + 4 * k)[1] for k in range(POLICY_BYTES // 4)]
    assert np.array(words, "<u4").tobytes() == bytes.fromhex(POLICY)[:POLICY_BYTES]
    assert board.register("observation_shape") == shape_word(11, 8, True)
    assert board.register("action_shape") == shape_word(3, 8, True)


def test_clock_counts_the_cycles_since_reset(board: Library) -> None:
    first = board.register("clock")
    board.run(1000)
    assert board.register("clock") - first == 1000 + 2
    board.reset()
    assert board.register("clock") < 10


def test_actions_equal_the_reference(board: Library, build: Build) -> None:
    inputs = build.inputs(50)
    got = np.array([board.infer(vector) for vector in inputs])
    np.testing.assert_array_equal(got, build.expected(inputs))
    assert board.register("inferences") == len(inputs)
    assert board.status() == {"done"}
    words = build.shell.observation.words
    estimate = build.design.estimate
    assert estimate is not None
    assert estimate.latency_cycles <= board.register("cycles") <= estimate.latency_cycles + words + 5


def test_free_running_starts_with_the_last_word(board: Library, build: Build) -> None:
    board.control("free_running")
    for vector in build.inputs(5, seed=1):
        board.load(vector)
        board.wait()
        np.testing.assert_array_equal(board.action(), build.expected(vector[None])[0])
    assert board.register("inferences") == 5
    board.control()
    board.load(build.inputs(1)[0])
    board.run(1000)
    assert board.register("inferences") == 5


def test_writes_while_busy_are_refused_and_do_no_harm(board: Library, build: Build) -> None:
    first, second = build.inputs(2, seed=2)
    board.load(first)
    board.control("start")
    board.load(second)
    board.control("start")
    assert board.status() >= {"busy", "write_while_busy"}
    board.wait()
    np.testing.assert_array_equal(board.action(), build.expected(first[None])[0])
    assert board.register("inferences") == 1
    board.control("start")
    board.wait()
    np.testing.assert_array_equal(board.action(), build.expected(first[None])[0])
    assert board.status() == {"done", "write_while_busy"}
    board.control("clear")
    assert board.status() == set()


def test_every_address_outside_the_map_is_an_error(board: Library) -> None:
    shell = board.shell
    readable = {each.offset + 4 * k for each in REGISTERS for k in range(each.words)}
    readable |= {shell.action.offset + 4 * k for k in range(shell.action.words)}
    writable = {each.offset for each in REGISTERS if each.writable}
    writable |= {shell.observation.offset + 4 * k for k in range(shell.observation.words)}
    for address in range(1 << shell.address_bits):
        board.control("clear")
        assert board.read(address)[0] == (OKAY if address in readable else SLVERR), hex(address)
        assert board.status() == (set() if address in readable else {"bad_access"}), hex(address)
    for address in range(1 << shell.address_bits):
        board.control("clear")
        assert board.write(address, 0) == (OKAY if address in writable else SLVERR), hex(address)
        assert board.status() == (set() if address in writable else {"bad_access"}), hex(address)


@pytest.mark.parametrize("cycles", [1, 7])
def test_reset_at_any_time_leaves_nothing_behind(board: Library, build: Build, cycles: int) -> None:
    first, second = build.inputs(2, seed=3)
    for wait in range(40):
        board.load(first)
        board.control("start", "free_running", "interrupt_enable")
        board.run(wait)
        board.reset(cycles)
        assert [board.register(name) for name in ("status", "control", "cycles", "inferences")] == [0] * 4
        np.testing.assert_array_equal(board.infer(second), build.expected(second[None])[0])


def test_reset_by_control_abandons_the_inference(board: Library, build: Build) -> None:
    first, second = build.inputs(2, seed=4)
    for wait in range(40):
        board.load(first)
        board.control("start")
        board.run(wait)
        board.control("reset")
        assert board.status() == set()
        np.testing.assert_array_equal(board.infer(second), build.expected(second[None])[0])
