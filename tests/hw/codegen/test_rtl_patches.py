"""Patches of FINN's RTL: all fit the installed version, and one that does not fit says so."""

import pytest

from ganglion.hw.codegen.rtl_patches import OUTPUT_QUEUE, PATCHES, Patch, patched
from ganglion.hw.finn.plugin import rtllib
from ganglion.models.build.errors import CompileError

FILES = sorted({patch.file for patch in PATCHES})
PATCH = Patch(name="mend", file="a.sv", reason="a test", find="old", replace="new")


@pytest.mark.parametrize("file", FILES)
def test_every_patch_fits_the_installed_finn(file: str) -> None:
    original = (rtllib() / file).read_text()
    text, names = patched(file, original)
    assert names == [patch.name for patch in PATCHES if patch.file == file]
    assert text != original
    assert (rtllib() / file).read_text() == original


def test_skipped_patch_is_left_out() -> None:
    file = "mvu/mvu_vvu_axi.sv"
    original = (rtllib() / file).read_text()
    text, names = patched(file, original, frozenset({OUTPUT_QUEUE}))
    assert (text, names) == (original, [])


def test_patch_replaces_its_text() -> None:
    assert PATCH.apply("an old line") == "an new line"


def test_patch_replaces_up_to_a_second_text() -> None:
    patch = Patch(name="cut", file="a.sv", reason="a test", find="b", until="d", replace="-")
    assert patch.apply("abcde") == "a-e"


def test_patch_moves_text_up() -> None:
    patch = Patch(name="move", file="a.sv", reason="a test", find="c", until="d", move_before="b")
    assert patch.apply("abcde") == "acd\nbe"


@pytest.mark.parametrize(("text", "count"), [("nothing", 0), ("old and old", 2)])
def test_patch_that_does_not_fit_names_file_and_patch(text: str, count: int) -> None:
    with pytest.raises(CompileError, match=f"a.sv: patch mend: expected 'old' once, found it {count} times"):
        PATCH.apply(text)
