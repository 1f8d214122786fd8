"""Policy folders: export, QONNX, the integers read back, and every way in which files may be wrong."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from ganglion.models.build.errors import ExportError, MismatchError
from ganglion.models.build.files import read_arrays, read_json, write_arrays, write_json
from ganglion.models.formats.policy_folder import load_policy, write_description
from ganglion.models.formats.qonnx_reader import read_qonnx
from ganglion.models.formats.qonnx_writer import write_qonnx
from tests.networks import random_inputs, random_network, write_random_policy

SHAPES = [(3, 7, 1), (11, 13, 9, 3), (5, 2), (4, 8, 8, 8, 2)]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("policy")
    write_random_policy(folder, np.random.default_rng(0), (5, 8, 6, 2), n_vectors=50)
    return folder


@pytest.fixture
def policy(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "policy"))


def edit_graph(folder: Path, edit: Callable[[onnx.GraphProto], None]) -> Path:
    """Apply `edit` to policy.onnx and record its new hash: a file that is whole, but wrong."""
    spec = load_policy(folder).spec
    model = onnx.load(folder / "policy.onnx")
    edit(model.graph)
    onnx.save(model, folder / "policy.onnx")
    write_description(folder, spec)
    return folder


def _set_constant(graph: onnx.GraphProto, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    tensor = next(t for t in graph.initializer if t.name == name)
    changed = change(numpy_helper.to_array(tensor).copy()).astype(np.float32)
    tensor.CopyFrom(numpy_helper.from_array(changed, name))


def _quant_of(graph: onnx.GraphProto, output: str) -> onnx.NodeProto:
    return next(node for node in graph.node if output in node.output)


@pytest.mark.parametrize("widths", SHAPES)
def test_qonnx_reads_back_to_the_same_integers(widths: tuple[int, ...], tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(1), widths)
    write_qonnx(network, tmp_path / "policy.onnx")
    restored = read_qonnx(tmp_path / "policy.onnx")
    assert restored.spec == network.spec
    for got, wanted in zip(restored.weights + restored.biases, network.weights + network.biases, strict=True):
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("widths", SHAPES)
def test_qonnx_execution_equals_the_reference_in_every_layer(widths: tuple[int, ...], tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    network = random_network(rng, widths, activation_bits=4)
    write_qonnx(network, tmp_path / "policy.onnx")
    model = ModelWrapper(str(tmp_path / "policy.onnx"))
    inputs = random_inputs(rng, network, 20)
    expected = network.forward(inputs)
    for i, vector in enumerate(inputs.astype(np.float32)):
        context = execute_onnx(model, {"observation": vector[None]}, return_full_exec_context=True)
        for layer, activation in zip(network.spec.layers, expected, strict=True):
            real = np.ldexp(activation[i].astype(np.float64), layer.output_exponent)
            np.testing.assert_array_equal(context[layer.name][0], real)


def test_a_policy_folder_loads_as_it_was_written(policy: Path) -> None:
    loaded = load_policy(policy)
    assert loaded.spec.provenance["nnz_live"] == loaded.network.nnz
    assert loaded.golden["fc3"].shape == (len(loaded.golden["observation"]), 2)


@pytest.mark.parametrize("name", ["policy.onnx", "golden.npz"])
def test_a_truncated_file_is_a_named_hash_mismatch(policy: Path, name: str) -> None:
    data = (policy / name).read_bytes()
    (policy / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(ExportError, match=rf"{name}: hash mismatch: recorded \w+, found \w+"):
        load_policy(policy)


@pytest.mark.parametrize(("key", "message"), [("env", "missing key env"), ("colour", "unknown key colour")])
def test_unknown_and_missing_keys_are_named(policy: Path, key: str, message: str) -> None:
    value = read_json(policy / "policy.json")
    if key in value:
        del value[key]
    else:
        value[key] = "blue"
    write_json(policy / "policy.json", value)
    with pytest.raises(ExportError, match=message):
        load_policy(policy)


def test_a_golden_vector_that_differs_is_located(policy: Path) -> None:
    spec, golden = load_policy(policy).spec, read_arrays(policy / "golden.npz")
    golden["fc2"][7, 3] ^= 1
    write_arrays(policy / "golden.npz", golden)
    write_description(policy, spec)
    with pytest.raises(MismatchError, match=r"fc2: vector 7, neuron 3: expected \d+, got \d+ \(1 of"):
        load_policy(policy)


def test_an_unsupported_node_is_named(policy: Path) -> None:
    def edit(graph: onnx.GraphProto) -> None:
        relu = next(node for node in graph.node if node.op_type == "Relu")
        relu.op_type = "Sigmoid"

    with pytest.raises(ExportError, match=r"unsupported: Sigmoid node Relu_fc1.relu; expected Quant"):
        load_policy(edit_graph(policy, edit))


def test_a_scale_that_is_not_a_power_of_two_is_refused(policy: Path) -> None:
    def edit(graph: onnx.GraphProto) -> None:
        _set_constant(graph, _quant_of(graph, "fc1").input[1], lambda scale: scale * 1.5)

    with pytest.raises(ExportError, match=r"scale [\d.e-]+ is not a power of two"):
        load_policy(edit_graph(policy, edit))


def test_round_half_to_even_is_refused(policy: Path) -> None:
    def edit(graph: onnx.GraphProto) -> None:
        node = _quant_of(graph, "fc1")
        kept = [a for a in node.attribute if a.name != "rounding_mode"]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute("rounding_mode", "ROUND")])

    with pytest.raises(ExportError, match="rounding_mode ROUND is not half up"):
        load_policy(edit_graph(policy, edit))


def test_a_weight_out_of_range_is_refused(policy: Path) -> None:
    def edit(graph: onnx.GraphProto) -> None:
        gemm = next(node for node in graph.node if node.op_type == "Gemm")
        constant = _quant_of(graph, gemm.input[1]).input[0]
        _set_constant(graph, constant, lambda w: np.where(np.indices(w.shape).sum(axis=0) == 0, 2.0, w))

    with pytest.raises(ExportError, match=r"fc1.weight: 256 is outside its Quant's range \[-127, 127\]"):
        load_policy(edit_graph(policy, edit))


def test_a_weight_that_its_narrow_quant_would_clip_is_refused(policy: Path) -> None:
    def edit(graph: onnx.GraphProto) -> None:
        gemm = next(node for node in graph.node if node.op_type == "Gemm")
        constant = _quant_of(graph, gemm.input[1]).input[0]
        _set_constant(graph, constant, lambda w: np.where(np.indices(w.shape).sum(axis=0) == 0, -1.0, w))

    with pytest.raises(
        ExportError, match=r"fc1.weight: -128 is outside its Quant's range .*, which clips it"
    ):
        load_policy(edit_graph(policy, edit))


def test_weights_off_their_grid_are_refused(policy: Path) -> None:
    def edit(graph: onnx.GraphProto) -> None:
        gemm = next(node for node in graph.node if node.op_type == "Gemm")
        _set_constant(graph, _quant_of(graph, gemm.input[1]).input[0], lambda w: w + 0.001)

    with pytest.raises(ExportError, match=r"fc1: weights: .* is not a multiple of the scale 2\^-7"):
        load_policy(edit_graph(policy, edit))


def test_an_integer_network_that_differs_from_its_description_is_refused(policy: Path) -> None:
    value = read_json(policy / "policy.json")
    value["network"]["layers"][0]["weight_exponent"] -= 1
    write_json(policy / "policy.json", value)
    with pytest.raises(ExportError, match=r"fc1 has weight_exponent -7, but policy.json describes -8"):
        load_policy(policy)
