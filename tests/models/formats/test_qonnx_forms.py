"""QONNX that means the same network reads as the same; what means another is refused in one line."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, NodeProto, helper, numpy_helper

from ganglion.models.build.errors import ExportError
from ganglion.models.formats.qonnx_reader import read_qonnx
from ganglion.models.formats.qonnx_writer import qonnx_model
from ganglion.models.reference import IntNetwork
from tests.networks import random_network

NETWORK = random_network(np.random.default_rng(0), (5, 6, 3))
UNBIASED = replace(NETWORK, biases=tuple(np.zeros_like(bias) for bias in NETWORK.biases))


def _gemms(model: ModelProto) -> list[NodeProto]:
    return [node for node in model.graph.node if node.op_type == "Gemm"]


def _set(node: NodeProto, **attributes: float | str) -> None:
    kept = [attribute for attribute in node.attribute if attribute.name not in attributes]
    del node.attribute[:]
    node.attribute.extend([*kept, *(helper.make_attribute(*item) for item in attributes.items())])


def _change(model: ModelProto, suffix: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Change every constant whose name ends in `suffix`."""
    for tensor in model.graph.initializer:
        if tensor.name.endswith(suffix):
            changed = change(numpy_helper.to_array(tensor)).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(changed, tensor.name))


def dynamic_batch(model: ModelProto) -> None:
    for end in (*model.graph.input, *model.graph.output):
        end.type.tensor_type.shape.dim[0].dim_param = "batch"
    del model.graph.value_info[:]


def scales_of_shape_one(model: ModelProto) -> None:
    for suffix in (".scale", ".zero_point", ".bits", ".half_step"):
        _change(model, suffix, lambda value: value.reshape(1))


def untransposed_weights(model: ModelProto) -> None:
    _change(model, ".weight.values", np.transpose)
    for gemm in _gemms(model):
        _set(gemm, transB=0)


def halves_times_two(model: ModelProto) -> None:
    for suffix in (".weight.values", ".weight.scale", ".bias.values", ".bias.scale"):
        _change(model, suffix, lambda value: value / 2)
    for gemm in _gemms(model):
        _set(gemm, alpha=2.0, beta=2.0)


def matmul_and_add(model: ModelProto) -> None:
    _change(model, ".weight.values", np.transpose)
    for gemm in _gemms(model):
        bias, output = gemm.input.pop(2), gemm.output[0]
        gemm.op_type = "MatMul"
        del gemm.attribute[:]
        gemm.output[0] = f"{output}.product"
        add = helper.make_node("Add", [bias, gemm.output[0]], [output])
        model.graph.node.insert(list(model.graph.node).index(gemm) + 1, add)


def constants_as_nodes(model: ModelProto) -> None:
    for tensor in model.graph.initializer:
        model.graph.node.insert(0, helper.make_node("Constant", [], [tensor.name], value=tensor))
    del model.graph.initializer[:]


def bare_biases(model: ModelProto) -> None:
    for gemm in _gemms(model):
        gemm.input[2] += ".values"


def wide_weights(model: ModelProto) -> None:
    for node in model.graph.node:
        if node.output[0].endswith(".weight"):
            _set(node, narrow=0)


def half_steps_for_all(model: ModelProto) -> None:
    quant = next(node for node in model.graph.node if node.output[0] == "fc1")
    scale = next(t for t in model.graph.initializer if t.name == "fc1.scale")
    half = numpy_helper.from_array(numpy_helper.to_array(scale) / np.float32(2), "half")
    model.graph.initializer.append(half)
    add = helper.make_node("Add", [quant.input[0], "half"], ["raised"])
    model.graph.node.insert(list(model.graph.node).index(quant), add)
    quant.input[0] = "raised"
    _set(quant, rounding_mode="FLOOR")


def no_relu(model: ModelProto) -> None:
    # An unsigned Quant clips at zero by itself.
    relu = next(node for node in model.graph.node if node.op_type == "Relu")
    quant = next(node for node in model.graph.node if relu.output[0] in node.input)
    quant.input[0] = relu.input[0]
    model.graph.node.remove(relu)


def other_names(model: ModelProto) -> None:
    for node in model.graph.node:
        node.name = ""
        for names in (node.input, node.output):
            names[:] = [name if name in ("observation", "fc2") else f"t_{name}" for name in names]
    for tensor in model.graph.initializer:
        tensor.name = f"t_{tensor.name}"
    del model.graph.value_info[:]


SAME = (
    dynamic_batch,
    scales_of_shape_one,
    untransposed_weights,
    halves_times_two,
    matmul_and_add,
    constants_as_nodes,
    bare_biases,
    wide_weights,
    half_steps_for_all,
    no_relu,
    other_names,
)


def _read(model: ModelProto, folder: Path) -> IntNetwork:
    onnx.save(model, folder / "policy.onnx")
    return read_qonnx(folder / "policy.onnx")


def require_same(got: IntNetwork, wanted: IntNetwork) -> None:
    assert got.spec == wanted.spec
    for a, b in zip(got.weights + got.biases, wanted.weights + wanted.biases, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("edit", SAME)
def test_an_equal_form_reads_as_the_same_integers(edit: Callable[[ModelProto], None], tmp_path: Path) -> None:
    model = qonnx_model(NETWORK)
    edit(model)
    require_same(_read(model, tmp_path), NETWORK)


def test_a_layer_without_biases_reads_as_zeros(tmp_path: Path) -> None:
    model = qonnx_model(UNBIASED)
    for gemm in _gemms(model):
        gemm.input.pop(2)
    require_same(_read(model, tmp_path), UNBIASED)


def transposed_input(model: ModelProto) -> None:
    _set(_gemms(model)[0], transA=1)


def a_factor_of_three(model: ModelProto) -> None:
    _set(_gemms(model)[0], alpha=3.0)


def biases_off_the_grid(model: ModelProto) -> None:
    _set(_gemms(model)[0], beta=1 / 3)


def scales_by_channel(model: ModelProto) -> None:
    _change(model, "fc1.weight.scale", lambda value: np.full((6, 1), value))


def the_lowest_weight(model: ModelProto) -> None:
    wide_weights(model)
    _change(model, "fc1.weight.values", lambda value: np.where(value == value.max(), -1.0, value))


def a_later_opset(model: ModelProto) -> None:
    model.opset_import[0].version = 99


def no_opset(model: ModelProto) -> None:
    del model.opset_import[:]


OTHER = {
    transposed_input: "Gemm node Gemm_fc1.sum: transA = 1",
    a_factor_of_three: "Gemm node Gemm_fc1.sum: alpha 3 is not a power of two",
    biases_off_the_grid: "fc1: biases: .* is not a multiple of the scale",
    scales_by_channel: r"Quant node Quant_fc1.weight: input 1 must be one constant \(per-tensor scales\)",
    the_lowest_weight: r"fc1: weight -128 at \[\d, \d\] is outside INT8's narrow range \[-127, 127\]",
    a_later_opset: "opset 99",
    no_opset: "opset",
}


@pytest.mark.parametrize("edit", OTHER)
def test_another_meaning_is_refused_in_one_line(edit: Callable[[ModelProto], None], tmp_path: Path) -> None:
    model = qonnx_model(NETWORK)
    edit(model)
    with pytest.raises(ExportError, match=f"^.*policy.onnx: .*{OTHER[edit]}") as caught:
        _read(model, tmp_path)
    assert "\n" not in str(caught.value)
