"""From generated nodes to a design: rtl/ and mem/ with the top module, and what hw.json says of them."""

from pathlib import Path
from typing import Any

from ganglion.hw.codegen.emit import top_module
from ganglion.hw.codegen.gather import gather
from ganglion.hw.design.hardware_node import HardwareNode, StreamShape, watched
from ganglion.hw.design.top_ports import MEMORY_PARAMETER, TAPS_DEFINE, TOP
from ganglion.models.build.files import sha256_file
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.types import IntType


def write_design(
    nodes: tuple[HardwareNode, ...],
    spec: NetworkSpec,
    folder: Path,
    library: Path | None = None,
    skip_patches: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Write rtl/ and mem/ of a chain of nodes that computes `spec` into `folder`; return what they hold.

    library: FINN's folder of RTL, where nodes are FINN's. Raises CompileError for a missing file.
    """
    gathered = gather(nodes, library, folder / "rtl", folder / "mem", skip_patches)
    (folder / "rtl" / f"{TOP}.sv").write_text(top_module(nodes, gathered.memories))
    memories = [f"mem/{file}" for file in gathered.memory_files]
    return {
        "top": TOP,
        "sources": [f"rtl/{name}" for name in (*gathered.sources, f"{TOP}.sv")],
        "memories": {name: sha256_file(folder / name) for name in memories},
        "memory_parameter": MEMORY_PARAMETER if memories else None,
        "taps_define": TAPS_DEFINE,
        **_streams(nodes, spec),
        "nodes": [node.name for node in nodes],
        "patches": list(gathered.patches),
    }


def _streams(nodes: tuple[HardwareNode, ...], spec: NetworkSpec) -> dict[str, Any]:
    """Return the formats of the input, of each layer that is watched, and of the output."""
    taps = [
        {"layer": spec.layers[watch.layer].name, "port": f"tap{watch.layer}"}
        | _format(spec.layers[watch.layer].output_type, spec.widths[watch.layer + 1], watch.shape)
        for watch in watched(nodes)
    ]
    return {
        "input": _format(spec.input_type, spec.widths[0], nodes[0].input),
        "output": _format(spec.layers[-1].output_type, spec.widths[-1], nodes[-1].output),
        "taps": taps,
    }


def _format(int_type: IntType, features: int, shape: StreamShape) -> dict[str, Any]:
    sizes = {"lanes": shape.lanes, "words": shape.words, "width_bits": shape.width_bits}
    return {"type": int_type.name, "features": features} | sizes
