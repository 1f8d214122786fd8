"""TD3, DDPG, PPO and TRPO behind the port: stable-baselines3's updates, resumable, sparse and int8."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from sb3_contrib import TRPO
from stable_baselines3 import DDPG, PPO, TD3
from stable_baselines3.common.noise import NormalActionNoise

from ganglion.models.build.errors import TrainingError
from ganglion.models.quant.calibration import calibrate
from ganglion.training.algorithms import new_learner
from ganglion.training.algorithms.actor_layers import actor_layers
from ganglion.training.algorithms.on_policy import OnPolicyLearner
from ganglion.training.episodes import greedy
from ganglion.training.learner import deterministic_policy, quantize, quantized_network
from tests.training.toy import Toy, toy_config

ALL = ("td3", "ddpg", "ppo", "trpo")
ON_POLICY = ("ppo", "trpo")
EVERY = [pytest.param(name, marks=() if name == "ppo" else pytest.mark.slow) for name in ALL]
"""All, one of them every day."""
CARTPOLE = {"env_id": "CartPole-v1"}


def _learner(algorithm: str, **changes: Any) -> Any:
    return new_learner(toy_config(algorithm=algorithm, **changes), 3)


def _some_steps(algorithm: str) -> int:
    return 400 if algorithm in ON_POLICY else 216


def _learnt(algorithm: str, steps: int | None = None, **changes: Any) -> Any:
    model = _learner(algorithm, **changes)
    model.learn(steps or _some_steps(algorithm), callback=None, reset_num_timesteps=False)
    return model


@pytest.mark.parametrize("algorithm", ["td3", pytest.param("ddpg", marks=pytest.mark.slow)])
def test_off_policy_updates_are_those_of_stable_baselines3(algorithm: str) -> None:
    ours = _learnt(algorithm, 80, learning_starts=0)
    plain = {"td3": TD3, "ddpg": DDPG}[algorithm](
        "MlpPolicy",
        ours.get_env(),
        learning_rate=3e-3,
        buffer_size=10_000,
        learning_starts=0,
        batch_size=64,
        tau=0.01,
        gamma=0.9,
        train_freq=8,
        gradient_steps=8,
        action_noise=NormalActionNoise(np.zeros(1), np.full(1, 0.1, np.float32)),
        policy_kwargs={"net_arch": [32, 32]},
        seed=3,
        device="cpu",
    ).learn(80)
    _assert_same_layers(ours.policy, plain.policy)


@pytest.mark.parametrize("algorithm", ["ppo", pytest.param("trpo", marks=pytest.mark.slow)])
def test_on_policy_updates_are_those_of_stable_baselines3(algorithm: str) -> None:
    ours = _learnt(algorithm, **CARTPOLE)
    own: dict[str, Any] = (
        {"n_epochs": 10}
        if algorithm == "ppo"
        else {"target_kl": 0.05, "cg_max_steps": 10, "n_critic_updates": 10}
    )
    env = ours.get_env()
    env.obs_rms, env.ret_rms = (type(env.obs_rms)(shape=rms.mean.shape) for rms in (env.obs_rms, env.ret_rms))
    plain = {"ppo": PPO, "trpo": TRPO}[algorithm](
        "MlpPolicy",
        env,
        learning_rate=3e-3,
        n_steps=100,
        batch_size=50,
        gamma=0.9,
        policy_kwargs={"net_arch": [32, 32], "activation_fn": torch.nn.ReLU},
        seed=3,
        device="cpu",
        **own,
    ).learn(400)
    _assert_same_layers(ours.policy, plain.policy)


def _assert_same_layers(ours: Any, plain: Any) -> None:
    for mine, theirs in zip(actor_layers(ours), actor_layers(plain), strict=True):
        np.testing.assert_allclose(mine.weight.detach(), theirs.weight.detach(), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("algorithm", EVERY)
def test_a_pruned_weight_stays_zero_and_its_gradient_is_known(algorithm: str) -> None:
    model = _learnt(algorithm)
    masks = [(torch.rand_like(layer.weight) > 0.5).float() for layer in model.layers()]
    model.set_masks(masks)
    model.learn(_some_steps(algorithm) // 2, callback=None, reset_num_timesteps=False)
    assert all(
        bool((layer.weight[mask == 0] == 0).all()) for layer, mask in zip(model.layers(), masks, strict=True)
    )
    assert bool((model.layers()[0].weight[masks[0] == 1] != 0).any())
    gradient = model.gradients(2)[0]
    assert gradient.shape == masks[0].shape and bool((gradient[masks[0] == 0] != 0).any())


@pytest.mark.parametrize("algorithm", EVERY)
def test_in_int8_what_learns_is_what_is_deployed(algorithm: str) -> None:
    model = _learnt(algorithm)
    quantize(model, 500, toy_config().quant)
    model.learn(_some_steps(algorithm) // 2, callback=None, reset_num_timesteps=False)
    read = torch.from_numpy(model.latest_observations(300))
    # The integers themselves, behind the normalizer of what the layers read.
    integers = quantized_network(model).behind(model.quantization.normalizer)
    with torch.no_grad():
        torch.testing.assert_close(model._actor(read), integers(read), rtol=0, atol=0)


@pytest.mark.parametrize("changes", [{}, CARTPOLE])
def test_the_deployed_float_policy_acts_as_stable_baselines3_predicts(changes: dict[str, Any]) -> None:
    model = _learnt("ppo", **changes)
    rng, env = np.random.default_rng(0), model.get_env()
    raw = rng.normal(size=(50, env.observation_space.shape[0])).astype(np.float32) * 20
    wanted, _ = model.predict(env.normalize_obs(raw), deterministic=True)
    np.testing.assert_allclose(
        greedy(deterministic_policy(model), model.action_space)(raw), wanted, atol=1e-5
    )


def test_the_policys_normalizer_carries_vecnormalize_with_its_clip() -> None:
    model = _learnt("ppo")
    quantize(model, 500, toy_config().quant)
    inner, standardizer = model.quantization.normalizer, model.standardizer
    outer = quantized_network(model).normalizer
    # Far beyond the clip on both sides, and between.
    raw = torch.linspace(-400, 400, 4001).reshape(-1, 1).repeat(1, 2)
    standardized = standardizer(raw)
    assert float(standardized.min()) == -10 and float(standardized.max()) == 10
    wanted = _integers(standardized.double(), inner)
    assert bool((wanted == 127).any()) and bool((wanted == -128).any())
    assert float((_integers(raw.double(), outer) - wanted).abs().max()) == 0


def _integers(values: torch.Tensor, normalizer: Any) -> torch.Tensor:
    offset, gain = torch.tensor(normalizer.offset).double(), torch.tensor(normalizer.gain).double()
    return ((values - offset) * gain + 0.5).floor().clamp(-128, 127)


def test_scales_stay_within_the_clip_even_of_a_feature_at_its_end() -> None:
    seen = np.random.default_rng(0).uniform(9, 10, (500, 3)).astype(np.float32)
    seen[:, 1], seen[:, 2] = seen[:, 1] - 9.5, np.linspace(-10, 10, 500)
    normalizer = calibrate([torch.nn.Linear(3, 1)], seen, toy_config().quant, limit=10.0).normalizer
    offset, gain = np.array(normalizer.offset), np.array(normalizer.gain)
    assert (offset + 127 / gain <= 10).all() and (offset - 128 / gain >= -10).all()


@pytest.mark.parametrize("algorithm", EVERY)
def test_parameters_that_explode_stop_a_run(algorithm: str) -> None:
    model = _learner(algorithm)
    model.learning_rate = float("inf")
    model._setup_lr_schedule()
    with pytest.raises(TrainingError, match=r"step \d+: a parameter is not finite; a lower learning_rate"):
        model.learn(400, callback=None, reset_num_timesteps=False)


@pytest.mark.parametrize(
    ("algorithm", "what"), [("td3", "reward"), ("ppo", "observation"), ("ppo", "reward")]
)
def test_an_environment_that_fails_stops_a_run(
    algorithm: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Toy.step

    def fails(self: Toy, action: Any) -> Any:
        observation, reward, *rest = step(self, action)
        return (
            (observation * np.nan, reward, *rest) if what == "observation" else (observation, np.nan, *rest)
        )

    monkeypatch.setattr(Toy, "step", fails)
    with pytest.raises(TrainingError, match=f"the environment's .*{what}.* is not finite"):
        _learnt(algorithm)


def test_a_ppo_of_discrete_actions_has_no_head_of_its_own() -> None:
    model = _learner("ppo", **CARTPOLE)
    assert isinstance(model, OnPolicyLearner) and isinstance(model.action_space, gym.spaces.Discrete)
    assert model.status() == {} and len(model.layers()) == 3
