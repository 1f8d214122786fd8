"""Our ops mean the reference, pass FINN's hooks, and become their engines behind FINN's ports."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from finn.analysis.fpgadataflow.exp_cycles_per_layer import exp_cycles_per_layer
from finn.analysis.fpgadataflow.res_estimation import res_estimation
from onnx import TensorProto, helper

from ganglion.hw.design.hardware_node import read_node
from ganglion.hw.engines.folded.engine import Folded
from ganglion.hw.engines.folded.plan import plan as plan_folded
from ganglion.hw.engines.folded.shape import FoldedShape, Multiplier
from ganglion.hw.engines.node import EngineNode, NodeEngine
from ganglion.hw.engines.operators.chain import insert_node
from ganglion.hw.engines.unrolled.engine import Unrolled
from ganglion.hw.engines.unrolled.plan import plan as plan_unrolled
from ganglion.hw.engines.unrolled.shape import UnrolledShape
from ganglion.hw.finn.plugin import (
    DataType,
    ModelWrapper,
    PrepareIP,
    SpecializeLayers,
    execute_onnx,
    getCustomOp,
    use_build_folder,
)
from ganglion.models.build.errors import CompileError
from ganglion.models.reference import IntNetwork
from tests.hw.engines.folded.nets import corner_network
from tests.hw.engines.unrolled.corners import CORNERS
from tests.hw.lint import lint
from tests.networks import random_inputs, random_network

PART = "xc7z020clg400-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpCase:
    """An engine, and a node of its for a network."""

    engine: NodeEngine
    node: Callable[[IntNetwork], EngineNode]


def _folded(network: IntNetwork) -> EngineNode:
    shape = FoldedShape.of(min(4, max(1, network.nnz)), Multiplier.LUT)
    return EngineNode.between(plan_folded(network, shape), None, None)


def _unrolled(network: IntNetwork) -> EngineNode:
    return EngineNode.between(plan_unrolled(network, UnrolledShape(adders_per_stage=3)), 1, 1)


CASES = (OpCase(engine=Folded(), node=_folded), OpCase(engine=Unrolled(), node=_unrolled))
by_op = pytest.mark.parametrize("case", CASES, ids=lambda case: case.engine.operator)


@pytest.fixture(autouse=True)
def build_folder(tmp_path: Path) -> None:
    use_build_folder(tmp_path / "finn")


@pytest.fixture
def network() -> IntNetwork:
    return corner_network(np.random.default_rng(0))


def model_of(network: IntNetwork, case: OpCase) -> ModelWrapper:
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, width])
        for name, width in (("x", network.spec.widths[0]), ("y", network.spec.widths[-1]))
    ]
    model = ModelWrapper(helper.make_model(helper.make_graph([], "ops", ends[:1], ends[1:])))
    model.set_tensor_datatype("x", DataType[network.spec.input_type.name])
    insert_node(model, case.engine, case.node(network), "x", "y", "policy")
    return model


def run(model: ModelWrapper, inputs: np.ndarray) -> np.ndarray:
    rows = [execute_onnx(model, {"x": row[None].astype(np.float32)})["y"][0] for row in inputs]
    return np.stack(rows).astype(np.int64)


def _narrow(bits: int) -> IntNetwork:
    rng = np.random.default_rng(bits)
    return random_network(
        rng, (6, 9, 4), weight_bits=bits, activation_bits=bits, input_bits=bits, output_bits=bits
    )


NETWORKS = {
    "corners": lambda: corner_network(np.random.default_rng(0)),  # empty, dense, dead, ties, mixed types
    "one layer": lambda: random_network(np.random.default_rng(1), (5, 3), density=1.0),
    "unsigned input": lambda: CORNERS["unsigned input"],
    "signed hidden layer": lambda: CORNERS["signed hidden layer"],
    **{f"{bits} bits": lambda bits=bits: _narrow(bits) for bits in (2, 3, 5, 8)},
}


@by_op
@pytest.mark.parametrize("name", NETWORKS)
def test_execution_equals_the_reference_before_and_after_specializing(case: OpCase, name: str) -> None:
    network = NETWORKS[name]()
    model = model_of(network, case)
    inputs = random_inputs(np.random.default_rng(1), network, 8)
    np.testing.assert_array_equal(run(model, inputs), network(inputs))
    model = model.transform(SpecializeLayers(PART))
    assert [node.op_type for node in model.graph.node] == [f"{case.engine.operator}_rtl"]
    np.testing.assert_array_equal(run(model, inputs), network(inputs))


@by_op
def test_finns_hooks_generate_the_node_and_know_its_cost(case: OpCase, network: IntNetwork) -> None:
    model = model_of(network, case).transform(SpecializeLayers(PART)).transform(PrepareIP(PART, 10.0))
    (node,) = model.graph.node
    operator = getCustomOp(node)
    made = read_node(Path(operator.get_nodeattr("code_gen_dir_ipgen")))
    assert made.layers == 4 and made.module == node.name == operator.get_nodeattr("gen_top_module")
    assert lint(node.name, list(made.files)) == ""
    assert model.analysis(exp_cycles_per_layer) == {node.name: operator.get_nodeattr("cycles")}
    resources = res_estimation(model, PART)[node.name]
    expected = {"LUT": "lut", "DSP": "dsp", "BRAM_18K": "bram"}
    assert all(resources[kind] == operator.get_nodeattr(name) for kind, name in expected.items())
    assert resources["LUT"] > 50


@by_op
def test_stitching_is_told_the_ports_and_every_source(case: OpCase, network: IntNetwork) -> None:
    model = model_of(network, case).transform(SpecializeLayers(PART)).transform(PrepareIP(PART, 10.0))
    (node,) = model.graph.node
    operator = getCustomOp(node)
    ports = operator.get_verilog_top_module_intf_names()
    made = read_node(Path(operator.get_nodeattr("code_gen_dir_ipgen")))
    assert ports["s_axis"] == [("in0_V", made.input.width_bits)]
    assert ports["m_axis"] == [("out0_V", made.output.width_bits)]
    *files, cell = operator.code_generation_ipi()
    assert [line.removeprefix("add_files -norecurse ") for line in files] == list(map(str, made.files))
    assert cell == f"create_bd_cell -type module -reference {made.module} {node.name}"
    assert operator.get_number_output_values() == made.output.words


@by_op
def test_a_parameter_that_is_no_integer_is_refused(case: OpCase, network: IntNetwork) -> None:
    model = model_of(network, case)
    values = model.get_initializer("policy_fc1_weight").copy()
    values[2, 3] = 0.5
    model.set_initializer("policy_fc1_weight", values)
    with pytest.raises(CompileError, match=rf"{case.engine.operator}: 0.5 at \[2, 3\] is not an integer"):
        run(model, random_inputs(np.random.default_rng(1), network, 2))
