"""Our FINN operators: a run of layers as one node, whatever engine computes it."""

import json
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from onnx.helper import make_node

from ganglion.hw.design.hardware_node import HardwareNode, read_node, write_node
from ganglion.hw.engines.node import EngineNode, NodeEngine
from ganglion.hw.engines.operators.parameters import (
    ChainAttributes,
    attribute,
    exact,
    holding,
    network_of,
    parameter_names,
    parameters,
    state_names,
    state_widths,
)
from ganglion.hw.finn.plugin import (
    HARDWARE_DOMAIN,
    DataType,
    HWCustomOp,
    ModelWrapper,
    NodeProto,
    RTLBackend,
    getCustomOp,
    register_op,
)
from ganglion.models.build.codec import decode, encode
from ganglion.models.delta import step_from_sent


@cache
def operator_of(engine: NodeEngine) -> str:
    """Return the name of an engine's operator, which FINN knows from then on."""
    operator = type(engine.operator, (GanglionChain,), {"engine": engine})
    backend = type(f"{engine.operator}_rtl", (operator, GanglionChainRtl), {})
    register_op(operator, backend)
    return engine.operator


def insert_node(
    model: ModelWrapper, engine: NodeEngine, node: EngineNode, source: str, sink: str, name: str
) -> NodeProto:
    """Return the node added to a graph between two tensors; its parameters become initializers.

    So do the frames and what its layers were sent at an episode's start; after a vector it is what the
    node's further outputs hold.
    """
    network, needed = node.plan.network, node.resources
    shape: Any = model.get_tensor_shape(source)
    attributes = ChainAttributes(
        spec=network.spec,
        in_values=node.in_values,
        out_values=node.out_values,
        batch=tuple(shape[:-1]),
    )
    names, states = parameter_names(network.spec, name), state_names(network.spec, name)
    carried: dict[str, Any] = {
        **attributes.to_node(),
        "shape": json.dumps(encode(node.plan.shape)),
        "cycles": node.interval_cycles,
        **{kind: getattr(needed, kind) for kind in ("lut", "dsp", "bram")},
    }
    made = make_node(
        operator_of(engine),
        [source, *names, *(before for before, _ in states)],
        [sink, *(after for _, after in states)],
        domain=HARDWARE_DOMAIN,
        backend="fpgadataflow",
        name=name,
        **carried,
    )
    model.graph.node.append(made)
    for tensor, values in zip(names, parameters(network), strict=True):
        model.set_initializer(tensor, values)
    for width, (before, after) in zip(state_widths(network.spec), states, strict=True):
        model.set_initializer(before, np.zeros((1, width), np.float32))
        model.set_tensor_shape(after, [1, width])
    model.set_tensor_datatype(sink, DataType[network.spec.layers[-1].output_type.name])
    return made


