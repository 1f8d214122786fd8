"""The hwh says what PYNQ takes from it: the accelerator's VLNV and addresses, and the clock that was met."""

import json
import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ganglion.hw.flows.zynq.clock import board_clock
from ganglion.hw.flows.zynq.hwh import VLNV, adopted, hwh
from ganglion.hw.target.board import Processor, find_board
from ganglion.models.build.errors import ToolError
from tests.hw.flows.zynq.pynq_environment import READER_OF_3_1, pynq_python

BOARDS = {Processor.ZYNQ: find_board("Pynq-Z2"), Processor.ZYNQMP: find_board("ZCU104")}
CLOCKS = {processor: board_clock(board, 117.8) for processor, board in BOARDS.items()}
BOTH = pytest.mark.parametrize("processor", [Processor.ZYNQ, Processor.ZYNQMP], ids=lambda each: each.value)
BASE = {Processor.ZYNQ: 0x4000_0000, Processor.ZYNQMP: 0xA000_0000}


@BOTH
def test_it_names_the_accelerator_its_range_and_its_clock(processor: Processor) -> None:
    root = ElementTree.fromstring(hwh(processor, "Hopper", 13, CLOCKS[processor]))
    accelerator, system = root.iter("MODULE")
    assert (accelerator.get("INSTANCE"), accelerator.get("VLNV")) == (
        "ganglion_0",
        "ganglion:policy:ganglion:1.0",
    )
    (memory,) = root.iter("MEMRANGE")
    base, high = (int(memory.attrib[key], 16) for key in ("BASEVALUE", "HIGHVALUE"))
    assert (base, high - base + 1) == (BASE[processor], 8192)
    values = {each.get("NAME"): each.get("VALUE") for each in system.iter("PARAMETER")}
    names = {
        Processor.ZYNQ: ("PCW_FCLK0_PERIPHERAL_DIVISOR0", "PCW_FCLK0_PERIPHERAL_DIVISOR1"),
        Processor.ZYNQMP: ("PSU__CRL_APB__PL0_REF_CTRL__DIVISOR0", "PSU__CRL_APB__PL0_REF_CTRL__DIVISOR1"),
    }[processor]
    assert tuple(int(str(values[name])) for name in names) == CLOCKS[processor].divisors


def test_vivados_hwh_gets_our_vlnv_and_the_divisors_of_the_boards_pll() -> None:
    text = hwh(Processor.ZYNQ, "Hopper", 12, board_clock(BOARDS[Processor.ZYNQ], 100.0))
    vivados = text.replace(VLNV, "xilinx.com:module_ref:ganglion_zynq:1.0")
    changed = adopted(vivados, Processor.ZYNQ, "ganglion_zynq", CLOCKS[Processor.ZYNQ])
    divisor = 'NAME="PCW_FCLK0_PERIPHERAL_DIVISOR0" VALUE='
    assert changed == text.replace(f'{divisor}"10"', f'{divisor}"9"')


@pytest.mark.parametrize("count", [0, 2])
def test_an_hwh_without_exactly_one_accelerator_is_refused(count: int) -> None:
    text = count * '<MODULE VLNV="xilinx.com:module_ref:ganglion_zynq:1.0"/>'
    with pytest.raises(ToolError, match=rf"Vivado's hwh says VLNV=.*ganglion_zynq.* {count} times, expected"):
        adopted(text, Processor.ZYNQ, "ganglion_zynq", CLOCKS[Processor.ZYNQ])


