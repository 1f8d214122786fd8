"""Each way of pruning learns the toy, and leaves exactly the weights that it promised."""

import itertools
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import read_json
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.sparsity import Distribution, Pruning, pools_of
from ganglion.training.algorithms.sac import Sac, new_sac
from ganglion.training.checkpoint import Checkpoint, masks_of
from ganglion.training.export import export_run
from ganglion.training.learner import capture, masks_or_ones, restore, weights_of
from ganglion.training.pruning import due_masks
from ganglion.training.run import Phase, Run
from ganglion.training.train import train
from tests.training.test_train import GOOD_RETURN
from tests.training.toy import toy_config, toy_run

SHAPES = [(32, 2), (32, 32), (1, 32)]
SPARSITY = 0.7
FROM_SCRATCH = (Pruning.RANDOM, Pruning.SNIP, Pruning.SET, Pruning.RIGL)


def _run(pruning: Pruning, **changes: Any) -> Run:
    config = toy_config(pruning=pruning.value, prune_every=80, prune_end=0.7)
    values = {"name": pruning.value, "config": config, "sparsity": SPARSITY, "ptq": True}
    return toy_run(**{**values, **changes})


def _kept(sparsity: float, distribution: Distribution = Distribution.ERK) -> list[int]:
    return [pool.count for pool in pools_of(SHAPES, sparsity, distribution)]


def _counts(masks: list[Tensor]) -> list[int]:
    return [int(mask.count_nonzero()) for mask in masks]


def _promised(pruning: Pruning, distribution: Distribution = Distribution.ERK) -> int:
    """Return how many weights stay: of 32 neurons a layer round(0.3 * 32) = 10 where neurons go."""
    return 10 * (2 + 10 + 1) if pruning.norm is not None else sum(_kept(SPARSITY, distribution))


def _assert_learnt_and_sparse(run: Run) -> None:
    result = read_json(run.folder / "result.json")
    assert result["phase"] == "ptq" and result["return_mean"] > GOOD_RETURN
    masks = masks_of(Checkpoint.load(run.best(Phase.PTQ)))
    assert _counts(masks) == _kept(SPARSITY)
    integers = QuantNetwork.load(run.folder / "policy").to_integers()
    for weight, mask in zip(integers.weights, masks, strict=True):
        assert not weight[mask.numpy() == 0].any()
    assert result["nnz"] == integers.nnz <= sum(_kept(SPARSITY))
    assert result["sparsity"] >= SPARSITY - 1e-3


@pytest.mark.parametrize("pruning", FROM_SCRATCH, ids=lambda pruning: pruning.value)
def test_a_policy_is_learnt_sparse_from_the_first_update_on(pruning: Pruning) -> None:
    run = _run(pruning)
    train(run)
    _assert_learnt_and_sparse(run)
    curve = [json.loads(line) for line in run.curve.read_text().splitlines()]
    assert curve[0]["sparsity"] == 0
    assert {entry["nnz"] for entry in curve[1:] if entry["phase"] == "prune"} == {sum(_kept(SPARSITY))}
    assert all(0 < entry["nnz_live"] <= entry["nnz"] for entry in curve)


@pytest.mark.parametrize(
    ("pruning", "distill"),
    [(Pruning.ONE_SHOT, False), (Pruning.SNIP, True), (Pruning.RIGL, True)],
    ids=lambda value: getattr(value, "value", str(value)),
)
def test_a_trained_policy_is_made_sparse(
    pruning: Pruning, distill: bool, dense_run: tuple[Run, Path]
) -> None:
    run = _run(pruning, parent=dense_run[1], steps=800, distill=distill)
    train(run)
    _assert_learnt_and_sparse(run)


def test_pruned_neurons_are_gone_from_the_exported_policy(
    dense_run: tuple[Run, Path], tmp_path: Path
) -> None:
    pruning, pruned = Pruning.NEURONS_L2, {"parent": dense_run[1], "steps": 800, "distill": True}
    run = _run(pruning, ptq=False, qat_steps=240, **pruned)
    result = train(run)
    assert result["return_mean"] > GOOD_RETURN and result["nnz"] <= _promised(pruning)
    export_run(run.folder, tmp_path / "small", 50)
    widths = load_policy(tmp_path / "small").spec.network.widths
    assert widths[0] == 2 and widths[-1] == 1 and max(widths[1:-1]) <= 10


