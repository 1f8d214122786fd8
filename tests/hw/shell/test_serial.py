"""The serial shell, byte by byte: what it answers, and what it does with a line that lies."""

from collections.abc import Iterator

import numpy as np
import pytest

from ganglion.deploy.transports.frame import (
    MAX_WORDS,
    Op,
    Parser,
    Status,
    crc16,
    request,
    response,
    response_bytes,
)
from ganglion.hw.shell.registers import IDENTITY
from ganglion.models.reference import Ints
from tests.hw.shell.serial_board import SerialBoard
from tests.hw.shell.shells import Build, build_shells

GAP_BYTES = 64
LONG = 2 * GAP_BYTES


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build_shells(tmp_path_factory.mktemp("serial") / "small")


@pytest.fixture(scope="module")
def library(build: Build) -> SerialBoard:
    return SerialBoard(build)


@pytest.fixture
def board(library: SerialBoard) -> Iterator[SerialBoard]:
    with library.opened() as opened:
        yield opened


def _answers(board: SerialBoard, build: Build, seed: int) -> bool:
    vector = build.inputs(1, seed=seed)
    return np.array_equal(board.infer(vector[0]), build.expected(vector)[0])


def test_checksum_is_crc_16_ccitt_false() -> None:
    assert crc16(b"123456789") == 0x29B1


def test_frames_are_those_of_the_page() -> None:
    assert request(Op.READ, 5, 0x1234, 2).hex() == "4701050234125a92"
    assert response(Op.WRITE, 5, Status.OK).hex()[:10] == "6702050000"


def test_whole_golden_vectors_by_infer(board: SerialBoard, build: Build) -> None:
    inputs = build.inputs(100)
    got = np.array([board.infer(vector) for vector in inputs])
    np.testing.assert_array_equal(got, build.expected(inputs))
    assert board.read("inferences") == len(inputs)


def test_infer_works_in_free_running_mode_too(board: SerialBoard, build: Build) -> None:
    board.control("free_running", "interrupt_enable")
    for seed in range(3):
        assert _answers(board, build, seed)
    assert board.read("inferences") == 3
    assert board.read("control") == sum(
        build.shell.control[name] for name in ("free_running", "interrupt_enable")
    )


def test_infer_answers_with_its_cycles(board: SerialBoard, build: Build) -> None:
    _, words = board.ask(Op.INFER, build.shell.observation.offset, 0)
    assert words[0] == board.read("cycles") > 0


def test_words_are_read_and_written_in_blocks(board: SerialBoard, build: Build) -> None:
    status, words = board.ask(Op.READ, 0, 6)
    assert (status, words[0], words[2:6].tobytes().hex()) == (Status.OK, IDENTITY, build.shell.policy[:32])
    window, vector = build.shell.observation, build.inputs(1, seed=9)
    assert board.ask(Op.WRITE, window.offset, window.words, window.pack(vector).tobytes())[0] == Status.OK
    status, words = board.ask(Op.INFER, window.offset, 0)
    np.testing.assert_array_equal(build.shell.action.unpack(words[None, 1:]), build.expected(vector))


@pytest.mark.parametrize(
    ("op", "address", "count", "status"),
    [
        (Op.READ, 0, 0, Status.OK),
        (Op.WRITE, 0x20, 0, Status.OK),
        (7, 0, 1, Status.UNKNOWN_OP),
        (0, 0, 0, Status.UNKNOWN_OP),
        (Op.READ, 2, 1, Status.REFUSED),
        (Op.READ, 0x30, 2, Status.REFUSED),
        (Op.READ, 0x1000, 1, Status.REFUSED),
        (Op.READ, 0xFFFC, 2, Status.REFUSED),
        (Op.READ, 0, MAX_WORDS, Status.REFUSED),
        (Op.WRITE, 0x24, 1, Status.REFUSED),
        (Op.WRITE, 0x1020, 1, Status.REFUSED),
        (Op.WRITE, 0x800, MAX_WORDS, Status.REFUSED),
        (Op.INFER, 0x7FC, 1, Status.REFUSED),
    ],
)
def test_what_is_not_there_is_refused(
    board: SerialBoard, build: Build, op: int, address: int, count: int, status: Status
) -> None:
    payload = b"" if op == Op.READ else bytes(4 * count)
    frame, parser = request(op, 3, address, count, payload), Parser()
    parser.feed(board.say(frame, len(frame) + LONG))
    assert parser.find(op, 3, 0) == (status, b"")
    assert bool(board.read("status") & build.shell.status["bad_access"]) == (status == Status.REFUSED)
    board.control("clear")
    assert _answers(board, build, 1)


