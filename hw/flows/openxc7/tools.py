"""Where openXC7 is: its programs on PATH, its databases where its installers and their environment say."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ganglion.hw.target.board import OpenPart

DEADLINE_S = 3600
PROGRAMS = ("nextpnr-xilinx", "fasm2frames", "xc7frames2bit")
CHIP_DATABASES = ("NEXTPNR_XILINX_CHIPDB_DIR", "CHIPDB")
SNAP = Path("/snap/openxc7/current/opt/nextpnr-xilinx")
"""Where the snap has its databases; it sets no environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """An installation's programs by name, and what it knows of one part.

    database: prjxray's folder of the part's family. chip_database: nextpnr's file for the device, None where
    it is still to be made, by `exporter`, a script for `python`, and `assembler`.
    """

    part: OpenPart
    programs: Mapping[str, str]
    database: Path
    chip_database: Path | None
    exporter: Path
    python: str
    assembler: str

    @property
    def part_file(self) -> Path:
        """The part's frames and their addresses."""
        return self.database / self.part.name / "part.yaml"


def programs(environment: Mapping[str, str]) -> dict[str, str]:
    """Return where those of PROGRAMS are that are on PATH."""
    found = {name: _which(name, environment) for name in PROGRAMS}
    return {name: path for name, path in found.items() if path is not None}


def find_tools(part: OpenPart, environment: Mapping[str, str], snap: Path = SNAP) -> Tools | str:
    """Return what is installed for a part, or why it cannot be built for."""
    found = programs(environment)
    if missing := [name for name in PROGRAMS if name not in found]:
        return f"openXC7 is not installed: {', '.join(missing)} not on PATH"
    databases = Path(environment.get("PRJXRAY_DB_DIR") or snap / "external" / "prjxray-db")
    python = environment.get("PYPY3") or _which("pypy3", environment) or _which("python3", environment)
    tools = Tools(
        part=part,
        programs=found,
        database=databases / part.database,
        chip_database=_chip_database(part, environment),
        exporter=Path(environment.get("NEXTPNR_XILINX_PYTHON_DIR") or snap / "python") / "bbaexport.py",
        python=python or "pypy3",
        assembler=_which("bbasm", environment) or "bbasm",
    )
    if not tools.part_file.is_file():
        return f"openXC7's database is not whole: {tools.part_file} is missing (set PRJXRAY_DB_DIR)"
    if tools.chip_database is None and not tools.exporter.is_file():
        return (
            f"openXC7 has no {part.device}.bin in {' or '.join(f'${name}' for name in CHIP_DATABASES)}, nor "
            f"{tools.exporter}, which makes it (set NEXTPNR_XILINX_PYTHON_DIR)"
        )
    return tools


def _which(name: str, environment: Mapping[str, str]) -> str | None:
    return shutil.which(name, path=environment.get("PATH", ""))


def _chip_database(part: OpenPart, environment: Mapping[str, str]) -> Path | None:
    """Return nextpnr's file for the device, which installations name with its package or without."""
    chip = re.match(r"xc7[a-z]\d+t?", part.device)
    names = (part.device, chip[0] if chip else part.device)
    folders = [Path(environment[variable]) for variable in CHIP_DATABASES if environment.get(variable)]
    files = (folder / f"{name}.bin" for folder in folders for name in names)
    return next((file.resolve() for file in files if file.is_file()), None)
