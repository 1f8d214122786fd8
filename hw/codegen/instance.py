"""Write an instance of a module."""

from collections.abc import Mapping, Sequence

from ganglion.hw.design.top_ports import TAPS_DEFINE


def instance(
    module: str,
    name: str,
    parameters: Mapping[str, str | int],
    pins: Mapping[str, str],
    tap_pins: Mapping[str, str] | None = None,
) -> list[str]:
    """Return the lines of an instance; `tap_pins` are connected where layers are watched only."""
    values = "#(" + ", ".join(f".{key}({value})" for key, value in parameters.items()) + ") "
    taps = [f"    .{key}({value})," for key, value in (tap_pins or {}).items()]
    return [
        f"  {module} {values if parameters else ''}{name} (",
        *([f"`ifdef {TAPS_DEFINE}", *taps, "`endif"] if taps else []),
        ",\n".join(f"    .{key}({value})" for key, value in pins.items()),
        "  );",
    ]


def concatenation(bits: int, values: Sequence[int]) -> str:
    """Return a parameter of many values of `bits` bits, the first in the low ones."""
    return "{" + ", ".join(f"{bits}'d{value}" for value in reversed(values)) + "}"
