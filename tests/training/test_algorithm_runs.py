"""Runs of TD3, DDPG, PPO and TRPO: killed and taken up, sparse and int8, distilled, or refused."""

import dataclasses
import sys
from pathlib import Path

import pytest

from ganglion.models.build.errors import ConfigError
from ganglion.models.formats.policy_folder import load_policy
from ganglion.training.algorithms import new_learner
from ganglion.training.config import load_config
from ganglion.training.export import export_run
from ganglion.training.run import Run
from ganglion.training.train import train
from tests.training.killed import assert_resumes
from tests.training.test_actor_critics import ALL, ON_POLICY, _learner
from tests.training.test_train import GOOD_RETURN
from tests.training.toy import toy_config, toy_run


@pytest.mark.parametrize(
    "algorithm", ["ppo", *(pytest.param(name, marks=pytest.mark.slow) for name in ("td3", "ddpg", "trpo"))]
)
def test_a_run_killed_in_every_phase_goes_on_as_if_nothing_had_happened(
    algorithm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = toy_config(algorithm=algorithm, eval_every=200, eval_episodes=1, final_episodes=1)
    config = dataclasses.replace(config, learning_starts=min(config.learning_starts, 100), pruning="rigl")
    whole = toy_run(name="whole", config=config, sparsity=0.5, steps=600, qat_steps=400, build=tmp_path)
    assert_resumes(whole, monkeypatch)


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
    parent = dense.folder / "best-dense.npz"
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
    config, message = toy_config(algorithm="ppo", pruning="snip"), "pruning=snip judges .* rollout, which PPO"
    with pytest.raises(ConfigError, match=message):
        toy_run(config=config, sparsity=0.5)
    with pytest.raises(ConfigError, match=message):
        _learner("ppo").gradients(1)


def test_a_checkpoint_of_another_algorithm_is_refused(dense_run: tuple[Run, Path]) -> None:
    config = toy_config(algorithm="ppo")
    with pytest.raises(ConfigError, match="is of sac, this run learns by ppo; give algorithm=sac"):
        train(toy_run(name="other", config=config, parent=dense_run[1]))


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
