"""The hwh beside a bit file, from which PYNQ takes the accelerator's address and the clock to set.

PYNQ reads it by pynqmetadata on a board, by pynq.pl_server.hwh_parser elsewhere; this is what both need.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ganglion.hw.flows.zynq.clock import LogicClock
from ganglion.hw.target.board import Processor
from ganglion.models.build.errors import ToolError

VLNV = "ganglion:policy:ganglion:1.0"
"""Vendor, library, name and version of the accelerator: what a driver binds to."""
INSTANCE = "ganglion_0"
"""The accelerator's name in an overlay."""
AXI = "xilinx.com:interface:aximm:1.0"
CLOCKS = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingSystem:
    """A kind of processing system: its IP, and the port at whose first address the accelerator lies.

    The keys of its parameters have a clock's number for `{n}`; `constant` ones are the same in every design.
    """

    vlnv: str
    port: str
    base_address: int
    enable: str
    divisor: str
    source: str
    pll: str
    frequency: str
    constant: Mapping[str, str]

    @property
    def name(self) -> str:
        """The IP's name, by which PYNQ knows the kind."""
        return self.vlnv.split(":")[2]

    def parameters(self, clock: LogicClock) -> Iterator[tuple[str, str]]:
        """Yield what PYNQ reads of the four clocks, of which only the first runs, and the constant ones."""
        for n in CLOCKS:
            yield self.enable.format(n=n), str(int(n == 0))
            yield self.source.format(n=n), self.pll
            yield self.frequency.format(n=n), f"{clock.mhz:.6f}"
            for index, divisor in enumerate(clock.divisors):
                yield self.divisor.format(n=n) + str(index), str(divisor)
        yield from self.constant.items()


PROCESSING_SYSTEMS = {
    Processor.ZYNQ: ProcessingSystem(
        vlnv="xilinx.com:ip:processing_system7:5.5",
        port="M_AXI_GP0",
        base_address=0x4000_0000,
        enable="PCW_FPGA_FCLK{n}_ENABLE",
        divisor="PCW_FCLK{n}_PERIPHERAL_DIVISOR",
        source="PCW_FCLK{n}_PERIPHERAL_CLKSRC",
        pll="IO PLL",
        frequency="PCW_ACT_FPGA{n}_PERIPHERAL_FREQMHZ",
        constant={},
    ),
    Processor.ZYNQMP: ProcessingSystem(
        vlnv="xilinx.com:ip:zynq_ultra_ps_e:3.5",
        port="M_AXI_HPM0_FPD",
        base_address=0xA000_0000,
        enable="PSU__FPGA_PL{n}_ENABLE",
        divisor="PSU__CRL_APB__PL{n}_REF_CTRL__DIVISOR",
        source="PSU__CRL_APB__PL{n}_REF_CTRL__SRCSEL",
        pll="IOPLL",
        frequency="PSU__CRL_APB__PL{n}_REF_CTRL__ACT_FREQMHZ",
        constant={"C_MAXIGP0_DATA_WIDTH": "32"},
    ),
}


def hwh(processor: Processor, name: str, address_bits: int, clock: LogicClock) -> str:
    """Return the XML of an overlay called `name`: the accelerator in 2**address_bits bytes, and its clock."""
    ps = PROCESSING_SYSTEMS[processor]
    root = Element("EDKSYSTEM", EDWVERSION="1.2")
    SubElement(root, "SYSTEMINFO", NAME=name)
    SubElement(root, "EXTERNALPORTS")
    SubElement(root, "EXTERNALINTERFACES")
    modules = SubElement(root, "MODULES")
    _module(modules, INSTANCE, VLNV, "S_AXI", "SLAVE")
    module = _module(modules, ps.name, ps.vlnv, ps.port, "MASTER", dict(ps.parameters(clock)))
    SubElement(
        SubElement(module, "MEMORYMAP"),
        "MEMRANGE",
        ADDRESSBLOCK="reg0",
        BASEVALUE=f"0x{ps.base_address:08X}",
        HIGHVALUE=f"0x{ps.base_address + 2**address_bits - 1:08X}",
        INSTANCE=INSTANCE,
        MASTERBUSINTERFACE=ps.port,
        MEMTYPE="REGISTER",
        SLAVEBUSINTERFACE="S_AXI",
    )
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _module(
    modules: Element, instance: str, vlnv: str, port: str, kind: str, values: Mapping[str, str] | None = None
) -> Element:
    module = SubElement(
        modules,
        "MODULE",
        FULLNAME=f"/{instance}",
        INSTANCE=instance,
        MODTYPE=vlnv.split(":")[2],
        VLNV=vlnv,
        IS_PL=str(kind == "SLAVE").upper(),
    )
    parameters = SubElement(module, "PARAMETERS")
    for key, value in (values or {}).items():
        SubElement(parameters, "PARAMETER", NAME=key, VALUE=value)
    interfaces = SubElement(module, "BUSINTERFACES")
    SubElement(interfaces, "BUSINTERFACE", BUSNAME="axi", NAME=port, TYPE=kind, VLNV=AXI)
    return module


def adopted(text: str, processor: Processor, module: str, clock: LogicClock) -> str:
    """Return Vivado's hwh with our VLNV at its reference to `module`, and with the divisors of `clock`.

    Vivado gives all that it takes by reference the vendor xilinx.com, so that no driver could tell whose it
    is; and it divides a PLL of its own choice, where PYNQ divides the one that the boot loader set.
    """
    reference = f'VLNV="xilinx.com:module_ref:{module}:1.0"'
    text = _replaced(text, re.escape(reference), f'VLNV="{VLNV}"')
    for index, divisor in enumerate(clock.divisors):
        name = PROCESSING_SYSTEMS[processor].divisor.format(n=0) + str(index)
        text = _replaced(text, f'NAME="{name}" VALUE="[^"]*"', f'NAME="{name}" VALUE="{divisor}"')
    return text


def _replaced(text: str, pattern: str, replacement: str) -> str:
    replaced, count = re.subn(pattern, replacement, text)
    if count != 1:
        raise ToolError(f"Vivado's hwh says {pattern} {count} times, expected once")
    return replaced
