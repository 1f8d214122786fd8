"""docs/games.md: the table of scores in games is what the zoo's records say, empty where none is trained."""

import json
from pathlib import Path
from typing import Any

from ganglion.training.games_table import games_table

ROOT = Path(__file__).parents[2]


def test_the_page_of_games_shows_the_records_of_the_zoo() -> None:
    assert games_table(ROOT / "models" / "zoo") in (ROOT / "docs" / "games.md").read_text()


def _write(zoo: Path, name: str, **said: Any) -> None:
    scores = {"return_mean": 18.0, "return_std": 1.5, "returns": [18.0], "episodes": 1, "first_seed": 7}
    made = {"environment": "Pong", "env_id": "PongNoFrameskip-v4", "algorithm": "DQN", "step": 9, "seed": 1}
    network = said.pop("network", "nature_cnn")
    run = {"name": name, "steps": 5_000, "qat_steps": 0, "distill": True}
    rest = {"phase": "qat", "sparsity": 0.951, "config": {"dqn": {"network": network}}, "run": run}
    rest |= {"checkpoint": {}, "commit": "abc", "steps_done": 6_000}
    (zoo / "Pong" / name).mkdir(parents=True)
    (zoo / "Pong" / name / "result.json").write_text(json.dumps(scores | made | rest | said))


def _row(zoo: Path, start: str) -> str:
    return next(line for line in games_table(zoo).splitlines() if line.startswith(start))


def test_without_a_policy_every_score_is_an_empty_cell(tmp_path: Path) -> None:
    rows = games_table(tmp_path).splitlines()[2:]
    assert len(rows) == 4 * (3 + 2)
    assert (
        _row(tmp_path, "| Pong | NatureCNN | 95") == "| Pong | NatureCNN | 95 % |  |  |  |  | no loss |  |  |"
    )
    assert "| loss |" in _row(tmp_path, "| Boxing | NatureCNN | 90")


def test_an_int8_policy_stands_between_its_dense_one_and_its_float_phase(tmp_path: Path) -> None:
    random = {"return_mean": 20.0, "return_std": 0.5, "random_returns": [-20.0, -20.0], "algorithm": "DQN"}
    pruned = {"return_mean": 19.0, "return_std": 0.7, "sparsity": 0.951}
    chain = {"return_mean": 3.0, "return_std": 1.0, "parent_result": random}
    _write(tmp_path, "int8", parent_result=chain, earlier_phases={"prune": pruned})
    wanted = "| Pong | NatureCNN | 95 % | 20.0 ± 0.5 | 19.0 ± 0.7 | 18.0 ± 1.5 | 95 % | no loss | 6,000 | 1 |"
    assert _row(tmp_path, "| Pong | NatureCNN | 95") == wanted


def test_seeds_share_a_row_and_a_sparsity_of_its_own_gets_one(tmp_path: Path) -> None:
    _write(tmp_path, "one")
    _write(tmp_path, "two", return_mean=16.0, seed=2)
    _write(tmp_path, "other", sparsity=0.983)
    _write(tmp_path, "resnet", network="resnet", phase="prune", return_mean=-2_000.0, return_std=10.0)
    _write(tmp_path, "dense", phase="dense", sparsity=0.0)
    dense = "18.0 ± 1.5"
    assert f"| 95 % | {dense} |  | 17.0 ± 1.0 |  | no loss | 6,000 | 1, 2 |" in games_table(tmp_path)
    assert f"| 98 % | {dense} |  | 18.0 ± 1.5 |  | loss | 6,000 | 1 |" in games_table(tmp_path)
    assert "| ResNet | 95 % |  | -2,000 ± 10 |  |  | no loss | 6,000 | 1 |" in games_table(tmp_path)
