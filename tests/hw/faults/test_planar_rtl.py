"""A fault in any of the planar engine's modules, or in a parameter of theirs, is found in a few frames."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganglion.hw.engines.planar.plan import PlanarPlan, plan
from ganglion.hw.engines.planar.shape import PlanarShape, shapes
from ganglion.hw.sim.equality import Vectors
from ganglion.hw.sim.harness import Traffic
from ganglion.models.build.errors import MismatchError
from ganglion.models.reference import IntNetwork
from tests.hw.bare import NODE, Bare, build_bare
from tests.hw.engines.planar.nets import Conv, Pool, chain, frame_vectors
from tests.hw.faults.texts import Fault, put_fault
from tests.hw.traffic import run_and_check

FAULTS: tuple[Fault, ...] = (
    ("ganglion_planar_sequencer", "place_q[0] == tile - 1'b1}", "place_q[0] == tile}"),
    ("ganglion_planar_sequencer", "ends_pass && !ends_channel ? pass_q", "1'b0 ? pass_q"),
    ("ganglion_planar_sequencer", "origin_q[0] + stride", "origin_q[0] + 1'b1"),
    ("ganglion_planar_sequencer", "origin_q[1] + stride", "origin_q[1] + 1'b1"),
    ("ganglion_planar_sequencer", "first_q <= ends_pass;", "first_q <= ends_channel;"),
    ("ganglion_planar_layers", "gap_q <= 4'(Gap)", "gap_q <= 4'd1"),
    ("ganglion_planar_sequencer", "valid_o <= issue && rst_ni", "valid_o <= issue"),
    ("ganglion_planar_frames", "missing_o <= missing_o - Frame", "missing_o <= '0"),
    ("ganglion_planar_frames", "oldest_o  <= '0", "oldest_o  <= oldest_o"),
    ("ganglion_planar_loader", "left + CountBits'(Chunk)", "CountBits'(Chunk)"),
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
    ("ganglion_planar_drain", "rst_ni && ready && !load", "1'b0"),
    ("ganglion_planar_drain", "left_q == '0 || ends)", "1'b1)"),
    (NODE, r"\.BiasBits\((\d+)\)", "-4"),
    (NODE, r"\.AccBits\((\d+)\)", "-2"),
)
RESIDUAL_FAULTS: tuple[Fault, ...] = (
    ("ganglion_planar_reading", "adds ? AddsSigned[16*layer_i] : Signed", "Signed"),
    ("ganglion_planar_reading", "adds ? AddsSigned[16*layer_i] : Signed", "AddsSigned"),
    ("ganglion_planar_reading", "Relus[16*layer_i] && !adds", "Relus[16*layer_i]"),
    ("ganglion_planar_reading", "Relus[16*layer_i] && !adds", "1'b0"),
    ("ganglion_planar_reading", "Pools[16*layer_i] && !first_i", "Pools[16*layer_i]"),
    ("ganglion_planar_reading", "Pools[16*layer_i] && !first_i", "1'b0"),
    ("ganglion_planar_reading", ".Cycles(3)) u_operands", ".Cycles(2)) u_operands"),
    ("ganglion_planar_reading", "ValueBits'(Edges[16*layer_i+:16])", "'0"),
    ("ganglion_planar_lane", "relu_i && is_negative ?", "is_negative ?"),
    ("ganglion_planar_lane", "value_q > read", "value_q < read"),
    ("ganglion_planar_lane", "value_q > read", "value_q[ValueBits-1:0] > read[ValueBits-1:0]"),
    ("ganglion_planar_shifter", "{BankColumns{edge_i}}", "'0"),
    ("ganglion_planar_shifter", "side[d] = edge_i", "side[d] = '0"),
    ("ganglion_planar_address", "adds       = last_i && Adds", "adds       = Adds"),
    ("ganglion_planar_address", "adds ? added[layer_i]", "1'b0 ? added[layer_i]"),
    ("ganglion_planar_address", "adds ? {2{ReachBits'(Before)}}", "1'b0 ? {2{ReachBits'(Before)}}"),
    ("ganglion_planar_address", "(AddressBits'(place_i[1]) << OwnBits)", "AddressBits'(0)"),
    ("ganglion_planar_address", "| AddressBits'(place_i[0]))", ")"),
    ("ganglion_planar_lanes", "result[r][c] : beyond", "result[r][c] : '0"),
    ("ganglion_planar_write", "result_o ? edge_i[second_o]", "result_o ? '0"),
)
STREAM_FAULTS: tuple[Fault, ...] = (
    ("ganglion_planar_layers", "run_o & ~ends_i", "ends_i != '0 ? '0 : run_o"),
    ("ganglion_planar_layers", "ends_i != '0 && left == '0", "ends_i != '0"),
    ("ganglion_planar_layers", "gap_q <= 4'(Gap)", "gap_q <= 4'(Gap - 1)"),
    ("ganglion_planar_sequencer", "issue        = run_i &&", "issue        ="),
    ("ganglion_planar_write", "valid_i != '0 || waits_q", "valid_i != '0"),
    ("ganglion_planar_write", "second_o = !valid_i[0]", "second_o = valid_i[1]"),
    ("ganglion_planar_write", "waits_q <= rst_ni && &valid_i", "waits_q <= &valid_i"),
    ("ganglion_planar_write", "result_o ? values_i[second_o][r][c]", "result_o ? values_i[0][r][c]"),
    ("ganglion_planar_write", "result_o ? address_i[second_o]", "result_o ? address_i[0]"),
    ("ganglion_planar_lanes", "if (done) begin\n          result_o", "begin\n          result_o"),
    ("ganglion_planar_lanes", "if (done) begin\n      layer_o", "begin\n      layer_o"),
    ("ganglion_planar", "s == 0 ? BiasFile : SecondBiasFile", "BiasFile"),
    ("ganglion_planar", "Targets[Bits*s+:Bits]", "Targets[0+:Bits]"),
    ("ganglion_planar", "run_i(run[s])", "run_i(run[0])"),
    ("ganglion_planar", "credit_i(credit[s])", "credit_i(credit[0])"),
    ("ganglion_planar_turns", "turn    = Seconds[channel_q]", "turn    = channel_q[0]"),
    ("ganglion_planar_turns", "(!ready_q[s] || taken[s])", "1'b1"),
    ("ganglion_planar_turns", "(full_i[s] || waits_q) && !moves", "1'b0"),
    ("ganglion_planar_turns", "moves || (ready_q[s] && !taken[s])", "moves || ready_q[s]"),
    ("ganglion_planar_turns", "under_way_q < 2'd2", "1'b1"),
    ("ganglion_planar_turns", "under_way_q < 2'd2", "under_way_q < 2'd1"),
    ("ganglion_planar_turns", "- 2'(taken[s])", "- 2'(take_i)"),
    ("ganglion_planar_turns", "if (!rst_ni) channel_q <= '0;\n    else if (take_i)", "if (take_i)"),
    ("ganglion_planar_stream", ".oldest_i, .missing_i,", ".oldest_i, .missing_i('0),"),
    ("ganglion_planar_stream", ".index_i(index)", ".index_i('0)"),
)
PAIR_FAULTS: tuple[Fault, ...] = (
    ("ganglion_planar_pair", "(ValueBits + 1)'(value[0][ValueBits])", "(ValueBits + 1)'(1'b0)"),
    ("ganglion_planar_pair", "{product_q[Apart-1], 1'b0}", "2'b00"),
    ("ganglion_planar_pair", "{product_q[Apart-1], 1'b0}", "{2{product_q[Apart-1]}}"),
    ("ganglion_planar_pair", "Apart'(signed'(value[0]))", "Apart'(value[0])"),
    ("ganglion_planar_pair", "first_i ? AccBits'(bias_i)", "first_i ? AccBits'(0)"),
    ("ganglion_planar_pair", "signed_i && values_i[l][ValueBits-1]", "values_i[l][ValueBits-1]"),
    ("ganglion_planar_pair", "relu_i && is_negative ?", "is_negative ?"),
    ("ganglion_planar_pair", "value_q > read", "value_q < read"),
    ("ganglion_planar_pair", "clipped - low_i", "clipped"),
    ("ganglion_planar_grid", "values_i[2*p+:2]", "{2{values_i[2*p]}}"),
)
FAST: set[int] = set()
FAST_RESIDUAL = {4}
TRAFFIC = (Traffic(spaced=True), Traffic(), Traffic(stall_percent=60, burst_cycles=200))


def few(faults: tuple[Fault, ...], fast: set[int]) -> list[Any]:
    """Return faults, of which those but `fast` are slow tests."""
    return [
        pytest.param(fault, id=str(n), marks=[] if n in fast else [pytest.mark.slow])
        for n, fault in enumerate(faults)
    ]


def run_all(made: PlanarPlan, built: Bare, vectors: Vectors, folder: Path) -> None:
    """Raise unless the RTL equals the reference, in as many cycles as promised."""
    bench = built.bench(40_000)
    for traffic in TRAFFIC:
        result = run_and_check(bench, vectors, traffic, folder)
        if traffic.spaced:
            assert set(result.latencies) == {made.latency_cycles}


def residual_network() -> IntNetwork:
    """Return a network whose first map ends before the memories do, whose edges the pooling then reads."""
    common: dict[str, Any] = {"kernel": 3, "padding": 1, "shift": 6, "gain": 0, "weight": "INT6"}
    parts = (
        Conv(channels=3, kernel=3, output="INT8", shift=8),
        Pool(kernel=5, stride=2, padding=2),
        Conv(channels=4, pre_relu=True, **common),
        Conv(channels=3, output="INT8", adds=2, **common),
        Conv(channels=3, output="INT8", adds=2, pre_relu=True, **common),
    )
    return chain(np.random.default_rng(2), (2, 13, 9), parts, frame_stack=2, density=0.3)


def find_fault(fault: Fault, network: IntNetwork, shape: PlanarShape, folder: Path) -> None:
    """Fail unless the fault shows in frames, with stalls, or behind a reset in any cycle."""
    made = plan(network, shape)
    built = build_bare(made, folder)
    put_fault(folder / "rtl", fault)
    vectors = frame_vectors(network, 21, episode=7)
    with pytest.raises((MismatchError, AssertionError)):
        run_all(made, built, vectors, folder / "run")
        two, bench = vectors.part(0, 2), built.bench(40_000)
        for cycle in range(20, made.latency_cycles + 20):
            run_and_check(bench, two, Traffic(reset_at_cycle=cycle, reset_cycles=1), folder / "run")


@pytest.mark.parametrize("fault", few(FAULTS, FAST))
def test_a_fault_in_the_rtl_is_found(fault: Fault, tmp_path: Path) -> None:
    convs = (
        Conv(channels=5, kernel=3, stride=2, padding=1, output="UINT8", shift=7),
        Conv(channels=3, kernel=3, padding=1, output="INT8", shift=9),
    )
    network = chain(np.random.default_rng(1), (4, 9, 13), convs, input_type="INT6", frame_stack=2)
    find_fault(fault, network, list(shapes(network))[1], tmp_path)


@pytest.mark.parametrize("fault", few(STREAM_FAULTS, FAST))
def test_a_fault_in_what_two_streams_share_is_found(fault: Fault, tmp_path: Path) -> None:
    """Both streams end sums in the same cycle, the hidden layer in others; one makes more of the last map."""
    convs = (
        Conv(channels=5, kernel=3, stride=2, padding=1, output="UINT8", shift=7),
        Conv(channels=6, kernel=3, padding=1, output="INT8", shift=9),
    )
    rng = np.random.default_rng(7)
    network = chain(rng, (4, 9, 13), convs, input_type="INT6", frame_stack=2, density=0.2)
    find_fault(fault, network, replace(list(shapes(network))[1], streams=2), tmp_path)


@pytest.mark.parametrize("fault", few(PAIR_FAULTS, FAST))
def test_a_fault_where_lanes_share_a_multiplier_is_found(fault: Fault, tmp_path: Path) -> None:
    network = residual_network()
    find_fault(fault, network, replace(list(shapes(network))[1], packing=2), tmp_path)


@pytest.mark.parametrize("fault", few(RESIDUAL_FAULTS, FAST_RESIDUAL))
def test_a_fault_in_poolings_or_residuals_is_found(fault: Fault, tmp_path: Path) -> None:
    network = residual_network()
    made = plan(network, list(shapes(network))[1])
    built = build_bare(made, tmp_path)
    put_fault(tmp_path / "rtl", fault)
    with pytest.raises((MismatchError, AssertionError)):
        run_all(made, built, frame_vectors(network, 21, episode=7), tmp_path / "run")
