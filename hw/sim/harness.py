"""Run a compiled simulator: whole batches with stalls and resets, or one step after another over pipes."""

import json
import os
import re
import select
import struct
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ganglion.hw.design.axi_stream import Words
from ganglion.hw.design.design import Design, Port
from ganglion.hw.sim.verilate import Simulator
from ganglion.models.build.errors import MismatchError, ToolError
from ganglion.models.reference import Ints

Bools = npt.NDArray[np.bool_]

RUN_DEADLINE_S = 3600
STEP_DEADLINE_S = 60
REPORTED = 3  # the harness' exit status when it wrote down what broke
SWITCHING_FILE = "switching.bin"
LATENCIES_FILE = "latencies.bin"
DRAIN_CYCLES = 2000  # how long a run looks for surplus words after the last result


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How vectors are offered and results accepted.

    `stall_percent` of the cycles, on both sides, are stalled in bursts of up to `burst_cycles`; `spaced`
    waits for each result before the next vector; `sink_waits` raises tready only once tvalid was seen. Every
    reset lasts `reset_cycles`: the first, and one more at a nonzero `reset_at_cycle`, after which all starts
    anew.
    """

    stall_percent: int = 0
    burst_cycles: int = 64
    seed: int = 1
    spaced: bool = False
    sink_waits: bool = False
    reset_at_cycle: int = 0
    reset_cycles: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came out: words by stream, [n, word_bytes] uint8, and cycles; `failure` says what broke."""

    words: dict[str, Words]
    cycles: int
    latency_min: int = 0
    latency_max: int = 0
    interval: float = 0.0
    lost_by_reset: int = 0
    failure: str = ""
    latencies: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    """Cycles of each vector, [n]; none where the run failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switching:
    """How often each observed net switched, and in how many of the cycles it was high: [nets] int64 each."""

    cycles: int
    toggles: Ints
    high: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A design, its simulator, and how many cycles without a word on any stream mean a deadlock."""

    design: Design
    simulator: Simulator
    patience_cycles: int = 100_000

    @classmethod
    def of(cls, design: Design, simulator: Simulator) -> "Bench":
        """Return a bench with patience for many times what the design's layers take for a vector."""
        patience = 100_000 + 20 * sum(design.layer_cycles)
        return cls(design=design, simulator=simulator, patience_cycles=patience)

    def run(self, inputs: Ints, traffic: Traffic, scratch: Path, starts: Bools | None = None) -> Result:
        """Return what inputs [n, in] become in a freshly reset accelerator; files go to `scratch`.

        starts: [n], where an episode starts, before which it is reset again.
        """
        return self._run(inputs, traffic, scratch, starts, {})

    def switching(self, inputs: Ints, scratch: Path, starts: Bools | None = None) -> tuple[Result, Switching]:
        """Return what inputs [n, in], each alone, become, and what the observed nets did meanwhile."""
        result = self._run(inputs, Traffic(spaced=True), scratch, starts, {"switching": 1})
        counts = np.fromfile(scratch / SWITCHING_FILE, dtype=np.int64)
        toggles, high = counts[1:].reshape(2, -1)
        return result, Switching(cycles=int(counts[0]), toggles=toggles, high=high)

    def _run(
        self,
        inputs: Ints,
        traffic: Traffic,
        scratch: Path,
        starts: Bools | None,
        more: Mapping[str, int],
    ) -> Result:
        scratch.mkdir(parents=True, exist_ok=True)
        restarts = scratch / "starts.bin"
        restarts.write_bytes(_restarts(starts).tobytes())
        source = scratch / "input.bin"
        source.write_bytes(self.design.input.format.pack(inputs).tobytes())
        arguments = {
            "in": source.resolve(),
            "out": scratch.resolve(),
            "starts": restarts.resolve(),
            "vectors": len(inputs),
            "stall": traffic.stall_percent,
            "burst": traffic.burst_cycles,
            "seed": traffic.seed,
            "spaced": int(traffic.spaced),
            "waits": int(traffic.sink_waits),
            "reset_at": traffic.reset_at_cycle,
            "reset": traffic.reset_cycles,
            "patience": self.patience_cycles,
            "drain": DRAIN_CYCLES,
            **more,
        }
        report = self._report(["run", *(f"{key}={value}" for key, value in arguments.items())])
        ports = (self.design.output, *self.design.taps)
        latencies = np.zeros(0, np.int64)
        if not report.get("failure"):
            latencies = np.fromfile(scratch / LATENCIES_FILE, dtype=np.int64)
        words = {port.prefix: _read_words(port, scratch) for port in ports}
        return Result(words=words, latencies=latencies, **report)

    @contextmanager
    def serving(self) -> Iterator["Served"]:
        """Yield one running accelerator, which answers what it is called with."""
        command = [str(self.simulator.binary), "serve", f"patience={self.patience_cycles}"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=self.design.root, stdin=pipe, stdout=pipe, stderr=pipe) as process:
            try:
                yield Served(design=self.design, process=process)
            finally:
                process.kill()

    def _report(self, arguments: list[str]) -> dict[str, Any]:
        command = [str(self.simulator.binary), *arguments]
        try:
            done = subprocess.run(
                command,
                cwd=self.design.root,
                capture_output=True,
                text=True,
                timeout=RUN_DEADLINE_S,
            )
        except subprocess.TimeoutExpired:
            raise ToolError(f"simulation of {self.design.top} did not finish in {RUN_DEADLINE_S} s") from None
        # Verilog only warns of this, and computes with zeros.
        if missing := re.search(r"%Warning: (\S+?):\d+: \$readmem file not found", done.stdout + done.stderr):
            raise ToolError(
                f"simulation: memory file {missing.group(1)} was not found; compile the design again"
            )
        if done.returncode not in (0, REPORTED):
            raise ToolError(
                f"simulator exited with {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}"
            )
        report = json.loads(done.stdout.splitlines()[-1])
        return report if done.returncode == 0 else _failure(report, done.stdout)


