"""A bundle holds what a board needs and nothing of ours else, is reproducible, and says what it lacks."""

import ast
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from ganglion.deploy.bundle.contents import board_modules
from ganglion.deploy.bundle.golden import MAX_VECTORS, board_golden
from ganglion.deploy.bundle.make import BundleSettings, make_bundle
from ganglion.deploy.install import extract
from ganglion.deploy.manifest import read_manifest
from ganglion.hw.target.boards import BOARDS
from ganglion.models.build.errors import ConfigError, ExportError
from ganglion.models.build.files import merge_json, sha256_file, write_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.settings import build_name
from ganglion.models.build.spelling import Caller, called_by
from ganglion.models.formats.policy_folder import load_policy

BITSTREAM = {
    "status": "done",
    "flow": "nextpnr",
    "tools": {"yosys": "0.70", "nextpnr": "0.11"},
    "files": {"bitstream/pendulum.bit": 4},
    "asked_mhz": 100.0,
    "met_mhz": 120.5,
    "resources": {"LUT": 10},
    "seed": 3,
    "baud": None,
}


def settings(paths: BuildPaths, **more: object) -> BundleSettings:
    return BundleSettings(name=paths.root.name, build=paths.root.parent, **more)  # pyright: ignore[reportArgumentType]


def add_bit_file(paths: BuildPaths, **changes: object) -> None:
    (paths.root / "bitstream").mkdir()
    (paths.root / "bitstream/pendulum.bit").write_bytes(b"bits")
    write_json(paths.bitstream, BITSTREAM | {"shell": sha256_file(paths.shell_json)} | changes)


