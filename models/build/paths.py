"""Where artefacts live."""

from dataclasses import dataclass
from pathlib import Path

from ganglion.models.build.errors import ExportError
from ganglion.models.build.spelling import spelled_command

BUILD = Path("build")
BENCH_FILE = "bench.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPaths:
    """Every path under build/<name>/: the files by which the stages are connected."""

    root: Path

    @classmethod
    def of(cls, name: str, base: Path = BUILD) -> "BuildPaths":
        """Return the paths of the build named `name` (an environment, or a policy folder's name)."""
        return cls(root=base / name)

    @property
    def train(self) -> Path:
        """Training runs, one folder each."""
        return self.root / "train"

    @property
    def policy(self) -> Path:
        """The policy folder being built: policy.onnx, policy.json, golden.npz, weights.npz."""
        return self.root / "policy"

    @property
    def rtl(self) -> Path:
        """SystemVerilog and Verilog of the accelerator, flat."""
        return self.root / "rtl"

    @property
    def mem(self) -> Path:
        """Memory initialisation files read by the RTL."""
        return self.root / "mem"

    @property
    def hw(self) -> Path:
        """hw.json: what compile produced, read by simulate, synth and bitstream."""
        return self.root / "hw.json"

    @property
    def shell(self) -> Path:
        """The shells: their sources and shell.json, what stands between the accelerator and a board."""
        return self.root / "shell"

    @property
    def shell_json(self) -> Path:
        """shell.json: the register map, from which everyone takes addresses."""
        return self.shell / "shell.json"

    @property
    def shell_library(self) -> Path:
        """The Verilated shell, whose functions read and write registers over AXI4-Lite."""
        return self.shell / "libganglion_shell.so"

    @property
    def serial_library(self) -> Path:
        """The Verilated serial shell, whose functions put and get the bytes of its line."""
        return self.shell / "libganglion_serial.so"

    @property
    def sim(self) -> Path:
        """sim.json: written only when the RTL equals golden in every integer."""
        return self.root / "sim.json"

    @property
    def closed_loop(self) -> Path:
        """closed_loop.json: written only when episodes through the RTL equal PyTorch's step by step."""
        return self.root / "closed_loop.json"

    @property
    def strip(self) -> Path:
        """closed_loop.png: frames of the first of these episodes, of a policy that sees."""
        return self.root / "closed_loop.png"

    @property
    def synth(self) -> Path:
        """synth.json: resources by synthesis."""
        return self.root / "synth.json"

    @property
    def gates(self) -> Path:
        """gates.json: written only when the netlist equals golden; what else it gives lies in gates/."""
        return self.root / "gates.json"

    @property
    def activity(self) -> Path:
        """gates/activity.saif: how often each net of the netlist switches, where it was asked for."""
        return self.root / "gates" / "activity.saif"

    @property
    def bitstream(self) -> Path:
        """bitstream.json: done, or skipped with the reason."""
        return self.root / "bitstream.json"

    @property
    def bundle(self) -> Path:
        """The bundle for the build's board: <name>-<board>.tar.gz, and the same unpacked."""
        return self.root / "bundle"

    @property
    def report(self) -> Path:
        """report.json: everything above in one file."""
        return self.root / "report.json"

    @property
    def of_design(self) -> tuple[Path, ...]:
        """What the stages behind compile say of the design in hw.json, which a new one makes void."""
        return (
            self.sim,
            self.closed_loop,
            self.strip,
            self.synth,
            self.gates,
            self.activity,
            self.shell_json,
            self.bitstream,
            self.report,
        )

    def made(self, path: Path, command: str) -> Path:
        """Return one of these files; where it is missing, ExportError names the command that makes it."""
        if not path.exists():
            raise ExportError(f"{path} is missing; run {spelled_command(command, self.root.name)} first")
        return path

    def existing(self) -> Path:
        """Return the build's folder, for a stage that makes none; ExportError where it is missing."""
        if not self.root.exists():
            self.made(self.hw, "compile")
        return self.root

    @property
    def work(self) -> Path:
        """Scratch of the tools (FINN, Verilator, yosys); may be deleted at any time."""
        return self.root / "work"
