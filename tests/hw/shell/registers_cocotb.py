"""cocotb tests of a shell with registers, over AXI4-Lite or AXI."""

from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout

from tests.hw.shell.board import DEADLINE_NS, powered
from tests.hw.shell.masters import OKAY, SLVERR


@cocotb.test()
async def all_vectors_with_every_channel_pausing(dut: Any) -> None:
    board = await powered(dut)
    for index in range(len(board.case.inputs)):
        board.pause((0, 30, 80)[index % 3])
        free = board.rng.random() < 0.5
        if free:
            await board.control("free_running")
        await board.load(board.case.inputs[index])
        if not free:
            await board.control("start")
        await board.check_action(index)
        if free:
            await board.control()
    assert await board.register("inferences") == len(board.case.inputs)
    assert await board.status() == {"done"}


@cocotb.test()
async def address_before_data_and_after_it(dut: Any) -> None:
    board = await powered(dut)
    master = board.master
    for late, early in ((master.aw, master.w), (master.w, master.aw)) * 2:
        late.pause = True
        write = cocotb.start_soon(board.write(board.shell.registers["control"], [4]))
        await with_timeout(early.wait(), DEADLINE_NS, "ns")
        await ClockCycles(dut.aclk, board.rng.randrange(5))
        assert not write.done()
        late.pause = False
        assert await write == OKAY
        assert await board.register("control") == 4
        await board.control()


@cocotb.test()
async def a_read_beside_a_write_gets_its_own_answer(dut: Any) -> None:
    board = await powered(dut)
    board.pause(40)
    for index in range(20):
        read = cocotb.start_soon(board.read(board.shell.registers["identity"]))
        assert await board.write(board.shell.registers["control"], [4 * (index % 2)]) == OKAY
        assert await read == (OKAY, [board.shell.identity])
        assert await board.register("control") == 4 * (index % 2)


@cocotb.test()
async def writes_while_busy_are_refused(dut: Any) -> None:
    board = await powered(dut)
    await board.load(board.case.inputs[0])
    await board.control("start")
    await board.load(board.case.inputs[1])
    await board.control("start")
    assert await board.status() >= {"busy", "write_while_busy"}
    await board.check_action(0)
    assert await board.register("inferences") == 1
    await board.control("start")
    await board.check_action(0)
    await board.control("clear")
    assert await board.status() == set()


@cocotb.test()
async def bad_addresses_are_answered_and_flagged(dut: Any) -> None:
    board = await powered(dut)
    shell = board.shell
    board.pause(30)
    past_header = max(shell.registers.values()) + 4
    past_action = shell.action.offset + 4 * shell.action.words
    past_observation = shell.observation.offset + 4 * shell.observation.words
    reads = [past_header, past_action, shell.observation.offset, (1 << shell.address_bits) - 4]
    reads += [shell.registers["status"] + k for k in (1, 2, 3)]
    writes = [past_header, past_action, past_observation, shell.action.offset, shell.registers["identity"]]
    writes += [shell.registers["control"] + k for k in (1, 2, 3)]
    for address in reads:
        assert (await board.read(address))[0] == SLVERR
        assert await board.status() == {"bad_access"}
        await board.control("clear")
    for address in writes:
        assert await board.write(address, [0xFFFFFFFF]) == SLVERR
        assert await board.status() == {"bad_access"}
        assert await board.register("control") == 0
        await board.control("clear")
    await board.check_inference(0)


@cocotb.test()
async def an_observation_may_come_byte_by_byte(dut: Any) -> None:
    board = await powered(dut)
    await board.control("free_running")
    container_bytes = board.shell.observation.container_bits // 8
    n_bytes = len(board.case.inputs[0]) * container_bytes
    for index in (0, 1):
        for k in range(n_bytes):
            assert await board.register("inferences") == index
            word = board.words(board.case.inputs[index])[k // 4]
            address = board.shell.observation.offset + k // 4 * 4
            # The other bytes are wrong on purpose.
            noisy = word ^ (0xFFFFFFFF & ~(0xFF << 8 * (k % 4)))
            assert await board.write(address, [noisy], 1 << k % 4) == OKAY
        await board.check_action(index)
    assert (
        await board.write(board.shell.observation.offset + 4 * (board.shell.observation.words - 1), [0], 0)
        == OKAY
    )
    assert await board.write(board.shell.registers["control"], [0], 0b1110) == OKAY
    assert await board.register("control") == board.shell.control["free_running"]
    assert await board.register("inferences") == 2


@cocotb.test()
async def the_interrupt_is_done_while_enabled(dut: Any) -> None:
    board = await powered(dut)
    await board.load(board.case.inputs[0])
    await board.control("start")
    await board.wait()
    assert dut.interrupt.value == 0
    await board.control("interrupt_enable")
    assert dut.interrupt.value == 1
    await board.control("interrupt_enable", "clear")
    assert dut.interrupt.value == 0
    await board.control("interrupt_enable", "start")
    await with_timeout(RisingEdge(dut.interrupt), DEADLINE_NS, "ns")
    assert await board.status() == {"done"}
    await board.reset()
    await ClockCycles(dut.aclk, 2)
    assert dut.interrupt.value == 0


@cocotb.test()
async def reset_at_any_time_leaves_nothing_behind(dut: Any) -> None:
    board = await powered(dut)
    waits = [*range(1, 61), *(board.rng.randrange(1, 120) for _ in range(20))]
    for round_, wait in enumerate(waits):
        board.pause(0 if round_ < 60 else 20)
        index = round_ % len(board.case.inputs)

        async def work(index: int = index) -> None:
            await board.control("free_running")
            await board.load(board.case.inputs[index])
            await board.wait()
            await board.read(board.shell.action.offset, board.shell.action.words)

        task = cocotb.start_soon(work())
        await ClockCycles(dut.aclk, wait)
        task.cancel()
        await board.reset(1 if round_ < 60 else board.rng.choice((1, 2, 9)))
        names = ("control", "status", "cycles", "inferences")
        assert [await board.register(name) for name in names] == [0] * 4
        await board.check_inference((index + 1) % len(board.case.inputs))
