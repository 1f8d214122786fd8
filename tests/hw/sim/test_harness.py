"""The harness passes a sound accelerator under any traffic, and finds each way in which one can be broken."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.sim.equality import Vectors
from ganglion.hw.sim.harness import Traffic
from ganglion.hw.sim.verilate import verilate
from ganglion.hw.simulate import verify
from ganglion.models.build.errors import MismatchError, ToolError
from tests.hw.toy import (
    DROPS_WORD,
    IGNORES_RESET,
    KEEPS_SENT,
    STOPS,
    THRESHOLDS,
    UNSTABLE,
    WAITS_FOR_READY,
    WRONG_NEURON,
    toy_bench,
    toy_design,
    toy_network,
)
from tests.hw.traffic import run_and_check

LATENCY, INTERVAL = 14, 11  # of the toy, in cycles: 2 + 6 + 3 for the first layer, 3 more for the second


@pytest.fixture
def vectors() -> Vectors:
    network = toy_network()
    inputs = np.random.default_rng(3).integers(-128, 128, (300, 4))
    inputs[:, 0][inputs[:, 0] == 0x55] = 0
    inputs[77, 0] = 0x55  # what the fault WRONG_NEURON waits for
    return Vectors.of(network, inputs)


@pytest.mark.parametrize("percent", [0, 25, 50, 75, 90])
@pytest.mark.parametrize("burst", [1, 64])
def test_sound_accelerator_is_equal_under_stalls(
    tmp_path: Path, vectors: Vectors, percent: int, burst: int
) -> None:
    traffic = Traffic(stall_percent=percent, burst_cycles=burst, seed=percent + burst)
    result = run_and_check(toy_bench(tmp_path), vectors, traffic, tmp_path)
    assert result.latency_min >= LATENCY
    assert (result.interval == INTERVAL) == (percent == 0)


def test_latency_and_interval_are_the_promised_cycles(tmp_path: Path, vectors: Vectors) -> None:
    spaced = run_and_check(toy_bench(tmp_path), vectors, Traffic(spaced=True), tmp_path)
    assert (spaced.latency_min, spaced.latency_max) == (LATENCY, LATENCY)
    assert spaced.interval > INTERVAL


@pytest.mark.parametrize("cycle", range(3, 40, 5))
@pytest.mark.parametrize("length", [1, 9])
def test_reset_in_mid_stream_loses_what_is_in_flight_and_nothing_else(
    tmp_path: Path, vectors: Vectors, cycle: int, length: int
) -> None:
    traffic = Traffic(reset_at_cycle=cycle, reset_cycles=length)
    result = run_and_check(toy_bench(tmp_path), vectors, traffic, tmp_path)
    assert result.lost_by_reset > 0


def test_reset_that_leaves_state_behind_is_caught(tmp_path: Path, vectors: Vectors) -> None:
    with pytest.raises(MismatchError):
        run_and_check(toy_bench(tmp_path, IGNORES_RESET), vectors, Traffic(reset_at_cycle=16), tmp_path)


def test_one_wrong_neuron_is_localised(tmp_path: Path, vectors: Vectors) -> None:
    right = int(vectors.layers["fc1"][77, 2])
    message = f"layer fc1: vector 77, neuron 2: expected {right}, got {right ^ 1}"
    with pytest.raises(MismatchError, match=message):
        run_and_check(toy_bench(tmp_path, WRONG_NEURON), vectors, Traffic(), tmp_path)


def test_word_dropped_under_stalls_is_localised(tmp_path: Path, vectors: Vectors) -> None:
    bench = toy_bench(tmp_path, DROPS_WORD)
    run_and_check(bench, vectors, Traffic(), tmp_path)
    with pytest.raises(MismatchError, match="layer fc1"):
        run_and_check(bench, vectors, Traffic(stall_percent=75, burst_cycles=64), tmp_path)


def test_data_that_changes_while_stalled_breaks_the_handshake(tmp_path: Path, vectors: Vectors) -> None:
    with pytest.raises(MismatchError, match="handshake at tap0 in cycle .*: data changed while valid"):
        run_and_check(toy_bench(tmp_path, UNSTABLE), vectors, Traffic(stall_percent=75), tmp_path)


def test_sound_accelerator_is_equal_for_a_sink_that_waits(tmp_path: Path, vectors: Vectors) -> None:
    for percent in (0, 50):
        traffic = Traffic(stall_percent=percent, sink_waits=True)
        run_and_check(toy_bench(tmp_path), vectors, traffic, tmp_path)


def test_valid_that_waits_for_ready_is_caught_by_a_sink_that_waits(tmp_path: Path, vectors: Vectors) -> None:
    bench = toy_bench(tmp_path, WAITS_FOR_READY)
    run_and_check(bench, vectors, Traffic(stall_percent=50), tmp_path)
    with pytest.raises(MismatchError, match="a sink that waits: .*no word moved on any stream"):
        verify(bench, vectors, workers=2)


def test_deadlock_ends_at_the_deadline_and_names_the_layer(tmp_path: Path, vectors: Vectors) -> None:
    bench = toy_bench(tmp_path, STOPS)
    with pytest.raises(MismatchError, match="layer fc1: expected 300 vectors, got 5; deadline at m_axis"):
        run_and_check(bench, vectors, Traffic(), tmp_path)
    with (
        bench.serving() as answer,
        pytest.raises(MismatchError, match="no word moved on any stream for 2000 cycles"),
    ):
        answer(vectors.inputs[:8])


@pytest.fixture
def episodes() -> Vectors:
    """Return steps of episodes of 1 to 40 of a network with thresholds."""
    inputs = np.clip(np.random.default_rng(3).integers(-30, 31, (300, 4)).cumsum(axis=0), -128, 127)
    starts = np.isin(np.arange(300), (0, 1, 2, 40, 41, 77, 100, 101, 240))
    return Vectors.of(toy_network(thresholds=THRESHOLDS), inputs, starts)


@pytest.mark.parametrize(
    "traffic", [Traffic(), Traffic(spaced=True), Traffic(stall_percent=50, reset_cycles=3)]
)
def test_states_start_anew_with_every_episode(tmp_path: Path, episodes: Vectors, traffic: Traffic) -> None:
    result = run_and_check(toy_bench(tmp_path, thresholds=THRESHOLDS), episodes, traffic, tmp_path)
    assert len(result.latencies) == 300 and result.latencies.min() >= LATENCY


@pytest.mark.parametrize("cycle", [3, 60, 400])
def test_a_reset_in_mid_episode_starts_the_states_anew(tmp_path: Path, episodes: Vectors, cycle: int) -> None:
    traffic = Traffic(reset_at_cycle=cycle)
    run_and_check(toy_bench(tmp_path, thresholds=THRESHOLDS), episodes.part(0, 60), traffic, tmp_path)


def test_states_that_outlive_an_episode_are_caught(tmp_path: Path, episodes: Vectors) -> None:
    bench = toy_bench(tmp_path, KEEPS_SENT, THRESHOLDS)
    run_and_check(bench, episodes.part(2, 40), Traffic(), tmp_path)
    with pytest.raises(MismatchError, match=r"layer fc1: vector \d+, neuron \d: "):
        run_and_check(bench, episodes, Traffic(), tmp_path)


def test_verification_keeps_episodes_whole(tmp_path: Path, episodes: Vectors) -> None:
    measures = verify(toy_bench(tmp_path, thresholds=THRESHOLDS), episodes.part(2, 300), workers=3)
    assert measures.mismatches == 0 and measures.resets > 0
    assert (measures.latency_cycles, measures.interval_cycles) == (LATENCY, INTERVAL)


def test_serving_keeps_states_until_it_is_reset(tmp_path: Path, episodes: Vectors) -> None:
    assert episodes.starts is not None
    with toy_bench(tmp_path, thresholds=THRESHOLDS).serving() as answer:
        for step in range(50):
            if episodes.starts[step]:
                answer.reset()
            part = episodes.part(step, step + 1)
            assert np.array_equal(answer(part.inputs), part.layers["fc2"])
            assert answer.latencies.tolist() == [LATENCY]


def test_serving_answers_step_by_step(tmp_path: Path, vectors: Vectors) -> None:
    with toy_bench(tmp_path).serving() as answer:
        for start in range(0, 60, 3):
            part = vectors.part(start, start + 3)
            assert np.array_equal(answer(part.inputs), part.layers["fc2"])


def test_missing_memory_file_is_an_error_and_not_zeros(tmp_path: Path, vectors: Vectors) -> None:
    bench = toy_bench(tmp_path)
    (tmp_path / "mem" / "fc2.dat").unlink()
    with pytest.raises(ToolError, match=r"memory file mem/fc2.dat was not found"):
        run_and_check(bench, vectors, Traffic(), tmp_path)


def test_verification_measures_a_sound_accelerator(tmp_path: Path, vectors: Vectors) -> None:
    measures = verify(toy_bench(tmp_path), vectors, workers=2)
    assert measures.vectors == 300
    assert measures.mismatches == 0
    assert measures.stall_percent == (0, 25, 50, 75)
    assert (measures.latency_cycles, measures.interval_cycles) == (LATENCY, INTERVAL)
    assert measures.hardware_inferences_per_s == round(100e6 / INTERVAL)


def test_verification_stops_at_a_fault_that_only_stalls_show(tmp_path: Path, vectors: Vectors) -> None:
    with pytest.raises(MismatchError, match=r"vectors \d+ to \d+, \d+% stalls.*: layer fc1"):
        verify(toy_bench(tmp_path, DROPS_WORD), vectors, workers=2)


def test_verilator_error_names_the_tool_and_its_first_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.sv"
    broken.write_text("module toy_top(input logic ap_clk); absent_module u (ap_clk); endmodule\n")
    design = replace(toy_design(tmp_path), sources=("broken.sv",))
    with pytest.raises(ToolError, match=r"verilator_bin: %Error.*absent_module"):
        verilate(design, tmp_path / "cache")
