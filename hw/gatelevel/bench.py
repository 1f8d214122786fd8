"""A netlist as a simulator behind the accelerator's own ports."""

import re
from dataclasses import replace
from pathlib import Path

from ganglion.hw.design.design import Design
from ganglion.hw.flows.yosys.run import map_netlist, share
from ganglion.hw.gatelevel.cells import CELLS
from ganglion.hw.gatelevel.netlist import Netlist, read_netlist, write_verilog
from ganglion.hw.sim.harness import Bench
from ganglion.hw.sim.verilate import verilate
from ganglion.hw.target.family import Family, Gates
from ganglion.models.build.errors import ConfigError, ToolError
from ganglion.models.build.files import atomic_write
from ganglion.models.build.spelling import spelled

FLATTEN = "setattr -mod -unset keep_hierarchy *\nflatten\n"


def synthesize_netlist(design: Design, work: Path) -> Netlist:
    """Return the netlist that yosys makes of a design, memories filled; a failing yosys raises ToolError."""
    require_simulable(design)
    return read_netlist(map_netlist(design, work, prepare=FLATTEN), design.top)


def require_simulable(design: Design) -> None:
    """Raise ToolError for a design of whose netlist yosys' reader would drop the parameters of cells.

    A family without models of its cells raises ConfigError.
    """
    text = "\n".join((design.root / source).read_text() for source in design.sources)
    kinds = require_models(design.board.family).parametrised
    dropped = [kind for kind in kinds if re.search(rf"\b{kind}\s*#\s*\(", text)]
    if dropped:
        raise ToolError(
            f"{design.name}: yosys' reader drops the parameters of the {', '.join(dropped)} that the RTL "
            f"instantiates, so its netlist cannot be simulated; take another {spelled('engine')}"
        )


def require_models(family: Family) -> Gates:
    """Return what simulates a family's cells; ConfigError where nothing is named."""
    if family.gates is None:
        raise ConfigError(
            f"family {family.name}: no models of its cells are named ([gates] in its family.toml)"
        )
    return family.gates


def netlist_bench(design: Design, netlist: Netlist, folder: Path, cache: Path) -> Bench:
    """Return a bench of `netlist`, a netlist of `design`, whose driven nets can be observed in their order.

    Its Verilog goes to `folder`. A family without models of its cells raises ConfigError.
    """
    gates = require_models(design.board.family)
    models = [CELLS / name for name in gates.models]
    merged = {
        name for model in models for name in re.findall(r"^module (\w+)", model.read_text(), re.MULTILINE)
    }
    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(folder / "netlist.v", write_verilog(netlist, merged))
    mapped = replace(
        design,
        root=folder,
        top=netlist.top,
        sources=("netlist.v", *(str(model) for model in models)),
        memories={},
        taps=(),
    )
    libraries = [share() / name for name in gates.libraries]
    simulator = verilate(mapped, cache, libraries=libraries, nets=len(netlist.observed))
    return Bench.of(mapped, simulator)
