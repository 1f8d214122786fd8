"""A bundle's policy through the real pynq, for an environment that has it: the board behind is simulated.

Arguments: the bundle and its simulated shell. stdin: float64 observations one after another; stdout: a line on
what was loaded, then a float32 action for each.
"""

import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pynq
from pynq.pl_server.device import Device
from pynq.pl_server.hwh_parser import _HWHZynq  # HWH itself is abstract where the processor is no ARM

from ganglion.deploy.policy import Policy
from ganglion.deploy.transports.simulated import SimulatedTransport

FIRST, END = 0x4000_0000, 0x4001_0000
IO_PLL_CTRL, PLL_MULTIPLIER = 0xF800_0108, 20


class SimulatedDevice(Device):
    """A Zynq-7000 whose port M_AXI_GP0 leads to a simulated shell, and whose clocks are registers in a dict."""

    def __init__(self, library: Path) -> None:
        super().__init__("simulated")
        self.name = "simulated"
        self.arch = "armv7l"
        self.capabilities = {"REGISTER_RW": True}
        self._shell = SimulatedTransport(library)
        self._system = {IO_PLL_CTRL: PLL_MULTIPLIER << 12}

    def read_registers(self, address: int, length: int) -> bytes:
        if FIRST <= address < END:
            return struct.pack("<I", self._shell.read(address - FIRST))[:length]
        return struct.pack("<I", self._system.get(address, 0))[:length]

    def write_registers(self, address: int, data: Any) -> None:
        value = int.from_bytes(bytes(data), "little")
        if FIRST <= address < END:
            self._shell.write(address - FIRST, value)
        else:
            self._system[address] = value

    def get_bitfile_metadata(self, name: str) -> Any:
        parser = _HWHZynq(str(Path(name).with_suffix(".hwh")))
        parser.systemgraph = None
        return parser

    def download(self, bitstream: Any, parser: Any) -> None:
        self.reset(parser, "now", bitstream.bitfile_name)
        bitstream.timestamp = "now"


def main(bundle: Path, library: Path) -> None:
    Device.active_device = SimulatedDevice(library)
    with Policy.load(bundle, "pynq") as policy:
        n_vectors = policy.self_test()
        clock_mhz = pynq.Clocks.fclk0_mhz
        print(f"pynq {pynq.__version__}, {n_vectors} vectors, {clock_mhz:g} MHz", flush=True)
        size = 8 * policy.manifest.host.observation_features
        while observation := sys.stdin.buffer.read(size):
            sys.stdout.buffer.write(policy(np.frombuffer(observation)).tobytes())
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
