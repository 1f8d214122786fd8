"""The shells under cocotbext-axi's masters; what is tested is in the cocotb modules beside this one."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ganglion.models.build.codec import encode_json
from ganglion.models.build.files import write_arrays
from tests.hw.cocotb_run import run_cocotb
from tests.hw.shell.case import BUS, FOLDER, SEED, SHELL, VECTORS
from tests.hw.shell.shells import Build, build_shells

REGISTERS, AXI, STREAM = (f"tests.hw.shell.{name}_cocotb" for name in ("registers", "axi", "stream"))
SHAPES = {
    "containers of 8 bits": {"widths": (11, 9, 3)},
    "lanes that divide no word, containers wider than values": {
        "widths": (7, 9, 6),
        "input_bits": 5,
        "output_bits": 6,
        "lanes": 3,
    },
    "one value": {"widths": (1, 5, 1), "lanes": 2},
    "wide actions": {"widths": (6, 9, 5), "input_bits": 3, "output_bits": 8, "lanes": 6},
}
COUNT = 24


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build_shells(tmp_path_factory.mktemp("shells") / "small")


def run(build: Build, bus: str, tests: str, folder: Path, seed: int = 0, count: int = COUNT) -> None:
    inputs = build.inputs(count, seed)
    encode_json(folder / SHELL, build.shell)
    write_arrays(folder / VECTORS, {"inputs": inputs, "actions": build.expected(inputs)})
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
