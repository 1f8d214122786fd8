"""A fault in any of the planar engine's modules, or in a parameter of theirs, is found in a few frames."""

from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.planar.plan import plan
from ganglion.hw.engines.planar.shape import shapes
from ganglion.hw.sim.equality import check_result
from ganglion.hw.sim.harness import Traffic
from ganglion.models.build.errors import MismatchError
from tests.hw.bare import NODE, build_bare
from tests.hw.engines.planar.nets import Conv, chain, frame_vectors
from tests.hw.faults.texts import Fault, put_fault

FAULTS: tuple[Fault, ...] = (
    ("ganglion_planar_sequencer", "place_q[0] == tile - 1'b1}", "place_q[0] == tile}"),
    ("ganglion_planar_sequencer", "ends_pass && !ends_channel ? pass_q", "1'b0 ? pass_q"),
    ("ganglion_planar_sequencer", "origin_q[0] + stride", "origin_q[0] + 1'b1"),
    ("ganglion_planar_sequencer", "origin_q[1] + stride", "origin_q[1] + 1'b1"),
    ("ganglion_planar_sequencer", "first_q <= ends_pass;", "first_q <= ends_channel;"),
    ("ganglion_planar_sequencer", "gap_q <= 4'(Gap)", "gap_q <= 4'd1"),
    ("ganglion_planar_sequencer", "valid_o <= issue && rst_ni", "valid_o <= issue"),
    ("ganglion_planar_frames", "missing_o <= missing_o - Frame", "missing_o <= '0"),
    ("ganglion_planar_frames", "oldest_o  <= '0", "oldest_o  <= oldest_o"),
    ("ganglion_planar_loader", "left + CountBits'(Lanes)", "CountBits'(Lanes)"),
    ("ganglion_planar_loader", "left < CountBits'(Width)", "1'b1"),
    ("ganglion_planar_loader", "&& !stall_i && !loaded_o", "&& !loaded_o"),
    ("ganglion_planar_loader", "&& open_i && !stall_i", "&& !stall_i"),
    ("ganglion_planar_loader", "signed'(row_q[b*Tile])", "row_q[b*Tile]"),
    ("ganglion_planar_loader", "bank_q << 1", "bank_q"),
    ("ganglion_planar_loader", "ends_bank ? '0 : row_in_tile_q", "ends_channel ? '0 : row_in_tile_q"),
    ("ganglion_planar_address", "&& {1'b0, channel} < missing_i", "&& {1'b0, channel} <= missing_i"),
    ("ganglion_planar_address", "{1'b0, channel} + {1'b0, oldest_i}", "{1'b0, channel}"),
    ("ganglion_planar_address", "8'(Offsets[16*layer_i+:16])", "8'd0"),
    ("ganglion_planar_address", "at[axis] >= start[d]", "at[axis] > start[d]"),
    ("ganglion_planar_address", "valid_i && !is_missing", "!is_missing"),
    ("ganglion_planar_banks", "if (we_i[r]) values", "if (we_i[0]) values"),
    ("ganglion_planar_shifter", "rows_q[r] <= from[rows_i]", "rows_q[r] <= from[0]"),
    ("ganglion_planar_shifter", "values_o[r][c] = side[columns_i]", "values_o[r][c] = side[0]"),
    ("ganglion_planar_lane", "first_i ? AccBits'(bias_i)", "first_i ? AccBits'(0)"),
    ("ganglion_planar_lane", "signed_i && value_i[ValueBits-1]", "value_i[ValueBits-1]"),
    ("ganglion_planar_lane", "clipped - low_i", "clipped"),
    ("ganglion_planar_lanes", "bias_q <= biases[index_i]", "bias_q <= biases[0]"),
    ("ganglion_planar_lanes", "< 32'(MapHeights[16*l+:16])", "<= 32'(MapHeights[16*l+:16])"),
    ("ganglion_planar_lanes", "< 32'(MapWidths[16*l+:16])", "<= 32'(MapWidths[16*l+:16])"),
    ("ganglion_planar_lanes", "valid_o   <= done && rst_ni", "valid_o   <= done"),
    ("ganglion_planar_plane", "full_o <= rst_ni && valid_i", "full_o <= rst_ni || valid_i"),
    ("ganglion_planar_plane", "{8'(y % Tile), 8'(x % Tile)}", "{8'(x % Tile), 8'(y % Tile)}"),
    ("ganglion_planar_drain", "under_way_q < 2'd2", "1'b1"),
    ("ganglion_planar_drain", "(full || waits_q) && !load", "full && !load"),
    ("ganglion_planar_drain", "left_q == '0 || ends)", "1'b1)"),
    (NODE, r"\.BiasBits\((\d+)\)", "-4"),
    (NODE, r"\.AccBits\((\d+)\)", "-4"),
)
FAST = {17}
TRAFFIC = (Traffic(spaced=True), Traffic(), Traffic(stall_percent=60, burst_cycles=200))


@pytest.mark.parametrize(
    "fault",
    [fault if n in FAST else pytest.param(fault, marks=pytest.mark.slow) for n, fault in enumerate(FAULTS)],
    ids=range(len(FAULTS)),
)
def test_a_fault_in_the_rtl_is_found(fault: Fault, tmp_path: Path) -> None:
    convs = (
        Conv(channels=5, kernel=3, stride=2, padding=1, output="UINT8", shift=7),
        Conv(channels=3, kernel=3, padding=1, output="INT8", shift=9),
    )
    network = chain(np.random.default_rng(1), (4, 9, 13), convs, input_type="INT6", frame_stack=2)
    made = plan(network, list(shapes(network))[1])
    built = build_bare(made, tmp_path)
    put_fault(tmp_path / "rtl", fault)
    vectors = frame_vectors(network, 21, episode=7)
    bench = built.bench(40_000)
    with pytest.raises((MismatchError, AssertionError)):
        for traffic in TRAFFIC:
            result = bench.run(vectors.inputs, traffic, tmp_path / "run", vectors.starts)
            check_result(bench.design, vectors, result, str(traffic))
            if traffic.spaced:
                assert set(result.latencies) == {made.latency_cycles}
        two = vectors.part(0, 2)
        for cycle in range(20, made.latency_cycles + 20):
            reset = Traffic(reset_at_cycle=cycle, reset_cycles=1)
            result = bench.run(two.inputs, reset, tmp_path / "run", two.starts)
            check_result(bench.design, two, result, f"reset at cycle {cycle}")