def test_a_build_without_a_bit_file_gives_a_simulated_bundle_that_says_so(
    build: BuildPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    write_json(build.bitstream, {"status": "skipped", "reason": "Vivado is not on PATH"})
    bundle = make_bundle(settings(build))
    assert bundle.archive.name == "pendulum-Pynq-Z2-simulated.tar.gz"
    assert "simulated: no bit file (Vivado is not on PATH)" in capsys.readouterr().out
    manifest = read_manifest(bundle.folder / "manifest.json")
    assert manifest.bitstream is None and manifest.transport.kind == "simulated"
    assert (bundle.folder / str(manifest.transport.library)).is_file()
    assert (
        "there is no bit file in this bundle; Vivado is not on PATH"
        in (bundle.folder / "README.md").read_text()
    )


@pytest.mark.parametrize(("baud", "kind"), [(None, "pynq"), (1_000_000, "serial")])
def test_a_bundle_with_a_bit_file_has_no_simulated_board(
    build: BuildPaths, baud: int | None, kind: str
) -> None:
    add_bit_file(build, baud=baud)
    bundle = make_bundle(settings(build, board="Pynq-Z2"))
    assert bundle.archive.name == "pendulum-Pynq-Z2.tar.gz"
    manifest = read_manifest(bundle.folder / "manifest.json")
    assert (manifest.transport.kind, manifest.transport.baud, manifest.transport.library) == (
        kind,
        baud,
        None,
    )
    assert manifest.bitstream is not None
    assert manifest.bitstream.files == ("bitstream/pendulum.bit",) and manifest.bitstream.clock_mhz == 120.5
    assert manifest.bitstream.tool == "nextpnr: nextpnr 0.11, yosys 0.70"
    assert not [name for name in manifest.files if name.endswith(".so")]


def test_a_bit_file_older_than_its_policy_is_refused(build: BuildPaths) -> None:
    add_bit_file(build, shell="0" * 64)
    with pytest.raises(
        ExportError, match="of another policy or register block than .*shell.json; make it again"
    ):
        make_bundle(settings(build))
    assert make_bundle(settings(build, simulated=True)).artefacts.bitstream is None


def test_a_simulated_bundle_can_be_asked_for(build: BuildPaths) -> None:
    add_bit_file(build)
    bundle = make_bundle(settings(build, simulated=True))
    assert read_manifest(bundle.folder / "manifest.json").bitstream is None
    assert [path.name for path in build.bundle.iterdir() if path.is_dir()] == [bundle.folder.name]


def test_a_build_is_found_by_the_policy_that_it_was_made_of(build: BuildPaths, tmp_path: Path) -> None:
    mine = BuildPaths.of(build_name(tmp_path / "mine"), tmp_path)
    shutil.copytree(build.root, mine.root, copy_function=shutil.copyfile)
    bundle = make_bundle(BundleSettings(name="Hopper", policy=tmp_path / "mine", build=tmp_path))
    assert bundle.artefacts.paths == mine


def test_equal_builds_in_two_places_give_equal_bytes(build: BuildPaths, tmp_path: Path) -> None:
    shutil.copytree(build.root, tmp_path / "elsewhere/deeper/pendulum", copy_function=shutil.copyfile)
    other = BuildPaths.of("pendulum", tmp_path / "elsewhere/deeper")
    first, second = (make_bundle(settings(paths)).archive.read_bytes() for paths in (build, other))
    assert first == second


def test_bytes_do_not_depend_on_who_asks(build: BuildPaths) -> None:
    for more in ({}, {"simulated": True}):
        found = []
        for caller in Caller:
            with called_by(caller):
                found.append(make_bundle(settings(build, **more)).archive.read_bytes())
        assert len(set(found)) == 1


def test_a_board_may_be_named_by_its_file_but_not_by_another_of_its_name(
    build: BuildPaths, tmp_path: Path
) -> None:
    file, other = BOARDS / "7-series/Pynq-Z2.toml", tmp_path / "Pynq-Z2.toml"
    assert make_bundle(settings(build, board=str(file))).artefacts.board.name == "Pynq-Z2"
    other.write_text(file.read_text().replace("lut = 53200", "lut = 20800"))
    with pytest.raises(ConfigError, match=r"board=.*/Pynq-Z2.toml: .*pendulum is a build for Pynq-Z2; build"):
        make_bundle(settings(build, board=str(other)))
    with pytest.raises(ConfigError, match="mine/Pynq-Z2.toml is missing"):
        make_bundle(settings(build, board="mine/Pynq-Z2.toml"))


def test_the_archive_is_the_folder_and_nothing_in_it_has_a_date_or_an_owner(
    build: BuildPaths, tmp_path: Path
) -> None:
    bundle = make_bundle(settings(build))
    magic_method_no_flags_no_date = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0])
    assert bundle.archive.read_bytes()[:8] == magic_method_no_flags_no_date
    with tarfile.open(bundle.archive) as tar:
        members = tar.getmembers()
    assert {(member.mtime, member.uid, member.uname, member.mode) for member in members} == {
        (0, 0, "", 0o644)
    }
    assert [member.name for member in members] == sorted(member.name for member in members)
    extract(bundle.archive, tmp_path / "unpacked")
    for path in (path for path in bundle.folder.rglob("*") if path.is_file()):
        assert (tmp_path / "unpacked" / path.relative_to(bundle.folder)).read_bytes() == path.read_bytes()


