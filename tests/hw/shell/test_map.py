"""The register map: docs/shell.md repeats it, windows have room, values travel in containers."""

from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.shell.description import Shell, describe
from ganglion.hw.shell.registers import CONTROL, REGISTERS, STATUS
from ganglion.hw.shell.window import Window
from ganglion.models.build.codec import decode_json, encode_json
from ganglion.models.build.errors import CompileError, ExportError
from ganglion.models.build.files import read_json, write_json
from ganglion.models.spec.types import IntType
from tests.hw.shell.shells import POLICY
from tests.hw.toy import toy_design, with_features

DOCS = Path(__file__).parents[3] / "docs" / "shell.md"


def test_docs_repeat_the_map() -> None:
    text = DOCS.read_text()
    for each in REGISTERS:
        last = each.offset + 4 * (each.words - 1)
        address = f"{each.offset:#05x}" + (f" to {last:#05x}" if each.words > 1 else "")
        access = "read, write" if each.writable else "read"
        assert f"| {each.name} | {address} | {access} | {each.meaning} |" in text
    for name, (mask, meaning) in {**CONTROL, **STATUS}.items():
        assert f"| {name} | {mask} | {meaning} |" in text


@pytest.mark.parametrize(
    ("name", "low", "high", "container_bits"),
    [
        ("INT8", -128, 127, 8),
        ("UINT8", 0, 255, 8),
        ("INT3", -4, 3, 8),
        ("INT9", -256, 255, 16),
        ("UINT16", 0, 65535, 16),
        ("INT24", -(1 << 23), (1 << 23) - 1, 32),
    ],
)
def test_values_travel_in_containers(name: str, low: int, high: int, container_bits: int) -> None:
    window = Window.of(IntType.parse(name), 5, 0x800)
    assert (window.container_bits, window.words) == (container_bits, -(-5 * container_bits // 32))
    values = np.array([[low, high, 0, 1, low], [high, low, 1, 0, high]])
    words = window.pack(values)
    np.testing.assert_array_equal(window.unpack(words), values)
    first = sum((int(v) & ((1 << container_bits) - 1)) << k * container_bits for k, v in enumerate(values[0]))
    assert int.from_bytes(words[0].tobytes(), "little") == first


@pytest.mark.parametrize(
    ("features", "address_bits"), [(11, 12), (2048, 12), (2049, 13), (28224, 16), (32768, 16)]
)
def test_the_narrowest_address_that_has_room_is_taken(
    features: int, address_bits: int, tmp_path: Path
) -> None:
    shell = describe(with_features(toy_design(tmp_path), features), POLICY, ())
    assert shell.address_bits == address_bits
    assert shell.observation.offset == 1 << (address_bits - 1)


def test_an_observation_without_room_says_how_large_it_may_be(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="toy: .*observation of 32768 bytes.*got 32772"):
        describe(with_features(toy_design(tmp_path), 32769), POLICY, ())


def test_a_wrong_shell_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shell.json"
    encode_json(path, describe(toy_design(tmp_path), POLICY, ()))
    whole = read_json(path)
    assert decode_json(Shell, path).policy == POLICY
    for change, message in (
        ({"observation": whole["observation"] | {"words": 2}}, "expected 1 words of 8-bit containers, got 2"),
        ({"schema": 2}, "schema"),
        ({"more": 1}, "unknown key more"),
    ):
        write_json(path, whole | change)
        with pytest.raises((ExportError, CompileError), match=message):
            decode_json(Shell, path)
