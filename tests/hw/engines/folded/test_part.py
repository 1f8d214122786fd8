"""The folded engine takes what the part has: its block RAMs, its LUTs, registers where no LUT is a memory."""

from dataclasses import replace

import numpy as np

from ganglion.hw.engines.folded.part import memories, on_part
from ganglion.hw.engines.folded.plan import plan
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.target.board import find_board
from tests.networks import random_network

PLAN = plan(random_network(np.random.default_rng(0), (11, 40, 3)), FoldedShape.of(4))


def test_a_xilinx_part_is_what_the_cost_model_was_fitted_to() -> None:
    assert on_part(PLAN.program, PLAN.resources, find_board("Pynq-Z2").family) == PLAN.resources


def test_smaller_block_rams_are_more_of_them() -> None:
    family = find_board("icebreaker").family
    assert [memories(*size, family.bram) for size in ((16, 256), (17, 256), (16, 257))] == [1, 2, 2]
    one_port = on_part(PLAN.program, PLAN.resources, family).bram
    two_ports = replace(family, bram=replace(family.bram, read_ports=2))
    assert PLAN.resources.bram < on_part(PLAN.program, PLAN.resources, two_ports).bram <= one_port


def test_activations_without_memories_of_luts_are_flip_flops() -> None:
    family = find_board("icebreaker").family
    program = PLAN.program
    banks = program.used_banks * program.shape.replicas * 2**program.address_bits
    more = on_part(program, PLAN.resources, family).ff - PLAN.resources.ff
    assert more == banks * program.lowered.activation_bits
