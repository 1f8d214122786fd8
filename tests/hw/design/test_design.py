"""hw.json is written and read by one class; whatever is wrong in it, or in a board's file, is one line."""

import json
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganglion.hw.compile import compile_policy
from ganglion.hw.design.design import load_design
from ganglion.hw.mapping.compile_settings import compile_settings
from ganglion.hw.target.board import BOARDS, FAMILY_FILE, find_board, read_board
from ganglion.models.build.errors import CompileError, ConfigError, GanglionError
from ganglion.models.build.paths import BuildPaths
from tests.damage import damages
from tests.networks import write_random_policy


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> BuildPaths:
    paths = BuildPaths.of("tiny", tmp_path_factory.mktemp("build"))
    write_random_policy(paths.policy, np.random.default_rng(0), (5, 9, 2), n_vectors=20, density=0.5)
    compile_policy(paths, compile_settings(find_board("Pynq-Z2"), "folded", lanes=2))
    return paths


def complaint(kind: type[Exception], read: Callable[[Any], object], source: Any) -> str:
    """Return what a reader says against `source`, "" where it takes it."""
    try:
        read(source)
    except kind as error:
        return str(error)
    return ""


def test_whatever_is_wrong_in_hw_json_is_one_line_or_harmless(paths: BuildPaths) -> None:
    original = json.loads(paths.hw.read_text())
    refused = 0
    try:
        for what, changed in damages(original):
            paths.hw.write_text(json.dumps(changed))
            if said := complaint(CompileError, load_design, paths):
                refused += 1
                assert "\n" not in said and said.endswith("again"), what
    finally:
        paths.hw.write_text(json.dumps(original))
    assert refused > 500


def test_what_is_written_is_read(paths: BuildPaths) -> None:
    design = load_design(paths)
    assert replace(design, name="other") != design
    assert design.estimate is not None and design.segments[0].shape["lanes"] == 2


def _toml(value: dict[str, Any]) -> str:
    tables = {key: inner for key, inner in value.items() if isinstance(inner, dict)}
    lines = [f"{key} = {_literal(inner)}" for key, inner in value.items() if key not in tables]
    lines += [
        f"{key} = {{{', '.join(f'{k} = {_literal(v)}' for k, v in t.items())}}}" for key, t in tables.items()
    ]
    return "\n".join(lines)


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_literal(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return str(value) if isinstance(value, float) else json.dumps(value)


@pytest.mark.parametrize("file", ["Pynq-Z2.toml", FAMILY_FILE])
def test_whatever_is_wrong_in_a_boards_files_is_one_line_or_harmless(file: str, tmp_path: Path) -> None:
    texts = {name: (BOARDS / "7-series" / name).read_text() for name in ("Pynq-Z2.toml", FAMILY_FILE)}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    refused = 0
    for what, changed in damages(tomllib.loads(texts[file])):
        (tmp_path / file).write_text(_toml(changed))
        if said := complaint(ConfigError, read_board, tmp_path / "Pynq-Z2.toml"):
            refused += 1
            assert "\n" not in said, what
    assert refused > 50


def test_an_error_of_ours_is_what_a_broken_file_raises(tmp_path: Path) -> None:
    (tmp_path / FAMILY_FILE).write_bytes(b"\xff\x00")
    (tmp_path / "Mine.toml").write_text("")
    with pytest.raises(GanglionError, match="not valid TOML"):
        read_board(tmp_path / "Mine.toml")