@pytest.mark.parametrize("length", [0.98, 1.02])
def test_a_baud_that_is_two_percent_off_is_understood(
    board: SerialBoard, build: Build, length: float
) -> None:
    board.skew(length)
    assert all(_answers(board, build, seed) for seed in range(5))


def test_every_flipped_bit_is_noticed(board: SerialBoard, build: Build) -> None:
    frame = board.infer_request(9, build.inputs(1)[0])
    for bit in range(8 * len(frame)):
        wrong = bytearray(frame)
        wrong[bit // 8] ^= 1 << bit % 8
        assert board.say(bytes(wrong), len(frame) + LONG) == b"", bit
    assert board.read("inferences") == 0
    assert _answers(board, build, 2)


def test_every_dropped_or_doubled_byte_is_noticed(board: SerialBoard, build: Build) -> None:
    frame = board.infer_request(9, build.inputs(1)[0])
    for at in range(len(frame)):
        dropped = frame[:at] + frame[at + 1 :]
        doubled = frame[: at + 1] + frame[at:]
        assert board.say(dropped, len(frame) + LONG) == b"", at
        # Doubled, the last byte lies behind a whole frame.
        assert bool(board.say(doubled, len(frame) + LONG)) == (at == len(frame) - 1), at
    assert _answers(board, build, 3)


def test_a_frame_cut_short_is_forgotten_after_the_gap(board: SerialBoard, build: Build) -> None:
    frame = board.infer_request(9, build.inputs(1)[0])
    for length in range(1, len(frame)):
        assert board.say(frame[:length], length + GAP_BYTES + 2) == b""
        assert _answers(board, build, length)


def test_a_pause_within_a_frame_shorter_than_the_gap_does_no_harm(board: SerialBoard, build: Build) -> None:
    vector = build.inputs(1)
    frame = board.infer_request(9, vector[0])
    assert board.say(frame[:7], 7 + GAP_BYTES - 2) == b""
    answer = board.say(frame[7:], len(frame) + LONG)
    assert answer[:3] == bytes([0x67, Op.INFER, 9]) and len(answer) == response_bytes(2)


def test_noise_between_frames_costs_at_most_the_next_gap(board: SerialBoard, build: Build) -> None:
    rng = np.random.default_rng(5)
    for seed in range(30):
        noise = rng.bytes(int(rng.integers(1, 40)))
        board.say(noise, len(noise) + GAP_BYTES + 2)
        assert _answers(board, build, seed)


def test_requests_back_to_back(board: SerialBoard, build: Build) -> None:
    """A request may follow an answer's last byte at once; one that does not wait is not heard."""
    vectors = build.inputs(2)
    first, second = (board.infer_request(seq, vector) for seq, vector in enumerate(vectors))
    answer = b""
    board.put(first)
    while len(answer) < response_bytes(2):
        board.run(1)
        answer += board.get()
    answer += board.say(second, len(second) + LONG)
    assert [answer[2], answer[response_bytes(2) + 2]] == [0, 1]
    both = board.say(first + second, 2 * len(first) + LONG)
    assert len(both) == response_bytes(2) and both[2] == 0
    assert _answers(board, build, 8)


def test_reset_at_any_time_leaves_nothing_behind(board: SerialBoard, build: Build) -> None:
    vector: Ints = build.inputs(1)[0]
    frame = board.infer_request(9, vector)
    whole = (len(frame) + response_bytes(2) + 4) * board.cycles_per_byte
    for wait in range(0, whole, 193):
        board.put(frame)
        board.run(wait)
        board.reset(1 + wait % 3)
        board.run((len(frame) + LONG) * board.cycles_per_byte)
        board.get()
        assert board.read("status") & build.shell.status["busy"] == 0
        assert _answers(board, build, wait)
