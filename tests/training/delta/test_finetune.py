"""Fine-tuning with thresholds: exact in its forward pass, resumed after a kill, exported with its record."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ganglion.models.build.codec import encode
from ganglion.models.build.errors import ConfigError
from ganglion.models.delta import DeltaNetwork
from ganglion.models.formats.policy_folder import Policy, load_policy
from ganglion.models.spec.heads import ArgmaxHead
from ganglion.training.delta.actor import DeltaActor
from ganglion.training.delta.figure import DeltaFigureSettings
from ganglion.training.delta.figure import run as draw_all
from ganglion.training.delta.finetune import Finetuning, Recipe
from ganglion.training.delta.measure import measure
from ganglion.training.delta.study import DeltaSettings, run
from ganglion.training.delta.walk import Walk
from ganglion.training.episodes import TEST_SEEDS
from ganglion.training.records import read_result
from ganglion.training.shipped import evaluate_shipped
from tests.models.test_delta import walk
from tests.networks import random_network

RECIPE = Recipe(
    thresholds=(4, 2, 2), rounds=2, updates=10, learning_rate=0.3, change_cost=0.01, keep=0.95, seed=1
)


@pytest.mark.parametrize("thresholds", [(0, 0, 0), (9, 40, 20)])
def test_the_forward_pass_equals_the_delta_network_step_by_step(thresholds: tuple[int, ...]) -> None:
    network = random_network(np.random.default_rng(2), (5, 12, 9, 3))
    delta = DeltaNetwork(network=network, thresholds=thresholds)
    actor, state = DeltaActor(delta), delta.start(4)
    sent = actor.start(4)
    for inputs in walk(network, 40, 4):
        expected, _ = delta.step(state, inputs)
        with torch.no_grad():
            outputs, sent, _ = actor(torch.from_numpy(inputs).float(), sent)
        np.testing.assert_array_equal(outputs.numpy(), expected)
        for mine, theirs in zip(sent, state.sent, strict=True):
            np.testing.assert_array_equal(mine.numpy(), theirs)


def test_the_weights_that_multiply_are_counted_as_the_delta_network_does_where_changes_are_large() -> None:
    network = random_network(np.random.default_rng(2), (5, 3))
    delta = DeltaNetwork(network=network, thresholds=(3,))
    inputs = np.array([[100, 0, -100, 0, 90]])
    _, products = delta.step(delta.start(1), inputs)
    _, _, part = DeltaActor(delta)(torch.from_numpy(inputs).float(), DeltaActor(delta).start(1))
    expected = products.sum() / np.count_nonzero(network.weights[0])
    assert part.item() == pytest.approx(expected, abs=0.15)  # a change of 0 counts a little, too


def test_pruned_weights_stay_pruned_and_others_learn() -> None:
    network = random_network(np.random.default_rng(2), (5, 12, 9, 3))
    actor = DeltaActor(DeltaNetwork(network=network, thresholds=(2, 2, 2)))
    adam = torch.optim.Adam(actor.parameters(), lr=2.0)
    inputs = torch.from_numpy(walk(network, 1, 4)[0]).float()
    outputs, _, part = actor(inputs, actor.start(4))
    (outputs.mean() + part).backward()
    adam.step()
    learned = actor.network()
    for before, after in zip(network.weights, learned.weights, strict=True):
        assert not after[before == 0].any()
    assert any((a != b).any() for a, b in zip(network.weights, learned.weights, strict=True))


def test_rows_walk_along_episodes_and_forget_at_their_start() -> None:
    network = random_network(np.random.default_rng(2), (1, 3))
    actor = DeltaActor(DeltaNetwork(network=network, thresholds=(0,)))
    episodes = [np.arange(1, 6)[:, None], np.arange(11, 19)[:, None]]
    rows = Walk(episodes, [each * 2.0 for each in episodes], 3, np.random.default_rng(0))
    previous = None
    for _ in range(40):
        inputs, targets = rows.next(actor)
        assert (targets == 2 * inputs).all()
        for row, value in enumerate(inputs[:, 0].tolist()):
            if previous is None or previous[row] in (5, 18):
                assert rows.sent[0][row] == 0 and (previous is None or value in (1, 11))
            else:
                assert rows.sent[0][row] == previous[row] == value - 1
        previous = inputs[:, 0].tolist()
        _, rows.sent, _ = actor(inputs, rows.sent)


def test_with_thresholds_it_learns_what_another_network_does_without() -> None:
    network = random_network(np.random.default_rng(2), (5, 12, 9, 3))
    teacher = replace(
        network, biases=(*network.biases[:2], network.biases[2] + (40 << network.spec.layers[2].shift))
    )
    actor = DeltaActor(DeltaNetwork(network=network, thresholds=(9, 4, 4)))
    episodes = list(walk(network, 60, 8).swapaxes(0, 1))
    targets = [teacher(each).astype(np.float32) for each in episodes]
    rows = Walk(episodes, targets, 32, np.random.default_rng(0))
    adam, errors = torch.optim.Adam(actor.parameters(), lr=2.0), []
    for _ in range(40):
        inputs, wanted = rows.next(actor)
        outputs, rows.sent, _ = actor(inputs, rows.sent)
        error = (outputs - wanted).square().mean()
        adam.zero_grad()
        error.backward()
        adam.step()
        errors.append(error.item())
    assert np.mean(errors[-5:]) < 0.5 * np.mean(errors[:5])


class _Killed(Finetuning):
    def _round(self) -> None:
        if len(self.rounds) == 2:
            raise KeyboardInterrupt
        super()._round()


def test_a_killed_fine_tuning_goes_on_as_if_nothing_had_happened(policy: Policy, tmp_path: Path) -> None:
    whole = Finetuning(policy, RECIPE, tmp_path / "whole.npz", "key")
    expected = whole.run()
    with pytest.raises(KeyboardInterrupt):
        _Killed(policy, RECIPE, tmp_path / "killed.npz", "key").run()
    again = Finetuning(policy, RECIPE, tmp_path / "killed.npz", "key")
    found = again.run()
    for mine, theirs in zip(found.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert [replace(each, seconds=0.0) for each in again.rounds] == [
        replace(each, seconds=0.0) for each in whole.rounds
    ]
    has_learned = [each.loss is not None for each in whole.rounds]
    assert has_learned == [False, True, True, False]  # the teacher's episodes first, the last policy's last


def test_another_policys_checkpoint_is_not_gone_on_from(policy: Policy, tmp_path: Path) -> None:
    recipe = replace(RECIPE, rounds=1, updates=1)
    Finetuning(policy, recipe, tmp_path / "c.npz", "key").run()
    with pytest.raises(KeyboardInterrupt):  # it begins anew
        _Killed(policy, recipe, tmp_path / "c.npz", "another").run()


def test_a_fine_tuned_policy_is_written_with_its_thresholds_and_record(
    policy: Policy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = DeltaSettings(
        policy=tmp_path / "mine",
        thresholds=(0,),
        episodes=5,
        finetune=(4,),
        rounds=1,
        updates=20,
        keep=1.0,
        build=tmp_path / "build",
    )
    run(settings)
    assert "(trained)" in capsys.readouterr().out
    folder = settings.paths.root / "delta"
    trained = json.loads((folder / "delta.json").read_text())["trained"]
    tuned = load_policy(folder / "policy")
    thresholds = tuned.spec.network.thresholds
    assert thresholds == tuple(trained["thresholds"]) and min(thresholds) >= 4
    assert encode(measure(tuned, thresholds, 5, TEST_SEEDS)) == trained
    assert tuned.spec.name.endswith("-delta") and tuned.spec.env == policy.spec.env
    provenance, result = tuned.spec.provenance, read_result(folder / "policy")
    assert provenance["n_weights"] == policy.spec.provenance["n_weights"]
    assert result.return_mean == provenance["return_mean"] == trained["return_mean"]
    assert evaluate_shipped(folder / "policy", 5)["returns"] == list(result.returns)


def test_one_figure_shows_every_study_with_a_dense_reference(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no delta/delta.json of an environment with a dense"):
        draw_all(DeltaFigureSettings(build=tmp_path))
    report = {
        "env": "Hopper-v4",
        "policy": "mine",
        "dense": [600, 400],
        "pruned": [50, 50],
        "uniform": [_measured([30.0, 20.0])],
        "chosen": _measured([10.0, 10.0]),
        "trained": None,
    }
    (tmp_path / "Hopper" / "delta").mkdir(parents=True)
    (tmp_path / "Hopper" / "delta" / "delta.json").write_text(json.dumps(report))
    draw_all(DeltaFigureSettings(build=tmp_path, to=tmp_path / "pictures"))
    assert "Hopper-v4: 50x" in (tmp_path / "pictures" / "delta.svg").read_text()
    assert (tmp_path / "pictures" / "delta.png").exists()


def _measured(multiplications: list[float]) -> dict:
    return {
        "thresholds": [0, 0],
        "multiplications": multiplications,
        "sent": [0.5, 0.2],
        "return_mean": 3000.0,
        "return_std": 0.0,
        "return_min": 0.0,
        "falls": 0,
        "episodes": 1,
        "first_seed": 0,
    }


def test_discrete_actions_are_refused(policy: Policy, tmp_path: Path) -> None:
    head = ArgmaxHead(exponent=policy.spec.action.exponent, n_actions=1)
    discrete = replace(policy, spec=replace(policy.spec, action=head))
    with pytest.raises(ConfigError, match="only policies of real actions can be fine-tuned here"):
        Finetuning(discrete, RECIPE, tmp_path / "c.npz", "key")


def test_as_many_thresholds_as_layers_are_asked_for() -> None:
    with pytest.raises(ConfigError, match="finetune=1,2: expected one threshold or 3, one for each layer"):
        DeltaSettings(name="Hopper", finetune=(1, 2)).recipe(3)
