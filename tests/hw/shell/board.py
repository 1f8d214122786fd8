"""A simulated shell with registers as the cocotb tests handle it, whatever its bus."""

import os
import random
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, with_timeout

from ganglion.models.reference import Ints
from tests.hw.shell.case import BUS, read_case, seed
from tests.hw.shell.masters import ALL_BYTES, OKAY, BurstMaster, LiteMaster, pauses

PERIOD_NS = 10
DEADLINE_NS = 100_000


class Board:
    """The shell behind its bus, in reset when made; accesses have a deadline, so that a hang is a failure."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.case = read_case()
        self.shell = self.case.shell
        self.rng = random.Random(seed())
        self.is_burst = os.environ[BUS] == "axi"
        dut.aresetn.value = 0
        self.master = BurstMaster(dut) if self.is_burst else LiteMaster(dut)
        cocotb.start_soon(Clock(dut.aclk, PERIOD_NS, "ns").start())

    async def reset(self, cycles: int = 1) -> None:
        """Hold reset for so many cycles; the master forgets what it has not sent or handed out."""
        self.dut.aresetn.value = 0
        await ClockCycles(self.dut.aclk, cycles)
        for channel in self.master.channels:
            channel.clear()
        self.dut.aresetn.value = 1

    def pause(self, percent: int) -> None:
        """Let every channel pause at random."""
        for channel in self.master.channels:
            channel.set_pause_generator(pauses(self.rng, percent))

    async def write(self, address: int, words: list[int], strobe: int = ALL_BYTES, **how: Any) -> int:
        """Return the response to a write of words."""
        return await with_timeout(self.master.write(address, words, strobe, **how), DEADLINE_NS, "ns")

    async def read(self, address: int, count: int = 1, **how: Any) -> tuple[int, list[int]]:
        """Return the response to a read of `count` words, and the words."""
        return await with_timeout(self.master.read(address, count, **how), DEADLINE_NS, "ns")

    async def register(self, name: str) -> int:
        """Return what a register reads."""
        response, words = await self.read(self.shell.registers[name])
        assert response == OKAY
        return words[0]

    async def status(self) -> set[str]:
        """Return the names of the flags that are set."""
        value = await self.register("status")
        return {name for name, mask in self.shell.status.items() if value & mask}

    async def control(self, *names: str) -> None:
        """Write these bits of control."""
        mask = sum(self.shell.control[name] for name in names)
        assert await self.write(self.shell.registers["control"], [mask]) == OKAY

    def words(self, vector: Ints) -> list[int]:
        """Return the words of an observation [values]."""
        return [int(word) for word in self.shell.observation.pack(vector[None])[0]]

    async def load(self, vector: Ints) -> None:
        """Write an observation [values]."""
        assert await self.write(self.shell.observation.offset, self.words(vector)) == OKAY

    async def wait(self) -> None:
        """Wait until the inference has ended."""
        for _ in range(10_000):
            if "busy" not in await self.status():
                return
        raise AssertionError("busy for ever")

    async def action(self) -> list[int]:
        """Return the action [values]."""
        window = self.shell.action
        response, words = await self.read(window.offset, window.words)
        assert response == OKAY
        return window.unpack(np.array([words], np.uint32))[0].tolist()

    async def check_action(self, index: int) -> None:
        """Wait for the inference to end; its action must be that of vector `index`."""
        await self.wait()
        assert await self.action() == self.case.actions[index].tolist()

    async def check_inference(self, index: int) -> None:
        """Load vector `index`, start, and check the action."""
        await self.load(self.case.inputs[index])
        await self.control("start")
        await self.check_action(index)


async def powered(dut: Any) -> Board:
    """Return a board that has just left reset."""
    board = Board(dut)
    await ClockCycles(dut.aclk, 2)
    await board.reset(2)
    return board
