"""The FINN op of the folded engine: a chain of dense layers as one node; see folded.md beside this file."""

from pathlib import Path
from typing import Any

import numpy as np
from onnx.helper import make_node

from hw.finn_plugin import HARDWARE_DOMAIN, DataType, HWCustomOp, ModelWrapper, NodeProto, RTLBackend
from hw.folded.build import MODULES, copy_modules
from hw.folded.cost import estimate
from hw.folded.emit import finn_module
from hw.folded.memories import write_memories
from hw.folded.schedule import schedule
from hw.folded.settings import FoldedSettings
from hw.ops.folded_node import FoldedAttributes, attribute, exact, network_of, parameter_names, parameters
from models.artifacts import CompileError
from models.reference import IntNetwork


def insert_folded(
    model: ModelWrapper, network: IntNetwork, settings: FoldedSettings, source: str, sink: str, name: str
) -> NodeProto:
    """Add a GanglionFolded node between two tensors of a graph and return it; parameters become initializers.

    Behind another node input words must be whole, or CompileError: a width converter knows no surplus lanes.
    """
    features = network.spec.widths[0]
    lanes = settings.lanes_of_input(features)
    if features % lanes and model.find_producer(source) is not None:
        raise CompileError(
            f"{name}: {features} inputs in words of {lanes} leave surplus lanes, which a node before it "
            f"cannot fill; use input_lanes = {next(n for n in range(lanes, 0, -1) if features % n == 0)}"
        )
    shape: Any = model.get_tensor_shape(source)
    program = schedule(network, settings)
    need = estimate(program)
    names = parameter_names(network.spec, name)
    attributes = FoldedAttributes(spec=network.spec, settings=settings, batch=tuple(shape[:-1]))
    costs: dict[str, Any] = {
        "cycles": program.n_cycles,
        "lut": need.lut,
        "dsp": need.dsp,
        "bram18": need.bram18,
    }
    node = make_node(
        "GanglionFolded",
        [source, *names],
        [sink],
        domain=HARDWARE_DOMAIN,
        backend="fpgadataflow",
        name=name,
        **(attributes.to_node() | costs),
    )
    model.graph.node.append(node)
    for tensor, values in zip(names, parameters(network), strict=True):
        model.set_initializer(tensor, values)
    model.set_tensor_datatype(sink, DataType[network.spec.layers[-1].output_type.name])
    return node


