"""The head on chip, ganglion_action_table and ganglion_argmax: equal to the reference for every value."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.codegen.head import action_table, add_head
from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.chip_head import HEAD_MODULE
from ganglion.hw.design.design import Design, Port
from ganglion.hw.design.design_files import DesignFiles
from ganglion.hw.engines.folded.plan import plan
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.rtl import RTL
from ganglion.hw.shell.generate import write_shell
from ganglion.hw.sim.harness import Traffic
from ganglion.hw.synth import head_resources
from ganglion.hw.target.board import find_board
from ganglion.models.build.errors import CompileError
from ganglion.models.build.paths import BuildPaths
from ganglion.models.reference import Ints
from ganglion.models.spec.heads import ActionHead, ArgmaxHead, TanhHead
from ganglion.models.spec.types import IntType
from tests.hw.bare import bench_of, build_bare
from tests.hw.lint import assert_dies, lint_in
from tests.hw.shell.shells import POLICY, Build, Library
from tests.networks import random_network

TOP = Path(__file__).parents[1] / "rtl" / "head_top.sv"
SAME = TanhHead(exponent=-5, low=(-1.0,) * 3, high=(1.0,) * 3)
DIFFERENT = TanhHead(exponent=-6, low=(-1.0, -0.4, 0.0), high=(1.0, 0.4, 7.3))
ARGMAX = ArgmaxHead(exponent=0, n_actions=3)
INT8, INT5, UINT4 = (IntType.parse(name) for name in ("INT8", "INT5", "UINT4"))


def every_value(kind: IntType) -> Ints:
    """Return vectors [n, 3] in which every value is at every place, and, for few bits, beside every other."""
    values = np.arange(kind.low, kind.high + 1)
    if kind.bits <= 5:
        return np.stack(np.meshgrid(values, values, values), axis=-1).reshape(-1, 3)
    rng = np.random.default_rng(0)
    ties = rng.integers(kind.low, kind.high + 1, (500, 1)) + rng.integers(-1, 2, (500, 3))
    shuffled = np.stack([rng.permutation(values) for _ in range(3)], axis=1)
    return np.concatenate([shuffled, np.clip(ties, kind.low, kind.high)])


def files(kind: IntType, root: Path) -> DesignFiles:
    """Return the files of an accelerator that there is not, whose results are three of a type."""
    for name in ("rtl", "mem"):
        (root / name).mkdir(parents=True)
    (root / "rtl" / "head_top.sv").write_text(f"`define BITS {kind.bits}\n{TOP.read_text()}")
    words = {"features": 3, "word_values": 1, "words": 3}
    entry = Port(prefix="s_axis", format=StreamFormat(type=kind, width_bits=8, **words))
    return DesignFiles(
        top="head_top",
        sources=("rtl/head_top.sv",),
        memories={},
        input=entry,
        output=replace(entry, prefix="m_axis"),
        taps=(),
        nodes=(),
        patches=(),
        layer_nodes=(),
    )


def head_design(head: ActionHead, kind: IntType, root: Path) -> Design:
    """Return the head on chip alone, between two streams."""
    chip_head, written = add_head(head, files(kind, root), root)
    answer = IntType(bits=32, signed=True)
    words = {"features": chip_head.values, "word_values": 1, "words": chip_head.values}
    form = StreamFormat(type=answer, width_bits=32, **words)
    parts = {each.name: getattr(written, each.name) for each in fields(written)}
    del parts["layer_nodes"]
    parts["output"] = Port(prefix="m_axis", format=form)
    return Design(root=root, name="head", engine="", board=find_board("Pynq-Z2"), head=chip_head, **parts)


def expected(head: ActionHead, vectors: Ints) -> Ints:
    """Return what the head on chip must answer, real actions by their bits."""
    actions = head.act(vectors)
    return actions.view(np.int32).astype(np.int64) if actions.dtype == np.float32 else actions[:, None]


@pytest.mark.parametrize(
    ("head", "kind"),
    [(SAME, INT8), (DIFFERENT, INT8), (DIFFERENT, INT5), (SAME, UINT4), (ARGMAX, INT8), (ARGMAX, UINT4)],
    ids=["same", "different", "int5", "uint4", "argmax", "argmax-uint4"],
)
def test_rtl_equals_the_reference_for_every_value(head: ActionHead, kind: IntType, tmp_path: Path) -> None:
    design = head_design(head, kind, tmp_path / "head")
    bench = bench_of(design, 2000)
    vectors = every_value(kind)
    for traffic in (Traffic(), Traffic(stall_percent=40, burst_cycles=5, reset_at_cycle=300)):
        result = bench.run(vectors, traffic, tmp_path / "run")
        assert not result.failure, result.failure
        got = design.output.format.unpack(result.words["m_axis"])
        # What left before the reset is not among the vectors that are sent anew after it.
        np.testing.assert_array_equal(got[-len(vectors) :], expected(head, vectors))


@pytest.mark.parametrize("bits", range(2, 13))
@pytest.mark.parametrize("signed", [True, False])
def test_table_holds_the_reference_s_action_of_every_value(bits: int, signed: bool) -> None:
    kind = IntType(bits=bits, signed=signed)
    table = action_table(DIFFERENT, kind)
    values = np.arange(kind.low, kind.high + 1)
    actions = DIFFERENT.act(np.repeat(values[:, None], 3, axis=1))
    assert np.array_equal(table[:, values & ((1 << bits) - 1)].T, actions)
    assert len(action_table(SAME, kind)) == 1


def test_a_table_of_too_many_bits_is_refused_in_one_line(tmp_path: Path) -> None:
    wide = IntType(bits=13, signed=True)
    written = files(INT8, tmp_path)
    form = replace(written.output.format, type=wide, width_bits=16)
    with pytest.raises(
        CompileError, match="outputs of 13 bits need a table of 8,192 actions; allowed are up to"
    ):
        add_head(SAME, replace(written, output=replace(written.output, format=form)), tmp_path)


@pytest.mark.parametrize(
    ("module", "parameter"), [("ganglion_action_table", "-GBits=13"), ("ganglion_argmax", "-GIndexBits=17")]
)
def test_an_illegal_parameter_dies_at_elaboration(module: str, parameter: str) -> None:
    assert lint_in(RTL, module) == ""
    assert_dies(module, parameter)


def build_with(head: ActionHead, root: Path) -> Build:
    """Return the shells of a small network with the head on chip."""
    network = random_network(np.random.default_rng(0), (11, 9, 3))
    bare = build_bare(plan(network, FoldedShape.of(8)), root)
    chip_head, written = add_head(head, bare.files, root)
    design = replace(replace(bare, files=written).design, head=chip_head)
    paths = BuildPaths(root=root)
    return Build(paths=paths, network=network, design=design, shell=write_shell(paths, design, POLICY))


@pytest.mark.parametrize("head", [DIFFERENT, ARGMAX], ids=["tanh", "argmax"])
def test_tops_with_a_head_lint_clean(head: ActionHead, tmp_path: Path) -> None:
    build = build_with(head, tmp_path)
    for top in build.shell.tops.values():
        options = ("-y", str(build.paths.rtl), "-Wno-SYMRSVDWORD")
        assert lint_in(build.paths.shell, top, *options) == ""


def test_action_window_of_a_shell_holds_the_real_actions(tmp_path: Path) -> None:
    build = build_with(DIFFERENT, tmp_path / "build")
    window = build.shell.action
    assert (window.type, window.container_bits, window.words) == ("float32", 32, 3)
    inputs = build.inputs(100)
    with Library(build).opened() as board:
        got = np.array([board.infer(vector) for vector in inputs])
    assert got.dtype == np.float32
    assert np.array_equal(got, DIFFERENT.act(build.expected(inputs)))


def test_action_window_of_a_shell_holds_the_number_of_the_action(tmp_path: Path) -> None:
    build = build_with(ARGMAX, tmp_path / "build")
    assert (build.shell.action.type, build.shell.action.words) == ("index", 1)
    inputs = build.inputs(100)
    with Library(build).opened() as board:
        got = np.array([board.infer(vector) for vector in inputs])
    assert np.array_equal(got[:, 0], ARGMAX.act(build.expected(inputs)))


@pytest.mark.parametrize(
    ("head", "bram", "most_luts"),
    [(SAME, 1, 10), (DIFFERENT, 2, 20), (ARGMAX, 0, 40)],
    ids=["1", "3", "argmax"],
)
def test_resources_are_counted(head: ActionHead, bram: int, most_luts: int, tmp_path: Path) -> None:
    counted = head_resources(head_design(head, INT8, tmp_path / "head"), tmp_path / "head" / "work")
    assert counted["bram"] == bram and 0 < counted["lut"] <= most_luts and counted["other"] == 0


def test_head_module_is_named_where_the_shell_looks_for_it(tmp_path: Path) -> None:
    _, written = add_head(SAME, files(INT8, tmp_path), tmp_path)
    assert (tmp_path / "rtl" / f"{HEAD_MODULE}.sv").exists()
    assert written.sources[-1] == f"rtl/{HEAD_MODULE}.sv" and "mem/head.dat" in written.memories
