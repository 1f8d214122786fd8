"""Choosing the policy to build: shipped by environment's name, or a folder."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from ganglion.models.build.errors import ConfigError, ExportError
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.policy_folder import load_policy, write_description
from ganglion.models.formats.qonnx_writer import qonnx_model
from ganglion.models.select_policy import select, shipped_policy
from tests.models.formats.test_qonnx_forms import wide_weights
from tests.networks import write_random_policy


def test_an_unknown_environment_lists_the_shipped_ones() -> None:
    with pytest.raises(ConfigError, match=r"'Hoper' \(shipped: .*Hopper.*\); train and export one"):
        shipped_policy("Hoper")


def test_a_folder_is_verified_and_copied_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_random_policy(tmp_path / "mine", np.random.default_rng(0), (3, 7, 1), n_vectors=20)
    select(BuildPaths.of("mine", tmp_path / "build"), tmp_path / "mine")
    select(BuildPaths.of("mine", tmp_path / "build"), tmp_path / "mine")
    assert load_policy(tmp_path / "build/mine/policy").spec.name == "random"
    assert "golden vectors verified" in (shown := capsys.readouterr().out) and "up to date" in shown


def test_a_damaged_folder_leaves_the_policy_that_was_there(tmp_path: Path) -> None:
    write_random_policy(tmp_path / "mine", np.random.default_rng(0), (3, 7, 1), n_vectors=20)
    select(BuildPaths.of("mine", tmp_path / "build"), tmp_path / "mine")
    with (tmp_path / "mine/policy.onnx").open("r+b") as file:
        file.truncate(100)
    with pytest.raises(ExportError, match=r"policy.onnx: hash mismatch"):
        select(BuildPaths.of("mine", tmp_path / "build"), tmp_path / "mine")
    assert load_policy(tmp_path / "build/mine/policy").spec.name == "random"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"nowhere/policy.onnx is missing"):
        select(BuildPaths.of("nowhere", tmp_path / "build"), tmp_path / "nowhere")


def test_the_shipped_policies_are_whole() -> None:
    policy = load_policy(shipped_policy("Hopper"))
    assert policy.spec.provenance["sparsity"] >= 0.95
    assert len(policy.golden["observation"]) >= 10_000


def test_a_policy_that_does_not_fit_its_environment_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    write_random_policy(tmp_path / "mine", rng, (3, 7, 1), n_vectors=20, env="Hopper-v4")
    with pytest.raises(ConfigError, match="Hopper-v4: the policy reads 3 real numbers"):
        select(BuildPaths.of("mine", tmp_path / "build"), tmp_path / "mine")
    assert not (tmp_path / "build/mine/policy").exists()


def test_the_build_has_the_one_form_of_the_graph(tmp_path: Path) -> None:
    policy = write_random_policy(tmp_path / "mine", np.random.default_rng(0), (3, 7, 1), n_vectors=20)
    model = qonnx_model(policy.network)
    wide_weights(model)
    onnx.save(model, tmp_path / "mine/policy.onnx")
    write_description(tmp_path / "mine", policy.spec)
    select(BuildPaths.of("mine", tmp_path / "build"), tmp_path / "mine")
    assert onnx.load(tmp_path / "build/mine/policy/policy.onnx") == qonnx_model(policy.network)
    assert load_policy(tmp_path / "build/mine/policy").spec == policy.spec
