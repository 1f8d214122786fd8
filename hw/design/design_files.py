"""From generated nodes to a design's files: rtl/ and mem/ with the top module, and the top's streams."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ganglion.hw.codegen.emit import top_module
from ganglion.hw.codegen.gather import gather
from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.design import Port
from ganglion.hw.design.hardware_node import HardwareNode, watched
from ganglion.hw.design.top_ports import TOP
from ganglion.models.build.files import sha256_file
from ganglion.models.spec.network import NetworkSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignFiles:
    """What was written and what it is; a ganglion.hw.design.design.Design has the same fields.

    `layer_nodes` names the node that completes each layer.
    """

    top: str
    sources: tuple[str, ...]
    memories: dict[str, str]
    input: Port
    output: Port
    taps: tuple[Port, ...]
    nodes: tuple[str, ...]
    patches: tuple[str, ...]
    layer_nodes: tuple[str, ...]


def write_files(
    nodes: tuple[HardwareNode, ...],
    spec: NetworkSpec,
    widths: Sequence[int],
    folder: Path,
    library: Path | None = None,
    skip_patches: frozenset[str] = frozenset(),
) -> DesignFiles:
    """Write rtl/ and mem/ of a chain of nodes that computes `spec` into `folder`; return what they hold.

    widths: the values of each layer that mean something, the others being padding. library: FINN's folder of
    RTL, where nodes are FINN's. Raises CompileError for a missing file.
    """
    gathered = gather(nodes, library, folder / "rtl", folder / "mem", skip_patches)
    (folder / "rtl" / f"{TOP}.sv").write_text(top_module(nodes, gathered.memories))

    def port(prefix: str, form: StreamFormat, layer: int) -> Port:
        real = replace(form, type=spec.type(layer + 1), features=widths[layer])
        return Port(prefix=prefix, format=real, layer=spec.layers[layer].name)

    return DesignFiles(
        top=TOP,
        sources=tuple(f"rtl/{name}" for name in (*gathered.sources, f"{TOP}.sv")),
        memories={name: sha256_file(folder / name) for name in (f"mem/{f}" for f in gathered.memory_files)},
        input=Port(prefix="s_axis", format=replace(nodes[0].input, features=spec.step_width)),
        output=replace(port("m_axis", nodes[-1].output, len(widths) - 1), layer=""),
        taps=tuple(port(f"tap{watch.layer}", watch.format, watch.layer) for watch in watched(nodes)),
        nodes=tuple(node.name for node in nodes),
        patches=gathered.patches,
        layer_nodes=tuple(node.name for node in nodes for _ in range(node.layers)),
    )
