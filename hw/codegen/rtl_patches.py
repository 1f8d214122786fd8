"""Patches of FINN's RTL (finn-plus 1.6.1), applied to copies in the build folder."""

from dataclasses import dataclass

from ganglion.models.build.errors import CompileError


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """In `file` of finn-rtllib, the text from `find` to `until` (empty: `find` alone) becomes `replace`.

    With `move_before`, the text found is moved unchanged to before that one instead.
    """

    name: str
    file: str
    reason: str
    find: str
    replace: str = ""
    until: str = ""
    move_before: str = ""

    def apply(self, text: str) -> str:
        """Return the patched text; CompileError unless every text to be found occurs exactly once."""
        for anchor in filter(None, (self.find, self.until, self.move_before)):
            if text.count(anchor) != 1:
                raise CompileError(
                    f"{self.file}: patch {self.name}: expected {anchor!r} once, "
                    f"found it {text.count(anchor)} times; "
                    "the installed finn-plus is not the version in pyproject.toml"
                )
        start = text.index(self.find)
        end = text.index(self.until) + len(self.until) if self.until else start + len(self.find)
        if not self.move_before:
            return text[:start] + self.replace + text[end:]
        found, rest = text[start:end], text[:start] + text[end:]
        return rest.replace(self.move_before, f"{found}\n{self.move_before}")


OUTPUT_QUEUE = "output-queue"

PATCHES = (
    Patch(
        name=OUTPUT_QUEUE,
        file="mvu/mvu_vvu_axi.sv",
        reason="With SIMD equal to the matrix width, a stalling reader overflows the queue: words are lost.",
        find="3 + $clog2(SIMD+1) + (SIMD == 1);",
        replace="5 + $clog2(SIMD) + (SIMD == 1);",
    ),
    Patch(
        name="constant-function",
        file="mvu/add_multi.sv",
        reason="Constant functions may not stand under generate (IEEE 1800-2023 13.4.3); Verilator refuses.",
        find="typedef int unsigned  leaf_load_t",
        until="endfunction : init_leaf_loads",
        move_before="uwire [SUM_WIDTH-1:0]  sum0;",
    ),
    Patch(
        name="packed-struct",
        file="fifo/hdl/fifo.sv",
        reason="Verilator folds no constant function that returns an unpacked struct.",
        find="typedef struct {",
        replace="typedef struct packed {",
    ),
    Patch(
        name="struct-members",
        file="fifo/hdl/fifo.sv",
        reason="Verilator folds no assignment pattern with member names in a constant function.",
        find="abits = '{ lo: $clog2(DEPTH_REQ), hi: 0 };",
        replace="abits;\n\t\tabits.lo = $clog2(DEPTH_REQ);\n\t\tabits.hi = 0;",
    ),
    Patch(
        name="recovery-watch",
        file="mvu/mvu.sv",
        reason="The watch for DSP recovery after start-up is for simulation; yosys' slang refuses its delay.",
        find="if(1) begin : blkRecoveryWatch",
        replace="`ifdef SYNTHESIS\n\tif(0)\n`else\n\tif(1)\n`endif\n\tbegin : blkRecoveryWatch",
    ),
    Patch(
        name="unsigned-overflow",
        file="requant/hdl/requant_decoupled.sv",
        reason="The slice above the output's bits is reversed where the shift leaves none: slang refuses.",
        find="|P3[$left(P3)-1:SHIFT_MAX+N]",
        replace="|(P3[$left(P3)-1:0] >> (SHIFT_MAX+N))",
    ),
    Patch(
        name="unsigned-window",
        file="requant/hdl/requant_decoupled.sv",
        reason="The same where all channels share one shift.",
        find="|shifted[$left(shifted):N]",
        replace="|(shifted >> N)",
    ),
    Patch(
        name="signed-overflow",
        file="requant/hdl/requant_decoupled.sv",
        reason="The same for signed outputs.",
        find="|(P3[$left(P3)-1:SHIFT_MAX+N-1] ^ {($left(P3)-SHIFT_MAX-N+1){neg}})",
        replace="|((P3[$left(P3)-1:0] ^ {($left(P3)){neg}}) >> (SHIFT_MAX+N-1))",
    ),
    *(
        Patch(
            name=f"nettype-{nettype}",
            file=file,
            reason="Compiler directives may not stand inside a module; slang refuses them.",
            find=f"`default_nettype {nettype}\n",
        )
        for file in (
            "fifo/hdl/fifo.sv",
            "dwc/hdl/vpc.sv",
            "requant/hdl/requant_axi_decoupled.sv",
            "requant/hdl/requant_decoupled.sv",
        )
        for nettype in ("none", "wire")
    ),
)


def patched(file: str, text: str, skip: frozenset[str] = frozenset()) -> tuple[str, list[str]]:
    """Return the text of finn-rtllib's `file` with its patches but those named in `skip`, and their names."""
    wanted = [patch for patch in PATCHES if patch.file == file and patch.name not in skip]
    for patch in wanted:
        text = patch.apply(text)
    return text, [patch.name for patch in wanted]
