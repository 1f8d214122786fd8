"""The study of delta inference: counts and returns over whole episodes, thresholds found, runs resumed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.models.build.errors import ConfigError
from ganglion.models.formats.policy_folder import Policy
from ganglion.models.reference import quantize_observation
from ganglion.training.delta.measure import Measured, Thresholds, measure, multiplications_without_delta
from ganglion.training.delta.search import LADDER, search
from ganglion.training.delta.study import DeltaSettings, choose, run
from ganglion.training.episodes import MILESTONE_SEEDS, run_episodes
from ganglion.training.statistics import floor_of
from tests.training.toy import ENV_ID


def test_exact_delta_inference_returns_what_the_policy_does(policy: Policy) -> None:
    spec = policy.spec
    plain = run_episodes(
        ENV_ID,
        lambda obs: spec.action.act(
            policy.network(quantize_observation(obs, spec.normalizer, spec.network.input_type))
        ),
        6,
        100,
    )
    found = measure(policy, (0, 0, 0), 6, 100)
    assert (found.return_mean, found.return_min) == (plain.returns.mean(), plain.returns.min())
    assert found.total < sum(multiplications_without_delta(policy))
    assert multiplications_without_delta(policy) == tuple(np.count_nonzero(w) for w in policy.network.weights)


def test_multiplications_are_a_steps_mean_over_all_steps(policy: Policy) -> None:
    one, other, both = (measure(policy, (4, 1, 0), n, seed) for n, seed in ((1, 100), (1, 101), (2, 100)))
    assert not one.falls + other.falls  # both as long as the time limit
    means = (np.array(one.multiplications) + other.multiplications) / 2
    np.testing.assert_allclose(both.multiplications, means)


def made_up(thresholds: Thresholds) -> Measured:
    """Return what a made-up policy does: layer 0 costs 10 a rung, the last one bears a threshold of 2."""
    rungs = [LADDER.index(each) for each in thresholds]
    return Measured(
        thresholds=thresholds,
        multiplications=(max(0.0, 100.0 - rungs[0]), max(0.0, 100.0 - 2 * rungs[1])),
        sent=(0.5, 0.5),
        return_mean=100.0 - 1.0 * rungs[0] - (10.0 if rungs[1] > 2 else 0),
        return_std=0.0,
        return_min=0.0,
        falls=0,
        episodes=1,
        first_seed=0,
    )


def test_the_search_takes_the_fewest_multiplications_that_hold_the_return() -> None:
    exact = made_up((0, 0))
    found = search(made_up, (0, 0), floor_of(exact.return_mean, 0.95))
    assert found[0] == exact and found[-1].thresholds == (LADDER[5], LADDER[2])
    assert search(made_up, (0, 0), floor_of(exact.return_mean, 1.0))[-1].thresholds == (0, LADDER[2])
    assert search(made_up, (0, LADDER[3]), 95.0) == [made_up((0, LADDER[3]))]  # what begins below it stays


def test_the_floor_of_a_negative_return_lies_below_it() -> None:
    assert floor_of(-200.0, 0.95) == -210.0


def test_thresholds_that_fail_on_other_episodes_give_way_to_those_before_them() -> None:
    def jumpy(thresholds: Thresholds, n_episodes: int, first_seed: int) -> Measured:
        found = made_up(thresholds)
        lucky = first_seed == MILESTONE_SEEDS or thresholds[1] < LADDER[2]
        return found if lucky else replace(found, return_mean=0.0)

    assert choose(jumpy, jumpy, (0, 0), 1.0, 100) == (0, LADDER[1])


def test_a_killed_study_goes_on_and_writes_table_figure_and_json(
    policy: Policy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = DeltaSettings(policy=tmp_path / "mine", thresholds=(0, 4), episodes=5, build=tmp_path)
    folder = settings.paths.root / "delta"
    assert folder.parent.name.startswith("mine-")  # not the folder of another policy of this name
    run(settings)
    first, table = (folder / "delta.json").read_bytes(), capsys.readouterr().out
    assert "0 0 0 (exact)" in table and "4 4 4" in table and "pruned, all sent" in table
    assert {file.name for file in folder.glob("delta.*")} == {"delta.json", "delta.png", "delta.svg"}
    lines = (folder / "measured.jsonl").read_text().splitlines()
    altered = json.loads(lines[1]) | {"return_std": 7.5}  # what is known is not measured again
    (folder / "measured.jsonl").write_text("\n".join([lines[0], json.dumps(altered), lines[2], '{"cut']))
    run(settings)
    again = json.loads((folder / "delta.json").read_text())
    assert again["uniform"][0]["return_std"] == 7.5
    again["uniform"][0]["return_std"] = json.loads(first)["uniform"][0]["return_std"]
    assert again == json.loads(first)
    (folder / "measured.jsonl").write_text("\n".join(["another policy's", *lines[1:]]))
    run(settings)
    assert (folder / "delta.json").read_bytes() == first


def test_without_a_search_only_the_given_thresholds_are_measured(policy: Policy, tmp_path: Path) -> None:
    settings = DeltaSettings(
        policy=tmp_path / "mine", thresholds=(0,), episodes=2, search=False, build=tmp_path / "build"
    )
    run(settings)
    report = json.loads((settings.paths.root / "delta" / "delta.json").read_text())
    assert report["chosen"] is None and [each["thresholds"] for each in report["uniform"]] == [[0, 0, 0]]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"thresholds": (1, 2)}, "thresholds=1,2: expected integers of at least 0, the first of them 0"),
        ({"thresholds": (0, -2)}, "expected integers of at least 0"),
        ({"keep": 0.0}, r"keep=0.0 is outside \(0, 1\]"),
        ({"keep": float("nan")}, "is outside"),
        ({"episodes": 0}, "expected at least 1"),
        ({"finetune": (4, -1, 0)}, "finetune=4,-1,0: expected integers of at least 0, one or one for each"),
        ({"learning_rate": float("nan")}, "learning_rate=nan: expected a number of at least 0"),
        ({"change_cost": -1.0}, "expected a number of at least 0"),
    ],
)
def test_a_wrong_setting_is_refused(wrong: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        DeltaSettings(name="Hopper", **wrong)


def test_neither_environment_nor_folder_is_refused() -> None:
    with pytest.raises(ConfigError, match="name an environment, or a policy folder with policy"):
        run(DeltaSettings())
