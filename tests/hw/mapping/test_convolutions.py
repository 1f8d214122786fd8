"""Networks with convolutions: which engine computes which layer, frames that enter alone, what is refused."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ganglion.hw.design.axi_stream import StreamFormat, stream
from ganglion.hw.engines.engine import Candidate, EngineSettings, setting
from ganglion.hw.engines.node import EngineFiles, NodeEngine
from ganglion.hw.engines.registry import engines, find_engine, parse_engines, registered
from ganglion.hw.finn.flow import passes_of
from ganglion.hw.finn.golden_check import golden_check
from ganglion.hw.finn.passes.pipeline import run_passes
from ganglion.hw.finn.plugin import ModelWrapper, quietly, use_build_folder
from ganglion.hw.mapping.candidates import candidates_of
from ganglion.hw.mapping.choose import choose, choose_tail
from ganglion.hw.mapping.compile_settings import compile_settings
from ganglion.hw.mapping.layout import Layout, lay_out
from ganglion.hw.mapping.segments import engine_of_each
from ganglion.hw.target.board import Board, find_board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.errors import CompileError, MismatchError
from ganglion.models.formats.policy_folder import Policy
from ganglion.models.formats.qonnx_writer import qonnx_model
from ganglion.models.reference import IntNetwork
from tests.hw.toy import toy_cnn, write_toy_cnn

BOARD = find_board("Pynq-Z2")
ORDER = ("maps", "maps", "folded", "folded")


@dataclass(frozen=True, slots=True, kw_only=True)
class MapsShape:
    """How many lanes."""

    side: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MapsSettings(EngineSettings):
    """More lanes, fewer cycles."""

    side: int = setting(2, "lanes of the made-up engine", 1, 8)


@dataclass(frozen=True, kw_only=True)
class MapsPlan:
    """A plan of which only what is around it is real."""

    network: IntNetwork
    shape: MapsShape

    @property
    def entry(self) -> StreamFormat:
        return stream(self.network.spec.input_type, self.network.spec.step_width, 8)

    @property
    def egress(self) -> StreamFormat:
        last = self.network.spec.layers[-1]
        return stream(last.output_type, last.n_outputs, 1)

    @property
    def resources(self) -> Resources:
        return Resources(lut=50, ff=50, dsp=self.shape.side**2, bram=self.shape.side**2)

    @property
    def latency_cycles(self) -> int:
        return 1000 // self.shape.side**2

    def interval_cycles(self, load_cycles: int) -> int:
        return self.latency_cycles

    def layer_cycles(self) -> list[int]:
        return [1 for _ in self.network.spec.layers]

    def figures(self) -> dict[str, int]:
        return {}

    def verify(self) -> None:
        pass

    def write(self, name: str, folder: Path) -> EngineFiles:
        return EngineFiles(lines=[], files=(), memories=(), taps={})


class Maps(NodeEngine):
    """Computes convolutions and keeps frames, as far as the compiler sees."""

    name = "maps"
    settings = MapsSettings
    shape = MapsShape
    kinds = frozenset({"conv2d"})
    keeps_frames = True
    tail = "folded"
    varied = ("side",)

    def candidates(self, network: IntNetwork, board: Board, enough_cycles: float) -> Iterator[Candidate]:
        for side in (2, 4, 8):
            made = self.plan_as(network, MapsShape(side=side))
            yield Candidate(
                engine=self.name,
                settings=MapsSettings(side=side),
                varied=self.varied,
                latency_cycles=made.latency_cycles,
                interval_cycles=made.latency_cycles,
                resources=made.resources,
                plan=made,
            )

    def plan(
        self, networks: Sequence[IntNetwork], settings: MapsSettings, board: Board, taken: Resources
    ) -> tuple[MapsPlan, ...]:
        return tuple(self.plan_as(network, MapsShape(side=settings.side)) for network in networks)

    def plan_as(self, network: IntNetwork, shape: Any) -> MapsPlan:
        return MapsPlan(network=network, shape=shape)


@pytest.fixture(autouse=True)
def _known() -> Iterator[None]:
    with registered(Maps()):
        yield


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return write_toy_cnn(tmp_path_factory.mktemp("cnn") / "policy")


def laid_out(network: IntNetwork, engine: str, board: Board = BOARD, **given: Any) -> Layout:
    settings = compile_settings(board, engine, **given)
    return lay_out(network, engine_of_each(settings.engines, network.spec), settings.of_engines(), board)


@pytest.mark.parametrize("engine", ["maps", ",".join(ORDER)])
def test_an_engine_leaves_the_dense_layers_to_its_tail(policy: Policy, engine: str) -> None:
    layout = laid_out(policy.network, engine)
    first, second = layout.placed
    assert [each.segment.engine.name for each in layout.placed] == ["maps", "folded"]
    assert (first.segment.last, first.block.input.features, second.block.input.features) == (2, 144, 36)
    assert first.segment.network.spec.frame_stack == 2 and second.segment.network.spec.frame_stack == 1


def test_settings_of_the_tail_are_read() -> None:
    settings = compile_settings(BOARD, "maps", side=4, lanes=2).of_engines()
    assert settings["maps"].side == 4 and settings["folded"].lanes == 2  # type: ignore[attr-defined]


def test_a_tail_of_which_nothing_is_said_is_the_fastest_that_fits(policy: Policy) -> None:
    settings = compile_settings(BOARD, "maps", side=2)
    assert settings.open_tail == "folded" and "folded" not in settings.to_json()["settings"]
    found = choose_tail(policy.network, settings.engines[0], settings.settings["maps"], BOARD)
    known = [each for each in candidates_of(settings.engines[0], policy.network, BOARD)]
    fastest = min(each.latency_cycles for each in known if each.settings == MapsSettings(side=2))
    assert {each.latency_cycles for each in known if each.tail and each.tail.settings == found["folded"]} >= {
        fastest
    }
    assert compile_settings(BOARD, "maps", lanes=8).open_tail is None
    assert compile_settings(BOARD, ",".join(ORDER)).open_tail is None


def passed(policy: Policy, folder: Path) -> ModelWrapper:
    layout = laid_out(policy.network, "maps")
    use_build_folder(folder / "finn")
    with quietly(folder / "finn.log"):
        check = golden_check(layout.network.spec, policy.golden, 8)
        model = ModelWrapper(qonnx_model(layout.network))
        check("read", model)
        return run_passes(model, passes_of(layout, folder / "nodes")[:-1], check)


def test_nodes_stand_for_convolutions_and_take_the_newest_frame(policy: Policy, tmp_path: Path) -> None:
    model = passed(policy, tmp_path)
    kinds = [node.op_type for node in model.graph.node if node.op_type.startswith("Ganglion")]
    assert kinds == ["GanglionMaps_rtl", "GanglionFolded_rtl"]
    assert model.get_tensor_shape(model.get_first_global_in()) == [1, 144]


def test_a_golden_map_that_differs_is_named(policy: Policy, tmp_path: Path) -> None:
    golden = {name: values.copy() for name, values in policy.golden.items()}
    golden["conv2"][1, 2, 1, 0] += 1
    with pytest.raises(MismatchError, match="pass read: conv2: vector 1, neuron 21: expected"):
        passed(replace(policy, golden=golden), tmp_path)


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ("folded", "conv1 is a conv2d layer, which engine=folded does not compute; take .*engine=maps for"),
        ("maps,folded,folded,folded", "conv2 is a conv2d layer, which engine=folded does not compute; take"),
        (
            "maps,maps,maps,folded",
            "fc1 is a dense layer, which engine=maps does not compute; take engine=den",
        ),
    ],
)
def test_an_engine_that_does_not_compute_a_layer_is_refused(
    policy: Policy, engine: str, message: str
) -> None:
    with pytest.raises(CompileError, match=message):
        laid_out(policy.network, engine)


def test_an_engine_that_keeps_no_frames_is_refused() -> None:
    class Forgetful(Maps):
        keeps_frames = False

    with registered(Forgetful()), pytest.raises(CompileError, match="maps keeps no frames, of which conv1"):
        laid_out(toy_cnn(), "maps")


def test_auto_takes_the_fastest_that_fits_or_the_smallest_in_time() -> None:
    network = toy_cnn()
    fastest, smallest = choose(network, BOARD), choose(network, BOARD, 20.0)
    tail = fastest.taken.tail
    assert tail is not None and tail.engine == "folded"
    assert fastest.taken.name.startswith("engine=maps side=8 lanes=")
    in_time = [each for each in smallest.candidates if smallest.verdict(each) in ("", "taken")]
    shares = [each.resources.share_of(BOARD.resources) for each in (smallest.taken, *in_time)]
    assert shares[0] == min(shares) and smallest.taken.name.endswith(" lanes=4")
    assert "is the fastest of" in fastest.reason and "the least of" in smallest.reason
    assert parse_engines("auto") == () and find_engine("maps") in engines()


def test_a_grid_that_does_not_divide_the_maps_is_refused_with_those_that_do() -> None:
    with pytest.raises(
        CompileError, match="rows=7: no grid of the maps; there are, .* 5 x 5, 3 x 3, 2 x 2, 1 x 1"
    ):
        laid_out(toy_cnn(), "planar", rows=7)


def test_a_part_that_is_too_small_says_of_what_and_what_to_do() -> None:
    with pytest.raises(
        CompileError, match="planar engine, 5 x 5 lanes .* DSP of 8, .* iCEBreaker has .*; prune"
    ):
        laid_out(toy_cnn(), "planar", find_board("iCEBreaker"), rows=5)
