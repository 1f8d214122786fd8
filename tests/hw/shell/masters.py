"""AXI masters made of cocotbext-axi's channels, which leave order and bad requests to the test."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from cocotbext.axi.axi_channels import (
    AxiARBus,
    AxiARSource,
    AxiARTransaction,
    AxiAWBus,
    AxiAWSource,
    AxiAWTransaction,
    AxiBBus,
    AxiBSink,
    AxiRBus,
    AxiRSink,
    AxiWBus,
    AxiWSource,
    AxiWTransaction,
)
from cocotbext.axi.axil_channels import (
    AxiLiteARBus,
    AxiLiteARSource,
    AxiLiteARTransaction,
    AxiLiteAWBus,
    AxiLiteAWSource,
    AxiLiteAWTransaction,
    AxiLiteBBus,
    AxiLiteBSink,
    AxiLiteRBus,
    AxiLiteRSink,
    AxiLiteWBus,
    AxiLiteWSource,
    AxiLiteWTransaction,
)

ALL_BYTES = 0xF
OKAY, SLVERR = 0, 2
FIXED, INCR, WRAP = range(3)


def pauses(rng: random.Random, percent: int) -> Iterator[bool]:
    """Yield for each cycle whether a channel pauses."""
    while True:
        yield rng.randrange(100) < percent


class LiteMaster:
    """Single accesses over AXI4-Lite."""

    def __init__(self, dut: Any) -> None:
        reset = {"clock": dut.aclk, "reset": dut.aresetn, "reset_active_level": False}
        self.aw = AxiLiteAWSource(AxiLiteAWBus.from_prefix(dut, "s_axi"), **reset)
        self.w = AxiLiteWSource(AxiLiteWBus.from_prefix(dut, "s_axi"), **reset)
        self.b = AxiLiteBSink(AxiLiteBBus.from_prefix(dut, "s_axi"), **reset)
        self.ar = AxiLiteARSource(AxiLiteARBus.from_prefix(dut, "s_axi"), **reset)
        self.r = AxiLiteRSink(AxiLiteRBus.from_prefix(dut, "s_axi"), **reset)
        self.channels = (self.aw, self.w, self.b, self.ar, self.r)

    async def write(self, address: int, words: Sequence[int], strobe: int = ALL_BYTES) -> int:
        """Return the worst response to words written from a byte address on."""
        worst = OKAY
        for index, word in enumerate(words):
            await self.aw.send(AxiLiteAWTransaction(awaddr=address + 4 * index, awprot=0))
            await self.w.send(AxiLiteWTransaction(wdata=word, wstrb=strobe))
            worst = max(worst, int((await self.b.recv()).bresp))
        return worst

    async def read(self, address: int, count: int = 1) -> tuple[int, list[int]]:
        """Return the worst response to reading `count` words from a byte address on, and the words."""
        answers = []
        for index in range(count):
            await self.ar.send(AxiLiteARTransaction(araddr=address + 4 * index, arprot=0))
            answers.append(await self.r.recv())
        return max(int(each.rresp) for each in answers), [int(each.rdata) for each in answers]


class BurstMaster:
    """Bursts over AXI with random identifiers, which must come back."""

    def __init__(self, dut: Any) -> None:
        reset = {"clock": dut.aclk, "reset": dut.aresetn, "reset_active_level": False}
        self.aw = AxiAWSource(AxiAWBus.from_prefix(dut, "s_axi"), **reset)
        self.w = AxiWSource(AxiWBus.from_prefix(dut, "s_axi"), **reset)
        self.b = AxiBSink(AxiBBus.from_prefix(dut, "s_axi"), **reset)
        self.ar = AxiARSource(AxiARBus.from_prefix(dut, "s_axi"), **reset)
        self.r = AxiRSink(AxiRBus.from_prefix(dut, "s_axi"), **reset)
        self.channels = (self.aw, self.w, self.b, self.ar, self.r)
        self.rng = random.Random(0)
        self.n_ids = 1 << len(dut.s_axi_awid)

    async def write(
        self,
        address: int,
        words: Sequence[int],
        strobe: int = ALL_BYTES,
        *,
        size: int = 2,
        burst: int = INCR,
        last: int | None = None,
        data_first: bool = False,
    ) -> int:
        """Return the response to a burst; `last` is the beat that is marked so, by default the last."""
        identifier = self.rng.randrange(self.n_ids)
        request = {"awid": identifier, "awaddr": address, "awlen": len(words) - 1}
        ends = len(words) - 1 if last is None else last
        beats = [
            AxiWTransaction(wdata=word, wstrb=strobe, wlast=int(index == ends))
            for index, word in enumerate(words)
        ]
        if data_first:
            await self.w.send(beats.pop(0))
            await self.w.wait()
        await self.aw.send(AxiAWTransaction(**request, awsize=size, awburst=burst))
        for beat in beats:
            await self.w.send(beat)
        answer = await self.b.recv()
        assert int(answer.bid) == identifier
        return int(answer.bresp)

    async def read(
        self, address: int, count: int = 1, *, size: int = 2, burst: int = INCR
    ) -> tuple[int, list[int]]:
        """Return the worst response of a burst and its words; the last beat alone must say that it is."""
        identifier = self.rng.randrange(self.n_ids)
        request = {"arid": identifier, "araddr": address, "arlen": count - 1}
        await self.ar.send(AxiARTransaction(**request, arsize=size, arburst=burst))
        beats = [await self.r.recv() for _ in range(count)]
        assert {int(beat.rid) for beat in beats} == {identifier}
        assert [int(beat.rlast) for beat in beats] == [0] * (count - 1) + [1]
        return max(int(beat.rresp) for beat in beats), [int(beat.rdata) for beat in beats]
