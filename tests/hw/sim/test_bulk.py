"""Many vectors at once: the same answers on any number of cores, with taps or without; an honest speed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.sim import bulk
from ganglion.hw.sim.bulk import Speed, measure_speed, simulate_many, untapped_bench
from ganglion.hw.sim.harness import Bench
from ganglion.models.build.errors import MismatchError
from ganglion.models.reference import Ints
from tests.hw.bare import CACHE
from tests.hw.toy import STOPS, toy_bench, toy_design, toy_network


def _untapped(root: Path) -> Bench:
    return untapped_bench(toy_design(root), CACHE)


@pytest.fixture
def inputs() -> Ints:
    return np.random.default_rng(3).integers(-128, 128, (300, 4))


@pytest.mark.parametrize("make", [toy_bench, _untapped], ids=["tapped", "untapped"])
@pytest.mark.parametrize("workers", [1, 2, 7])
def test_answers_are_the_references_in_the_order_of_the_inputs(
    make: Callable[[Path], Bench], workers: int, inputs: Ints, tmp_path: Path
) -> None:
    answers = simulate_many(make(tmp_path), inputs, workers, block_vectors=64)  # four blocks and a part
    assert np.array_equal(answers, toy_network()(inputs))


def test_no_vectors_have_no_answers(tmp_path: Path) -> None:
    assert simulate_many(toy_bench(tmp_path), np.empty((0, 4), dtype=np.int64)).shape == (0, 3)


def test_an_accelerator_that_stops_is_an_error_and_not_old_answers(inputs: Ints, tmp_path: Path) -> None:
    with pytest.raises(MismatchError, match="gave no answer: .*no word moved on any stream"):
        simulate_many(toy_bench(tmp_path, STOPS), inputs, workers=2, block_vectors=64)


def test_speed_tells_the_clock_from_processor_time() -> None:
    speed = Speed(vectors=1000, wall_s=2.0, cpu_s=0.5)
    assert (speed.inferences_per_s, speed.cpu_us_per_inference) == (500, 500.0)


def test_measured_processor_time_includes_the_simulators(tmp_path: Path) -> None:
    speed = measure_speed(_untapped(tmp_path), workers=1, seconds=0.3)
    assert speed.vectors >= bulk.PROBE_VECTORS
    # A vector takes the toy 11 cycles: more than Python spends on it, less than a millisecond.
    assert 0.5 < speed.cpu_us_per_inference < 1000
    assert 0 < speed.cpu_s < 1.5 * speed.wall_s
