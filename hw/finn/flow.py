"""A laid-out policy becomes a design: FINN's passes and ours, the graph checked after each, then files."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ganglion.hw.design.design_files import write_design
from ganglion.hw.design.hardware_node import HardwareNode, NodeKind
from ganglion.hw.finn.golden_check import golden_check
from ganglion.hw.finn.passes.connect import ConnectStreams
from ganglion.hw.finn.passes.convert import ConvertToHardware
from ganglion.hw.finn.passes.fold import ApplyFolding
from ganglion.hw.finn.passes.generate import GenerateRtl
from ganglion.hw.finn.passes.graph import hardware_nodes
from ganglion.hw.finn.passes.host_ends import StripHostEnds
from ganglion.hw.finn.passes.lower import Lower
from ganglion.hw.finn.passes.pad import PadAndPin
from ganglion.hw.finn.passes.pipeline import Pass, run_passes
from ganglion.hw.finn.passes.size import SizeTypes, accumulator_bits
from ganglion.hw.finn.passes.sparse import InsertSparse
from ganglion.hw.finn.passes.specialize import SpecializeToRtl
from ganglion.hw.finn.passes.streamline import MoveScales
from ganglion.hw.finn.plugin import ModelWrapper, quietly, rtllib, use_build_folder
from ganglion.hw.mapping.layout import Layout
from ganglion.models.formats.policy_folder import Policy

# Vectors executed after every pass: enough to meet the corners, few enough to take seconds.
CHECKED_VECTORS = 16
BEHAVIOURAL = (
    "mvu.sv: under Verilator the DSP slices are FINN's behavioural model; synthesis instantiates DSP48"
)


def passes_of(layout: Layout) -> tuple[Pass, ...]:
    """Return the pipeline from QONNX to generated RTL."""
    network, board = layout.network, layout.board
    shapes = tuple(folding.shape for folding in layout.foldings)
    return (
        Lower(),
        MoveScales(),
        StripHostEnds(input_type=network.spec.input_type),
        ConvertToHardware(),
        PadAndPin(network=network, widths=layout.widths),
        InsertSparse(parts=layout.sparse),
        SizeTypes(network=network, shapes=shapes),
        SpecializeToRtl(part=board.part),
        ApplyFolding(foldings=layout.foldings),
        ConnectStreams(part=board.part),
        GenerateRtl(part=board.part, clock_ns=board.clock_ns),
    )


def build(
    policy: Policy,
    onnx_file: Path,
    layout: Layout,
    folder: Path,
    skip_patches: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Make rtl/ and mem/ in the empty `folder`, checking after every pass, and return their part of hw.json.

    skip_patches: RTL patches left out, by name. Raises CompileError and MismatchError. FINN's chatter goes to
    finn.log in that folder.
    """
    use_build_folder(folder / "finn")
    with quietly(folder / "finn.log"):
        check = golden_check(policy, CHECKED_VECTORS)
        model = run_passes(ModelWrapper(str(onnx_file)), passes_of(layout), check)
    nodes = hardware_nodes(model)
    behavioural = [text for sparse in layout.sparse for text in sparse.node.plan.behavioural]
    return {
        **write_design(nodes, policy.network.spec, folder, rtllib(), skip_patches),
        "layers": list(_describe_layers(nodes, layout)),
        "behavioural": list(dict.fromkeys([BEHAVIOURAL] * bool(layout.foldings) + behavioural)),
        "estimate": asdict(layout.resources)
        | {"latency_cycles": layout.latency_cycles, "interval_cycles": layout.interval_cycles},
        **layout.description(),
    }


def _describe_layers(nodes: tuple[HardwareNode, ...], layout: Layout) -> Iterator[dict[str, Any]]:
    """Yield what hw.json says of each layer, in order."""
    foldings, sparse = iter(layout.foldings), iter(layout.sparse)
    mvau = ""
    for node in nodes:
        if node.kind is NodeKind.MVAU:
            mvau = node.name
        elif node.kind is NodeKind.REQUANT:
            folding = next(foldings)
            yield asdict(folding.shape) | {
                "engine": "dense",
                "node": mvau,
                "requant_node": node.name,
                "pe": folding.pe,
                "simd": folding.simd,
                "requant_pe": folding.requant_pe,
                "accumulator_bits": accumulator_bits(layout.network, folding.shape),
                "cycles": folding.cycles,
            }
        elif node.layers:
            part = next(sparse)
            for layer in part.node.plan.layers():
                yield layer | {"engine": part.part.engine.value, "node": node.name}
