"""The bench measures what explore built, and says what is missing."""

from pathlib import Path

import pytest

from ganglion.hw.studies import bench
from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import read_json, write_json
from ganglion.models.build.paths import BENCH_FILE, BuildPaths
from tests.hw.bare import share_simulators
from tests.hw.toy import write_toy_build


@pytest.fixture
def paths(tmp_path: Path) -> BuildPaths:
    paths = BuildPaths.of("tiny", tmp_path)
    share_simulators(paths)
    return paths


def test_engines_are_measured_with_and_without_taps(
    paths: BuildPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    write_toy_build(BuildPaths.of("tiny-toy", paths.root.parent))
    rows = [{"engine": "toy", "build": "tiny-toy"}, {"engine": "other", "build": "tiny-other"}]
    write_json(paths.root / "explore.json", {"engines": rows})
    bench.bench(paths, ("toy",), seconds=0.05)
    result = read_json(paths.root.with_name(BENCH_FILE))
    assert result["engines"]["tiny"] == rows
    assert [(row["engine"], row["taps"]) for row in result["simulation"]["tiny"]] == [
        ("toy", "every layer"),
        ("toy", "none"),
    ]
    shown = capsys.readouterr().out
    for row in result["simulation"]["tiny"]:
        assert row["compile_s"] > 0
        for cores in ("one_core", "all_cores"):
            assert f"{row[cores]['inferences_per_s']:,}" in shown


def test_without_builds_the_command_that_makes_them_is_named(paths: BuildPaths) -> None:
    with pytest.raises(ExportError, match="explore.json is missing; run ganglion explore tiny first"):
        bench.bench(paths)
