"""Stage: the shells around a build's accelerator and their register map, in build/<name>/shell/."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from ganglion.hw.design.design import Design, design_stage, locked_design
from ganglion.hw.shell.description import TOPS, Shell, describe
from ganglion.hw.shell.emit import CORE, core_module
from ganglion.hw.shell.emit_axi import axi_lite_module, axi_module
from ganglion.hw.shell.emit_serial import serial_module
from ganglion.hw.shell.emit_stream import stream_module
from ganglion.hw.shell.library import HARNESS, SERIAL_HARNESS, build_library
from ganglion.hw.sim.toolchain import toolchain
from ganglion.hw.sim.verilate import simulator_cache
from ganglion.models.build.codec import decode_json, encode_json
from ganglion.models.build.files import atomic_write, sha256_file
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.settings import BuildSettings
from ganglion.models.formats.policy_folder import JSON_FILE

RTL = Path(__file__).parent / "rtl"
MODULES = (
    "ganglion_repack",
    "ganglion_observation",
    "ganglion_action",
    "ganglion_registers",
    "ganglion_axi_lite",
    "ganglion_axi",
    "ganglion_frames",
    "ganglion_crc16",
    "ganglion_uart_receiver",
    "ganglion_uart_transmitter",
    "ganglion_serial_words",
    "ganglion_serial_request",
    "ganglion_serial_execute",
    "ganglion_serial_response",
    "ganglion_serial",
)
"""The hand-written modules, in compile order."""


@dataclass(frozen=True, kw_only=True)
class ShellSettings(BuildSettings):
    """A build, and whether its shell is made a simulator too."""

    library: bool = True
    """Compile the simulated shell, through which the driver's simulated transport reads and writes."""
    serial_library: bool = False
    """Compile the simulated serial shell, too."""


def write_shell(paths: BuildPaths, design: Design, policy_sha256: str) -> Shell:
    """Write the shells' sources and shell.json of a design at `paths.root`; return the latter."""
    folder = paths.shell
    names = (*MODULES, CORE, *TOPS.values())
    place = folder.relative_to(paths.root)
    shell = describe(design, policy_sha256, (*design.sources, *(f"{place}/{name}.sv" for name in names)))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in MODULES:
        shutil.copyfile(RTL / f"{name}.sv", folder / f"{name}.sv")
    generated = {
        CORE: core_module(design, shell),
        TOPS["axi_lite"]: axi_lite_module(shell),
        TOPS["axi"]: axi_module(shell),
        TOPS["stream"]: stream_module(design, shell),
        TOPS["serial"]: serial_module(shell),
    }
    for name, text in generated.items():
        atomic_write(folder / f"{name}.sv", text)
    return encode_json(paths.shell_json, shell)


def generate(paths: BuildPaths) -> None:
    """Write a build's shells, unless they are up to date."""
    with locked_design(paths) as design:
        stage = design_stage("shell", paths, design, __name__)
        policy = sha256_file(paths.policy / JSON_FILE)
        stage.refresh([paths.shell], lambda: write_shell(paths, design, policy))


def run(settings: ShellSettings) -> None:
    """Write a build's shells, and the simulated one as a library."""
    paths = settings.paths
    with locked_design(paths) as design:
        generate(paths)
        if settings.library:
            _refresh_library(paths, design, "axi_lite", paths.shell_library, HARNESS)
        if settings.serial_library:
            _refresh_library(paths, design, "serial", paths.serial_library, SERIAL_HARNESS)


def _refresh_library(paths: BuildPaths, design: Design, bus: str, library: Path, harness: Path) -> None:
    shell = decode_json(Shell, paths.shell_json)
    described = {"shell": sha256_file(paths.shell_json), "toolchain": toolchain()}
    stage = design_stage(library.stem, paths, design, __name__, **described)
    top = shell.tops[bus]
    stage.refresh(
        [library],
        lambda: build_library(design, top, shell.sources, library, simulator_cache(paths), harness),
    )
