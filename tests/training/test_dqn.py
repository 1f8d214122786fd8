"""DQN: stable-baselines3's to the last bit when plain; pruned, int8, taught and resumed as SAC is."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.buffers import NStepReplayBuffer, ReplayBuffer

from ganglion.models.build.errors import ConfigError, TrainingError
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.spec.types import QuantConfig
from ganglion.training.algorithms import new_learner
from ganglion.training.algorithms.dqn import Dqn, new_dqn
from ganglion.training.algorithms.value_network import DuelingNetwork
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.config import changed
from ganglion.training.export import export_run
from ganglion.training.learner import capture, quantize
from ganglion.training.train import train
from tests.training.toy import ENV_ID, steps_config, toy_run

PLAIN = {"n_envs": 1, "double": False, "dueling": False, "n_steps": 1}
GOOD_RETURN = -6.0
"""Random actions have about -40 on the toy, the best about -3."""


def _filled(seed: int = 3, **changes: Any) -> Dqn:
    """Return a learner whose replay buffer holds 400 steps of random actions."""
    model = new_dqn(steps_config(dqn=changes, learning_starts=400), seed)
    model.learn(400)
    return model


def test_a_plain_update_is_that_of_stable_baselines3() -> None:
    ours = _filled(**PLAIN)
    plain = DQN(
        "MlpPolicy", ours.get_env(), policy_kwargs={"net_arch": [32, 32]}, learning_rate=3e-3, gamma=0.9
    )
    plain._setup_learn(400)
    plain.replay_buffer = ours.replay_buffer
    plain.policy.load_state_dict(ours.policy.state_dict())
    for model in (ours, plain):
        np.random.seed(0)
        model._current_progress_remaining = 1.0
        model.train(20, 64)
    for a, b in zip(ours.policy.parameters(), plain.policy.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_replay_buffer_smaller_than_learning_starts_is_learnt_from_when_full() -> None:
    model = new_dqn(steps_config(buffer_size=50, learning_starts=100), 0)
    model.learn(200)
    assert model._n_updates > 0


def test_double_targets_value_the_online_networks_choice() -> None:
    model = _filled(double=True, dueling=False)
    assert model.replay_buffer is not None
    batch = model.replay_buffer.sample(64)
    with torch.no_grad():
        model.q_net.q_net[-1].weight.normal_()
        chosen = model.q_net(batch.next_observations).argmax(1, keepdim=True)
        best = model.q_net_target(batch.next_observations).gather(1, chosen)
    assert torch.equal(model._targets(batch), batch.rewards + (1 - batch.dones) * batch.discounts * best)


def test_a_value_head_takes_what_all_actions_have_in_common() -> None:
    model = _filled()
    observation = torch.randn(50, 2)
    network = model.q_net
    assert isinstance(network, DuelingNetwork)
    with torch.no_grad():
        plain = network.q_net(observation)
        network.split_value()
        assert torch.allclose(network(observation), plain, atol=1e-6)
        assert torch.allclose(network.q_net(observation).mean(1), torch.zeros(50), atol=1e-6)


def test_what_trains_in_integers_is_what_is_deployed() -> None:
    model = _filled()
    model.set_masks([(torch.rand(w.weight.shape) > 0.5).float() for w in model.layers()])
    quantize(model, 300, QuantConfig())
    assert model.quantization is not None and model._fixed_point is not None
    observation = 3 * torch.randn(200, 2)
    for _ in range(2):
        deployed = QuantNetwork.from_float(model.layers(), model.quantization)
        with torch.no_grad():
            assert torch.equal(model._fixed_point(observation)[1], deployed(observation))
        model.train(5, 64)
    assert all(
        (w.weight[mask == 0] == 0).all() for w, mask in zip(model.layers(), model.masks() or (), strict=True)
    )


def test_the_gradient_reaches_pruned_weights_but_no_update_does() -> None:
    model = _filled()
    masks = [torch.zeros_like(layer.weight) for layer in model.layers()]
    masks[0][:, 0], masks[1][:], masks[2][:] = 1, 1, 1
    model.set_masks(masks)
    assert model.gradients(4)[0][:, 1].abs().sum() > 0
    before = copy.deepcopy(model.q_net.state_dict())
    model.train(5, 64)
    assert (model.layers()[0].weight[:, 1] == 0).all()
    assert not torch.equal(model.layers()[0].weight, before["q_net.0.weight"])


@pytest.mark.parametrize(("n_steps", "kind"), [(1, ReplayBuffer), (3, NStepReplayBuffer)])
def test_a_cut_episode_is_no_end_and_lends_no_reward(n_steps: int, kind: type) -> None:
    model = new_dqn(steps_config(dqn={"n_envs": 1, "n_steps": n_steps}), 0)
    model.learn(8)
    buffer = model.replay_buffer
    assert type(buffer) is kind
    model._last_obs = model.get_env().reset()
    model.learn(8, reset_num_timesteps=False)
    sampled = buffer._get_samples(np.array([7]))
    assert float(sampled.dones[0]) == 0 and sampled.rewards[0, 0] == buffer.rewards[7, 0]


def test_dqn_learns_prunes_ships_int8_and_resumes_where_it_was(tmp_path: Path) -> None:
    run = toy_run(name="dqn", config=steps_config(), sparsity=0.5, build=tmp_path, steps=960, qat_steps=160)
    result = train(run)
    assert (result["algorithm"], result["phase"]) == ("DQN", "qat") and result["sparsity"] >= 0.49
    assert result["return_mean"] > GOOD_RETURN
    export_run(run.folder, tmp_path / "policy", 100)
    policy = load_policy(tmp_path / "policy")
    assert policy.spec.action.kind == "argmax" and policy.network.nnz == result["nnz_live"]


def test_a_taught_network_takes_the_teachers_actions() -> None:
    student, teacher = _filled(), _filled(seed=4)
    with torch.no_grad():
        teacher.q_net.q_net[-1].weight.normal_()
    student.teacher = teacher.as_teacher()
    assert student.replay_buffer is not None
    seen = student.replay_buffer.sample(300).observations
    wanted = student.teacher(seen, torch.zeros(())).argmax(1)
    assert (student.values(seen).argmax(1) == wanted).float().mean() < 0.8
    student.train(150, 64)
    assert (student.values(seen).argmax(1) == wanted).float().mean() > 0.95


def test_a_taught_network_acts_by_itself_where_a_new_one_explores() -> None:
    settings = {"exploration_steps": 10_000, "exploration_final": 0.02}
    alone, taught = (new_dqn(steps_config(dqn=settings, learning_starts=40), 3) for _ in range(2))
    taught.teacher = alone.as_teacher()
    for learner in (alone, taught):
        learner.learn(80)
    assert alone.exploration_rate > 0.9 and taught.exploration_rate == pytest.approx(0.02)


def test_a_resumed_learner_goes_on_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    model = _filled()
    Checkpoint(arrays=capture(model), meta={}).save(tmp_path / "checkpoint.npz")
    again = new_dqn(steps_config(learning_starts=400), 9)
    again.load_arrays(Checkpoint.load(tmp_path / "checkpoint.npz"))
    assert (again.n_explored, again._n_calls) == (model.n_explored, model._n_calls)
    for learner in (model, again):
        np.random.seed(1)
        learner.num_timesteps = 400
        learner._last_obs = None
        learner.get_env().seed(5)
        learner.learn(80, reset_num_timesteps=False)
    for a, b in zip(model.policy.parameters(), again.policy.parameters(), strict=True):
        assert torch.equal(a, b)


def test_real_actions_and_impossible_settings_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"its actions are Box\(1,\); supported by dqn: numbers from 0, Discrete\(n\)"
    ):
        new_learner(steps_config(env_id=ENV_ID), 0)
    with pytest.raises(
        ConfigError, match="its actions are Discrete; supported by sac: vectors of real numbers"
    ):
        new_learner(steps_config(algorithm="sac"), 0)
    with pytest.raises(ConfigError, match=r"n_envs = 3, allowed: a divisor of .* \(8\)"):
        changed(steps_config(), {"dqn.n_envs": 3}, "set")
    with pytest.raises(ConfigError, match=r"dqn.exploration_final = 2.0, allowed: in \[0, 1\]"):
        changed(steps_config(), {"dqn.exploration_final": 2.0}, "set")
    with pytest.raises(ConfigError, match=r"algorithm = 'dqn' needs the table \[dqn\]"):
        changed(steps_config(), {"dqn": None}, "set")


def test_a_diverged_network_stops_the_run() -> None:
    model = _filled()
    with torch.no_grad():
        model.q_net.q_net[0].weight[0, 0] = float("nan")
    with pytest.raises(TrainingError, match="step 400: a parameter of the network is not finite"):
        model.train(1, 8)
