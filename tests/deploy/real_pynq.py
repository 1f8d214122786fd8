"""A bundle's policy through the real pynq, for an environment that has it: the board behind is simulated.

Arguments: the bundle and its simulated shell. stdin: observations of float64, one after another; stdout: a
line on what was loaded, then an action of float32 for each.
"""

import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pynq
from pynq.pl_server.device import Device
from pynqmetadata.frontends import Metadata
from pynqmetadata.views.runtime import RuntimeMetadataParser

from ganglion.deploy.policy import Policy
from ganglion.deploy.transports.simulated import SimulatedTransport

FIRST, END = 0xA000_0000, 0xA001_0000
IOPLL_CTRL, TIMES_45 = 0xFF5E_0020, 1 << 16 | 90 << 8


class SimulatedDevice(Device):
    """A Zynq UltraScale+ whose M_AXI_HPM0_FPD leads to a simulated shell; its system registers are a dict."""

    def __init__(self, library: Path) -> None:
        super().__init__("simulated")
        self.name = "simulated"
        self.arch = "aarch64"
        self.capabilities = {"REGISTER_RW": True}
        self._shell = SimulatedTransport(library)
        self._system = {IOPLL_CTRL: TIMES_45}

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
        return RuntimeMetadataParser(Metadata(input=str(Path(name).with_suffix(".hwh"))))

    def download(self, bitstream: Any, parser: Any) -> None:
        self.post_download(bitstream, parser)


def main(bundle: Path, library: Path) -> None:
    Device.active_device = SimulatedDevice(library)
    with Policy.load(bundle, "pynq") as policy:
        n_vectors = policy.self_test()
        clock_mhz = pynq.Clocks.fclk0_mhz
        print(f"pynq {pynq.__version__}, {n_vectors} vectors, {clock_mhz:g} MHz", flush=True)
        size = 8 * policy.manifest.host.observation.shape[0]
        while observation := sys.stdin.buffer.read(size):
            sys.stdout.buffer.write(policy(np.frombuffer(observation)).tobytes())
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
