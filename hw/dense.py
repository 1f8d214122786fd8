"""The dense engine: FINN's MVAU_rtl and Requant_rtl. A policy and a folding become RTL, memories and their description."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hw.config import Board
from hw.emit import MEMORY_PARAMETER, TAPS_DEFINE, TOP, top_module
from hw.finn_plugin import ModelWrapper, NodeProto, quietly, use_build_folder
from hw.folding import Folding
from hw.gather import Gathered, gather
from hw.golden_check import golden_check
from hw.passes.connect import ConnectStreams
from hw.passes.convert import ConvertToHardware
from hw.passes.fold import ApplyFolding
from hw.passes.generate import GenerateRtl
from hw.passes.host_ends import StripHostEnds
from hw.passes.lower import Lower
from hw.passes.pad import PadAndPin
from hw.passes.pipeline import Pass, chain, layers, op, run_passes
from hw.passes.size import SizeTypes
from hw.passes.specialize import SpecializeToRtl
from hw.passes.streamline import MoveScales
from models.artifacts import sha256_file
from models.policy_folder import Policy
from models.reference import IntNetwork
from models.spec import IntType

# Vectors executed after every pass: enough to meet the corners, few enough to take seconds.
CHECKED_VECTORS = 16
BEHAVIOURAL = ("mvu.sv: under Verilator the DSP slices are FINN's behavioural model; synthesis instantiates DSP48",)


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseDesign:
    """What `build` made in `folder`: rtl/, mem/ and this part of hw.json."""

    folder: Path
    description: dict[str, Any]


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
    policy: Policy, onnx_file: Path, foldings: tuple[Folding, ...], board: Board, folder: Path, skip: frozenset[str]
) -> DenseDesign:
    """Return the design built in the empty `folder`, its integers equal to golden after every pass.

    skip: names of RTL patches left out. Raises CompileError and MismatchError; FINN's chatter goes to finn.log there.
    """
    use_build_folder(folder / "finn")
    with quietly(folder / "finn.log"):
        passes = dense_passes(policy.network, foldings, board)
        model = run_passes(ModelWrapper(str(onnx_file)), passes, golden_check(policy, CHECKED_VECTORS))
        gathered = gather(model, folder / "rtl", folder / "mem", skip)
    (folder / "rtl" / f"{TOP}.sv").write_text(top_module(model, gathered.memories))
    return DenseDesign(folder=folder, description=_describe(model, policy.network, foldings, gathered, folder))


def _describe(
    model: ModelWrapper, network: IntNetwork, foldings: tuple[Folding, ...], gathered: Gathered, folder: Path
) -> dict[str, Any]:
    nodes, layer_nodes, specs = chain(model), layers(model), network.spec.layers
    memories = [f"mem/{memory.file}" for memory in gathered.memories]
    taps = [
        {"layer": spec.name, "port": f"tap{index}"} | _output_format(requant, spec.output_type, spec.out_features)
        for index, (spec, (_, requant)) in enumerate(zip(specs, layer_nodes, strict=True))
    ]
    output = {key: value for key, value in taps[-1].items() if key not in ("layer", "port")}
    return {
        "top": TOP,
        "sources": [f"rtl/{name}" for name in (*gathered.sources, f"{TOP}.sv")],
        "memories": {name: sha256_file(folder / name) for name in memories},
        "memory_parameter": MEMORY_PARAMETER,
        "taps_define": TAPS_DEFINE,
        "input": _input_format(nodes[0], network.spec.input_type, network.spec.widths[0]),
        "output": output,
        "taps": taps,
        "layers": [
            _describe_layer(folding, mvau, requant)
            for folding, (mvau, requant) in zip(foldings, layer_nodes, strict=True)
        ],
        "nodes": [node.name for node in nodes],
        "behavioural": list(BEHAVIOURAL),
        "patches": list(gathered.patches),
    }


def _describe_layer(folding: Folding, mvau: NodeProto, requant: NodeProto) -> dict[str, Any]:
    return {
        "name": folding.shape.name,
        "node": mvau.name,
        "requant_node": requant.name,
        "in_features": folding.shape.in_features,
        "out_features": folding.shape.out_features,
        "pe": folding.pe,
        "simd": folding.simd,
        "requant_pe": folding.requant_pe,
        "weight_bits": folding.shape.weight_bits,
        "accumulator_bits": op(mvau).get_output_datatype().bitwidth(),
        "cycles": folding.cycles,
    }


def _input_format(node: NodeProto, int_type: IntType, features: int) -> dict[str, Any]:
    *_, words, lanes = op(node).get_folded_input_shape()
    width = op(node).get_instream_width_padded(0)
    return _stream_format(int_type, features, int(lanes), int(words), width)


def _output_format(node: NodeProto, int_type: IntType, features: int) -> dict[str, Any]:
    *_, words, lanes = op(node).get_folded_output_shape()
    width = op(node).get_outstream_width_padded(0)
    return _stream_format(int_type, features, int(lanes), int(words), width)


def _stream_format(int_type: IntType, features: int, lanes: int, words: int, width_bits: int) -> dict[str, Any]:
    return {
        "type": int_type.name, "features": features, "lanes": lanes, "words": words, "width_bits": width_bits
    }
