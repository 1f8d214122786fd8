"""One action a tick, at its time; whatever fails, the safe one, and the policy's again afterwards."""

import threading
import time

import numpy as np
import pytest

from ganglion.deploy.control.pace import Pace
from ganglion.deploy.control.statistics import Cause
from ganglion.deploy.transports.transport import TransportError
from ganglion.models.build.errors import ConfigError
from tests.deploy.control.fakes import Robot, failing, infer, loop_of, raising, ticks_of

STOP = [0.0, 0.0]


def near(*values: float) -> list[list[float]]:
    return [[pytest.approx(value)] * 2 for value in values]


def test_each_observation_brings_one_action_and_the_safe_one_comes_last() -> None:
    robot = Robot(3)
    loop = loop_of(robot)
    ticks = ticks_of(loop)
    assert robot.written == [*near(0.1, 0.2, 0.3), STOP]
    assert [tick.number for tick in ticks] == [0, 1, 2]
    seen = loop.statistics
    assert (seen.ticks, seen.actions, seen.missed, seen.latency.count) == (3, 3, 0, 3)


def test_steps_end_the_run() -> None:
    robot = Robot(1000)
    assert loop_of(robot, steps=4).run(lambda tick: None).ticks == 4
    assert robot.reads == 4


def test_ticks_keep_absolute_times() -> None:
    def takes_30_ms(observation: np.ndarray) -> np.ndarray:
        time.sleep(0.03)
        return infer(observation)

    robot = Robot(10)
    loop = loop_of(robot, takes_30_ms, rate_hz=20)
    begun = time.monotonic()
    loop.run(lambda tick: None)
    # Were the 30 ms added to each tick, the last one would start after 720 ms.
    assert 0.45 <= robot.times[9] - begun < 0.7
    assert loop.statistics.jitter.count == 10


def test_ticks_that_passed_meanwhile_are_skipped_and_counted() -> None:
    robot = Robot(5)
    loop = loop_of(robot, failing(2, lambda: time.sleep(0.55)), rate_hz=5)
    ticks = ticks_of(loop)
    assert loop.statistics.skipped >= 1
    assert ticks[2].number >= 3
    assert loop.statistics.missed == loop.statistics.skipped + loop.statistics.causes[Cause.LATE]


@pytest.mark.parametrize("rate_hz", [0, 50])
@pytest.mark.parametrize(
    "error",
    [
        TransportError("the accelerator did not finish", is_retryable=False),
        ValueError("NaN"),
        OSError("gone"),
    ],
)
def test_an_inference_that_raises_writes_the_safe_action_and_goes_on(
    error: Exception, rate_hz: float
) -> None:
    robot = Robot(3)
    loop = loop_of(robot, failing(2, raising(error)), rate_hz=rate_hz)
    ticks = ticks_of(loop)
    assert robot.written == [*near(0.1), STOP, *near(0.3), STOP]
    assert ticks[1].cause is Cause.INFERENCE and str(error) in ticks[1].said
    assert loop.statistics.causes[Cause.INFERENCE] == 1 and loop.statistics.in_a_row == 0


def test_a_read_that_raises_writes_the_safe_action() -> None:
    robot = Robot(3)
    robot.read = failing(2, raising(OSError("the sensor is gone")), robot.read)
    loop = loop_of(robot)
    ticks = ticks_of(loop)
    assert robot.written == [*near(0.1), STOP, *near(0.2, 0.3), STOP]
    assert ticks[1].cause is Cause.READ and ticks[1].said == "OSError: the sensor is gone"


def test_a_write_that_raises_is_counted_and_the_next_tick_writes_again() -> None:
    robot = Robot(3)
    robot.write = failing(2, raising(OSError("the motor is gone")), robot.write)
    loop = loop_of(robot)
    ticks = ticks_of(loop)
    assert ticks[1].cause is Cause.WRITE
    assert robot.written == [*near(0.1, 0.3), STOP]


def test_too_many_failures_in_a_row_stop_the_loop() -> None:
    robot = Robot(100)

    def broken(observation: object) -> None:
        raise TransportError("no answer", is_retryable=True)

    seen = loop_of(robot, broken, max_failures=4).run(lambda tick: None)
    assert (seen.ticks, seen.in_a_row) == (4, 4)
    assert robot.written == [STOP] * 5
    assert seen.last_failure == "inference: TransportError: no answer"


