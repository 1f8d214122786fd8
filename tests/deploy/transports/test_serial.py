"""The serial transport against the Verilated serial shell: never a wrong answer, however bad the line."""

import builtins
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pytest

from ganglion.deploy.fields import Fields
from ganglion.deploy.policy import Policy
from ganglion.deploy.register_map import RegisterMap
from ganglion.deploy.transports.frame import MAX_WORDS, Op, Parser, Status, response
from ganglion.deploy.transports.serial import SerialTransport
from ganglion.deploy.transports.transport import TransportError
from ganglion.models.build.codec import encode
from ganglion.models.build.errors import ToolError
from ganglion.models.spec.heads import TanhHead
from ganglion.models.spec.policy import Normalizer
from tests.deploy.bundles import Ends, write_bundle
from tests.deploy.transports.serial_line import Faults, SerialLine
from tests.hw.shell.serial_board import SerialBoard
from tests.hw.shell.shells import Build, build_shells

BAUD = 38400
"""A guess at what the simulation keeps up with."""
TIMEOUT_S = 5.0
NOISE = Faults(flip=0.004, drop=0.004, double=0.004)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build_shells(tmp_path_factory.mktemp("serial") / "small")


@pytest.fixture(scope="module")
def board(build: Build) -> SerialBoard:
    return SerialBoard(build)


@pytest.fixture
def line(board: SerialBoard) -> Iterator[SerialLine]:
    with SerialLine(board).opened() as line:
        yield line


@pytest.fixture
def transport(line: SerialLine) -> Iterator[SerialTransport]:
    transport = SerialTransport.open(line.device, BAUD, TIMEOUT_S)
    yield transport
    transport.close()


@pytest.fixture(scope="module")
def registers(build: Build) -> RegisterMap:
    return RegisterMap.read(Fields(encode(build.shell), "shell.json"))


def infer(transport: SerialTransport, registers: RegisterMap, build: Build, vector: np.ndarray) -> np.ndarray:
    action = np.zeros(build.shell.action.words, np.uint32)
    cycles = transport.infer(registers, build.shell.observation.pack(vector[None])[0], action)
    assert cycles > 0
    return build.shell.action.unpack(action[None])[0]


def test_words_are_read_and_written(transport: SerialTransport, registers: RegisterMap, build: Build) -> None:
    assert transport.read(registers.identity) == registers.identity_value
    transport.write(registers.control, registers.free_running)
    assert transport.read(registers.control) == registers.free_running
    words = np.zeros(4, np.uint32)
    transport.read_words(registers.policy, words)
    assert words.tobytes().hex() == build.shell.policy[:32]
    with pytest.raises(TransportError, match="refused an access"):
        transport.write_words(0, np.zeros(MAX_WORDS + 1, np.uint32))


def test_infer_is_one_exchange_and_equals_the_reference(
    transport: SerialTransport, registers: RegisterMap, build: Build
) -> None:
    inputs = build.inputs(20)
    got = [infer(transport, registers, build, vector) for vector in inputs]
    np.testing.assert_array_equal(got, build.expected(inputs))
    retries = transport.retries  # of a slow machine; a request that is repeated may have been lost or not
    assert 20 <= transport.read(build.shell.registers["inferences"]) <= 20 + retries


@pytest.mark.parametrize(
    "faults",
    [Faults(flip=0.02), Faults(drop=0.02), Faults(double=0.02), NOISE],
    ids=["flipped", "dropped", "doubled", "all"],
)
def test_a_bad_line_gives_the_right_action_or_an_error_in_time(
    line: SerialLine, transport: SerialTransport, registers: RegisterMap, build: Build, faults: Faults
) -> None:
    line.faults = faults
    inputs = build.inputs(40, seed=1)
    failures: list[TransportError] = []
    for vector, expected in zip(inputs, build.expected(inputs), strict=True):
        start = monotonic()
        try:
            np.testing.assert_array_equal(infer(transport, registers, build, vector), expected)
        except TransportError as error:
            failures.append(error)
        assert monotonic() - start < TIMEOUT_S + 0.5
    assert transport.retries > 0
    assert len(failures) < len(inputs) // 4 and all(error.is_retryable for error in failures)
    line.faults = Faults()
    np.testing.assert_array_equal(infer(transport, registers, build, inputs[0]), build.expected(inputs)[0])


