"""A fault in any of the folded engine's modules, or in a parameter of theirs, is found by hw.simulate."""

from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.folded.plan import plan
from ganglion.hw.engines.folded.shape import FoldedShape
from tests.hw.bare import NODE, build_bare
from tests.hw.engines.folded.nets import with_types
from tests.hw.faults.proof import Proof
from tests.hw.faults.texts import Fault, put_fault
from tests.networks import random_network

FAULTS: tuple[Fault, ...] = (
    ("ganglion_requantize", "acc_i >>> Shift", "acc_i >>> (Shift + 1)"),
    ("ganglion_requantize", "| {Width{over}}", ""),
    ("ganglion_requantize", "& {Width{!acc_i[AccBits-1]}}", ""),
    ("ganglion_requantize", "|acc_i[AccBits-2:Top]", "acc_i[Top]"),
    ("ganglion_mac", "base + AccBits'(product_q)", "base - AccBits'(product_q)"),
    ("ganglion_mac", "{1'b0, act_i}", "{act_i[ActBits-1], act_i}"),
    ("ganglion_mac", "first_qq ? AccBits'(bias_q) : acc_q", "first_qq ? '0 : acc_q"),
    ("ganglion_mac", "bias_q    <= bias_i;", "bias_q <= bias_i ^ 1;"),
    ("ganglion_adder_tree", "node[2*i+1] + node[2*i+2]", "node[2*i+1] | node[2*i+2]"),
    ("ganglion_loader", "^ Offset", ""),
    ("ganglion_loader", "we_o & busy_i", "'0"),
    ("ganglion_loader", "if (release_i) loaded_q <= 1'b0;", "loaded_q <= 1'b0;"),
    ("ganglion_write_port", "(busy_o && wraps)", "1'b0"),
    ("ganglion_write_port", "|| restart_i", ""),
    ("ganglion_sequencer", "!awaits_q || waiting_q != '0", "1'b1"),
    ("ganglion_sequencer", "next_q == LastIndex", "next_q == LastIndex - 1'b1"),
    ("ganglion_result_queue", "^ {Width{Offset}}", ""),
    ("ganglion_result_queue", "reserved_q <= CountBits'(Words)", "1'b1"),
    ("ganglion_result_queue", "queued_q != '0 && rst_ni", "queued_q != '0"),
    ("ganglion_collector", "ReduceBits'(1)", "ReduceBits'(0)"),
    ("ganglion_collector", "Delay = 4", "Delay = 5"),
    ("ganglion_lane", "ends || last_i", "ends"),
    ("ganglion_lane", "!rst_ni || (run_i && last_i)", "!rst_ni"),
    ("ganglion_reduction", "(reduce_i && !capture_i[i])", "1'b0"),
    ("ganglion_banks", "valid[Writers]  = store_i && store_bank_i == SelectBits'(b)", "valid[Writers] = '0"),
    ("ganglion_lane_array", "act_i[p*Replicas/Lanes]", "act_i[0]"),
    ("ganglion_folded", "in_tready && !rst_q", "in_tready"),
    (NODE, r"\.OutShift\((\d+)\)", "+1"),
    (NODE, r"\.OutSigned\((\d+)\)", "-1"),
    (NODE, r"\.InSigned\((\d+)\)", "-1"),
    ("ganglion_mac", "<= acc_d;", "<= AccBits'(signed'(acc_d[AccBits-3:0]));"),
    (NODE, r"\.BiasBits\((\d+)\)", "-1"),
    (NODE, r"\.Shifts\({8'd(\d+)", "+1"),
    (NODE, r"\.Widths\({8'd(\d+)", "-1"),
)
PIPELINED_FAULTS = (
    ("ganglion_delay", "data[i+1] <= Resets && !rst_ni ? '0 : data[i]", "data[i+1] <= data[i]"),
    ("ganglion_folded", "Bits(1 + WordBits), .Cycles(Pipelining)", "Bits(1 + WordBits), .Cycles(0)"),
    ("ganglion_lane_array", "Lanes * LaneBits), .Cycles(Pipelining)", "Lanes * LaneBits), .Cycles(0)"),
    ("ganglion_bank", "Bits(ActBits), .Cycles(Pipelining)", "Bits(ActBits), .Cycles(0)"),
    ("ganglion_bank", "AddressBits + ActBits), .Cycles(Pipelining)", "AddressBits + ActBits), .Cycles(2)"),
)
CASES = [
    *((0, fault) for fault in FAULTS),
    *((1, fault) for fault in (*FAULTS, *PIPELINED_FAULTS)),
]
FAST = {2, 9, 27, len(CASES) - 1}


@pytest.mark.parametrize(
    ("pipelining", "fault"),
    [case if n in FAST else pytest.param(*case, marks=pytest.mark.slow) for n, case in enumerate(CASES)],
    ids=range(len(CASES)),
)
def test_a_fault_in_the_rtl_is_found(pipelining: int, fault: Fault, tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(3), (2, 7, 6, 3), density=0.7)
    network = with_types(network, ("UINT8", "UINT6", "INT8"))
    shape = FoldedShape(lanes=5, banks=3, replicas=2, pipelining=pipelining)
    made = build_bare(plan(network, shape), tmp_path)
    put_fault(tmp_path / "rtl", fault)
    bench, proof = made.bench(1000), Proof.of(network)
    assert not proof.passes(bench)