def _bound(run: Run) -> Sac:
    """Return a learner with 400 transitions and no update so far."""
    model = new_sac(run.config, run.seed)
    model.learning_starts = 400
    model.learn(400)
    return model


def _masks_of_a_run(run: Run) -> list[list[Tensor]]:
    """Return the masks that become due on the way, of an actor that does not learn."""
    model, masks = _bound(run), []
    for model.num_timesteps in range(0, run.steps, run.config.rollout_steps):
        due = due_masks(model, run)
        if due is not None:
            model.set_masks(due)
            masks.append([mask.clone() for mask in due])
    return masks


@pytest.mark.parametrize("distribution", Distribution, ids=lambda distribution: distribution.value)
@pytest.mark.parametrize("pruning", Pruning, ids=lambda pruning: pruning.value)
def test_masks_keep_the_promise_of_their_method(pruning: Pruning, distribution: Distribution) -> None:
    config = replace(_run(pruning).config, distribution=distribution.value)
    masks = _masks_of_a_run(_run(pruning, config=config))
    assert sum(_counts(masks[-1])) == _promised(pruning, distribution)
    changes = list(itertools.pairwise(masks))
    if pruning.is_gradual:
        assert len(masks) > 5
        assert all(
            bool((b <= a).all()) for before, after in changes for a, b in zip(before, after, strict=True)
        )
    elif pruning.rewires:
        assert len(masks) > 5
        assert all(_counts(before) == _counts(after) for before, after in changes)
        assert any(bool((b > a).any()) for a, b in zip(masks[0], masks[-1], strict=True))
    else:
        assert len(masks) == 1


def test_scaled_magnitude_judges_a_weight_by_what_reaches_it() -> None:
    scaled, by_size = (
        _run(pruning, config=replace(_run(pruning).config, distribution="uniform"))
        for pruning in (Pruning.SCALED, Pruning.MAGNITUDE)
    )
    model, narrow = _bound(scaled), 1
    assert model.replay_buffer is not None
    model.replay_buffer.observations[..., narrow] = 5 + 1e-3 * model.replay_buffer.observations[..., narrow]
    model.num_timesteps = scaled.prune_window[1]
    with torch.no_grad():
        weights_of(model)[0][:, narrow] *= 10
    masks = {run.pruning: due_masks(model, run) for run in (scaled, by_size)}
    kept = {pruning: due[0].sum(0) for pruning, due in masks.items() if due is not None}
    assert int(kept[Pruning.SCALED][narrow]) == 0 < int(kept[Pruning.SCALED][1 - narrow])
    assert int(kept[Pruning.MAGNITUDE][narrow]) > int(kept[Pruning.MAGNITUDE][1 - narrow])


@pytest.mark.parametrize("pruning", [Pruning.RANDOM, Pruning.SET], ids=lambda pruning: pruning.value)
def test_the_seed_decides_random_masks(pruning: Pruning) -> None:
    first, again, other = (_masks_of_a_run(_run(pruning, seed=seed)) for seed in (3, 3, 4))
    for a, b in zip(first, again, strict=True):
        assert all(bool((x == y).all()) for x, y in zip(a, b, strict=True))
    assert any(bool((x != y).any()) for x, y in zip(first[-1], other[-1], strict=True))


