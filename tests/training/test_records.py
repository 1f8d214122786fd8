"""Records beside a policy: what is damaged is one line, whatever was damaged."""

import json
import shutil
from pathlib import Path

import pytest

from ganglion.models.build.errors import GanglionError
from ganglion.models.build.files import read_json, write_json
from ganglion.models.zoo import ZOO
from ganglion.training.records import Result, read_curve, read_result
from ganglion.training.results import read_row
from ganglion.training.zoo import zoo_table
from tests.damage import damages

SHIPPED = ZOO / "Swimmer" / "sac-sparse99-int8"


def test_every_shipped_record_is_read() -> None:
    results = [read_result(path.parent) for path in ZOO.glob("*/*/result.json")]
    assert len(results) >= 15 and all(isinstance(result, Result) for result in results)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # returns of 1e308 overflow their variance
def test_any_damage_to_a_result_is_one_line_or_of_no_account(tmp_path: Path) -> None:
    folder = tmp_path / "Swimmer" / "sac-sparse99-int8"
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("*.npz", "*.onnx", "*.png"))
    curve = (folder / "curve.jsonl").read_text().splitlines(keepends=True)
    (folder / "curve.jsonl").write_text(curve[-1])  # the whole one would be read for every damage
    shutil.copytree(folder, tmp_path / "Swimmer" / "sac-dense")
    refused: list[str] = []
    for _, value in damages(read_json(SHIPPED / "result.json")):
        (folder / "result.json").write_text(json.dumps(value))
        try:
            read_row(folder)
            zoo_table(tmp_path)
        except GanglionError as error:
            refused.append(str(error))
    assert len(refused) > 100
    assert [said for said in refused if "\n" in said or "result.json" not in said] == []


@pytest.mark.parametrize("line", ["{", "[]", "7", '{"step": 1}', '{"step": 1, "elapsed_s": "x"}', "\x00"])
def test_a_damaged_line_of_a_curve_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "curve.jsonl"
    path.write_text(json.dumps({"step": 1, "elapsed_s": 0.5}) + "\n" + line + "\n")
    with pytest.raises(GanglionError, match=r"curve.jsonl, line 2"):
        read_curve(path)


def test_returns_are_as_many_as_episodes(tmp_path: Path) -> None:
    write_json(tmp_path / "result.json", read_json(SHIPPED / "result.json") | {"episodes": 3})
    with pytest.raises(GanglionError, match="3 episodes, but 100 returns"):
        read_result(tmp_path)