def test_a_dead_line_is_an_error_when_the_time_is_over(
    line: SerialLine, transport: SerialTransport, registers: RegisterMap
) -> None:
    line.faults = Faults(drop=1.0)
    transport.timeout_s = 0.3
    start = monotonic()
    with pytest.raises(TransportError, match=r"did not answer within 0.3 s \(\d+ retries, 0 bad frames"):
        transport.read(registers.identity)
    assert 0.3 <= monotonic() - start < 0.6
    line.faults = Faults()
    transport.timeout_s = TIMEOUT_S
    assert transport.read(registers.identity) == registers.identity_value


def test_a_policy_runs_over_a_bad_line(line: SerialLine, build: Build, tmp_path: Path) -> None:
    ends = Ends(
        network=build.network,
        normalizer=Normalizer(features=tuple(range(11)), offset=(0.0,) * 11, gain=(40.0,) * 11),
        head=TanhHead(exponent=-6, low=(-1.0,) * 3, high=(1.0,) * 3),
        observation_features=11,
    )
    observations = np.random.default_rng(2).normal(0, 1, (20, 11))
    bundle = write_bundle(tmp_path / "bundle", ends, encode(build.shell), observations)
    line.faults = NOISE
    transport = SerialTransport.open(line.device, BAUD, TIMEOUT_S)
    with Policy.load(bundle, transport, TIMEOUT_S) as policy:
        assert policy.self_test() == len(observations)


def test_a_device_is_one_process_s_and_must_be_there(line: SerialLine, tmp_path: Path) -> None:
    first = SerialTransport.open(line.device, BAUD)
    with pytest.raises(TransportError, match=f"{line.device} at {BAUD} baud: .*lock"):
        SerialTransport.open(line.device, BAUD)
    first.close()
    SerialTransport.open(line.device, BAUD).close()
    with pytest.raises(TransportError, match="absent at 38400 baud: .*No such file"):
        SerialTransport.open(str(tmp_path / "absent"), BAUD)


def test_without_pyserial_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "serial":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ToolError, match="pip install pyserial"):
        SerialTransport.open("/dev/null")


def test_a_device_that_is_unplugged_is_an_error(line: SerialLine, registers: RegisterMap) -> None:
    class Unplugged:
        def reset_input_buffer(self) -> None:
            raise OSError("device disconnected")

        def close(self) -> None: ...

        read = write = reset_input_buffer

    with pytest.raises(TransportError, match="the serial line failed: device disconnected") as caught:
        SerialTransport(Unplugged()).read(0)  # type: ignore[arg-type]
    assert not caught.value.is_retryable


class Recorded:
    """A line on which answers wait, whatever is asked."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)

    def read(self, size: int) -> bytes:
        return self._answers.pop(0) if self._answers else b""

    def write(self, data: bytes) -> None: ...
    def reset_input_buffer(self) -> None: ...
    def close(self) -> None: ...


def test_an_answer_to_another_request_is_not_taken() -> None:
    late = response(Op.READ, 0, Status.OK, b"late")
    answer = response(Op.READ, 1, Status.OK, b"true")
    transport = SerialTransport(Recorded(late, b"\x67\x01", answer[:4], answer[4:]), BAUD)
    assert transport.read(0) == int.from_bytes(b"true", "little")
    assert (transport.retries, transport.bad_frames) == (0, 0)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (Status.UNKNOWN_OP, "does not know this request"),
        (Status.REFUSED, "refused an access"),
        (Status.TIMEOUT, "does not finish"),
        (99, "unknown status 99"),
    ],
)
def test_what_the_board_says_of_a_request_is_an_error(status: int, message: str) -> None:
    with pytest.raises(TransportError, match=message):
        SerialTransport(Recorded(response(Op.READ, 1, status)), BAUD).read(0)


def test_the_parser_finds_a_frame_behind_a_spoilt_one() -> None:
    good = response(Op.INFER, 7, Status.OK, b"12345678")
    for at in range(len(good)):
        for spoilt in (
            good[:at] + good[at + 1 :],
            good[:at] + b"g" + good[at + 1 :],
            good[:at] + b"g" + good[at:],
        ):
            parser = Parser()
            parser.feed(spoilt)
            assert parser.find(Op.INFER, 7, 2) in (None, (Status.OK, b"12345678"))
            parser.feed(good)
            assert parser.find(Op.INFER, 7, 2) == (Status.OK, b"12345678")
