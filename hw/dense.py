"""The dense engine, FINN's MVAU_rtl and Requant_rtl: a policy and a folding become RTL and memories."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from hw.config import Board
from hw.emit import top_module
from hw.finn_plugin import ModelWrapper, quietly, rtllib, use_build_folder
from hw.folding import Folding
from hw.gather import gather
from hw.golden_check import golden_check
from hw.hardware_node import HardwareNode, NodeKind, StreamShape
from hw.passes.connect import ConnectStreams
from hw.passes.convert import ConvertToHardware
from hw.passes.fold import ApplyFolding
from hw.passes.generate import GenerateRtl
from hw.passes.graph import hardware_nodes
from hw.passes.host_ends import StripHostEnds
from hw.passes.lower import Lower
from hw.passes.pad import PadAndPin
from hw.passes.pipeline import Pass, run_passes
from hw.passes.size import SizeTypes, accumulator_bits
from hw.passes.specialize import SpecializeToRtl
from hw.passes.streamline import MoveScales
from hw.top_ports import MEMORY_PARAMETER, TAPS_DEFINE, TOP
from models.artifacts import sha256_file
from models.policy_folder import Policy
from models.reference import IntNetwork
from models.spec import IntType

# Vectors executed after every pass: enough to meet the corners, few enough to take seconds.
CHECKED_VECTORS = 16
BEHAVIOURAL = (
    "mvu.sv: under Verilator the DSP slices are FINN's behavioural model; synthesis instantiates DSP48",
)


def dense_passes(network: IntNetwork, foldings: tuple[Folding, ...], board: Board) -> tuple[Pass, ...]:
    """Return the pipeline from QONNX to generated RTL."""
    shapes = tuple(folding.shape for folding in foldings)
    return (
        Lower(),
        MoveScales(),
        StripHostEnds(input_type=network.spec.input_type),
        ConvertToHardware(),
        PadAndPin(network=network, shapes=shapes),
        SizeTypes(network=network, shapes=shapes),
        SpecializeToRtl(part=board.part),
        ApplyFolding(foldings=foldings),
        ConnectStreams(part=board.part),
        GenerateRtl(part=board.part, clock_ns=board.clock_ns),
    )


def build(
    policy: Policy,
    onnx_file: Path,
    foldings: tuple[Folding, ...],
    board: Board,
    folder: Path,
    skip_patches: frozenset[str],
) -> dict[str, Any]:
    """Make rtl/ and mem/ in the empty `folder`, checking after every pass, and return their part of hw.json.

    skip_patches: RTL patches left out, by name. Raises CompileError and MismatchError. FINN's chatter goes to
    finn.log in that folder.
    """
    use_build_folder(folder / "finn")
    with quietly(folder / "finn.log"):
        passes = dense_passes(policy.network, foldings, board)
        model = run_passes(ModelWrapper(str(onnx_file)), passes, golden_check(policy, CHECKED_VECTORS))
    nodes = hardware_nodes(model)
    gathered = gather(nodes, rtllib(), folder / "rtl", folder / "mem", skip_patches)
    (folder / "rtl" / f"{TOP}.sv").write_text(top_module(nodes, gathered.memories))
    memories = [f"mem/{memory.file}" for memory in gathered.memories]
    return {
        "top": TOP,
        "sources": [f"rtl/{name}" for name in (*gathered.sources, f"{TOP}.sv")],
        "memories": {name: sha256_file(folder / name) for name in memories},
        "memory_parameter": MEMORY_PARAMETER,
        "taps_define": TAPS_DEFINE,
        **_describe_streams(nodes, policy.network),
        "layers": _describe_layers(nodes, policy.network, foldings),
        "nodes": [node.name for node in nodes],
        "behavioural": list(BEHAVIOURAL),
        "patches": list(gathered.patches),
    }


def _describe_streams(nodes: tuple[HardwareNode, ...], network: IntNetwork) -> dict[str, Any]:
    """Return the formats of the input, of the tap behind each layer's Requant, and of the output."""
    requants = [node for node in nodes if node.kind is NodeKind.REQUANT]
    formats = [
        _format(layer.output_type, layer.out_features, requant.output)
        for layer, requant in zip(network.spec.layers, requants, strict=True)
    ]
    return {
        "input": _format(network.spec.input_type, network.spec.widths[0], nodes[0].input),
        "output": formats[-1],
        "taps": [
            {"layer": layer.name, "port": f"tap{index}"} | formats[index]
            for index, layer in enumerate(network.spec.layers)
        ],
    }


def _format(int_type: IntType, features: int, shape: StreamShape) -> dict[str, Any]:
    return {"type": int_type.name, "features": features} | asdict(shape)


def _describe_layers(
    nodes: tuple[HardwareNode, ...], network: IntNetwork, foldings: tuple[Folding, ...]
) -> list[dict[str, Any]]:
    mvaus = [node for node in nodes if node.kind is NodeKind.MVAU]
    requants = [node for node in nodes if node.kind is NodeKind.REQUANT]
    return [
        asdict(folding.shape)
        | {
            "node": mvau.name,
            "requant_node": requant.name,
            "pe": folding.pe,
            "simd": folding.simd,
            "requant_pe": folding.requant_pe,
            "accumulator_bits": accumulator_bits(network, index, folding.shape),
            "cycles": folding.cycles,
        }
        for index, (folding, mvau, requant) in enumerate(zip(foldings, mvaus, requants, strict=True))
    ]