def test_an_inference_that_hangs_gets_the_safe_action_before_it_returns() -> None:
    robot = Robot(3)
    loop = loop_of(robot, failing(2, lambda: robot.wait_for_writes(2)), rate_hz=5)
    ticks = ticks_of(loop)
    assert robot.written == [*near(0.1), STOP, *near(0.3), STOP]
    assert ticks[1].cause is Cause.LATE and loop.statistics.missed == 1


def test_a_read_that_hangs_gets_the_safe_action_before_it_returns() -> None:
    robot = Robot(3)
    robot.read = failing(2, lambda: robot.wait_for_writes(2), robot.read)
    loop = loop_of(robot, rate_hz=4, deadline_us=150_000)
    ticks = ticks_of(loop)
    assert robot.written == [*near(0.1), STOP, *near(0.3), STOP]
    assert ticks[1].cause is Cause.LATE


def test_without_a_rate_the_deadline_counts_from_the_observation() -> None:
    robot = Robot(3)
    robot.read = failing(2, lambda: time.sleep(0.3), robot.read)
    loop = loop_of(robot, failing(3, lambda: robot.wait_for_writes(3)), deadline_us=200_000)
    ticks = ticks_of(loop)
    assert [tick.cause for tick in ticks] == [None, None, Cause.LATE]
    assert robot.written == [*near(0.1, 0.2), STOP, STOP]


def test_hold_repeats_the_policys_last_action_and_zero_before_any() -> None:
    robot = Robot(3)
    robot.read = failing(1, raising(OSError()), robot.read)
    buffer = np.zeros(2, dtype=np.float32)

    def reuses_its_buffer(observation: np.ndarray) -> np.ndarray:
        buffer[:] = observation / 10
        return buffer

    ticks_of(loop_of(robot, failing(3, raising(OSError()), reuses_its_buffer), safe=None))
    assert robot.written == [STOP, *near(0.1, 0.2, 0.2, 0.2)]


def test_a_stop_during_a_long_wait_ends_it() -> None:
    loop = loop_of(robot := Robot(), rate_hz=0.1)
    threading.Timer(0.2, loop.stop).start()
    begun = time.monotonic()
    loop.run(lambda tick: None)
    assert time.monotonic() - begun < 5
    assert robot.written == [*near(0.1), STOP]


def test_a_stop_during_an_inference_lets_the_tick_end() -> None:
    robot = Robot(10)
    loop = loop_of(robot, failing(2, lambda: loop.stop()))
    loop.run(lambda tick: None)
    assert robot.written == [*near(0.1, 0.2), STOP]


def test_an_interrupt_still_writes_the_safe_action_last() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    robot = Robot(10)
    with pytest.raises(KeyboardInterrupt):
        loop_of(robot, failing(2, interrupt)).run(lambda tick: None)
    assert robot.written == [*near(0.1), STOP]


def test_a_write_that_hangs_does_not_take_the_loop_with_it() -> None:
    robot, go_on = Robot(10), threading.Event()
    robot.write = failing(2, lambda: go_on.wait(20), robot.write)
    slow = failing(2, lambda: time.sleep(0.3))
    loop = loop_of(robot, slow, rate_hz=10, max_failures=2)
    begun = time.monotonic()
    seen = loop.run(lambda tick: None)  # the watchdog hangs in the write of tick 1
    go_on.set()
    assert time.monotonic() - begun < 10
    assert seen.in_a_row == 2 and "a write did not return within 0.25 s" in seen.last_failure


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rate_hz": -1.0}, "rate_hz=-1.0: allowed from 0"),
        ({"rate_hz": float("nan")}, "rate_hz=nan: allowed from 0"),
        ({"deadline_us": 0.0}, "deadline_us=0.0: allowed above 0"),
        ({"max_failures": 0}, "max_failures=0: allowed from 1"),
        ({"hang_s": 0.0}, "hang_s=0.0: allowed above 0"),
        ({"steps": 0}, "steps=0: allowed from 1"),
        (
            {"rate_hz": 1000.0, "deadline_us": 2000.0},
            "deadline_us=2000.0 is longer than a tick at rate_hz=1000.0",
        ),
    ],
)
def test_an_impossible_pace_is_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Pace(**wrong)  # pyright: ignore[reportArgumentType]


def test_the_fakes_policy_is_what_the_tests_say() -> None:
    assert infer(np.full(2, 5, dtype=np.float32)).tolist() == [0.5, 0.5]
