"""A folded accelerator of a small network behind its shells, and the library of the AXI4-Lite one."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from ganglion.hw.design.design import Design
from ganglion.hw.engines.folded.plan import plan
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.shell.description import Shell
from ganglion.hw.shell.generate import write_shell
from ganglion.hw.shell.library import build_library
from ganglion.models.build.paths import BuildPaths
from ganglion.models.reference import IntNetwork, Ints
from tests.hw.bare import CACHE, build_bare
from tests.networks import random_network

POLICY = "000102030405060708090a0b0c0d0e0f" + 16 * "ff"
OKAY, SLVERR = 0, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A network, its accelerator, and its shells under `paths`."""

    paths: BuildPaths
    network: IntNetwork
    design: Design
    shell: Shell

    def inputs(self, count: int, seed: int = 0) -> Ints:
        """Return random inputs [count, values]."""
        kind = self.network.spec.input_type
        shape = (count, self.network.spec.widths[0])
        return np.random.default_rng(seed).integers(kind.low, kind.high + 1, shape)

    def expected(self, inputs: Ints) -> Ints:
        """Return the integers that the accelerator must answer: [n, in] → [n, out]."""
        return self.network.forward(inputs)[-1]


def build_shells(
    root: Path,
    widths: tuple[int, ...] = (11, 9, 3),
    input_bits: int = 8,
    output_bits: int = 8,
    lanes: int = 8,
) -> Build:
    """Return the shells of a random network on the folded engine, written to `root`."""
    network = random_network(np.random.default_rng(0), widths, input_bits=input_bits, output_bits=output_bits)
    design = build_bare(plan(network, FoldedShape.of(lanes)), root).design
    paths = BuildPaths(root=root)
    return Build(paths=paths, network=network, design=design, shell=write_shell(paths, design, POLICY))


class Simulated:
    """A shell through its C functions, of which `functions` are its own, with the types of what they take."""

    def __init__(self, shell: Shell, library: Path, **functions: list[Any]) -> None:
        self.shell = shell
        self._c = ctypes.CDLL(str(library))
        self._c.ganglion_open.restype = ctypes.c_void_p
        self._c.ganglion_clock.restype = ctypes.c_uint64
        common = {"close": [], "clock": [], "reset": [ctypes.c_uint32], "run": [ctypes.c_uint64]}
        for name, kinds in (common | functions).items():
            getattr(self._c, f"ganglion_{name}").argtypes = [ctypes.c_void_p, *kinds]

    @contextmanager
    def opened(self) -> Iterator[Self]:
        """Yield it with a fresh accelerator behind it."""
        self._handle = self._c.ganglion_open()
        try:
            yield self
        finally:
            self._c.ganglion_close(self._handle)

    def reset(self, cycles: int = 1) -> None:
        self._c.ganglion_reset(self._handle, cycles)

    def run(self, cycles: int) -> None:
        assert self._c.ganglion_run(self._handle, cycles) == 0

    @property
    def clock(self) -> int:
        """Cycles simulated so far."""
        return self._c.ganglion_clock(self._handle)


class Library(Simulated):
    """The AXI4-Lite shell through its C functions."""

    def __init__(self, build: Build) -> None:
        top = build.shell.tops["axi_lite"]
        path = build_library(build.design, top, build.shell.sources, build.paths.shell_library, CACHE)
        word = ctypes.c_uint32
        super().__init__(build.shell, path, read=[word, ctypes.POINTER(word)], write=[word, word])

    def read(self, address: int) -> tuple[int, int]:
        """Return the response and the word at a byte address."""
        value = ctypes.c_uint32()
        return self._c.ganglion_read(self._handle, address, ctypes.byref(value)), value.value

    def write(self, address: int, value: int) -> int:
        """Return the response to a word written to a byte address."""
        return self._c.ganglion_write(self._handle, address, value)

    def register(self, name: str) -> int:
        """Return what a register reads."""
        response, value = self.read(self.shell.registers[name])
        assert response == OKAY
        return value

    def status(self) -> set[str]:
        """Return the names of the flags that are set."""
        value = self.register("status")
        return {name for name, mask in self.shell.status.items() if value & mask}

    def control(self, *names: str) -> None:
        """Write these bits of control."""
        mask = sum(self.shell.control[name] for name in names)
        assert self.write(self.shell.registers["control"], mask) == OKAY

    def load(self, vector: Ints) -> None:
        """Write an observation [values]."""
        for index, word in enumerate(self.shell.observation.pack(vector[None])[0]):
            assert self.write(self.shell.observation.offset + 4 * index, int(word)) == OKAY

    def action(self) -> Ints:
        """Return the action [values]."""
        window = self.shell.action
        answers = [self.read(window.offset + 4 * index) for index in range(window.words)]
        assert {response for response, _ in answers} == {OKAY}
        return window.unpack(np.array([[word for _, word in answers]], np.uint32))[0]

    def wait(self, patience: int = 10_000) -> None:
        """Read status until the inference has ended."""
        for _ in range(patience):
            if "busy" not in self.status():
                return
        raise AssertionError("busy for ever")

    def infer(self, vector: Ints) -> Ints:
        """Return the action [out] for an observation [in], started by control."""
        self.load(vector)
        self.control("start")
        self.wait()
        return self.action()
