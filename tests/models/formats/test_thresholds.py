"""A policy with thresholds: its folder, its QONNX graph with state, and what in them may be wrong."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from ganglion.models.build.errors import ExportError, MismatchError
from ganglion.models.build.files import read_arrays, read_json, write_arrays, write_json
from ganglion.models.delta import DeltaNetwork
from ganglion.models.formats.policy_folder import load_policy, write_description
from ganglion.models.formats.qonnx_reader import read_qonnx
from ganglion.models.formats.qonnx_writer import qonnx_model, write_qonnx
from ganglion.models.formats.send_on_delta import state_names
from ganglion.models.reference import IntNetwork
from tests.models.formats.test_policy_folder import edit_graph
from tests.networks import at_input_scale, random_network, write_network

THRESHOLDS = (9, 0, 30)


def network_with(thresholds: tuple[int, ...]) -> IntNetwork:
    network = at_input_scale(random_network(np.random.default_rng(1), (5, 8, 6, 2)), -3)
    return replace(network, spec=replace(network.spec, thresholds=thresholds))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("policy")
    rng = np.random.default_rng(0)
    starts = np.isin(np.arange(40), (0, 25))
    write_network(folder, network_with(THRESHOLDS), rng.normal(0, 0.3, (40, 5)), episode_starts=starts)
    return folder


@pytest.fixture
def policy(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "policy"))


def test_a_folder_holds_the_thresholds_and_whole_episodes(exported: Path) -> None:
    policy = load_policy(exported)
    assert policy.spec.network.thresholds == policy.network.spec.thresholds == THRESHOLDS
    starts = policy.golden["episode_start"]
    assert np.flatnonzero(starts).tolist() == [0, 25, 40]  # the last: the extremes
    delta = DeltaNetwork.of(policy.network)
    for step, inputs in enumerate(policy.golden["input"].astype(np.int64)):
        state = delta.start(1) if starts[step] else state  # noqa: F821
        outputs, _ = delta.step(state, inputs[None])
        np.testing.assert_array_equal(outputs[0], policy.golden["fc3"][step])
    assert (policy.golden["fc3"] != policy.network(policy.golden["input"])).any()


def test_a_policy_without_thresholds_knows_nothing_of_them(tmp_path: Path) -> None:
    network = network_with(THRESHOLDS)
    write_network(tmp_path, replace(network, spec=replace(network.spec, thresholds=None)))
    assert "thresholds" not in (tmp_path / "policy.json").read_text()
    assert "episode_start" not in read_arrays(tmp_path / "golden.npz")
    graph = onnx.load(tmp_path / "policy.onnx").graph
    assert len(graph.input) == len(graph.output) == 1


@pytest.mark.parametrize("thresholds", [(9, 0, 30), (0, 255, 0), (1, 2, 3)])
def test_qonnx_reads_back_to_the_same_thresholds(thresholds: tuple[int, ...], tmp_path: Path) -> None:
    network = network_with(thresholds)
    write_qonnx(network, tmp_path / "policy.onnx")
    assert read_qonnx(tmp_path / "policy.onnx").spec == network.spec


def test_qonnx_executed_step_by_step_equals_the_reference_in_every_layer() -> None:
    network = network_with(THRESHOLDS)
    model = ModelWrapper(qonnx_model(network))
    spec, delta = network.spec, DeltaNetwork.of(network)
    names = [state_names(layer.name) for index, layer in enumerate(spec.layers) if spec.threshold(index)]
    assert [entry.name for entry in model.graph.input] == ["observation", "fc1.sent", "fc3.sent"]
    assert [exit_.name for exit_ in model.graph.output] == ["fc3", "fc1.sent_next", "fc3.sent_next"]
    zeros = {sent: np.zeros(model.get_tensor_shape(sent), np.float32) for sent, _ in names}
    inputs = np.clip(np.random.default_rng(0).integers(-9, 10, (30, 5)).cumsum(axis=0), -128, 127)
    for step, each in enumerate(inputs):
        if step in (0, 20):
            sent, state = zeros, delta.start(1)
        real = np.ldexp(each[None], spec.exponent(0)).astype(np.float32)
        context = execute_onnx(model, {"observation": real, **sent}, return_full_exec_context=True)
        sent = {before: context[after] for before, after in names}
        expected, _ = delta.forward(state, each[None])
        for layer, activation in zip(spec.layers, expected, strict=True):
            got = np.ldexp(context[layer.name].astype(float), -layer.output_exponent)
            np.testing.assert_array_equal(got, activation)


def _described(folder: Path, thresholds: object) -> Path:
    """Put thresholds into policy.json by hand."""
    value = read_json(folder / "policy.json")
    value["network"]["thresholds"] = thresholds
    write_json(folder / "policy.json", value)
    return folder


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ([9, -1, 30], "fc2: threshold -1 is outside 0 to 255"),
        ([9, 0, 256], "fc3: threshold 256 is outside 0 to 255"),
        ([9, 0.5, 30], r"network.thresholds\[1\]: expected integer, got 0.5"),
        ([9, "many", 30], r"network.thresholds\[1\]: expected integer, got 'many'"),
        ([9, True, 30], r"network.thresholds\[1\]: expected integer, got True"),
        ([9, 0], "2 thresholds for 3 layers; expected one each"),
        ([0, 0, 0], "thresholds of 0 everywhere are the ordinary network's; leave them out"),
        ([9, 1, 30], r"policy.onnx: thresholds \(9, 0, 30\), but policy.json describes \(9, 1, 30\)"),
    ],
)
def test_wrong_thresholds_are_refused(policy: Path, thresholds: object, message: str) -> None:
    with pytest.raises(ExportError, match=message):
        load_policy(_described(policy, thresholds))


@pytest.mark.parametrize(
    ("starts", "message"),
    [
        (None, "arrays .*, policy.json describes .*episode_start"),
        (np.zeros(53, bool), "episode_start: expected 55 truth values, the first true"),
        (np.zeros(55, bool), "episode_start: expected 55 truth values, the first true"),
        (np.ones(55, int), "episode_start: expected 55 truth values, the first true, got int64"),
    ],
)
def test_wrong_episode_starts_are_refused(policy: Path, starts: np.ndarray | None, message: str) -> None:
    spec, golden = load_policy(policy).spec, read_arrays(policy / "golden.npz")
    golden = {name: values for name, values in golden.items() if name != "episode_start"}
    write_arrays(policy / "golden.npz", golden | ({} if starts is None else {"episode_start": starts}))
    write_description(policy, spec)
    with pytest.raises(ExportError, match=message):
        load_policy(policy)


def test_another_start_of_an_episode_changes_golden(policy: Path) -> None:
    spec, golden = load_policy(policy).spec, read_arrays(policy / "golden.npz")
    golden["episode_start"][24] = True
    write_arrays(policy / "golden.npz", golden)
    write_description(policy, spec)
    with pytest.raises(MismatchError, match="golden.npz: fc"):
        load_policy(policy)


def test_thresholds_without_episodes_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="episode_starts must say where episodes start"):
        write_network(tmp_path / "policy", network_with(THRESHOLDS))


def _half_a_step(graph: onnx.GraphProto) -> None:
    held = next(tensor for tensor in graph.initializer if tensor.name == "fc1.threshold")
    held.CopyFrom(numpy_helper.from_array(np.float32(numpy_helper.to_array(held) * 1.05), held.name))


def _other_state(graph: onnx.GraphProto) -> None:
    where = next(node for node in graph.node if node.op_type == "Where")
    where.input[2] = "fc3.sent"


def _without_state_output(graph: onnx.GraphProto) -> None:
    del graph.output[1]


def _states_crossed(graph: onnx.GraphProto) -> None:
    graph.output[1].name, graph.output[2].name = graph.output[2].name, graph.output[1].name


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_half_a_step, "fc1.sent_next: threshold: .* is not a multiple of the scale"),
        (
            _other_state,
            "Where node Where_fc1.sent_next: expected input or fc1.sent, by one constant threshold",
        ),
        (_without_state_output, "expected a graph of one input and one output, and as many more"),
        (_states_crossed, "behind the first are not those of the layers' states"),
    ],
)
def test_a_graph_whose_state_means_something_else_is_refused(
    policy: Path, edit: Callable[[onnx.GraphProto], None], message: str
) -> None:
    with pytest.raises(ExportError, match=message):
        load_policy(edit_graph(policy, edit))
