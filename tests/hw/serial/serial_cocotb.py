"""What cocotb drives ganglion_serial with: cocotbext-uart as host, a register block of Python behind it."""

import struct
from collections.abc import Awaitable

import cocotb
from cocotb.clock import Clock
from cocotb.handle import SimHandleBase
from cocotb.triggers import ClockCycles, ReadOnly, RisingEdge, Timer
from cocotbext.uart import UartSink, UartSource

from ganglion.deploy.transports.frame import Op, Parser, Status, request
from tests.hw.serial.modules import PARAMETERS

CLOCK_NS = 10
BYTE_NS = 10 * CLOCK_NS * PARAMETERS["ClocksPerBit"]
GAP_NS = (PARAMETERS["GapBytes"] + 2) * BYTE_NS
ADDRESSES = ("Control", "Status", "Cycles", "Action")
CONTROL, STATUS, CYCLES, ACTION = (PARAMETERS[name] for name in ADDRESSES)
OBSERVATION = 0x800


class Block:
    """A register block of one observation word; its accelerator doubles it in `latency` cycles."""

    def __init__(self, dut: SimHandleBase) -> None:
        self.words = dict.fromkeys((CONTROL, STATUS, CYCLES, ACTION, OBSERVATION), 0)
        self.latency: int | None = 5
        self.starts = self.bad_accesses = 0
        cocotb.start_soon(self._serve(dut))

    async def _serve(self, dut: SimHandleBase) -> None:
        left, read = 0, None
        while True:
            await RisingEdge(dut.clk_i)
            await ReadOnly()
            reads, writes = int(dut.read_o.value), int(dut.write_o.value)
            address, data = int(dut.address_o.value), int(dut.write_data_o.value)
            self.bad_accesses += int(dut.bad_access_o.value)
            answer = self.words.get(address)
            await Timer(1, "ns")
            dut.write_error_i.value = int(address not in (CONTROL, OBSERVATION))
            if read:
                dut.read_data_i.value, dut.read_error_i.value = read
            read = (answer or 0, int(answer is None)) if reads else None  # seen from the next cycle on
            if left:
                left -= 1
                if not left:
                    self.words |= {STATUS: PARAMETERS["Done"], ACTION: 2 * self.words[OBSERVATION]}
            if writes and address in (CONTROL, OBSERVATION):
                started = address == CONTROL and data & PARAMETERS["Start"]
                self.words[address] = data & ~PARAMETERS["Start"] if address == CONTROL else data
                started |= address == OBSERVATION and self.words[CONTROL] & PARAMETERS["FreeRunning"]
                if started:
                    self.starts += 1
                    self.words |= {STATUS: PARAMETERS["Busy"], CYCLES: self.latency or 0}
                    left = self.latency or 0


class Host:
    """The other end of the line."""

    def __init__(self, dut: SimHandleBase) -> None:
        baud = round(1e9 / CLOCK_NS / PARAMETERS["ClocksPerBit"])
        self._source, self._sink = UartSource(dut.rx_i, baud=baud), UartSink(dut.tx_o, baud=baud)
        self._parser, self._seq = Parser(), 0

    async def send(self, data: bytes) -> None:
        await self._source.write(data)
        await self._source.wait()

    async def ask(self, op: int, address: int, words: list[int], count: int) -> tuple[int, list[int]] | None:
        """Return status and words of an answer of `count`, None where there is none."""
        self._seq += 1
        asked = count if op == Op.READ else len(words)
        await self.send(request(op, self._seq, address, asked, struct.pack(f"<{len(words)}I", *words)))
        await Timer((4 * count + 12) * BYTE_NS + 300 * CLOCK_NS, "ns")
        self._parser.feed(bytes(self._sink.read_nowait()))
        found = self._parser.find(op, self._seq, count)
        return found and (found[0], list(struct.unpack(f"<{len(found[1]) // 4}I", found[1])))

    def infer(self, value: int) -> Awaitable[tuple[int, list[int]] | None]:
        return self.ask(Op.INFER, OBSERVATION, [value], 2)


async def start(dut: SimHandleBase) -> tuple[Block, Host]:
    cocotb.start_soon(Clock(dut.clk_i, CLOCK_NS, "ns").start())
    for signal in (dut.write_error_i, dut.read_data_i, dut.read_error_i, dut.rst_ni):
        signal.value = 0
    block, host = Block(dut), Host(dut)
    await ClockCycles(dut.clk_i, 4)
    dut.rst_ni.value = 1
    await ClockCycles(dut.clk_i, 4)
    return block, host


@cocotb.test()
async def infers_by_start_and_in_free_running_mode(dut: SimHandleBase) -> None:
    block, host = await start(dut)
    assert await host.infer(21) == (Status.OK, [5, 42])
    assert await host.ask(Op.WRITE, CONTROL, [PARAMETERS["FreeRunning"]], 0) == (Status.OK, [])
    assert await host.infer(22) == (Status.OK, [5, 44])
    assert (block.starts, block.words[CONTROL]) == (2, PARAMETERS["FreeRunning"])


@cocotb.test()
async def a_hung_accelerator_is_told_and_the_line_lives_on(dut: SimHandleBase) -> None:
    block, host = await start(dut)
    block.latency = None
    assert await host.infer(1) == (Status.TIMEOUT, [])
    assert await host.ask(Op.READ, STATUS, [], 1) == (Status.OK, [PARAMETERS["Busy"]])
    assert await host.infer(1) == (Status.TIMEOUT, [])  # already when it waits to begin
    assert block.starts == 1
    block.words[STATUS], block.latency = 0, 4
    assert await host.infer(4) == (Status.OK, [4, 8])


@cocotb.test()
async def an_inference_that_does_not_start_or_end_is_no_action(dut: SimHandleBase) -> None:
    block, host = await start(dut)
    assert await host.infer(1) == (Status.OK, [5, 2])
    block.words[CONTROL] = PARAMETERS["FreeRunning"]
    # Done of the inference before, and nothing that starts another: the old action must not be the answer.
    assert await host.ask(Op.INFER, OBSERVATION + 4, [1], 2) == (Status.REFUSED, [])
    assert block.words[STATUS] == PARAMETERS["Done"] and block.starts == 1


@cocotb.test()
async def an_address_too_wide_for_the_block_never_reaches_it(dut: SimHandleBase) -> None:
    block, host = await start(dut)
    for op, words, count in ((Op.READ, [], 1), (Op.WRITE, [7], 0), (Op.INFER, [7], 0)):
        before = block.bad_accesses
        assert (await host.ask(op, 0x1000 + CONTROL, words, count) or (None,))[0] in (Status.REFUSED, None)
        assert block.bad_accesses == before + 1
    assert block.words[CONTROL] == 0 and block.starts == 0


@cocotb.test()
async def noise_and_cut_frames_between_requests(dut: SimHandleBase) -> None:
    _, host = await start(dut)
    frame = request(Op.INFER, 200, OBSERVATION, 1, bytes(4))
    for value, noise in enumerate(
        (b"\x00\xff\x47", frame[:6], frame[1:], frame[:-1], b"GGGGGGGG", b"g" * 20)
    ):
        await host.send(noise)
        await Timer(GAP_NS, "ns")
        assert await host.infer(value) == (Status.OK, [5, 2 * value])
