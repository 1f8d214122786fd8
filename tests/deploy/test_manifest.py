"""manifest.json, read strictly: whatever is wrong with it, one line that names it."""

from pathlib import Path
from typing import Any

import pytest

from ganglion.deploy.host_ends import ArgmaxAction, FrameObservation, RealObservation, TanhAction
from ganglion.deploy.manifest import Manifest, read_manifest
from ganglion.models.build.errors import ExportError
from ganglion.models.spec.heads import ArgmaxHead
from ganglion.models.spec.policy import Normalizer
from ganglion.models.spec.types import IntType
from tests.damage import GONE, NESTED, WRONG, changed, json_text, places
from tests.deploy.manifests import HEAD, NORMALIZER, manifest_json

TEXTS = {"name", "env", "board", "tool", "kind"}
NUMBERS = {
    *("clock_mhz", "observation_features", "features", "offset", "gain", "low", "high", "exponent"),
    *("seed", "resources", "LUT", "identity", "version", "registers", "control", "status", "baud"),
}
OPTIONAL = {"clock", "start", "interrupt_enable", "inferences", "write_while_busy"}
"""Whose value may be another than it is; `sources` and `tops` are of no interest to a board."""


def read(folder: Path, value: Any) -> Manifest:
    path = folder / "manifest.json"
    path.write_text(json_text(value))
    return read_manifest(path)


def test_a_manifest_says_what_the_policy_says(tmp_path: Path) -> None:
    manifest = read(tmp_path, manifest_json())
    assert manifest.host.observation == RealObservation(
        observation_features=5, features=NORMALIZER.features, offset=NORMALIZER.offset, gain=NORMALIZER.gain
    )
    assert manifest.host.action == TanhAction(exponent=HEAD.exponent, low=HEAD.low, high=HEAD.high)
    assert (manifest.registers.status, manifest.registers.errors) == (36, 4)
    assert manifest.bitstream is not None and manifest.bitstream.clock_mhz == 104.2


def test_a_head_may_be_argmax_and_a_bit_file_may_lack(tmp_path: Path) -> None:
    manifest = read(tmp_path, manifest_json(head=ArgmaxHead(exponent=-3, n_actions=4)) | {"bitstream": None})
    assert manifest.host.action == ArgmaxAction(exponent=-3, n_actions=4)
    assert manifest.bitstream is None


def frames_json() -> dict[str, Any]:
    """Return a manifest of a policy that sees frames of 2 x 4 pixels."""
    pixels = Normalizer(features=tuple(range(8)), offset=(0.0,) * 8, gain=(1.0,) * 8)
    manifest = manifest_json(pixels, input_type=IntType.parse("UINT8"), observation_features=8)
    kept = {key: manifest["host"][key] for key in ("low", "high", "action")}
    return manifest | {"host": {"frame": [2, 4], "channels_last": False, **kept}}


def test_an_observation_may_be_a_frame(tmp_path: Path) -> None:
    assert read(tmp_path, frames_json()).host.observation == FrameObservation(frame=(2, 4))


@pytest.mark.parametrize(
    ("key", "new", "said"),
    [
        ("frame", [2, 3], "host: 6 values, but shell takes 8"),
        ("frame", [0, 8], r"frame\[0\]: expected an integer from 1"),
        ("high", 127, "host.frame: pixels are values from 0 to 255"),
        ("gain", [1.0], "unknown key gain"),
    ],
)
def test_a_wrong_frame_is_one_line(tmp_path: Path, key: str, new: Any, said: str) -> None:
    with pytest.raises(ExportError, match=said):
        read(tmp_path, changed(frames_json(), ("host", key), new))


def test_any_key_changed_is_one_line_that_names_the_file(tmp_path: Path) -> None:
    whole = manifest_json()
    found = list(places(whole))
    assert ("shell", "observation", "container_bits") in found and ("host", "action", "low", 0) in found
    for path in found:
        for new in (*WRONG, NESTED, GONE):
            try:
                read(tmp_path, changed(whole, path, new))
            except ExportError as error:
                text = str(error)
                assert text.startswith(str(tmp_path / "manifest.json")) and "\n" not in text, (path, text)
                assert len(text) < 400, (path, text)
            else:
                assert changed(whole, path, new) == whole or may_be(path, new), (path, new)


