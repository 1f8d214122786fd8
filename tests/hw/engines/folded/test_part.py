"""The folded engine takes what the part has: its block RAMs, its LUTs, registers where no LUT is a memory."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.folded.cost import estimate
from ganglion.hw.engines.folded.part import on_part
from ganglion.hw.engines.folded.plan import plan
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.target.board import find_board
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.zoo import ZOO
from tests.hw.bare import build_bare
from tests.networks import random_network

PLAN = plan(random_network(np.random.default_rng(0), (11, 40, 3)), FoldedShape.of(4))


def test_a_xilinx_part_is_what_the_cost_model_was_fitted_to() -> None:
    assert on_part(PLAN.program, PLAN.resources, find_board("Pynq-Z2").family) == PLAN.resources


def test_smaller_block_rams_are_more_of_them() -> None:
    family = find_board("icebreaker").family
    assert [family.bram.needed(*size) for size in ((16, 256), (17, 256), (16, 257))] == [1, 2, 2]
    one_port = on_part(PLAN.program, PLAN.resources, family).bram
    two_ports = replace(family, bram=replace(family.bram, read_ports=2))
    assert PLAN.resources.bram < on_part(PLAN.program, PLAN.resources, two_ports).bram <= one_port


def test_activations_without_memories_of_luts_are_flip_flops() -> None:
    family = find_board("icebreaker").family
    program = PLAN.program
    banks = program.used_banks * program.shape.replicas * 2**program.address_bits
    more = on_part(program, PLAN.resources, family).ff - PLAN.resources.ff
    assert more == banks * program.lowered.activation_bits


@pytest.mark.slow
@pytest.mark.parametrize("lanes", [4, 8])
@pytest.mark.parametrize("board", ["ulx3s", "icebreaker"])
def test_the_estimate_of_a_pipelined_engine_is_near_synthesis(board: str, lanes: int, tmp_path: Path) -> None:
    family = find_board(board).family
    network = load_policy(ZOO / "Hopper" / "sac-sparse98-int8").network
    made = plan(network, FoldedShape.of(lanes, pipelining=1))
    estimated = on_part(made.program, estimate(made.program, family.dsp_accumulates), family)
    counted = build_bare(made, tmp_path, board=board).counted()
    assert estimated.lut == pytest.approx(counted.lut, rel=0.15)
    assert estimated.ff == pytest.approx(counted.ff, rel=0.15)
    assert (estimated.dsp, estimated.bram) == (counted.dsp, counted.bram)


def test_registers_that_bound_the_logic_save_two_fifths_of_its_luts() -> None:
    family = find_board("icebreaker").family
    network = PLAN.network
    plain, pipelined = (plan(network, FoldedShape.of(4, pipelining=each)) for each in (0, 1))
    luts = [on_part(each.program, each.resources, family).lut for each in (plain, pipelined)]
    assert luts[1] < 0.6 * luts[0]
