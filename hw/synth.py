"""Stage: what a design takes of its part by yosys, node by node: LUTs, flip-flops, DSPs and block RAMs.

It writes build/<name>/synth.json.
"""

import logging
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from ganglion.hw.design.chip_head import HEAD_MODULE
from ganglion.hw.design.design import Design, design_stage, locked_design
from ganglion.hw.flows.yosys.run import YOSYS, map_design, tool
from ganglion.hw.target.family import Cells
from ganglion.models.build.codec import STRICT, Amount, Count, encode_json
from ganglion.models.build.files import read_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.settings import BuildSettings

RESOURCES = ("lut", "ff", "dsp", "bram", "carry")
NOTES = (
    "yosys counts LUTs before Vivado packs pairs of small ones into one, so Vivado's count is lower",
    "mapped, not placed: no statement on timing",
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesis:
    """synth.json: what a design takes of its part, `nodes` the same by instance, `other` unknown cells."""

    __pydantic_config__: ClassVar = STRICT

    tool: str
    part: str
    lut: Count
    ff: Count
    dsp: Count
    bram: Count
    carry: Count
    other: Count
    utilisation: dict[str, Amount]
    nodes: dict[str, dict[str, Count]]
    notes: tuple[str, ...]
    seconds: Amount

    def __str__(self) -> str:
        """Return one line for people."""
        counts = {"LUT": self.lut, "FF": self.ff, "DSP": self.dsp, "BRAM": self.bram}
        used = {key.upper(): f" ({100 * share:.0f} %)" for key, share in self.utilisation.items()}
        return ", ".join(f"{count:,} {name}{used.get(name, '')}" for name, count in counts.items())


def count_resources(cells: Mapping[str, int], known: Cells) -> dict[str, int]:
    """Return lut, ff, dsp, bram and carry of a module's cells by type, and `other`, cells that are none."""
    weights = {resource: getattr(known, resource) for resource in RESOURCES}
    counts = {
        resource: sum(weight.get(kind, 0) * count for kind, count in cells.items())
        for resource, weight in weights.items()
    }
    names = set(known.free).union(*weights.values())
    return counts | {"other": sum(count for kind, count in cells.items() if kind not in names)}


def resources_by_node(statistics: Mapping[str, Any], top: str, known: Cells) -> dict[str, dict[str, int]]:
    """Return the resources of each instance in the top module, and the top's own under its name.

    statistics: what yosys' `stat -json` prints; read_slang names each module after its instance.
    """
    modules = {
        name.removeprefix("\\"): module["num_cells_by_type"] for name, module in statistics["modules"].items()
    }
    own = {kind: count for kind, count in modules[top].items() if kind.removeprefix("\\") not in modules}
    nodes = {_instance(name): count_resources(cells, known) for name, cells in modules.items() if name != top}
    return {top: count_resources(own, known)} | nodes


def _instance(module: str) -> str:
    return module.rpartition(".")[2] or module


def run_yosys(design: Design, work: Path) -> dict[str, Any]:
    """Return yosys' statistics of the mapped design; a missing or failing yosys raises ToolError."""
    stat = work / "stat.json"
    stat.unlink(missing_ok=True)
    result = f"tee -q -o {stat.relative_to(design.root)} stat -json"
    map_design(design, work, result=result, memories_count=False)
    return read_json(stat)


def synthesize(paths: BuildPaths, design: Design) -> Synthesis:
    """Return the content of synth.json."""
    start = time.monotonic()
    board = design.board
    log.info("synth: yosys maps %s to %s, a minute or more", design.top, design.part)
    nodes = resources_by_node(run_yosys(design, paths.work / "synth"), design.top, board.family.cells)
    if design.head is not None:
        nodes[HEAD_MODULE] = head_resources(design, paths.work / "synth-head")
    total = {resource: sum(node[resource] for node in nodes.values()) for resource in (*RESOURCES, "other")}
    available = asdict(board.resources)
    return Synthesis(
        tool=tool(),
        part=design.part,
        **total,
        utilisation={name: round(total[name] / count, 3) for name, count in available.items() if count},
        nodes=nodes,
        notes=NOTES,
        seconds=round(time.monotonic() - start, 1),
    )


def head_resources(design: Design, work: Path) -> dict[str, int]:
    """Return what the action head on chip takes, which stands behind the accelerator in a shell."""
    parts = resources_by_node(
        run_yosys(replace(design, top=HEAD_MODULE), work), HEAD_MODULE, design.board.family.cells
    )
    return {name: sum(part[name] for part in parts.values()) for name in (*RESOURCES, "other")}


@contextmanager
def preparing() -> Iterator[Callable[[], object]]:
    """Yield a function that waits until yosys is ready to be run, and meanwhile make it so.

    Its WebAssembly is compiled by its first run in a user's account, which takes a minute.
    """
    with subprocess.Popen([*YOSYS, "-V"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process.wait
        finally:
            process.terminate()


def run(settings: BuildSettings) -> None:
    """Count a build's resources, unless synth.json is up to date."""
    paths = settings.paths
    with locked_design(paths) as design:
        stage = design_stage("synth", paths, design, __name__, tool=tool())
        stage.refresh([paths.synth], lambda: encode_json(paths.synth, synthesize(paths, design)))
