"""What reads policies knows games: evaluation and delta inference, on a toy of frames."""

from pathlib import Path

import numpy as np
import pytest

from ganglion.models.build.codec import decode_json
from ganglion.models.build.files import write_json
from ganglion.models.delta import DeltaNetwork
from ganglion.models.formats.policy_folder import Policy, load_policy, read_description
from ganglion.models.random_cnn import Cnn, Conv, write_random_cnn
from ganglion.training.delta import study
from ganglion.training.delta.measure import (
    DeltaReport,
    multiplications_of_dense,
    multiplications_without_delta,
)
from ganglion.training.delta.rollout import roll_out
from ganglion.training.delta.study import DeltaSettings
from ganglion.training.episodes import TEST_SEEDS, run_episodes
from ganglion.training.records import RESULT_FILE
from ganglion.training.run import Phase
from ganglion.training.shipped import evaluate_shipped
from ganglion.training.train import train
from tests.training.test_zoo_table import _result
from tests.training.toy import FRAMES_ID, frames_config, toy_run

TOY = Cnn(
    shape=(2, 36, 36),
    convs=(Conv(channels=4, kernel=8, stride=4), Conv(channels=4, kernel=3, padding=1)),
    widths=(8, 3),
    frame_stack=2,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a random policy for the toy of frames."""
    write_random_cnn(tmp_path / "mine", FRAMES_ID, TOY, 0.5, seed=1)
    return tmp_path / "mine"


def test_multiplications_are_counted_where_kernels_pass(folder: Path) -> None:
    policy = load_policy(folder)
    ones = [
        layer.accumulate(
            np.ones((1, *layer.in_shape), np.int64), (weight != 0).astype(int), np.zeros_like(bias)
        ).sum()
        for layer, weight, bias in zip(
            policy.spec.network.layers, policy.network.weights, policy.network.biases, strict=True
        )
    ]
    assert list(multiplications_without_delta(policy)) == ones
    # 8 x 8 windows of 2 x 8 x 8; 3 x 3 windows less what lies on the padding; 256-8-3.
    assert multiplications_of_dense(policy) == (64 * 4 * 128, (3 * 8 - 2) ** 2 * 16, 256 * 8, 8 * 3)


def test_delta_inference_of_a_game_counts_and_acts_as_the_network_does(folder: Path, tmp_path: Path) -> None:
    settings = DeltaSettings(policy=folder, thresholds=(0,), search=False, episodes=2, build=tmp_path)
    study.run(settings)
    report = decode_json(DeltaReport, settings.paths.root / "delta" / "delta.json")
    exact = report.uniform[0]
    assert report.dense and sum(report.pruned) < sum(report.dense)
    assert exact.total < sum(report.pruned)
    assert exact.return_mean == pytest.approx(_returns(load_policy(folder)).mean())


def _returns(policy: Policy) -> np.ndarray:
    spec = policy.spec
    return run_episodes(
        spec.env, lambda seen: spec.action.act(policy.network(seen.astype(np.int64))), 2, TEST_SEEDS
    ).returns


def test_a_game_becomes_int8_without_the_frames_of_its_training(tmp_path: Path) -> None:
    config = frames_config(eval_every=80, eval_episodes=1, final_episodes=1, learning_starts=40)
    dense = toy_run(name="dense", config=config, build=tmp_path, steps=80)
    train(dense)
    parent = dense.best(Phase.DENSE)
    result = train(toy_run(name="int8", config=config, build=tmp_path, steps=0, parent=parent, ptq=True))
    assert result["phase"] == "ptq" and (tmp_path / "Toy" / "train" / "int8" / "policy").exists()


def test_a_shipped_games_policy_is_evaluated_as_it_is_deployed(folder: Path) -> None:
    policy = load_policy(folder)
    write_json(folder / RESULT_FILE, _result(1.0) | {"env_id": FRAMES_ID})
    result = evaluate_shipped(folder, 2)
    assert result["returns"] == _returns(policy).tolist()
    assert read_description(folder).provenance["return_mean"] == result["return_mean"]
    stepped = roll_out(policy.spec, DeltaNetwork.of(policy.network), 2, TEST_SEEDS).episodes
    assert stepped.returns.tolist() == result["returns"]
