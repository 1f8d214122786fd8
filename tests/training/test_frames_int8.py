"""Frames to integers: pruned in kernel form, int8 in every form, taught, shipped, and zips compressed."""

from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import torch
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from stable_baselines3 import DQN

from ganglion.models.formats.export import write_policy
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.frames import unstacked
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.quant.calibration import MAX_SKIP_SHIFT
from ganglion.models.spec.heads import ArgmaxHead
from ganglion.models.spec.policy import Pixels
from ganglion.models.spec.types import QuantConfig
from ganglion.training.algorithms.dqn import new_dqn
from ganglion.training.compress import compress
from ganglion.training.config import changed
from ganglion.training.export import export_run
from ganglion.training.learner import count_weights, quantize
from ganglion.training.pruning import due_masks
from ganglion.training.run import Phase
from ganglion.training.train import train
from tests.training.frames import frames_zip, played
from tests.training.killed import assert_resumes
from tests.training.toy import FRAMES_ID, STEPS_ID, frames_config, steps_config, toy_run


@pytest.mark.parametrize("network", ["nature_cnn", "resnet"])
def test_frames_in_integers_are_one_network_in_every_form(network: str, tmp_path: Path) -> None:
    model = new_dqn(frames_config(dqn={"network": network}), 0)
    model.learn(120 if network == "nature_cnn" else 40)
    model.set_masks([(torch.rand(layer.weight.shape) > 0.6).float() for layer in model.layers()])
    quantize(model, 50, QuantConfig())
    assert model.quantization is not None and model._fixed_point is not None
    spec = model.quantization.network
    assert spec.input_type.name == "UINT8" and spec.exponent(0) == -8
    kinds = [layer.kind for layer in spec.layers]
    if network == "nature_cnn":
        assert kinds == ["conv2d"] * 3 + ["dense"] * 2
    else:
        assert kinds == ["conv2d", "max_pool2d", *["conv2d"] * 4] * 3 + ["dense"] * 2
        shifts = [spec.residual_shift(i) for i, layer in enumerate(spec.layers) if layer.residual]
        assert len(shifts) == 6 and all(0 <= shift <= MAX_SKIP_SHIFT for shift in shifts)
    model.train(4, 16)
    observations = np.stack([step[0][0] for step in played(6)])
    actor = QuantNetwork.from_float(model.layers(), model.quantization)
    with torch.no_grad():
        outputs = model._fixed_point(torch.from_numpy(observations))[1]
        assert torch.equal(outputs, actor(torch.from_numpy(observations).float()))
    frames, starts = unstacked(observations, 2)
    policy = write_policy(
        actor,
        tmp_path,
        name="frames",
        env=FRAMES_ID,
        algorithm="DQN",
        observations=frames.reshape(12, -1),
        action=ArgmaxHead(exponent=spec.output_exponent, n_actions=3),
        provenance={},
        episode_starts=starts,
    )
    assert policy.normalizer == Pixels(shape=(2, 36, 36))
    assert len((tmp_path / "policy.json").read_text()) < 800 * len(kinds)
    loaded, last = load_policy(tmp_path), spec.layers[-1].name
    assert loaded.golden["observation"].dtype == np.uint8
    assert np.array_equal(np.ldexp(loaded.golden[last][1:12:2], spec.output_exponent), outputs.numpy())
    executed = ModelWrapper(str(tmp_path / "policy.onnx"))
    for pixels, expected in zip(observations[:2], outputs, strict=False):
        entering = {"observation": np.ldexp(pixels[None].astype(np.float32), -8)}
        assert np.array_equal(execute_onnx(executed, entering)[last][0], expected.numpy())


@pytest.mark.parametrize("network", ["nature_cnn", "resnet"])
def test_pruning_spreads_by_kernels_and_reaches_every_action(network: str) -> None:
    config = frames_config(pruning="scaled", prune_begin=0.1, prune_end=0.2, dqn={"network": network})
    model = new_dqn(config, 0)
    model.learn(80 if network == "nature_cnn" else 20)
    run = toy_run(config=config, sparsity=0.9, steps=400)
    model.num_timesteps = 80
    masks = due_masks(model, run)
    assert masks is not None
    model.set_masks(masks)
    shapes = [tuple(layer.weight.shape) for layer in model.layers()]
    density = [
        float(mask.mean()) * mask.numel() / sum(shape) for mask, shape in zip(masks, shapes, strict=True)
    ]
    assert max(density[1:3]) < 1.05 * min(density[1:3])
    kept, live = count_weights(model, 50)
    assert kept == sum(int(mask.sum()) for mask in masks) and 0 < live <= kept


@pytest.mark.slow
def test_a_small_game_is_pruned_made_int8_taught_and_shipped(tmp_path: Path) -> None:
    config = frames_config(eval_every=160, eval_episodes=1, final_episodes=1, learning_starts=80)
    dense = toy_run(name="dense", config=config, build=tmp_path, steps=160)
    train(dense)
    run = toy_run(
        name="taught",
        config=config,
        build=tmp_path,
        steps=160,
        qat_steps=80,
        sparsity=0.8,
        parent=dense.best(Phase.DENSE),
        distill=True,
    )
    result = train(run)
    assert result["phase"] == "qat" and result["sparsity"] >= 0.8
    export_run(run.folder, tmp_path / "policy", 20)
    spec = load_policy(tmp_path / "policy").spec
    assert spec.action.kind == "argmax" and isinstance(spec.normalizer, Pixels)


@pytest.mark.slow
def test_a_residual_student_killed_in_every_phase_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = frames_config(eval_every=48, eval_episodes=1, final_episodes=1, learning_starts=48)
    dense = toy_run(name="dense", config=config, build=tmp_path, steps=96)
    train(dense)
    student = toy_run(
        name="whole",
        config=changed(config, {"dqn.network": "resnet"}, "the test"),
        build=tmp_path,
        steps=192,
        qat_steps=96,
        sparsity=0.8,
        parent=dense.best(Phase.DENSE),
        distill=True,
        dense_steps=48,
    )
    assert_resumes(student, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["CnnPolicy", "MlpPolicy"])
def test_a_dqn_zip_becomes_a_sparse_int8_folder(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "zips" / "mine.zip"
    path.parent.mkdir()
    if kind == "CnnPolicy":
        frames_zip(path)
        config = frames_config(eval_every=80, eval_episodes=1, final_episodes=1)
    else:
        DQN("MlpPolicy", gym.make(STEPS_ID), policy_kwargs={"net_arch": [32, 32]}, seed=1).save(path)
        config = steps_config(eval_every=160)
    run = toy_run(
        name="c",
        config=config,
        build=tmp_path,
        steps=160,
        qat_steps=80,
        sparsity=0.8,
        parent=path,
        distill=True,
        teacher_sha256="of the zip",
    )
    rows = compress(run, tmp_path / "folder", weak_teacher=True)
    assert [row.name for row in rows] == ["teacher (DQN)", "sparse float", "sparse int8"]
    policy = load_policy(tmp_path / "folder")
    assert policy.spec.action.kind == "argmax" and policy.spec.provenance["sparsity"] >= 0.79