def test_the_gradient_is_that_of_sacs_loss_for_pruned_weights_too() -> None:
    model = _bound(_run(Pruning.RIGL))
    torch.manual_seed(0)
    model.set_masks([(torch.rand_like(weight) < 0.5).float() for weight in weights_of(model)])
    before = [weight.clone() for weight in weights_of(model)]

    def seeded() -> None:
        np.random.seed(5)
        torch.manual_seed(5)

    seeded()
    gradients = model.gradients(2)
    seeded()
    batches = model._draw(2, 64)
    weights = weights_of(model)
    expected = [torch.zeros_like(weight) for weight in weights]
    for observation in batches.observation:
        noise = torch.randn(64, 1)
        mean, log_std, _ = model.actor.get_action_dist_params(observation)
        sample = mean + log_std.exp() * noise
        action = torch.tanh(sample)
        log_prob = torch.distributions.Normal(mean, log_std.exp()).log_prob(sample)
        log_pi = (log_prob - torch.log(1 - action**2 + 1e-6)).sum(1, keepdim=True)
        q = torch.cat(model.critic(observation, action), 1).min(1, keepdim=True).values
        loss = (model.log_ent_coef.detach().exp() * log_pi - q).mean()
        for total, gradient in zip(expected, torch.autograd.grad(loss, weights), strict=True):
            total += gradient / 2
    for got, wanted, mask in zip(gradients, expected, masks_or_ones(model), strict=True):
        assert bool(wanted[mask == 0].any())
        torch.testing.assert_close(got, wanted, rtol=1e-3, atol=1e-4 * float(wanted.abs().max()))
    for weight, old in zip(weights_of(model), before, strict=True):
        torch.testing.assert_close(weight, old, rtol=0, atol=0)


def test_a_grown_weight_starts_at_zero_without_momentum() -> None:
    model = _bound(_run(Pruning.RIGL))
    masks = [(torch.rand_like(weight) < 0.5).float() for weight in weights_of(model)]
    model.set_masks(masks)
    model.learn(80, reset_num_timesteps=False)
    moments = [model.actor.optimizer.state[weight] for weight in weights_of(model)]
    kept_moments = [state["exp_avg"].clone() for state in moments]
    grown = [mask == 0 for mask in masks]
    assert any(bool(state["exp_avg"][new].any()) for state, new in zip(moments, grown, strict=True))
    model.set_masks([torch.ones_like(mask) for mask in masks])
    for weight, state, new, kept in zip(weights_of(model), moments, grown, kept_moments, strict=True):
        assert not bool(weight[new].any())
        assert not bool(state["exp_avg"][new].any()) and not bool(state["exp_avg_sq"][new].any())
        assert bool((state["exp_avg"][~new] == kept[~new]).all())
    model.learn(8, reset_num_timesteps=False)
    assert any(bool(weight[new].any()) for weight, new in zip(weights_of(model), grown, strict=True))


def test_weights_grown_but_still_zero_survive_a_checkpoint(dense_run: tuple[Run, Path]) -> None:
    run = dense_run[0]
    model = new_sac(run.config, run.seed)
    restore(model, Checkpoint.load(dense_run[1]))
    model.set_masks([torch.zeros_like(weight) for weight in weights_of(model)])
    masks = [(torch.rand_like(weight) < 0.5).float() for weight in weights_of(model)]
    model.set_masks(masks)
    again = new_sac(run.config, run.seed)
    restore(again, Checkpoint(arrays=capture(model), meta={"quantization": None}))
    assert all(bool((a == b).all()) for a, b in zip(masks_or_ones(again), masks, strict=True))


def test_a_network_that_dies_is_warned_of_with_numbers(caplog: pytest.LogCaptureFixture) -> None:
    config = toy_config(pruning="random", distribution="uniform", learning_starts=96)
    run = toy_run(name="dying", config=config, sparsity=0.97, steps=400)
    with caplog.at_level(logging.WARNING):
        train(run)
    last = json.loads(run.curve.read_text().splitlines()[-1])
    assert last["nnz"] == sum(_kept(0.97, Distribution.UNIFORM)) and last["nnz_live"] < last["nnz"] / 2
    warning = f"only {last['nnz_live']} of the {last['nnz']} weights kept are live at step 400"
    assert warning in caplog.text


def test_too_few_steps_to_reach_the_sparsity_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"steps=192: the final sparsity stands from step 200 on"):
        _run(Pruning.SNIP, steps=192)
    to_the_end = toy_config(prune_end=1.0)
    with pytest.raises(ConfigError, match=r"steps=400: the final sparsity stands from step 400 on"):
        _run(Pruning.MAGNITUDE, steps=400, config=to_the_end)
