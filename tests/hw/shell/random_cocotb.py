"""cocotb test: random accesses, good and bad, beside a model of the register block."""

from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles

from ganglion.hw.shell.registers import WORD_BYTES
from tests.hw.shell.board import Board, powered
from tests.hw.shell.masters import OKAY, SLVERR

STEPS = 300


class Model:
    """The register block as the accesses so far must have left it."""

    def __init__(self, board: Board) -> None:
        self.board, self.rng = board, board.rng
        self.window = board.shell.observation
        self.words = [0] * self.window.words
        self.after_reset()

    def after_reset(self) -> None:
        self.free_running = self.busy = False
        self.inferences = 0
        self.expected: list[int] | None = None

    def started(self) -> None:
        """Take over what the accelerator must answer to the observation that is there."""
        kind = self.board.case.network.spec.input_type
        held = self.window.unpack(np.array([self.words], np.uint32))
        values = (held - kind.low) % (1 << kind.bits) + kind.low  # a container's upper bits do not count
        self.expected = self.board.case.network.forward(values)[-1][0].tolist()
        self.busy = True
        self.inferences += 1

    def written(self, index: int, word: int, strobe: int) -> None:
        """Take over a word of the observation that was accepted."""
        mask = sum(0xFF << 8 * k for k in range(4) if strobe >> k & 1)
        self.words[index] = self.words[index] & ~mask | word & mask
        last_bytes = self.window.values * self.window.container_bits // 8 - 1
        if self.free_running and index == last_bytes // WORD_BYTES and strobe >> last_bytes % WORD_BYTES & 1:
            self.started()

    async def refused(self) -> bool:
        """Return whether what was written last came while busy."""
        flags = await self.board.status()
        await self.control()
        assert flags <= {"busy", "done", "write_while_busy"}
        if "write_while_busy" in flags:
            assert self.busy
        return "write_while_busy" in flags

    async def control(self, *names: str) -> None:
        """Write bits of control, and clear the flags."""
        kept = ("free_running",) if self.free_running else ()
        await self.board.control("clear", *kept, *names)

    async def write_word(self) -> None:
        index, word = self.rng.randrange(len(self.words)), self.rng.getrandbits(32)
        strobe = self.rng.choice((0xF, 0xF, 0xF, self.rng.getrandbits(4)))
        address = self.window.offset + WORD_BYTES * index
        assert await self.board.write(address, [word], strobe) == OKAY
        if not await self.refused():
            self.written(index, word, strobe)

    async def write_vector(self) -> None:
        await self.check()
        words = self.board.words(self.rng.choice(self.board.case.inputs))
        assert await self.board.write(self.window.offset, words) == OKAY
        for index, word in enumerate(words):
            self.written(index, word, 0xF)

    async def start(self) -> None:
        await self.control("start")
        if not await self.refused():
            self.started()

    async def toggle(self) -> None:
        self.free_running = not self.free_running
        await self.control()

    async def abandon(self) -> None:
        await self.check()
        await self.control("start")
        await self.control("reset")
        ended = await self.board.register("inferences") - self.inferences
        assert ended in (0, 1)
        self.inferences += ended
        self.busy, self.expected = False, None
        assert await self.board.status() == set()

    async def bad_access(self) -> None:
        shell = self.board.shell
        address = self.rng.choice(
            [
                self.rng.randrange(1 << shell.address_bits) | self.rng.randrange(1, 4),
                shell.registers["clock"] + WORD_BYTES,
                shell.action.offset + WORD_BYTES * shell.action.words,
            ]
        )
        if self.rng.random() < 0.5:
            assert (await self.board.read(address))[0] == SLVERR
        else:
            assert await self.board.write(address, [self.rng.getrandbits(32)]) == SLVERR
        assert "bad_access" in await self.board.status()
        await self.control()

    async def reset(self) -> None:
        await ClockCycles(self.board.dut.aclk, self.rng.randrange(40))
        await self.board.reset(self.rng.choice((1, 2, 5)))
        self.after_reset()
        assert await self.board.status() == set()

    async def pause(self) -> None:
        self.board.pause(self.rng.choice((0, 20, 70)))

    async def check(self) -> None:
        """Wait for what runs; action, counter and control must be as expected."""
        await self.board.wait()
        self.busy = False
        assert await self.board.register("inferences") == self.inferences
        assert bool(await self.board.register("control")) == self.free_running
        if self.expected is not None:
            assert await self.board.action() == self.expected


@cocotb.test()
async def any_accesses_leave_the_block_as_the_model_says(dut: Any) -> None:
    board = await powered(dut)
    model = Model(board)
    await model.write_vector()
    steps = [model.write_word] * 6 + [model.write_vector] * 3 + [model.start] * 4 + [model.check] * 3
    steps += [model.toggle, model.abandon, model.bad_access, model.bad_access, model.reset, model.pause]
    for _ in range(STEPS):
        await board.rng.choice(steps)()
    await model.check()