def test_a_bundle_is_made_again_only_when_its_build_changed(
    build: BuildPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    make_bundle(settings(build))
    capsys.readouterr()
    make_bundle(settings(build))
    assert capsys.readouterr().out == "bundle: up to date\n"
    add_bit_file(build)
    make_bundle(settings(build))
    assert "pendulum-Pynq-Z2.tar.gz" in capsys.readouterr().out


def test_golden_vectors_are_few_and_hold_the_extremes(build: BuildPaths) -> None:
    whole = load_policy(build.policy).golden
    with np.load(make_bundle(settings(build)).folder / "golden.npz") as golden:
        assert set(golden.files) == {"observation", "input", "output", "action"}
        assert 300 <= len(golden["input"]) <= MAX_VECTORS < len(whole["input"])
        for taken, full in (("input", whole["input"]), ("output", [*whole.values()][-1])):
            assert (golden[taken].min(axis=0) == full.min(axis=0)).all()
            assert (golden[taken].max(axis=0) == full.max(axis=0)).all()


def test_an_extreme_between_the_even_vectors_is_taken(build: BuildPaths) -> None:
    policy = load_policy(build.policy)
    golden = {name: np.zeros((1000, array.shape[1]), np.int64) for name, array in policy.golden.items()}
    golden["input"][1, 2] = 100
    golden[policy.spec.network.layers[-1].name][998, 0] = -100
    taken = board_golden(policy.spec, golden)
    assert taken["input"].max() == 100 and taken["output"].min() == -100


def test_the_boards_modules_need_numpy_alone() -> None:
    allowed = {*sys.stdlib_module_names, "ganglion", "numpy", "pynq", "serial", "rich"}
    modules = board_modules()
    for name, source in modules.items():
        for node in ast.walk(ast.parse(source)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert {each.split(".")[0] for each in names} <= allowed, name
    assert all(name.startswith(("ganglion/deploy/", "ganglion/models/")) for name in modules)
    assert {"ganglion/deploy/policy.py", "ganglion/deploy/control/loop.py"} <= modules.keys()


def test_the_notebook_is_of_nbformat_4_and_its_cells_run(build: BuildPaths) -> None:
    folder = make_bundle(settings(build)).folder
    notebook = json.loads((folder / "self_test.ipynb").read_text())
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 4)
    for cell in notebook["cells"]:
        expected = {"cell_type", "metadata", "source"}
        expected |= {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        assert cell.keys() == expected
    code = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    done = run_there(folder, "-c", code)
    assert done.returncode == 0, done.stderr
    assert "golden vectors, 0 differences" in done.stdout and "█" in done.stdout


def test_the_self_test_tells_core_transport_and_host_apart(build: BuildPaths) -> None:
    done = run_there(make_bundle(settings(build)).folder, "-m", "ganglion.deploy.self_test", "--calls", "50")
    assert done.returncode == 0, done.stderr
    first, second, *times = done.stdout.splitlines()
    assert first.startswith("pendulum for Pynq-Z2: 3") and first.endswith(" golden vectors, 0 differences")
    assert second == "simulated: no bit file; transport below is the simulation"
    assert [line.split()[0] for line in times] == ["core", "transport", "host", "total"]


def test_an_altered_bundle_fails_its_self_test_in_one_line(build: BuildPaths) -> None:
    folder = make_bundle(settings(build)).folder
    (folder / "golden.npz").write_bytes(b"x")
    done = run_there(folder, "-m", "ganglion.deploy.self_test")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") and "golden.npz" in done.stderr and done.stderr.count("\n") == 1


def run_there(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run Python in a bundle with the bundle's modules: -P and the clone's path would hide them."""
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, '.'); {_RUN}", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


_RUN = """
import runpy
assert "ganglion" not in sys.modules
kind, what, sys.argv = sys.argv[1], sys.argv[2], sys.argv[2:]
exec(what) if kind == "-c" else runpy.run_module(what, run_name="__main__", alter_sys=True)
import ganglion.deploy.policy as policy, pathlib
assert pathlib.Path(policy.__file__).is_relative_to(pathlib.Path.cwd()), policy.__file__
"""


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        ("hw.json", "hw.json is missing; run ganglion compile pendulum first"),
        ("shell/shell.json", "shell.json is missing; run ganglion shell pendulum first"),
        ("shell/libganglion_shell.so", "libganglion_shell.so is missing; run ganglion shell pendulum first"),
        ("policy/golden.npz", "golden.npz is missing"),
    ],
)
def test_a_missing_artefact_is_named_with_what_makes_it(build: BuildPaths, gone: str, message: str) -> None:
    (build.root / gone).unlink()
    with pytest.raises(ExportError, match=message):
        make_bundle(settings(build))


def test_a_build_for_another_board_is_refused(build: BuildPaths) -> None:
    with pytest.raises(
        ConfigError, match=r"board=ulx3s: .*pendulum is a build for Pynq-Z2; build it for ulx3s first"
    ):
        make_bundle(settings(build, board="ulx3s"))


def test_a_shell_of_another_policy_is_refused(build: BuildPaths) -> None:
    merge_json(build.shell_json, {"policy": "ab" * 32})
    with pytest.raises(
        ExportError, match=r"shell.json was made from another policy; run ganglion shell pendulum"
    ):
        make_bundle(settings(build))


def test_a_bit_file_that_is_gone_is_named(build: BuildPaths) -> None:
    add_bit_file(build)
    (build.root / "bitstream/pendulum.bit").unlink()
    with pytest.raises(ExportError, match=r"pendulum.bit is missing"):
        make_bundle(settings(build))
