"""TD3, DDPG, PPO and TRPO behind the port: stable-baselines3's updates, resumable, sparse and int8."""

import dataclasses
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from sb3_contrib import TRPO
from stable_baselines3 import DDPG, PPO, TD3
from stable_baselines3.common.noise import NormalActionNoise

from ganglion.models.build.errors import ConfigError, TrainingError
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.quant.calibration import calibrate
from ganglion.training.algorithms import new_learner
from ganglion.training.algorithms.actor_layers import actor_layers
from ganglion.training.algorithms.on_policy import OnPolicyLearner
from ganglion.training.callbacks import MilestoneCallback
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.config import load_config
from ganglion.training.episodes import greedy
from ganglion.training.export import export_run
from ganglion.training.learner import deterministic_policy, quantize, quantized_network
from ganglion.training.run import Run
from ganglion.training.train import train
from tests.training.test_train import GOOD_RETURN, KilledError, _curve
from tests.training.toy import Toy, toy_config, toy_run

ALL = ("td3", "ddpg", "ppo", "trpo")
ON_POLICY = ("ppo", "trpo")
EVERY = [pytest.param(name, marks=() if name in ("td3", "ppo") else pytest.mark.slow) for name in ALL]
"""All, of which one off-policy and one on-policy algorithm are quick enough for every day."""
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


@pytest.mark.parametrize("algorithm", ON_POLICY)
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


@pytest.mark.parametrize(
    "algorithm", ["ppo", *(pytest.param(name, marks=pytest.mark.slow) for name in ("td3", "ddpg", "trpo"))]
)
def test_a_run_killed_in_every_phase_goes_on_as_if_nothing_had_happened(
    algorithm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = toy_config(algorithm=algorithm, eval_every=200, eval_episodes=1, final_episodes=1)
    config = dataclasses.replace(config, learning_starts=min(config.learning_starts, 100), pruning="rigl")
    whole = toy_run(name="whole", config=config, sparsity=0.5, steps=600, qat_steps=400, build=tmp_path)
    train(whole)
    killed = dataclasses.replace(whole, name="killed")
    milestone, left = MilestoneCallback._milestone, [0]

    def kill_after_some(self: MilestoneCallback) -> None:
        if not left[0]:
            raise KilledError
        left[0] -= 1
        milestone(self)

    for left[0] in (2, 2, 1):
        with monkeypatch.context() as patch, pytest.raises(KilledError):
            patch.setattr(MilestoneCallback, "_milestone", kill_after_some)
            train(killed)
    train(killed)
    assert _curve(killed) == _curve(whole)
    a, b = (Checkpoint.load(run.checkpoint).arrays for run in (whole, killed))
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ALL)
def test_every_algorithm_learns_and_ships_a_sparse_int8_policy(algorithm: str, tmp_path: Path) -> None:
    steps = 8_000 if algorithm in ON_POLICY else 1_600
    config = toy_config(algorithm=algorithm)
    run = toy_run(
        name=algorithm, config=config, sparsity=0.5, steps=steps, qat_steps=steps // 4, build=tmp_path
    )
    result = train(run)
    assert (result["algorithm"], result["phase"]) == (algorithm.upper(), "qat")
    assert result["return_mean"] > GOOD_RETURN and result["sparsity"] >= 0.5
    export_run(run.folder, tmp_path / "policy", 100)
    assert load_policy(tmp_path / "policy").spec.algorithm == algorithm.upper()


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ALL)
def test_every_algorithm_is_distilled(algorithm: str, tmp_path: Path) -> None:
    steps = 8_000 if algorithm in ON_POLICY else 1_600
    config = toy_config(algorithm=algorithm)
    dense = toy_run(name="dense", config=config, steps=steps, build=tmp_path)
    train(dense)
    parent = str(dense.folder / "best-dense.npz")
    student = toy_run(
        name="student",
        config=config,
        sparsity=0.5,
        qat_steps=400,
        parent=parent,
        distill=True,
        build=tmp_path,
    )
    assert train(student)["return_mean"] > GOOD_RETURN


def test_an_algorithm_that_does_not_fit_the_actions_is_refused() -> None:
    for algorithm in ("sac", "td3", "ddpg"):
        with pytest.raises(
            ConfigError, match=f"its actions are Discrete; supported by {algorithm}: vectors of"
        ):
            new_learner(toy_config(algorithm=algorithm, env_id="CartPole-v1"), 1)
    with pytest.raises(ConfigError, match="its actions are Box.*supported by dqn: numbers from 0"):
        new_learner(load_config("Pendulum", "dqn"), 1)


def test_snip_has_no_rollout_to_judge_by() -> None:
    with pytest.raises(ConfigError, match="pruning=snip judges weights before the first rollout, which PPO"):
        train(toy_run(name="snip", config=toy_config(algorithm="ppo", pruning="snip"), sparsity=0.5))


def test_a_checkpoint_of_another_algorithm_is_refused(dense_run: tuple[Run, Path]) -> None:
    config = toy_config(algorithm="ppo")
    with pytest.raises(ConfigError, match="the checkpoint holds no policy; it was written by something else"):
        train(toy_run(name="other", config=config, parent=str(dense_run[1])))


def test_settings_of_another_algorithm_lie_over_the_environments() -> None:
    config = load_config("CartPole", "ppo")
    assert config.ppo is not None and config.on_policy is not None and config.dqn is None
    assert (config.algorithm, config.gamma, config.ppo.n_epochs, config.ppo.clip_range) == (
        "ppo",
        0.98,
        20,
        0.2,
    )
    assert config.steps % config.rollout_steps == config.eval_every % config.rollout_steps == 0
    assert load_config("Hopper", "sac") == load_config("Hopper")
    assert load_config("InvertedPendulum", "ppo").gamma == 0.99
    with pytest.raises(
        ConfigError, match="unknown algorithm 'alchemy'; known: ddpg, dqn, ppo, sac, td3, trpo"
    ):
        load_config("Hopper", "alchemy")
    with pytest.raises(ConfigError, match=r"algorithm = 'ppo' needs the table \[on_policy\]; algorithm=ppo"):
        toy_config(algorithm="ppo", on_policy=None)


def test_trpo_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ganglion.training.algorithms.trpo", raising=False)
    monkeypatch.setitem(sys.modules, "sb3_contrib", None)
    with pytest.raises(ConfigError, match=r"needs the package sb3-contrib.*install ganglion\[trpo\]"):
        _learner("trpo")


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