@dataclass(slots=True, kw_only=True)
class Served:
    """A running accelerator: [n, in] → [n, out] int64, pipelined, its state going on from call to call."""

    design: Design
    process: "subprocess.Popen[bytes]"
    latencies: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    """Cycles of each vector of the last call, [n]."""

    def reset(self) -> None:
        """Reset the accelerator, as at an episode's start."""
        self._send(struct.pack("<I", 0))

    def __call__(self, inputs: Ints) -> Ints:
        """Return the answers; an accelerator that gets stuck or breaks its handshake raises MismatchError."""
        self._send(struct.pack("<I", len(inputs)) + self.design.input.format.pack(inputs).tobytes())
        output = self.design.output.format
        size = len(inputs) * output.words * output.word_bytes
        answer = self._receive(size + len(inputs) * self.latencies.itemsize)
        self.latencies = np.frombuffer(answer[size:], dtype=np.int64)
        return output.unpack(np.frombuffer(answer[:size], dtype=np.uint8).reshape(-1, output.word_bytes))

    def _send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            self._receive(1)  # which says why

    def _receive(self, expected: int) -> bytes:
        assert self.process.stdout is not None
        answer = b""
        while len(answer) < expected and select.select([self.process.stdout], [], [], STEP_DEADLINE_S)[0]:
            chunk = os.read(self.process.stdout.fileno(), expected - len(answer))
            if not chunk:
                break
            answer += chunk
        if len(answer) < expected:
            self.process.kill()
            assert self.process.stderr is not None
            message = self.process.stderr.read().decode().strip()
            raise MismatchError(
                f"simulation of {self.design.top} gave no answer: {message or 'deadline passed'}"
            )
        return answer


def _failure(report: dict[str, Any], output: str) -> dict[str, Any]:
    message = re.search(r"%Error: .*", output)
    what = f"{report['failure']} at {report['where']} in cycle {report['cycle']}: {report['detail']}"
    return {
        "cycles": report["cycle"],
        "failure": f"{what} {message.group(0) if message else ''}".strip(),
    }


def _restarts(starts: Bools | None) -> Ints:
    """Return the vectors behind the first that start an episode."""
    later = np.zeros(0, np.int64) if starts is None else np.flatnonzero(starts)
    return later[later > 0].astype(np.int64)


def _read_words(port: Port, folder: Path) -> Words:
    data = np.fromfile(folder / f"{port.prefix}.bin", dtype=np.uint8)
    return data.reshape(-1, port.format.word_bytes)
