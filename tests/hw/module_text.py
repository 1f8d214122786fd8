"""What every hand-written module of an engine must look like."""

from ganglion.hw.rtl import RTL


def assert_is_short_and_says_what_it_is(module: str) -> None:
    """Fail unless the module has at most 150 lines and its four-line header."""
    lines = (RTL / f"{module}.sv").read_text().splitlines()
    assert len(lines) <= 150 and max(map(len, lines)) <= 100
    assert all(line.startswith("// ") for line in lines[:4])
    assert lines[1].startswith("// Latency ")
    assert "handshake" in lines[2]
    assert lines[3].startswith("// Golden: ")
