"""docs/policies.md: the table of shipped policies is what their records say."""

import json
from pathlib import Path

import pytest

from ganglion.models.build.errors import ExportError
from ganglion.training.zoo import zoo_table

ROOT = Path(__file__).parents[2]


def test_the_page_of_policies_shows_the_records_of_the_zoo() -> None:
    assert zoo_table(ROOT / "models" / "zoo") in (ROOT / "docs" / "policies.md").read_text()


def _write(folder: Path, result: dict[str, object], provenance: dict[str, object] | None) -> None:
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(result))
    if provenance is not None:
        (folder / "policy.json").write_text(json.dumps({"provenance": provenance}))


def _result(mean: float, **more: object) -> dict[str, object]:
    known = {"return_mean": mean, "return_std": 1.0, "seed": 2, "commit": "0123456789"}
    return known | {"steps_done": 5_000, "run": {"distill": False}, "parent_result": None} | more


def test_a_line_holds_what_was_measured_and_leaves_the_rest_empty(tmp_path: Path) -> None:
    floating = {"prune": {"return_mean": 90.0, "return_std": 2.0}}
    counts = {"n_weights": 2_000, "nnz": 100, "nnz_live": 80}
    _write(tmp_path / "Hopper" / "sac-dense", _result(100, parent_result=_result(50)), None)
    imitated = _result(95, earlier_phases=floating, run={"distill": True}, parent_result=_result(100))
    _write(tmp_path / "Hopper" / "sac-a", imitated, counts)
    _write(tmp_path / "Hopper" / "sac-b", _result(96), counts)
    *_, dense, first, second = zoo_table(tmp_path).splitlines()
    assert dense == "| `Hopper/sac-dense` | 100 ± 1 |  |  |  |  |  |  | 10,000 | 2 | 0123456 |"
    assert first == (
        "| `Hopper/sac-a` | 100 ± 1 | 90 ± 2 | 95 ± 1 | 100 of 2,000 (5.0 %) | 80 | 0.1 kB | 100x "
        "| 5,000 | 2 | 0123456 |"
    )
    assert second.startswith("| `Hopper/sac-b` | 100 ± 1 |  | 96 ± 1 |")


def test_a_record_that_lacks_a_number_is_named(tmp_path: Path) -> None:
    _write(tmp_path / "Hopper" / "sac-dense", {"return_mean": 1.0, "return_std": 0.0}, None)
    (tmp_path / "Hopper" / "sac-dense" / "curve.jsonl").write_text('{"step": 8}\n')
    with pytest.raises(ExportError, match="sac-dense: its records lack 'run'"):
        zoo_table(tmp_path)