# Runs in the environment of pynq: both of its parsers, an overlay and its clock over a simulated device.
READ = """
import json, struct, sys
from pathlib import Path

import pynq
from pynq.pl_server import hwh_parser
from pynq.pl_server.device import Device
from pynq.ps import Clocks
from pynqmetadata.frontends import Metadata
from pynqmetadata.views.runtime import RuntimeMetadataParser

hwh, arch, parser_class, words = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])


class Simulated(Device):
    def __init__(self):
        super().__init__("simulated")
        self.capabilities = {"REGISTER_RW": True}
        self.name, self.arch = "simulated", arch
        self.words = {int(address, 16): value for address, value in words.items()}

    def read_registers(self, address, length):
        return struct.pack("<I", self.words.get(address, 0))[:length]

    def write_registers(self, address, data):
        self.words[address] = int.from_bytes(bytes(data), "little")

    def get_bitfile_metadata(self, name, partial=False):
        parser = getattr(hwh_parser, parser_class)(hwh)
        parser.systemgraph = None
        return parser


class Ganglion(pynq.DefaultIP):
    bindto = ["ganglion:policy:ganglion:1.0"]


device = Simulated()
Path(hwh).with_suffix(".bit").write_bytes(b"bit")
overlay = pynq.Overlay(str(Path(hwh).with_suffix(".bit")), device=device, download=False)
overlay.ganglion_0.write(8, 0x600D)
Clocks.device = device
clock = overlay.clock_dict[0]
Clocks.set_pl_clk(0, clock["divisor0"], clock["divisor1"])
board = RuntimeMetadataParser(Metadata(input=hwh))
print(json.dumps({
    "driver": type(overlay.ganglion_0).__name__,
    "written": device.words[overlay.ip_dict["ganglion_0"]["phys_addr"] + 8],
    "mhz": Clocks.fclk0_mhz,
    "board": [board.ip_dict["ganglion_0"][key] for key in ("type", "phys_addr", "addr_range")],
    "divisors": [board.clock_dict[0][key] for key in ("enable", "divisor0", "divisor1")],
    "frequency": board.clock_dict[0]["frequency"],
}))
"""
READ_BY_3_1 = """
import json, sys

import pynqmetadata
from pynqmetadata.frontends import Metadata
from pynqmetadata.views.runtime import RuntimeMetadataParser

board = RuntimeMetadataParser(Metadata(input=sys.argv[1]))
print(json.dumps({
    "from": pynqmetadata.__file__,
    "accelerator": [board.ip_dict["ganglion_0"][key] for key in ("type", "phys_addr", "addr_range")],
    "clock": [board.clock_dict[0][key] for key in ("enable", "divisor0", "divisor1")],
}))
"""

# The PLL's registers as a boot loader leaves them: 50 MHz times 20; 33.333 MHz times 90 over 2.
PLLS = {
    Processor.ZYNQ: ("armv7l", "_HWHZynq", {"0xF8000108": 20 << 12}),
    Processor.ZYNQMP: ("aarch64", "_HWHUltrascale", {"0xFF5E0020": 1 << 16 | 90 << 8}),
}


@pytest.mark.slow
@BOTH
def test_the_real_pynq_binds_the_driver_and_sets_exactly_that_clock(
    processor: Processor, tmp_path: Path
) -> None:
    arch, parser, words = PLLS[processor]
    clock = CLOCKS[processor]
    path = tmp_path / "Hopper.hwh"
    path.write_text(hwh(processor, "Hopper", 12, CLOCKS[processor]))
    command = [str(pynq_python()), "-c", READ, str(path), arch, parser, json.dumps(words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "driver": "Ganglion",
        "written": 0x600D,
        "mhz": clock.mhz,
        "board": ["ganglion:policy:ganglion:1.0", BASE[processor], 4096],
        "divisors": [1, *clock.divisors],
        "frequency": clock.mhz if processor is Processor.ZYNQMP else None,
    }


@pytest.mark.slow
@BOTH
def test_pynq_3_1_reads_the_same_range_and_divisors(processor: Processor, tmp_path: Path) -> None:
    path = tmp_path / "Hopper.hwh"
    path.write_text(hwh(processor, "Hopper", 12, CLOCKS[processor]))
    environment = {"PYTHONPATH": str(READER_OF_3_1)}
    command = [str(pynq_python()), "-c", READ_BY_3_1, str(path)]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert read["from"].startswith(str(READER_OF_3_1))
    assert read["accelerator"] == [VLNV, BASE[processor], 4096]
    assert read["clock"] == [1, *CLOCKS[processor].divisors]
