"""A board's commands take the settings that `ganglion` takes, by the standard library."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from ganglion.deploy.arguments import parse_arguments


@dataclass(frozen=True, kw_only=True)
class Base:
    """Inherited."""

    rate_hz: float = 0.0
    """Ticks a second, 100 % of them."""


@dataclass(frozen=True, kw_only=True)
class Settings(Base):
    """What the command does."""

    bundle: Path
    """The bundle."""
    log: Path | None = None
    steps: int | None = None
    """How many."""
    view: bool = True


def test_options_have_the_types_of_the_fields() -> None:
    given = ["--bundle", "x", "--rate-hz", "2.5", "--log", "y", "--steps", "3", "--no-view"]
    assert parse_arguments(Settings, "control", given) == Settings(
        bundle=Path("x"), rate_hz=2.5, log=Path("y"), steps=3, view=False
    )
    assert parse_arguments(Settings, "control", ["--bundle", "x"]) == Settings(bundle=Path("x"))


def test_a_value_may_begin_with_a_minus() -> None:
    given = ["--bundle", "x", "--log", "-0.1,0.2", "--steps", "-1"]
    assert parse_arguments(Settings, "control", given) == Settings(
        bundle=Path("x"), log=Path("-0.1,0.2"), steps=-1
    )


def test_help_is_the_text_under_each_field(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(Settings, "control", ["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "What the command does." in said
    assert "--rate-hz RATE_HZ Ticks a second, 100 % of them. (default: 0.0)" in said
    assert "--bundle BUNDLE The bundle." in said and "--steps STEPS How many." in said


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "--bundle"),
        (["--bundle", "x", "--steps", "y"], "invalid int value: 'y'"),
        (["--nope"], "--bundle"),
    ],
)
def test_a_wrong_command_line_exits_2(
    given: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        parse_arguments(Settings, "control", given)
    assert end.value.code == 2 and message in capsys.readouterr().err
