"""cocotb tests of the shell between AXI-Streams: both ends stalled, frames of a wrong length, resets."""

import random
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, with_timeout
from cocotbext.axi import AxiStreamBus, AxiStreamFrame, AxiStreamSink, AxiStreamSource

from tests.hw.shell.board import DEADLINE_NS, PERIOD_NS
from tests.hw.shell.case import read_case, seed
from tests.hw.shell.masters import pauses


class Streams:
    """The shell's two streams."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.case = read_case()
        self.rng = random.Random(seed())
        dut.aresetn.value = 0
        how = {"clock": dut.aclk, "reset": dut.aresetn, "reset_active_level": False}
        self.source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), byte_lanes=4, **how)
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), byte_lanes=4, **how)
        cocotb.start_soon(Clock(dut.aclk, PERIOD_NS, "ns").start())

    async def reset(self, cycles: int) -> None:
        self.dut.aresetn.value = 0
        await ClockCycles(self.dut.aclk, cycles)
        self.dut.aresetn.value = 1

    def pause(self, percent: int) -> None:
        for end in (self.source, self.sink):
            end.set_pause_generator(pauses(self.rng, percent))

    def data(self, index: int) -> bytes:
        """Return the bytes of the frame of vector `index`."""
        return self.case.shell.observation.pack(self.case.inputs[index][None]).tobytes()

    def send(self, index: int) -> None:
        self.source.send_nowait(AxiStreamFrame(self.data(index)))

    async def check(self, index: int) -> None:
        """Receive a frame, which must be the action of vector `index`."""
        frame = await with_timeout(self.sink.recv(), DEADLINE_NS, "ns")
        words = np.frombuffer(bytes(frame.tdata), "<u4")[None]
        assert words.shape == (1, self.case.shell.action.words)
        got = self.case.shell.action.unpack(words)[0]
        np.testing.assert_array_equal(got, self.case.actions[index])


async def powered(dut: Any) -> Streams:
    streams = Streams(dut)
    await ClockCycles(dut.aclk, 2)
    await streams.reset(2)
    return streams


@cocotb.test()
async def all_vectors_with_both_ends_stalled(dut: Any) -> None:
    streams = await powered(dut)
    for percent in (0, 30, 80):
        streams.pause(percent)
        for index in range(len(streams.case.inputs)):
            streams.send(index)
        for index in range(len(streams.case.inputs)):
            await streams.check(index)
    assert streams.sink.empty()
    assert dut.frame_error.value == 0


@cocotb.test()
async def a_frame_of_another_length_gets_no_answer_and_harms_no_other(dut: Any) -> None:
    streams = await powered(dut)
    count = len(streams.case.inputs)
    for round_ in range(12):
        streams.pause((0, 40)[round_ % 2])
        good, bad = round_ % count, streams.data((round_ + 1) % count)
        if round_ % 3 == 0:
            bad = bad + bytes(4 * streams.rng.randrange(1, 5))
        elif len(bad) > 4:
            bad = bad[: 4 * streams.rng.randrange(1, len(bad) // 4)]
        else:
            bad = bad + bad
        streams.send(good)
        streams.source.send_nowait(AxiStreamFrame(bad))
        streams.send(good)
        await streams.check(good)
        await streams.check(good)
        assert dut.frame_error.value == 1
        await ClockCycles(dut.aclk, 300)
        assert streams.sink.empty()
        await streams.reset(1)
        await ClockCycles(dut.aclk, 2)
        assert dut.frame_error.value == 0


@cocotb.test()
async def reset_at_any_time_leaves_nothing_behind(dut: Any) -> None:
    streams = await powered(dut)
    count = len(streams.case.inputs)
    waits = [*range(1, 61), *(streams.rng.randrange(1, 150) for _ in range(20))]
    for round_, wait in enumerate(waits):
        streams.pause(0 if round_ < 60 else 30)
        for index in range(3):
            streams.send((round_ + index) % count)
        await ClockCycles(dut.aclk, wait)
        await streams.reset(1 if round_ < 60 else streams.rng.choice((1, 2, 9)))
        streams.source.clear()
        streams.sink.clear()
        streams.send(round_ % count)
        await streams.check(round_ % count)
        assert streams.sink.empty()
