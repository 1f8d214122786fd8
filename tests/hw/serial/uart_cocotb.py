"""What cocotb drives the UART of uart_top.sv with; ganglion's side has ClocksPerBit of the environment."""

import os

import cocotb
from cocotb.clock import Clock
from cocotb.handle import SimHandleBase
from cocotb.triggers import ClockCycles, ReadOnly, RisingEdge, Timer
from cocotbext.uart import UartSink, UartSource

CLOCK_NS = 10
CLOCKS_PER_BIT = int(os.environ["CLOCKS_PER_BIT"])
BIT_NS = CLOCK_NS * CLOCKS_PER_BIT
BYTES = bytes((0x00, 0xFF, 0x55, 0xAA, *(1 << k for k in range(8)), *(255 - (1 << k) for k in range(8)))) * 2


async def reset(dut: SimHandleBase) -> None:
    cocotb.start_soon(Clock(dut.clk_i, CLOCK_NS, "ns").start())
    dut.rx_i.value = 1
    dut.rst_ni.value = 0
    await ClockCycles(dut.clk_i, 4)
    dut.rst_ni.value = 1
    await ClockCycles(dut.clk_i, 4)


class Counts:
    """How often the receiver said that a byte came, or a wrong one."""

    def __init__(self, dut: SimHandleBase) -> None:
        self.bytes = bytearray()
        self.errors = 0
        cocotb.start_soon(self._watch_bytes(dut))
        cocotb.start_soon(self._watch_errors(dut))

    async def _watch_bytes(self, dut: SimHandleBase) -> None:
        while True:
            await RisingEdge(dut.valid_o)
            await ReadOnly()
            self.bytes.append(int(dut.data_o.value))

    async def _watch_errors(self, dut: SimHandleBase) -> None:
        while True:
            await RisingEdge(dut.error_o)
            self.errors += 1


async def _bit(dut: SimHandleBase, level: int, bits: float = 1) -> None:
    dut.rx_i.value = level
    await Timer(round(BIT_NS * bits), "ns")


@cocotb.test()
@cocotb.parametrize(percent=[-2, 0, 2])
async def bytes_pass_at_a_baud_that_is_off(dut: SimHandleBase, percent: int) -> None:
    await reset(dut)
    source = UartSource(dut.rx_i, baud=round(1e9 / BIT_NS * (1 + percent / 100)))
    sink = UartSink(dut.tx_o, baud=round(1e9 / BIT_NS))
    counts = Counts(dut)
    await source.write(BYTES)
    await source.wait()
    await Timer(30 * BIT_NS, "ns")
    assert bytes(counts.bytes) == BYTES and counts.errors == 0
    if percent <= 0:  # a faster sender is faster than the transmitter, too
        assert bytes(sink.read_nowait()) == BYTES


@cocotb.test()
async def a_short_dip_is_no_start_bit(dut: SimHandleBase) -> None:
    await reset(dut)
    counts = Counts(dut)
    await _bit(dut, 0, 0.3)
    await _bit(dut, 1, 20)
    assert not counts.bytes and not counts.errors


@cocotb.test()
async def a_spike_in_the_middle_of_a_bit_is_outvoted(dut: SimHandleBase) -> None:
    await reset(dut)
    counts = Counts(dut)
    for level in (0, 1, 0, 1, 1, 0, 0, 1, 0, 1):
        await _bit(dut, level, 0.5)
        dut.rx_i.value = 1 - level
        await Timer(CLOCK_NS, "ns")
        dut.rx_i.value = level
        await Timer(round(BIT_NS * 0.5) - CLOCK_NS, "ns")
    await _bit(dut, 1, 2)
    assert list(counts.bytes) == [0b01001101] and not counts.errors


@cocotb.test()
async def a_low_stop_bit_is_an_error_and_a_break_is_one_error(dut: SimHandleBase) -> None:
    await reset(dut)
    counts = Counts(dut)
    await _bit(dut, 0, 60)
    await _bit(dut, 1, 3)
    assert not counts.bytes and counts.errors == 1
    await UartSource(dut.rx_i, baud=round(1e9 / BIT_NS)).write(b"a")
    await Timer(12 * BIT_NS, "ns")
    assert bytes(counts.bytes) == b"a"


@cocotb.test()
async def a_reset_in_the_middle_of_a_byte_leaves_nothing_behind(dut: SimHandleBase) -> None:
    await reset(dut)
    counts = Counts(dut)
    await _bit(dut, 0, 5.3)
    dut.rx_i.value = 1
    dut.rst_ni.value = 0
    await ClockCycles(dut.clk_i, 4)
    assert dut.tx_o.value == 1
    dut.rst_ni.value = 1
    await Timer(20 * BIT_NS, "ns")
    await UartSource(dut.rx_i, baud=round(1e9 / BIT_NS)).write(b"b")
    await Timer(12 * BIT_NS, "ns")
    assert bytes(counts.bytes) == b"b" and not counts.errors