def write_node_files(node: NodeProto, hardware: EngineNode, folder: Path) -> None:
    """Write a node's module, sources and memories into `folder`, and tell the node that they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    made = hardware.write(node.name, folder)
    write_node(made)
    for key, value in _attributes(made).items():
        getCustomOp(node).set_nodeattr(key, value)


def _attributes(made: HardwareNode) -> dict[str, str]:
    folder = str(made.folder)
    paths = dict.fromkeys(("code_gen_dir_ipgen", "ipgen_path", "ip_path"), folder)
    return {"gen_top_module": made.module} | paths


class GanglionChain(HWCustomOp):
    """The meaning: IntNetwork.__call__ on the last axis, maps in C order; with states, a step."""

    engine: ClassVar[NodeEngine]

    def get_nodeattr_types(self) -> dict[str, Any]:
        """Return FINN's attributes and ours; see operators.md."""
        own = {
            "network": ("s", True, ""),
            "shape": ("s", True, ""),
            "inValues": ("i", True, 0),
            "outValues": ("i", True, 0),
            "numInputVectors": ("ints", False, [1]),
            # What the engine takes, for FINN's analyses; set with the node.
            **{name: ("i", True, 0) for name in ("cycles", "lut", "dsp", "bram")},
        }
        return super().get_nodeattr_types() | own

    def get_input_datatype(self, ind: int = 0) -> Any:
        """Return the type of the input stream; parameters are carried as INT32."""
        return DataType[ChainAttributes.of(self).spec.input_type.name] if ind == 0 else DataType["INT32"]

    def get_output_datatype(self, ind: int = 0) -> Any:
        """Return the type of the output."""
        return DataType[ChainAttributes.of(self).spec.layers[-1].output_type.name]

    def get_normal_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """Return [batch, in], of stacked frames the newest."""
        attributes = ChainAttributes.of(self)
        return (*attributes.batch, attributes.spec.step_width)

    def get_normal_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """Return [batch, out]."""
        attributes = ChainAttributes.of(self)
        return (*attributes.batch, attributes.spec.widths[-1])

    def get_folded_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """Return [batch, words, values a word]; surplus ones of the last word are not read."""
        return _folded(self.get_normal_input_shape(), attribute(self, "inValues"))

    def get_folded_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """Return [batch, words, values a word]; surplus ones of the last word are zero."""
        return _folded(self.get_normal_output_shape(), attribute(self, "outValues"))

    def get_instream_width(self, ind: int = 0) -> int:
        """Return the bits of an input word; parameters are no streams."""
        return attribute(self, "inValues") * self.get_input_datatype().bitwidth() if ind == 0 else 0

    def get_outstream_width(self, ind: int = 0) -> int:
        """Return the bits of an output word."""
        return attribute(self, "outValues") * self.get_output_datatype().bitwidth()

    def get_exp_cycles(self) -> int:
        """Return the cycles of a batch: vectors times the initiation interval."""
        return attribute(self, "cycles") * int(np.prod(ChainAttributes.of(self).batch))

    def lut_estimation(self, fpgapart: str) -> int:
        """Return LUTs by the engine's cost model."""
        return attribute(self, "lut")

    def dsp_estimation(self, fpgapart: str) -> int:
        """Return DSP slices, exactly."""
        return attribute(self, "dsp")

    def bram_estimation(self, fpgapart: str) -> int:
        """Return block RAMs by the engine's cost model."""
        return attribute(self, "bram")

    def infer_node_datatype(self, model: ModelWrapper) -> None:
        """Set the output's type."""
        model.set_tensor_datatype(self.onnx_node.output[0], self.get_output_datatype())

    def verify_node(self) -> list[str]:
        """Return nothing to complain of: the attributes check themselves."""
        return []

    def execute_node(self, context: dict[str, Any], graph: Any) -> None:
        """Compute the output of a batch in integers; with states, of one vector."""
        node, spec = self.onnx_node, ChainAttributes.of(self).spec
        n_tensors = 1 + 2 * len(spec.layers)
        network = network_of(node.op_type, spec, [context[name] for name in node.input[1:n_tensors]])
        inputs = exact(node.op_type, context[node.input[0]])
        states = [exact(node.op_type, context[name]) for name in node.input[n_tensors:]]
        seen, frames = inputs.reshape(-1, spec.step_width), []
        if spec.frame_stack > 1:
            seen = np.concatenate([states.pop(0)[:, spec.step_width :], seen], axis=1)
            frames = [seen]
        sent = {
            index: state.reshape(-1, *spec.layers[index].in_shape)
            for index, state in zip(holding(spec), states, strict=True)
        }
        outputs = step_from_sent(network, seen, sent)
        for name, after in zip(node.output[1:], [*frames, *sent.values()], strict=True):
            context[name] = after.reshape(1, -1).astype(np.float32)
        shape = (*inputs.shape[:-1], spec.widths[-1])
        context[node.output[0]] = outputs.reshape(shape).astype(np.float32)


class GanglionChainRtl(GanglionChain, RTLBackend):
    """The RTL: a module with FINN's port names and its memories, in the node's folder.

    The compiler writes it by `write_node_files`, the plan in hand; FINN's own flow has it planned again.
    """

    def generate_hdl(self, model: ModelWrapper, fpgapart: str, clk: float) -> None:
        """Write the node's module, its own sources and its memories into the node's folder."""
        attributes, folder = ChainAttributes.of(self), Path(attribute(self, "code_gen_dir_ipgen"))
        node_inputs = self.onnx_node.input[1 : 1 + 2 * len(attributes.spec.layers)]
        tensors: list[Any] = [model.get_initializer(tensor) for tensor in node_inputs]
        network = network_of(self.onnx_node.op_type, attributes.spec, tensors)
        node = EngineNode(
            plan=self.engine.plan_as(
                network, decode(self.engine.shape, json.loads(attribute(self, "shape")), "shape")
            ),
            in_values=attributes.in_values,
            out_values=attributes.out_values,
        )
        write_node_files(self.onnx_node, node, folder)

    def get_rtl_file_list(self, abspath: bool = False) -> list[str] | list[Path]:
        """Return the sources in compile order."""
        files = read_node(Path(attribute(self, "code_gen_dir_ipgen"))).files
        return [str(file) if abspath else file.name for file in files]

    def code_generation_ipi(self) -> list[str]:
        """Return the Tcl lines that place the node in a block design."""
        top, node = attribute(self, "gen_top_module"), self.onnx_node.name
        add = [f"add_files -norecurse {file}" for file in self.get_rtl_file_list(abspath=True)]
        return [*add, f"create_bd_cell -type module -reference {top} {node}"]


def _folded(shape: tuple[int, ...], word_values: int) -> tuple[int, ...]:
    *batch, features = shape
    return (*batch, -(-features // word_values), word_values)
