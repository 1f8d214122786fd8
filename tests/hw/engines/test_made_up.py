"""An engine of one's own, from outside: found by name, asked for by option, compiled and simulated."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tyro

from ganglion.hw.compile import compile_policy
from ganglion.hw.engines.engine import Candidate, EngineSettings, setting
from ganglion.hw.engines.folded.plan import FoldedPlan, plan
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.engines.node import NodeEngine
from ganglion.hw.engines.registry import registered
from ganglion.hw.mapping.compile_settings import compile_settings, engine_options
from ganglion.hw.sim.equality import Vectors
from ganglion.hw.simulate import verify
from ganglion.hw.target.board import Board, find_board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.reference import IntNetwork
from tests.hw.bare import bench_of
from tests.networks import random_inputs, write_random_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareSettings(EngineSettings):
    """As many banks as lanes."""

    side: int = setting(2, "lanes and banks of the square engine", 1, 8)


class Square(NodeEngine):
    """The folded engine's RTL in a shape that the folded engine never takes."""

    name = "square"
    settings = SquareSettings
    shape = FoldedShape
    usual = (SquareSettings(),)
    varied = ("side",)

    def candidates(self, network: IntNetwork, board: Board, enough_cycles: float) -> Iterator[Candidate]:
        """Yield nothing: it is for who asks for it."""
        yield from ()

    def plan(
        self, networks: Sequence[IntNetwork], settings: SquareSettings, board: Board, taken: Resources
    ) -> tuple[FoldedPlan, ...]:
        """Return plans of the shape that is asked for."""
        side = settings.side
        return tuple(
            self.plan_as(network, FoldedShape(lanes=side, banks=side, replicas=1)) for network in networks
        )

    def plan_as(self, network: IntNetwork, shape: Any) -> FoldedPlan:
        """Return the plan of this shape."""
        return plan(network, shape)


@pytest.fixture
def paths(tmp_path: Path) -> BuildPaths:
    paths = BuildPaths.of("mine", tmp_path)
    write_random_policy(paths.policy, np.random.default_rng(0), (6, 13, 11, 3), n_vectors=40, density=0.4)
    return paths


def test_it_is_compiled_by_name_and_its_settings_reach_the_rtl(paths: BuildPaths) -> None:
    with registered(Square()):
        options = tyro.cli(engine_options(), args=["--engine", "square,square,unrolled", "--side", "3"])
        design = compile_policy(paths, options.checked())
    assert design.engine == "square,square,unrolled"
    assert design.segments[0].engine == "square" and design.segments[0].shape["banks"] == 3
    assert "GanglionSquare_rtl_0" in design.nodes
    assert ".Banks(3)" in (paths.rtl / "GanglionSquare_rtl_0.sv").read_text()
    network = load_policy(paths.policy).network
    vectors = Vectors.of(network, random_inputs(np.random.default_rng(1), network, 100))
    measures = verify(bench_of(design), vectors, workers=1)
    assert measures.mismatches == 0


def test_it_is_known_nowhere_else() -> None:
    with pytest.raises(
        ConfigError, match="engine 'square' is unknown; known engines: auto, dense, folded, unrolled, delta"
    ):
        compile_settings(find_board("Pynq-Z2"), "square")


def test_its_settings_are_its_own_and_within_their_range() -> None:
    with registered(Square()):
        board = find_board("Pynq-Z2")
        with pytest.raises(
            ConfigError, match="side=3 is for engine=square, but engine=folded does not read it"
        ):
            compile_settings(board, "folded", side=3)
        with pytest.raises(ConfigError, match="side=9: allowed from 1 to 8"):
            compile_settings(board, "square", side=9)
