"""The folded op means the reference, passes FINN's hooks, and becomes the engine behind FINN's ports."""

from pathlib import Path

import finn.custom_op.fpgadataflow as hardware
import finn.custom_op.fpgadataflow.rtl as rtl
import numpy as np
import pytest
from finn.analysis.fpgadataflow.exp_cycles_per_layer import exp_cycles_per_layer
from finn.analysis.fpgadataflow.res_estimation import res_estimation
from onnx import TensorProto, helper

from hw.finn_plugin import DataType, ModelWrapper, PrepareIP, SpecializeLayers, execute_onnx, use_build_folder
from hw.folded.settings import FoldedSettings
from hw.ops.folded import GanglionFolded, GanglionFolded_rtl, insert_folded
from models.artifacts import CompileError
from models.reference import IntNetwork
from tests.hw.folded.nets import corner_network
from tests.hw.folded.test_lint import lint
from tests.networks import random_inputs

PART = "xc7z020clg400-1"


@pytest.fixture
def network() -> IntNetwork:
    return corner_network(np.random.default_rng(0))


@pytest.fixture(autouse=True)
def registered(tmp_path: Path) -> None:
    hardware.register_custom_op(GanglionFolded)
    rtl.register_custom_op(GanglionFolded_rtl)
    use_build_folder(tmp_path / "finn")


def model_of(network: IntNetwork, settings: FoldedSettings) -> ModelWrapper:
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, width])
        for name, width in (("x", network.spec.widths[0]), ("y", network.spec.widths[-1]))
    ]
    model = ModelWrapper(helper.make_model(helper.make_graph([], "folded", ends[:1], ends[1:])))
    model.set_tensor_datatype("x", DataType[network.spec.input_type.name])
    insert_folded(model, network, settings, "x", "y", "policy")
    return model


def run(model: ModelWrapper, inputs: np.ndarray) -> np.ndarray:
    rows = [execute_onnx(model, {"x": row[None].astype(np.float32)})["y"][0] for row in inputs]
    return np.stack(rows).astype(np.int64)


def test_execution_equals_the_reference_before_and_after_specializing(network: IntNetwork) -> None:
    model = model_of(network, FoldedSettings.of(4))
    inputs = random_inputs(np.random.default_rng(1), network, 10)
    np.testing.assert_array_equal(run(model, inputs), network(inputs))
    model = model.transform(SpecializeLayers(PART))
    assert [node.op_type for node in model.graph.node] == ["GanglionFolded_rtl"]
    np.testing.assert_array_equal(run(model, inputs), network(inputs))


def test_finns_hooks_generate_the_engine_and_count_its_cost(network: IntNetwork) -> None:
    model = model_of(network, FoldedSettings.of(4)).transform(SpecializeLayers(PART))
    model = model.transform(PrepareIP(PART, 10.0))
    node = model.graph.node[0]
    folder = Path(next(a.s.decode() for a in node.attribute if a.name == "code_gen_dir_ipgen"))
    assert lint(folder, node.name) == ""
    cycles = model.analysis(exp_cycles_per_layer)
    resources = res_estimation(model, PART)[node.name]
    assert 40 < cycles[node.name] < 100
    assert resources["DSP"] == 4 and resources["LUT"] > 300 and resources["BRAM_18K"] >= 3


def test_surplus_lanes_behind_another_node_are_refused(network: IntNetwork) -> None:
    model = model_of(network, FoldedSettings.of(4))
    later = corner_network(np.random.default_rng(1))
    with pytest.raises(
        CompileError, match=r"9 inputs in words of 4 leave surplus lanes, .* use input_lanes = 3"
    ):
        insert_folded(model, later, FoldedSettings.of(4), "y", "z", "second")


def test_a_parameter_that_is_no_integer_is_refused(network: IntNetwork) -> None:
    model = model_of(network, FoldedSettings.of(4))
    values = model.get_initializer("policy_fc1_weight").copy()
    values[2, 3] = 0.5
    model.set_initializer("policy_fc1_weight", values)
    with pytest.raises(CompileError, match=r"0.5 at \[2, 3\] is not an integer"):
        run(model, random_inputs(np.random.default_rng(1), network, 2))
