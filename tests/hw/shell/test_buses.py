"""The shells under cocotbext-axi's masters; what is tested is in the cocotb modules beside this one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.hw.cocotb_run import run_cocotb
from tests.hw.shell.case import BUS, FOLDER, SEED, write_case
from tests.hw.shell.shells import Build, build_shells

REGISTERS, AXI, STREAM, RANDOM = (
    f"tests.hw.shell.{name}_cocotb" for name in ("registers", "axi", "stream", "random")
)
COUNT = 24


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build_shells(tmp_path_factory.mktemp("shells") / "small")


def run(build: Build, bus: str, tests: str, folder: Path, seed: int = 0, count: int = COUNT) -> None:
    write_case(folder, build.shell, build.network, build.inputs(count, seed))
    (folder / "mem").symlink_to(build.paths.mem)
    sources: Sequence[Path] = [build.paths.root / source for source in build.shell.sources]
    run_cocotb(
        tests,
        build.shell.tops[bus],
        sources,
        folder,
        environment={FOLDER: str(folder), SEED: str(seed), BUS: bus},
    )


@pytest.mark.parametrize("bus", ["axi_lite", "axi"])
def test_registers_over(bus: str, small: Build, tmp_path: Path) -> None:
    run(small, bus, REGISTERS, tmp_path)


def test_bursts(small: Build, tmp_path: Path) -> None:
    run(small, "axi", AXI, tmp_path)


def test_frames(small: Build, tmp_path: Path) -> None:
    run(small, "stream", STREAM, tmp_path)


def test_random_accesses(small: Build, tmp_path: Path) -> None:
    run(small, "axi_lite", RANDOM, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("bus", ["axi_lite", "axi"])
@pytest.mark.parametrize(
    "shape",
    [
        {"widths": (7, 9, 6), "input_bits": 5, "output_bits": 6, "lanes": 3},
        {"widths": (1, 5, 1), "lanes": 2},
        {"widths": (6, 9, 5), "input_bits": 3, "output_bits": 16, "lanes": 6},
        {"widths": (40, 9, 17), "input_bits": 8, "output_bits": 4, "lanes": 12},
    ],
)
def test_random_accesses_to_other_shapes(bus: str, shape: dict[str, Any], tmp_path: Path) -> None:
    build = build_shells(tmp_path / "build", **shape)
    for seed in range(5):
        folder = tmp_path / str(seed)
        folder.mkdir()
        run(build, bus, RANDOM, folder, seed)
    for bus_, tests in ((bus, REGISTERS), ("stream", STREAM)):
        folder = tmp_path / bus_
        folder.mkdir()
        run(build, bus_, tests, folder)
