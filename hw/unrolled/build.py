"""The unrolled engine's compiler: a policy and its settings become RTL and their description for hw.json."""

import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hw.config import Board
from hw.top_ports import TAPS_DEFINE, TOP
from hw.unrolled.cost import cost
from hw.unrolled.csd import check_csd_digits
from hw.unrolled.emit import CORE, CoreWriter, stream_bits
from hw.unrolled.graph import Graph
from hw.unrolled.interpret import interpret
from hw.unrolled.lower import lower
from hw.unrolled.predict import predict
from hw.unrolled.schedule import Schedule, schedule
from hw.unrolled.top import top_module
from models.artifacts import CompileError, MismatchError
from models.policy_folder import Policy
from models.reference import IntNetwork, Ints
from models.spec import IntType

RTL = Path(__file__).parents[1] / "rtl"
MODULES = (
    "ganglion_add3_xc7",
    "ganglion_add3",
    "ganglion_clip_xc7",
    "ganglion_clip",
    "ganglion_output_fifo",
    "ganglion_pipeline_stream",
)
BEHAVIOURAL = (
    "ganglion_add3.sv, ganglion_clip.sv: simulation runs the sum and the clip themselves; "
    "synthesis for 7-series instantiates LUT6_2 and CARRY4, proven equivalent by a test",
)


# Of a prediction: what certainly will be needed.
HOPEFUL_SHARE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrolledSettings:
    """`cut` adders between registers, at most `csd_digits` digits a weight; what adders the part has.

    `adder_inputs` is 3 on Xilinx parts, which sum three bits in one LUT, else 2; `xc7` is for 7-series.
    """

    cut: int = 2
    csd_digits: int | None = None
    adder_inputs: int = 3
    xc7: bool = True

    def on(self, board: Board) -> "UnrolledSettings":
        """Return the settings with the adders of a board's part."""
        return replace(self, adder_inputs=3 if board.part.startswith("xc") else 2, xc7=board.is_7series)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrolledDesign:
    """What `build` made in `folder`: rtl/, an empty mem/ and this part of hw.json."""

    folder: Path
    graph: Graph
    schedule: Schedule
    description: dict[str, Any]


def build(policy: Policy, settings: UnrolledSettings, board: Board, folder: Path) -> UnrolledDesign:
    """Return the design built in the empty `folder`, its graph equal to the golden integers of every layer.

    Raises CompileError when a weight has too many digits, the cut is impossible or the board's part is too
    small, and MismatchError when the graph computes another number than the reference.
    """
    settings = settings.on(board)
    promised = predict(policy.network, settings.cut, settings.adder_inputs)
    # A dense network would take hours to solve, only to be refused.
    _check_fits(round(promised.lut * HOPEFUL_SHARE), round(promised.ff * HOPEFUL_SHARE), board)
    design = build_network(policy.network, settings, policy.golden["input"].astype("int64"), folder)
    _check_fits(design.description["estimate"]["lut"], design.description["estimate"]["ff"], board)
    return design


def build_network(
    network: IntNetwork, settings: UnrolledSettings, vectors: Ints, folder: Path
) -> UnrolledDesign:
    """Return the design of a bare network, checked on `vectors` [n, in]; see `build`."""
    digits = check_csd_digits(network, settings.csd_digits)
    graph = lower(network, settings.adder_inputs)
    stages = schedule(graph, settings.cut)
    _check_equal(network, graph, vectors)
    core = CoreWriter.of(graph, stages, xc7=settings.xc7)
    _write(core, folder)
    description = _describe(core, network) | {"settings": asdict(settings), "csd_digits_total": digits}
    return UnrolledDesign(folder=folder, graph=graph, schedule=stages, description=description)


def _write(core: CoreWriter, folder: Path) -> None:
    (folder / "rtl").mkdir(parents=True)
    (folder / "mem").mkdir()
    for module in MODULES:
        shutil.copy(RTL / f"{module}.sv", folder / "rtl")
    (folder / "rtl" / f"{CORE}.sv").write_text(core.module())
    (folder / "rtl" / f"{TOP}.sv").write_text(top_module(core))


def _check_equal(network: IntNetwork, graph: Graph, vectors: Ints) -> None:
    """Raise MismatchError unless the graph gives the reference's integers, every layer's."""
    for layer, want, got in zip(
        graph.layers, network.forward(vectors), interpret(graph, vectors), strict=True
    ):
        for neuron, node in enumerate(layer.neurons):
            if node is not None and (want[:, neuron] != got[:, neuron]).any():
                vector = int((want[:, neuron] != got[:, neuron]).argmax())
                raise MismatchError(
                    f"unrolled graph: layer {layer.name}, vector {vector}, neuron {neuron}: expected "
                    f"{want[vector, neuron]}, got {got[vector, neuron]}"
                )


def _check_fits(lut: int, ff: int, board: Board) -> None:
    for name, needed, allowed, cure in (
        ("LUT", lut, board.budget.lut, "prune further, train with csd_digits = 2"),
        ("FF", ff, board.budget.ff, "raise CUT for fewer registers"),
    ):
        if needed > allowed:
            raise CompileError(
                f"unrolled engine: {needed:,} {name} needed of {board.name}'s {allowed:,}; {cure}, "
                "take ENGINE=folded or a larger board"
            )


def _describe(core: CoreWriter, network: IntNetwork) -> dict[str, Any]:
    graph, spec = core.graph, network.spec
    taps = [
        {"layer": graph.layers[k].name, "port": f"tap{k}"}
        | _stream(graph.layers[k].type, len(graph.layers[k].neurons))
        for k in core.tapped_layers()
    ]
    return {
        "top": TOP,
        "sources": [f"rtl/{name}.sv" for name in (*MODULES, CORE, TOP)],
        "memories": {},
        "taps_define": TAPS_DEFINE,
        "input": _stream(spec.input_type, spec.widths[0]),
        "output": _stream(spec.layers[-1].output_type, spec.widths[-1]),
        "taps": taps,
        "layers": list(_describe_layers(core, network)),
        "nodes": [],
        "behavioural": list(BEHAVIOURAL),
        "patches": [],
        "estimate": asdict(cost(graph, core.schedule)),
    }


def _describe_layers(core: CoreWriter, network: IntNetwork) -> Iterator[dict[str, Any]]:
    ready = 0
    for index, spec in enumerate(network.spec.layers):
        stage = max(
            (core.schedule.stages[n] for n in core.graph.layers[index].neurons if n is not None),
            default=ready,
        )
        yield {
            "name": spec.name,
            "in_features": spec.in_features,
            "out_features": spec.out_features,
            "nnz": int((network.weights[index] != 0).sum()),
            "weight_bits": spec.weight_type.bits,
            "cycles": stage - ready + 1,
        }
        ready = stage


def _stream(kind: IntType, features: int) -> dict[str, Any]:
    width = stream_bits(features, kind.bits)
    return {"type": kind.name, "features": features, "lanes": features, "words": 1, "width_bits": width}
