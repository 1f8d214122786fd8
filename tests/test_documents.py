"""What the documents name exists: files that they link or name, commands, and settings of these."""

import re
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from ganglion.models.command_line import commands, settings_type

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path
    for folder in (ROOT, ROOT / "docs", *(ROOT / room for room in ("models", "training", "hw", "deploy")))
    for path in (folder.glob("*.md") if folder == ROOT else folder.rglob("*.md"))
)
TARGETS = set(re.findall(r"^([a-z][a-z-]*):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
MAKE = re.compile(r"\bmake ([a-z][a-z-]*)((?: [A-Z_]+=(?:\"[^\"]*\"|\S*))*)")
OURS = re.compile(r"\bganglion ([a-z][a-z-]*)((?: [^`|\n#]+)?)")


@cache
def _settings(command: str) -> set[str]:
    """Return the settings that a command knows, as make spells them."""
    known = commands()[command]
    names = {each.name for each in fields(settings_type(known.function()))}
    return {name.upper() for name in names} | {*known.variables, "QUIET"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_a_document_names_exist(path: Path) -> None:
    text = path.read_text()
    linked = [path.parent / link for link in re.findall(r"\]\(([^)#:]+)\)", text)]
    named = [
        ROOT / name for name in re.findall(r"`((?:tests|hw|models|deploy|training|docs)/[\w./-]+)`", text)
    ]
    assert [each for each in (*linked, *named) if not each.exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_of_a_document_know_the_settings_that_it_gives_them(path: Path) -> None:
    text, unknown = path.read_text(), []
    for target, given in MAKE.findall(text):
        names = set(re.findall(r" ([A-Z_]+)=", given))
        if target in commands():
            unknown += [f"make {target} {name}=" for name in names - _settings(target)]
        elif names and target not in TARGETS:
            unknown.append(f"make {target}")
    for command, given in OURS.findall(text):
        if command in commands():
            options = {each.replace("-", "_").upper() for each in re.findall(r" --([a-z][a-z-]*)", given)}
            unknown += [f"ganglion {command} --{name}" for name in options - _settings(command) - {"HELP"}]
    assert unknown == []
