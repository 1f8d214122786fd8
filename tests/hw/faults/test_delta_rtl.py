"""A fault in any of the delta engine's modules, or in a parameter of theirs, is found in an episode."""

from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.delta.cycles import sequence_cycles
from ganglion.hw.engines.delta.plan import plan
from ganglion.hw.engines.delta.shape import DeltaShape
from ganglion.hw.sim.harness import Traffic
from ganglion.models.build.errors import MismatchError
from tests.hw.bare import NODE, build_bare
from tests.hw.engines.delta.nets import episode, episode_vectors, with_thresholds
from tests.hw.engines.folded.nets import with_types
from tests.hw.faults.texts import Fault, put_fault
from tests.hw.traffic import run_and_check
from tests.networks import random_network

FAULTS: tuple[Fault, ...] = (
    ("ganglion_delta_unit", "diff < -$signed(threshold_i)", "1'b0"),
    ("ganglion_delta_unit", "diff > $signed(threshold_i)", "diff >= $signed(threshold_i)"),
    ("ganglion_delta_unit", "(advance && sends)) sent_q", "advance) sent_q"),
    ("ganglion_delta_unit", "AccBits'(product_i), carry_i}", "AccBits'(product_i), 1'b0}"),
    ("ganglion_delta_unit", "event_o && !taken_i)", "event_o)"),
    ("ganglion_delta_unit", "(!event_o || taken_i)", "1'b1"),
    ("ganglion_delta_unit", "clear_i ? clear_sent_i : value_o", "value_o"),
    ("ganglion_delta_unit", "clear_i ? clear_acc_i : sum", "sum"),
    ("ganglion_delta_lane", "carry = both_q[ProductBits-1]", "carry = 1'b0"),
    ("ganglion_delta_lane", "clear_word_q[0] == 1'(i)", "1'b1"),
    ("ganglion_delta_walker", "first_q <= fetch;", "first_q <= fetch && !last;"),
    ("ganglion_delta_walker", "(!walks_q || last)", "!walks_q"),
    ("ganglion_delta_walker", "AddressBits'({c, head", "AddressBits'({1'b0, head"),
    ("ganglion_delta_walker", "left - 1'b1", "left"),
    ("ganglion_delta_walker", "waits == '0 && !walks_q", "waits == '0"),
    ("ganglion_delta_columns", "entry_o <= words[entry_addr_i]", "entry_o <= words[find_addr_i]"),
    ("ganglion_delta_channel", "base + IdBits'(row)", "IdBits'(row)"),
    ("ganglion_delta_channel", "masks[id_o] & ", ""),
    ("ganglion_delta_channel", "event_i & (~event_i + 1'b1)", "event_i"),
    ("ganglion_delta_channels", "taken_o[s*Channels+c] = taken[s]", "taken_o[s*Channels+c] = has_event[s]"),
    ("ganglion_delta_channels", ".Bases(Bases[c])", ".Bases(Bases[0])"),
    ("ganglion_delta_input", "diff > Most || diff < -Most", "diff > Most"),
    ("ganglion_delta_input", "InSigned && value[InBits-1]", "value[InBits-1] && 1'b0"),
    ("ganglion_delta_input", "(accept && sends)) sent_q", "accept) sent_q"),
    ("ganglion_delta_input", "clear_i ? '0 : value", "value"),
    ("ganglion_delta_control", "&& !quiet_q;", ";"),
    ("ganglion_delta_control", "ClearBits'(2 * Rows)", "ClearBits'(2 * Rows - 1)"),
    ("ganglion_delta_control", "Lasts[16*layer+:16]", "Firsts[16*layer+:16]"),
    ("ganglion_delta_control", "phase_q == '0 && !clears", "phase_q == '0"),
    ("ganglion_delta_output", "valid_q <= rst_ni && valid_i", "valid_q <= rst_ni && !valid_i"),
    ("ganglion_delta", "(room || !in_first)", "1'b1"),
    ("ganglion_delta", "in_tready && !rst_q", "in_tready"),
    (NODE, r"\.OutShift\((\d+)\)", "+1"),
    (NODE, r"\.InThreshold\((\d+)\)", "+1"),
    (NODE, r"\.Thresholds\({16'd0, 16'd(\d+)", "+1"),
    (NODE, r"\.ModeOf\({8'd0, 8'd(\d+)", "-1"),
    (NODE, r"\.AccBits\((\d+)\)", "-1"),
)
FAST = {8}
RESETS = [Traffic(stall_percent=30, reset_at_cycle=cycle, reset_cycles=1) for cycle in (20, 45, 58, 71, 96)]


@pytest.mark.parametrize(
    "fault",
    [fault if n in FAST else pytest.param(fault, marks=pytest.mark.slow) for n, fault in enumerate(FAULTS)],
    ids=range(len(FAULTS)),
)
def test_a_fault_in_the_rtl_is_found(fault: Fault, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    network = random_network(rng, (7, 13, 11, 3), density=0.5)
    network = with_thresholds(with_types(network, ("UINT8", "INT6", "INT8")), 2, 3, 1)
    made = plan(network, DeltaShape(lanes=3, channels=2))
    built = build_bare(made, tmp_path)
    put_fault(tmp_path / "rtl", fault)
    vectors = episode_vectors(network, episode(rng, network, 300))
    cycles = sequence_cycles(made.program, vectors.inputs, np.arange(300) == 0)
    bench = built.bench(2000)
    with pytest.raises((MismatchError, AssertionError)):
        for traffic in (Traffic(spaced=True), Traffic(stall_percent=60, burst_cycles=200), *RESETS):
            result = run_and_check(bench, vectors, traffic, tmp_path / "run")
            if traffic.spaced:
                assert result.latencies.tolist() == cycles.tolist()
