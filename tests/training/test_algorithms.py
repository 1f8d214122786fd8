"""An algorithm is what the port asks for: one of this file's own goes all the way to a policy folder."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
import pytest
import torch
from stable_baselines3 import TD3
from stable_baselines3.common.vec_env import DummyVecEnv
from torch import Tensor, nn

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import read_json
from ganglion.models.formats.policy_folder import load_policy
from ganglion.training import checkpoint as ckpt
from ganglion.training.algorithms import ALGORITHMS, new_learner
from ganglion.training.algorithms.flat_mlp import linears_of
from ganglion.training.algorithms.port import Arrays, Teacher
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.config import TrainConfig
from ganglion.training.envs import make_env
from ganglion.training.episodes import greedy
from ganglion.training.export import export_run
from ganglion.training.train import train
from tests.training.test_train import GOOD_RETURN
from tests.training.toy import toy_config, toy_run


class MaskedTd3(TD3):
    """TD3 as stable-baselines3 has it; its int8 policy is rounded, not trained."""

    algorithm: ClassVar[str] = "TD3"
    standardizer: None = None
    architecture: None = None
    quantization: Any = None
    teacher: Teacher | None = None
    _masks: list[Tensor] | None = None

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        super().train(gradient_steps, batch_size)
        self._apply()

    @torch.no_grad()
    def _apply(self) -> None:
        for layer, mask in zip(self.layers(), self._masks or (), strict=False):
            layer.weight.mul_(mask)

    def layers(self) -> list[nn.Linear]:
        return linears_of(self.actor.mu)

    def masks(self) -> list[Tensor] | None:
        return self._masks

    def set_masks(self, masks: Sequence[Tensor]) -> None:
        self._masks = list(masks)
        self._apply()

    def act_through(self, quantization: Any) -> None:
        self.quantization = quantization

    def gradients(self, n_batches: int) -> list[Tensor]:
        raise NotImplementedError

    def latest_observations(self, count: int) -> Any:
        assert self.replay_buffer is not None
        return self.replay_buffer.observations[: self.replay_buffer.size(), 0][-count:].astype(np.float32)

    def arrays(self) -> Arrays:
        replay = ckpt.buffer_arrays(self.replay_buffer)
        return ckpt.named({"policy": ckpt.module_arrays(self.policy), "replay": replay})

    def load_arrays(self, checkpoint: Checkpoint) -> None:
        self.load_network(checkpoint)
        ckpt.load_buffer(self.replay_buffer, checkpoint.group("replay"))

    def network_arrays(self) -> Arrays:
        return ckpt.named({"policy": ckpt.module_arrays(self.policy)})

    def load_network(self, checkpoint: Checkpoint) -> None:
        ckpt.load_module(self.policy, checkpoint.group("policy"))

    def as_teacher(self) -> Teacher:
        raise NotImplementedError

    def status(self) -> dict[str, float]:
        return {"updates": float(self._n_updates)}


def _new_td3(config: TrainConfig, seed: int) -> MaskedTd3:
    return MaskedTd3(
        "MlpPolicy",
        DummyVecEnv([lambda: make_env(config.env_id)]),
        learning_rate=config.learning_rate,
        learning_starts=config.learning_starts,
        batch_size=config.batch_size,
        buffer_size=config.buffer_size,
        gamma=config.gamma,
        train_freq=config.rollout_steps,
        gradient_steps=config.updates_per_rollout,
        policy_kwargs={"net_arch": list(config.hidden)},
        seed=seed,
        device="cpu",
    )


def test_a_made_up_algorithm_trains_prunes_and_ships_an_int8_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ALGORITHMS, "masked_td3", _new_td3)
    run = toy_run(
        name="td3", config=toy_config(algorithm="masked_td3"), sparsity=0.5, build=tmp_path, qat_steps=400
    )
    result = train(run)
    assert (result["algorithm"], result["phase"]) == ("TD3", "qat") and result["sparsity"] >= 0.5
    assert result["return_mean"] > GOOD_RETURN
    export_run(run.folder, tmp_path / "policy", 100)
    policy = load_policy(tmp_path / "policy")
    assert policy.spec.algorithm == "TD3" and policy.network.nnz == result["nnz_live"]
    before = run.checkpoint.read_bytes()
    train(run)
    assert run.checkpoint.read_bytes() == before
    assert read_json(run.folder / "run.json")["config"]["algorithm"] == "masked_td3"


def test_an_unknown_algorithm_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="algorithm = 'alchemy'; known: ddpg, dqn, ppo, sac, td3, trpo"):
        new_learner(replace(toy_config(), algorithm="alchemy"), 1)


def test_of_discrete_actions_the_best_value_is_taken_and_the_first_of_equals() -> None:
    network = nn.Linear(2, 3, bias=False)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    policy = greedy(network, gym.spaces.Discrete(3))
    assert policy(np.array([[1, 0], [0, 1], [1, 1]], np.float32)).tolist() == [0, 2, 0]
