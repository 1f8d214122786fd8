"""What the parts of one family have in common, read from hw/target/boards/<family>/family.toml."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.target.pll import Pll
from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import ConfigError

MAX_PIPELINING = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """How much of a resource each cell of a mapped netlist counts for; `free` ones are no resource."""

    __pydantic_config__: ClassVar = STRICT

    lut: dict[str, int]
    ff: dict[str, int]
    dsp: dict[str, int]
    bram: dict[str, int]
    carry: dict[str, int]
    free: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Yosys:
    """The script in hw/flows/yosys that maps a design, and what it calls the family.

    Where the script serves several families, `libraries` are the arguments of read_verilog for this one's
    cells and `command` the one that maps to them.
    """

    __pydantic_config__: ClassVar = STRICT

    script: str
    family: str
    libraries: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRam:
    """A block RAM at its widest: words of so many bits; `read_ports` is 2 where both ports read."""

    __pydantic_config__: ClassVar = STRICT

    rows: int
    bits: int
    read_ports: int

    def __post_init__(self) -> None:
        for name, low, high in (("rows", 16, 1 << 16), ("bits", 1, 144), ("read_ports", 1, 2)):
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"bram.{name} = {getattr(self, name)} is outside {low} to {high}")

    def needed(self, bits: int, rows: int, narrowed: Sequence[int] = (1,)) -> int:
        """Return the fewest for `rows` words of `bits`; each may be so many times narrower and deeper."""
        return min(-(-bits // (self.bits // n or 1)) * -(-rows // (n * self.rows)) for n in narrowed)


RAMB18 = BlockRam(rows=512, bits=36, read_ports=2)
"""That of a Xilinx part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What simulates a netlist's cells: files of yosys' share/, before them ours in hw/gatelevel/cells/.

    `parametrised` are cells that the RTL may instantiate, whose parameters yosys' reader drops.
    """

    __pydantic_config__: ClassVar = STRICT

    libraries: tuple[str, ...]
    models: tuple[str, ...] = ()
    parametrised: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyConstants:
    """What switching costs, from the measurements that `source` names.

    cycle_pj: the clock network, a cycle. toggle_pj: a net that switches, by what drives it (a resource of
    `Cells`), the least and the most that was measured. static_mw: a part that does nothing, by its name.
    """

    __pydantic_config__: ClassVar = STRICT

    source: str
    cycle_pj: float
    toggle_pj: dict[str, tuple[float, float]]
    static_mw: dict[str, float]

    def __post_init__(self) -> None:
        for name, (low, high) in self.toggle_pj.items():
            if not 0 < low <= high:
                raise ConfigError(f"energy.toggle_pj.{name} = [{low}, {high}]: two rising numbers above 0")
        if self.cycle_pj < 0 or min(self.static_mw.values(), default=0) < 0:
            raise ConfigError("energy.cycle_pj and energy.static_mw: allowed from 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family of FPGAs.

    One row of LUTs and its carry chain adds `adder_inputs` operands; the wide port of a DSP's multiplier has
    `dsp_bits`, and `dsp_accumulates` says whether yosys puts registers and accumulator into it; a memory of
    LUTs has `lutram_rows` words, 0 where a LUT cannot be one, a block RAM the shape of `bram`;
    `luts_per_lut6` LUTs are what yosys makes of one of 6 inputs in the folded engine, and
    `pipelined_luts_per_lut6` where that is pipelined, outside its memories; `luts_per_adder_bit` is what it
    makes of a bit of the unrolled engine's adders, inverters and clips without `primitives`, which
    names the variant of our RTL that instantiates the family's cells, "" for none; `flows` are those of
    hw/flows/registry.py that make its bit files, best first. Engines have the registers of `pipelining`, 0 or
    1, where their settings do not say. `pll` is known where one of the flows needs it. Without `gates` its
    netlists cannot be simulated; without `energy` no energy is estimated.
    """

    __pydantic_config__: ClassVar = STRICT

    name: str
    lut_inputs: int
    adder_inputs: int
    dsp_bits: int
    dsp_accumulates: bool
    lutram_rows: int
    luts_per_lut6: float
    pipelined_luts_per_lut6: float | None = None
    luts_per_adder_bit: float = 1.0
    bram: BlockRam
    primitives: str
    flows: tuple[str, ...]
    yosys: Yosys
    cells: Cells
    pipelining: int = 0
    pll: Pll | None = None
    gates: Gates | None = None
    energy: EnergyConstants | None = None

    def __post_init__(self) -> None:
        limits = (
            ("lut_inputs", 3, 8),
            ("adder_inputs", 2, 3),
            ("dsp_bits", 8, 64),
            ("lutram_rows", 0, 256),
            ("luts_per_lut6", 1, 8),
            ("pipelined_luts_per_lut6", 1, 8),
            ("luts_per_adder_bit", 0.5, 8),
            ("pipelining", 0, MAX_PIPELINING),
        )
        for name, low, high in limits:
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ConfigError(f"{name} = {value} is outside {low} to {high}")
