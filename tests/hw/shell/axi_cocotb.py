"""cocotb tests of what AXI has and AXI4-Lite has not: bursts, identifiers, sizes; and the usual master."""

from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, with_timeout
from cocotbext.axi import AxiBus, AxiMaster

from ganglion.hw.shell.registers import WORD_BYTES
from tests.hw.shell.board import DEADLINE_NS, PERIOD_NS, powered
from tests.hw.shell.case import read_case
from tests.hw.shell.masters import FIXED, INCR, OKAY, SLVERR, WRAP


@cocotb.test()
async def a_header_read_in_one_burst_is_that_of_single_reads(dut: Any) -> None:
    board = await powered(dut)
    names = ("identity", "version", "policy", "control", "status")
    last = board.shell.registers["status"]
    response, words = await board.read(0, last // 4 + 1)
    assert response == OKAY
    assert [words[board.shell.registers[name] // 4] for name in names] == [
        await board.register(name) for name in names
    ]
    response, words = await board.read(last, 8)
    assert response == SLVERR, "it runs past the header"
    assert "bad_access" in await board.status()


@cocotb.test()
async def data_may_come_before_its_address(dut: Any) -> None:
    board = await powered(dut)
    for index in (0, 1, 2):
        board.pause(30 * index)
        words = board.words(board.case.inputs[index])
        assert await board.write(board.shell.observation.offset, words, data_first=True) == OKAY
        await board.control("start")
        await board.check_action(index)


@cocotb.test()
async def bursts_that_are_not_understood_write_nothing(dut: Any) -> None:
    board = await powered(dut)
    control = board.shell.registers["control"]
    observation = board.shell.observation.offset
    await board.load(board.case.inputs[0])
    words = board.words(board.case.inputs[1])
    words = words + [0] * (2 - len(words))
    bad: list[dict[str, Any]] = [{"burst": FIXED}, {"burst": WRAP}, {"size": 0}, {"size": 1}, {"size": 3}]
    for how in bad:
        assert await board.write(observation, words, **how) == SLVERR, how
        assert await board.status() == {"bad_access"}
        await board.control("clear")
        response, answer = await board.read(0, 2, **how)
        assert (response, answer) == (SLVERR, [0, 0]), how
        assert await board.status() == {"bad_access"}
        await board.control("clear")
    for how in bad[2:]:
        assert await board.write(control, [4], **how) == SLVERR, how
    assert await board.register("control") == 0
    await board.control("start")
    await board.check_action(0)
    for burst in (FIXED, INCR, WRAP):  # a single beat is the same in each
        assert await board.write(control, [4], burst=burst) == OKAY
        assert await board.read(control, burst=burst) == (OKAY, [4])


@cocotb.test()
async def a_last_beat_that_is_marked_wrongly_is_an_error(dut: Any) -> None:
    board = await powered(dut)
    observation = board.shell.observation.offset
    assert await board.write(observation, [1], last=-1) == SLVERR
    assert await board.status() == {"bad_access"}
    await board.control("clear")
    await board.check_inference(0)


@cocotb.test()
async def the_usual_master_transfers_whole_vectors(dut: Any) -> None:
    case = read_case()
    shell = case.shell
    dut.aresetn.value = 0
    cocotb.start_soon(Clock(dut.aclk, PERIOD_NS, "ns").start())
    master = AxiMaster(AxiBus.from_prefix(dut, "s_axi"), dut.aclk, dut.aresetn, reset_active_level=False)
    await ClockCycles(dut.aclk, 2)
    dut.aresetn.value = 1

    async def write(address: int, data: bytes) -> None:
        answer = await with_timeout(master.write(address, data), DEADLINE_NS, "ns")
        assert answer.resp == OKAY

    await write(shell.registers["control"], shell.control["free_running"].to_bytes(4, "little"))
    for vector, action in zip(case.inputs[:10], case.actions[:10], strict=True):
        await write(shell.observation.offset, shell.observation.pack(vector[None]).tobytes())
        await ClockCycles(dut.aclk, 200)
        read = master.read(shell.action.offset, WORD_BYTES * shell.action.words)
        answer = await with_timeout(read, DEADLINE_NS, "ns")
        got = shell.action.unpack(np.frombuffer(answer.data, "<u4")[None])[0]
        np.testing.assert_array_equal(got, action)
