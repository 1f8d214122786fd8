"""The shipped policies: what was trained, what was exported and what is recorded are the same."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ganglion.models.build.files import read_json
from ganglion.models.environments import is_game
from ganglion.models.episodes import forward
from ganglion.models.formats.policy_folder import ONNX_FILE, load_policy
from ganglion.models.formats.qonnx_writer import write_qonnx
from ganglion.models.frames import stacked
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.reference import quantize_observation
from ganglion.models.zoo import ZOO

SHIPPED = sorted(path.parent for path in ZOO.glob("*/*/policy.json"))


def test_every_environment_has_a_default_that_exists() -> None:
    defaults = tomllib.loads((ZOO / "defaults.toml").read_text())
    assert {ZOO / env / name for env, name in defaults.items()} <= set(SHIPPED)


WITH_THRESHOLDS = [each for each in SHIPPED if "thresholds" in read_json(each / "policy.json")["network"]]
ORDINARY = [each for each in SHIPPED if each not in WITH_THRESHOLDS]


@pytest.mark.parametrize("folder", ORDINARY, ids=lambda folder: folder.name)
def test_the_trained_brevitas_actor_equals_golden(folder: Path) -> None:
    policy, actor = load_policy(folder), QuantNetwork.load(folder).eval()
    golden, stack = policy.golden, policy.spec.network.frame_stack
    observations = golden["observation"]
    if stack > 1:
        frames = observations.reshape(-1, *policy.spec.network.step_shape)
        observations = stacked(frames, golden["episode_start"], stack)
    with torch.no_grad():
        mean = actor(torch.from_numpy(observations)).double().numpy()
    last = policy.spec.network.layers[-1]
    expected = np.ldexp(golden[last.name].astype(np.float64), last.output_exponent)
    np.testing.assert_array_equal(mean, expected)


@pytest.mark.parametrize("folder", WITH_THRESHOLDS, ids=lambda folder: f"{folder.parent.name} {folder.name}")
def test_the_trained_delta_network_equals_golden(folder: Path) -> None:
    policy, actor = load_policy(folder), QuantNetwork.load(folder)
    whole, golden = actor.to_integers(), policy.golden
    network = replace(whole, spec=replace(whole.spec, thresholds=policy.spec.network.thresholds))
    inputs = quantize_observation(golden["observation"], actor.normalizer, whole.spec.input_type)
    outputs = forward(network, inputs, golden["episode_start"])[-1]
    np.testing.assert_array_equal(outputs, golden[policy.spec.network.layers[-1].name])


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_the_record_agrees_with_the_policy(folder: Path) -> None:
    policy, result = load_policy(folder), read_json(folder / "result.json")
    provenance = policy.spec.provenance
    assert provenance["nnz"] == result["nnz"] == QuantNetwork.load(folder).to_integers().nnz
    assert provenance["return_mean"] == pytest.approx(np.mean(result["returns"]))
    assert len(result["returns"]) == provenance["episodes"] == (20 if is_game(result["env_id"]) else 100)
    curve = [json.loads(line) for line in (folder / "curve.jsonl").read_text().splitlines()]
    # Rounding to int8 makes some small weights zero that the masks keep.
    assert -1e-4 <= provenance["sparsity"] - curve[-1]["sparsity"] < 1e-2


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: f"{folder.parent.name} {folder.name}")
def test_the_graph_is_as_the_writer_writes_it(folder: Path, tmp_path: Path) -> None:
    """Nothing of the machine on which a policy was exported comes with it."""
    write_qonnx(load_policy(folder).network, tmp_path / ONNX_FILE)
    assert (folder / ONNX_FILE).read_bytes() == (tmp_path / ONNX_FILE).read_bytes()


@pytest.mark.parametrize(
    ("name", "sparsity"),
    [("sac-sparse95-int8", 0.95), ("sac-sparse97-int8", 0.97), ("sac-sparse98-int8", 0.98)],
)
def test_the_hopper_policies_are_what_the_readme_says(name: str, sparsity: float) -> None:
    result = read_json(ZOO / "Hopper" / name / "result.json")
    dense = read_json(ZOO / "Hopper" / "sac-dense" / "result.json")
    assert result["sparsity"] >= sparsity
    assert result["return_mean"] >= max(2_500, 0.95 * dense["return_mean"])
