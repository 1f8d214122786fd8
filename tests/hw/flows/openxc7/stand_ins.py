"""What plays openXC7, which is not here: programs that check arguments and files, and replay a report."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ganglion.hw.target.board import OpenPart

# What nextpnr-xilinx reached with the shipped Hopper build on a Pynq-Z2 elsewhere, by seeds 1, 2 and 3.
RECORDED_MHZ = (120.2, 116.7, 117.8)
ZYNQ = OpenPart(name="xc7z020clg400-1", database="zynq7")
# The head of the processing system, as far as the top connects it.
PS7_PORTS = """\
module PS7 (
  output logic [3:0] FCLKCLK, FCLKRESETN, input logic [3:0] FCLKCLKTRIGN, input logic MAXIGP0ACLK,
  output logic [31:0] MAXIGP0AWADDR, MAXIGP0ARADDR, MAXIGP0WDATA, input logic [31:0] MAXIGP0RDATA,
  output logic [11:0] MAXIGP0AWID, MAXIGP0ARID, input logic [11:0] MAXIGP0BID, MAXIGP0RID,
  output logic [3:0] MAXIGP0AWLEN, MAXIGP0ARLEN, MAXIGP0WSTRB,
  output logic [1:0] MAXIGP0AWSIZE, MAXIGP0ARSIZE, MAXIGP0AWBURST, MAXIGP0ARBURST,
  input logic [1:0] MAXIGP0BRESP, MAXIGP0RRESP,
  output logic MAXIGP0AWVALID, MAXIGP0WVALID, MAXIGP0WLAST, MAXIGP0BREADY, MAXIGP0ARVALID, MAXIGP0RREADY,
  input logic MAXIGP0AWREADY, MAXIGP0WREADY, MAXIGP0BVALID, MAXIGP0ARREADY, MAXIGP0RVALID, MAXIGP0RLAST
);"""

NEXTPNR = '''#!{python}
import argparse, json, sys
from pathlib import Path
parser = argparse.ArgumentParser()
for name in ("chipdb", "xdc", "json", "write", "fasm", "freq", "seed"):
    parser.add_argument("--" + name, required=True)
parser.add_argument("--timing-allow-fail", action="store_true", required=True)
given = parser.parse_args()
assert Path(given.chipdb).read_text() == "chip database", given.chipdb
modules = json.loads(Path(given.json).read_text())["modules"]
pins = Path(given.xdc).read_text()
assert not pins if "ganglion_pynq" in modules else "LOC E3 [get_ports {{clock}}]" in pins, pins
seed = int(given.seed)
if seed in {unroutable}:
    sys.exit("ERROR: Failed to route arc 0 of net 'ganglion' from seed " + given.seed)
mhz = {mhz}[seed - 1]
Path(given.write).write_text("{{}}")
Path(given.fasm).write_text("configuration of seed " + given.seed)
print("""Info: Device utilisation:
Info:           SLICE_LUTX:   841/106400     0%
Info:            SLICE_FFX:   968/106400     0%
Info:               CARRY4:    99/13300     0%
Info:             RAMB18E1:     9/  280     3%
Info:              DSP48E1:     8/  220     3%
Info:                  PAD:     0/  200     0%
Info:                  PS7:     1/    1   100%

Info: Max frequency for clock 'clk': 151.10 MHz (PASS at 100.00 MHz)
Info: Routing complete.""")
verdict = "PASS" if mhz >= float(given.freq) else "FAIL"
print(f"Info: Max frequency for clock 'clk': {{mhz:.2f}} MHz ({{verdict}} at {{given.freq}} MHz)")
'''

FASM2FRAMES = """#!{python}
import sys
from pathlib import Path
assert sys.argv[1] == "--db-root" and sys.argv[3] == "--part", sys.argv
assert (Path(sys.argv[2]) / sys.argv[4] / "part.yaml").is_file(), sys.argv
fasm, frames = sys.argv[5:]
Path(frames).write_text("frames of " + Path(fasm).read_text())
"""

FRAMES2BIT = """#!{python}
import argparse
from pathlib import Path
parser = argparse.ArgumentParser()
for name in ("part_file", "part_name", "frm_file", "output_file"):
    parser.add_argument("--" + name, required=True)
given = parser.parse_args()
assert Path(given.part_file).parent.name == given.part_name and Path(given.part_file).is_file(), given
Path(given.output_file).write_text("bits of " + Path(given.frm_file).read_text())
"""

# They make the chip database: `<pypy> bbaexport.py --device <part> --bba <text>`, `bbasm --l <text> <file>`.
EXPORTER = """
import sys
from pathlib import Path
assert sys.argv[1::2] == ["--device", "--bba"] and sys.argv[2] == "xc7z020clg400-1", sys.argv
Path(sys.argv[4]).write_text("text")
"""
ASSEMBLER = """#!{python}
import sys
from pathlib import Path
assert sys.argv[1] == "--l" and Path(sys.argv[2]).read_text() == "text", sys.argv
Path(sys.argv[3]).write_text("chip database")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """An installation under `root`, and the environment that it leaves."""

    root: Path
    environment: dict[str, str]

    @property
    def programs(self) -> Path:
        """Where its programs are."""
        return self.root / "bin"


def install(
    root: Path, mhz: Sequence[float] = RECORDED_MHZ, unroutable: Sequence[int] = (), part: OpenPart = ZYNQ
) -> Installation:
    """Return an installation whose seeds reach these clocks, but for those that cannot be routed."""
    programs = {
        "nextpnr-xilinx": NEXTPNR,
        "fasm2frames": FASM2FRAMES,
        "xc7frames2bit": FRAMES2BIT,
        "bbasm": ASSEMBLER,
    }
    files = {f"bin/{name}": text for name, text in programs.items()}
    files |= {f"database/{part.database}/{part.name}/part.yaml": "part", "python/bbaexport.py": EXPORTER}
    files |= {f"chips/{part.device}.bin": "chip database"}
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        filled = text.format(python=sys.executable, mhz=tuple(mhz), unroutable=tuple(unroutable))
        path.write_text(filled if name.startswith("bin/") else text)
        path.chmod(0o755)
    return Installation(
        root=root,
        environment={
            "PATH": str(root / "bin"),
            "PRJXRAY_DB_DIR": str(root / "database"),
            "NEXTPNR_XILINX_CHIPDB_DIR": str(root / "chips"),
            "NEXTPNR_XILINX_PYTHON_DIR": str(root / "python"),
            "PYPY3": sys.executable,
        },
    )
