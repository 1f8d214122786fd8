"""The fast SAC is stable-baselines3's: the same updates, the same files."""

from pathlib import Path

import numpy as np
import pytest
import torch
from stable_baselines3 import SAC
from stable_baselines3.common.logger import configure
from torch import nn

from ganglion.training.algorithms.fast_sac import FastSac
from ganglion.training.envs import make_env
from ganglion.training.threads import use_one_fast_thread
from tests.training.toy import toy_config

N_UPDATES = 20
TOLERANCE = 1e-5


def _learner(kind: type[SAC], hidden: list[int]) -> SAC:
    model = kind(
        "MlpPolicy",
        make_env(toy_config().env_id),
        seed=3,
        learning_starts=400,
        buffer_size=2_000,
        policy_kwargs={"net_arch": hidden},
        device="cpu",
    )
    model.learn(400)
    model.set_logger(configure(None, []))
    return model


def _update(model: SAC, first_seed: int) -> None:
    for k in range(N_UPDATES):
        np.random.seed(first_seed + k)
        torch.manual_seed(first_seed + k)
        model.train(gradient_steps=1, batch_size=64)


def _difference(a: nn.Module, b: nn.Module) -> float:
    return max(float((x - y).abs().max()) for x, y in zip(a.parameters(), b.parameters(), strict=True))


def _assert_equal(ours: SAC, theirs: SAC) -> None:
    for part in ("actor", "critic", "critic_target"):
        assert _difference(getattr(ours, part), getattr(theirs, part)) < TOLERANCE, part
    torch.testing.assert_close(ours.log_ent_coef, theirs.log_ent_coef, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("hidden", [[16], [64, 48], [32, 16, 8]])
def test_updates_equal_those_of_stable_baselines3(hidden: list[int]) -> None:
    ours, theirs = _learner(FastSac, hidden), _learner(SAC, hidden)
    ours.replay_buffer = theirs.replay_buffer
    ours.policy.load_state_dict(theirs.policy.state_dict())
    before = [p.clone() for p in theirs.actor.parameters()]
    _update(ours, 0)
    _update(theirs, 0)
    _assert_equal(ours, theirs)
    moved = max(float((p - q).abs().max()) for p, q in zip(theirs.actor.parameters(), before, strict=True))
    assert moved > 100 * TOLERANCE


def test_stable_baselines3_goes_on_from_our_file_as_we_do(tmp_path: Path) -> None:
    ours = _learner(FastSac, [32, 32])
    _update(ours, 0)
    ours.save(tmp_path / "model.zip")
    theirs, again = SAC.load(tmp_path / "model.zip"), FastSac.load(tmp_path / "model.zip")
    for model in (theirs, again):
        model.replay_buffer = ours.replay_buffer
        model.set_logger(configure(None, []))
        _update(model, 100)
    _update(ours, 100)
    _assert_equal(ours, theirs)
    _assert_equal(again, theirs)


def test_several_updates_in_one_call_draw_every_transition_alike() -> None:
    ours = _learner(FastSac, [8])
    batches = ours._draw(n_batches=50, batch_size=400)
    rewards = ours.replay_buffer.rewards[:400, 0]
    assert [tuple(b.shape) for b in batches] == [(50, 400, n) for n in (2, 2, 1, 1, 1)]
    assert float(batches[3].mean()) == pytest.approx(
        rewards.mean(), abs=4 * rewards.std() / np.sqrt(50 * 400)
    )


@pytest.mark.parametrize(("is_time_limit", "discount"), [(0.0, 0.0), (1.0, 0.99)])
def test_only_a_true_end_ends_the_return(is_time_limit: float, discount: float) -> None:
    ours = _learner(FastSac, [8])
    ours.replay_buffer.dones[:] = 1.0
    ours.replay_buffer.timeouts[:] = is_time_limit
    *_, discounts = ours._draw(n_batches=2, batch_size=50)
    torch.testing.assert_close(discounts, torch.full_like(discounts, discount))


def test_the_fast_product_has_the_error_of_float32() -> None:
    use_one_fast_thread()
    a = torch.randn(128, 128, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close((a @ a).double(), a.double() @ a.double(), rtol=1e-4, atol=1e-4)
    assert torch.get_num_threads() == 1


def test_a_slow_but_true_product_replaces_a_wrong_fast_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganglion.training.threads._FLOAT32_ERROR", 0.0)
    use_one_fast_thread()
    assert torch.get_float32_matmul_precision() == "highest"
