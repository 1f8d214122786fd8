"""docs/policies.md: the table of shipped policies is what their records say."""

import json
import shutil
from pathlib import Path

import pytest

from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import read_json
from ganglion.models.formats.policy_folder import load_policy
from ganglion.training.episodes import TEST_SEEDS, n_test_episodes
from ganglion.training.shipped import EVALUATION_KEYS, evaluate_shipped, is_shipped
from ganglion.training.statistics import Statistics
from ganglion.training.zoo import zoo_table

ROOT = Path(__file__).parents[2]


def test_the_page_of_policies_shows_the_records_of_the_zoo() -> None:
    assert zoo_table(ROOT / "models" / "zoo") in (ROOT / "docs" / "policies.md").read_text()


@pytest.mark.parametrize("path", sorted((ROOT / "models" / "zoo").glob("*/*/policy.json")), ids=str)
def test_a_policys_provenance_repeats_its_evaluation(path: Path) -> None:
    provenance, result = read_json(path)["provenance"], read_json(path.with_name("result.json"))
    assert {key: provenance[key] for key in EVALUATION_KEYS} == {key: result[key] for key in EVALUATION_KEYS}
    episodes = n_test_episodes(result["env_id"])
    assert result["episodes"] == len(result["returns"]) == episodes
    assert result["first_seed"] == TEST_SEEDS and 0 <= result["falls"] <= episodes
    assert Statistics.of(result["returns"]).mean == pytest.approx(result["return_mean"])


def _write(folder: Path, result: dict[str, object], provenance: dict[str, object] | None) -> None:
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(result))
    if provenance is not None:
        (folder / "policy.json").write_text(json.dumps({"provenance": provenance}))


RUN = {"name": "r", "steps": 5_000, "qat_steps": 0}


def _result(mean: float, **more: object) -> dict[str, object]:
    known = {
        "return_mean": mean,
        "return_std": 1.0,
        "returns": [mean + 1, mean - 1],
        "episodes": 2,
        "first_seed": 7,
        **{
            "environment": "Hopper",
            "env_id": "Hopper-v4",
            "algorithm": "SAC",
            "phase": "dense",
            "step": 5_000,
        },
        "sparsity": 0.0,
        "seed": 2,
        "config": {},
        "checkpoint": {},
    }
    return known | {"steps_done": 5_000, "run": RUN, "parent_result": None, "commit": "0123456789"} | more


def test_a_line_holds_what_was_measured_and_leaves_the_rest_empty(tmp_path: Path) -> None:
    counts = {"n_weights": 2_000, "nnz": 100, "nnz_live": 80}
    _write(tmp_path / "Hopper" / "sac-dense", _result(100, parent_result=_result(50)), None)
    imitated = _result(95, falls=1, run=RUN | {"distill": True}, parent_result=_result(100))
    _write(tmp_path / "Hopper" / "sac-a", imitated, counts)
    *_, dense, sparse = zoo_table(tmp_path).splitlines()
    assert dense == "| `Hopper/sac-dense` | 100 ± 1 | 99 |  | 2 |  |  |  |  | 10,000 | 2 | 0123456 |"
    assert sparse == (
        "| `Hopper/sac-a` | 95.0 ± 1.0 | 94.0 | 1 | 2 | 100 of 2,000 (5.0 %) | 80 | 0.1 kB | 100x "
        "| 5,000 | 2 | 0123456 |"
    )


def test_a_record_that_lacks_a_number_is_named(tmp_path: Path) -> None:
    result = _result(1)
    del result["run"]
    _write(tmp_path / "Hopper" / "sac-dense", result, None)
    with pytest.raises(ExportError, match="sac-dense/result.json: missing key run"):
        zoo_table(tmp_path)


def test_a_shipped_policy_is_evaluated_as_it_is_deployed(tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    shutil.copytree(ROOT / "models" / "zoo" / "Swimmer" / "sac-sparse99-int8", folder)
    before = load_policy(folder).network
    result = evaluate_shipped(folder, 1)
    record = read_json(ROOT / "models" / "zoo" / "Swimmer" / "sac-sparse99-int8" / "result.json")
    assert is_shipped(folder) and not is_shipped(tmp_path)
    assert result["returns"] == pytest.approx(record["returns"][:1], rel=1e-6)
    provenance = load_policy(folder).spec.provenance
    assert (provenance["episodes"], provenance["return_mean"]) == (1, result["return_mean"])
    assert load_policy(folder).network.nnz == before.nnz