class GanglionFolded(HWCustomOp):
    """The op's meaning: IntNetwork.__call__ on the last axis."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        """Return FINN's attributes and ours; see folded.md."""
        own = {
            "network": ("s", True, ""),
            "lanes": ("i", True, 0),
            "banks": ("i", True, 0),
            "copies": ("i", True, 0),
            "input_lanes": ("i", True, 0),
            "output_lanes": ("i", True, 0),
            "multiplier": ("s", False, "dsp", {"dsp", "lut"}),
            "numInputVectors": ("ints", False, [1]),
            # What the schedule takes, for FINN's analyses; set with the node.
            **{name: ("i", True, 0) for name in ("cycles", "lut", "dsp", "bram18")},
        }
        return super().get_nodeattr_types() | own

    def get_input_datatype(self, ind: int = 0) -> Any:
        """Return the type of the input stream; parameters are carried as INT32."""
        return DataType[FoldedAttributes.of(self).spec.input_type.name] if ind == 0 else DataType["INT32"]

    def get_output_datatype(self, ind: int = 0) -> Any:
        """Return the type of the output."""
        return DataType[FoldedAttributes.of(self).spec.layers[-1].output_type.name]

    def get_normal_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """Return [batch, in]."""
        attributes = FoldedAttributes.of(self)
        return (*attributes.batch, attributes.spec.widths[0])

    def get_normal_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """Return [batch, out]."""
        attributes = FoldedAttributes.of(self)
        return (*attributes.batch, attributes.spec.widths[-1])

    def get_folded_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """Return [batch, words, activations a word]; surplus ones of the last word are zero."""
        lanes = attribute(self, "input_lanes")
        *batch, features = self.get_normal_input_shape()
        return (*batch, -(-features // lanes), lanes)

    def get_folded_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """Return [batch, words, activations a word]."""
        lanes = attribute(self, "output_lanes")
        *batch, features = self.get_normal_output_shape()
        return (*batch, features // lanes, lanes)

    def get_instream_width(self, ind: int = 0) -> int:
        """Return the bits of an input word; parameters are no streams."""
        return attribute(self, "input_lanes") * self.get_input_datatype().bitwidth() if ind == 0 else 0

    def get_outstream_width(self, ind: int = 0) -> int:
        """Return the bits of an output word."""
        return attribute(self, "output_lanes") * self.get_output_datatype().bitwidth()

    def get_number_output_values(self) -> int:
        """Return the output words of a batch."""
        return int(np.prod(self.get_folded_output_shape()[:-1]))

    def get_exp_cycles(self) -> int:
        """Return the cycles of a batch, exactly."""
        return attribute(self, "cycles") * int(np.prod(FoldedAttributes.of(self).batch))

    def lut_estimation(self, fpgapart: str) -> int:
        """Return LUTs by hw.folded.cost."""
        return attribute(self, "lut")

    def dsp_estimation(self, fpgapart: str) -> int:
        """Return DSP slices, exactly."""
        return attribute(self, "dsp")

    def bram_estimation(self, fpgapart: str) -> int:
        """Return 18 Kbit memories by hw.folded.cost."""
        return attribute(self, "bram18")

    def infer_node_datatype(self, model: ModelWrapper) -> None:
        """Set the output's type."""
        model.set_tensor_datatype(self.onnx_node.output[0], self.get_output_datatype())

    def verify_node(self) -> list[str]:
        """Return nothing to complain of: FoldedAttributes checks itself."""
        return []

    def execute_node(self, context: dict[str, Any], graph: Any) -> None:
        """Compute the output of a batch in integers."""
        node, spec = self.onnx_node, FoldedAttributes.of(self).spec
        network = network_of(spec, [context[name] for name in node.input[1:]])
        inputs = exact(context[node.input[0]])
        outputs = network(inputs.reshape(-1, spec.widths[0]))
        shape = (*inputs.shape[:-1], spec.widths[-1])
        context[node.output[0]] = outputs.reshape(shape).astype(np.float32)


class GanglionFolded_rtl(GanglionFolded, RTLBackend):  # noqa: N801 (FINN finds a backend by this suffix)
    """The op's RTL: ganglion_folded with its program and biases in the node's folder."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        """Return FINN's attributes and ours; see folded.md."""
        return GanglionFolded.get_nodeattr_types(self) | RTLBackend.get_nodeattr_types(self)

    def execute_node(self, context: dict[str, Any], graph: Any) -> None:
        """Compute the output of a batch in integers."""
        GanglionFolded.execute_node(self, context, graph)

    def generate_hdl(self, model: ModelWrapper, fpgapart: str, clk: float) -> None:
        """Write the engine, its memories and the module with FINN's port names into the node's folder."""
        folder, name = Path(attribute(self, "code_gen_dir_ipgen")), self.get_verilog_top_module_name()
        attributes = FoldedAttributes.of(self)
        tensors: list[Any] = [model.get_initializer(tensor) for tensor in self.onnx_node.input[1:]]
        program = schedule(network_of(attributes.spec, tensors), attributes.settings)
        copy_modules(folder)
        write_memories(program, folder)
        (folder / f"{name}.sv").write_text(finn_module(program, name, str(folder.resolve())))
        for key, value in {"gen_top_module": name, "ipgen_path": folder, "ip_path": folder}.items():
            self.set_nodeattr(key, str(value))

    def get_rtl_file_list(self, abspath: bool = False) -> list[str] | list[Path]:
        """Return the sources in compile order."""
        folder = Path(attribute(self, "code_gen_dir_ipgen"))
        names = [f"{module}.sv" for module in (*MODULES, attribute(self, "gen_top_module"))]
        return [str(folder / name) if abspath else name for name in names]

    def code_generation_ipi(self) -> list[str]:
        """Return the Tcl lines that place the node in a block design."""
        top, node = attribute(self, "gen_top_module"), self.onnx_node.name
        add = [f"add_files -norecurse {file}" for file in self.get_rtl_file_list(abspath=True)]
        return [*add, f"create_bd_cell -type module -reference {top} {node}"]