def may_be(path: tuple[str | int, ...], new: Any) -> bool:
    """Return whether a manifest may say `new` at this place, and so no error is right."""
    if set(path) & {"sources", "tops"}:
        return new is not GONE or len(path) > 2
    if path[:2] == ("bitstream", "resources") or path[-1] in OPTIONAL:
        return new in (GONE, {}, {"a": 1}) or is_number(new)
    if path[-1] in TEXTS:
        return new in ("x", NESTED)
    if new is None:
        return path in (
            ("bitstream",),
            ("bitstream", "seed"),
            ("transport", "baud"),
            ("transport", "library"),
        )
    return is_number(new) and bool(set(path) & NUMBERS)


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@pytest.mark.parametrize(
    ("path", "new", "said"),
    [
        (("clock_mhz",), "100", "clock_mhz: expected a number from 1 to 1000, got '100'"),
        (("host", "gain", 0), float("nan"), r"host.gain\[0\]: expected a number from .* got nan"),
        (("host", "features", 0), 5, "host.features: reads feature 5 of 5"),
        (("host", "features", 0), 2, "host.features: a feature is named twice"),
        (("host", "offset"), [0.0], "3 features, 1 offsets and 3 gains"),
        (("host", "low"), -127, "values from -127 to 127, but shell takes -128 to 127"),
        (("host", "action", "high"), [1.0, 2.0, -0.5], "low must be below high"),
        (("host", "action", "low"), [0.0], "host.action: 1 bounds low, 3 high"),
        (("host", "features"), [0, 1], "2 features, 3 offsets and 3 gains"),
        (("host", "action", "kind"), "softmax", "unknown kind 'softmax'; known: tanh, argmax"),
        (("shell", "policy"), "f" * 64, "shell.policy: not the manifest's policy"),
        (("shell", "observation", "offset"), 0x102, "shell.observation: 1 words at 0x102"),
        (("shell", "observation", "type"), "float32", "shell.observation: holds float32, expected int"),
        (("shell", "action", "words"), 2, "3 values fill 1 words, not 2"),
        (("shell", "action", "container_bits"), 16, "8 bits travel in 8, not in 16"),
        (("shell", "registers", "status"), 38, "status is at 38, no multiple of 4"),
        (("shell", "schema"), 2, "shell.schema: expected an integer from 1 to 1, got 2"),
        (("transport", "library"), "other.so", "transport.library: not among the files"),
        (("golden",), "other.npz", "golden: not among the files"),
        (("bitstream", "files"), ["other.bit"], "bitstream.files: one is not among the files"),
        (("surplus",), 1, "unknown key surplus"),
        (("policy",), GONE, "missing key policy"),
    ],
)
def test_an_error_says_what_is_wrong(tmp_path: Path, path: tuple[Any, ...], new: Any, said: str) -> None:
    with pytest.raises(ExportError, match=said):
        read(tmp_path, changed(manifest_json(), path, new))


@pytest.mark.parametrize("name", ["/etc/passwd", "../out", "a/../../out", "."])
def test_a_path_stays_inside_the_bundle(tmp_path: Path, name: str) -> None:
    whole = manifest_json()
    whole["files"][name] = "0" * 64
    with pytest.raises(ExportError, match="expected a path inside the bundle"):
        read(tmp_path, whole)


@pytest.mark.parametrize("text", ["", "[]", "5", "nul", "{" * 5000, "\ud800"])
def test_a_file_that_is_no_manifest(tmp_path: Path, text: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(ExportError, match=r"manifest\.json") as found:
        read_manifest(path)
    assert "\n" not in str(found.value)


def test_a_manifest_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"manifest\.json is missing"):
        read_manifest(tmp_path / "manifest.json")
