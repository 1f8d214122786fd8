"""Small networks with convolutions, and the dense engine with lanes of the test's choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganglion.hw.compile import compile_policy
from ganglion.hw.engines.dense.cost import Folding
from ganglion.hw.engines.dense.engine import Dense
from ganglion.hw.engines.dense.plan import DensePlan
from ganglion.hw.engines.dense.shape import dense_shapes
from ganglion.hw.engines.engine import EngineSettings
from ganglion.hw.engines.registry import registered
from ganglion.hw.mapping.compile_settings import compile_settings
from ganglion.hw.sim.equality import Vectors
from ganglion.hw.sim.harness import Bench
from ganglion.hw.target.board import Board, find_board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.random_cnn import Cnn, Conv, write_random_cnn
from ganglion.models.reference import IntNetwork
from tests.hw.bare import bench_of
from tests.networks import random_inputs

SMALLEST = Cnn(
    shape=(2, 6, 6),
    convs=(Conv(channels=4, kernel=3, stride=2, padding=1), Conv(channels=3, kernel=2)),
    widths=(3,),
    frame_stack=1,
)
"""Maps of 3 x 3 and 2 x 2."""
SMALLEST_LANES = ((2, 2), (1, 16), (1, 3))


def small(padding: int) -> Cnn:
    """Return 12 x 12 x 2 → conv 8 @ 3 x 3 / 2 → conv 8 @ 3 x 3 → fc 4, so padded."""
    convs = Conv(channels=8, kernel=3, stride=2, padding=padding), Conv(channels=8, kernel=3, padding=padding)
    return Cnn(shape=(2, 12, 12), convs=convs, widths=(4,), frame_stack=1)


SMALL_LANES = ((4, 2), (4, 8), (4, 8))


@dataclass(frozen=True, kw_only=True)
class LanedDense(Dense):
    """The dense engine with lanes (PE, SIMD) for each layer instead of those that fill the board."""

    lanes: tuple[tuple[int, int], ...]

    def plan(
        self, networks: Sequence[IntNetwork], settings: EngineSettings, board: Board, taken: Resources
    ) -> tuple[DensePlan, ...]:
        """Return the plan of the only network."""
        (network,) = networks
        foldings = tuple(
            Folding(shape=shape, pe=pe, simd=simd)
            for shape, (pe, simd) in zip(dense_shapes(network), self.lanes, strict=True)
        )
        return (DensePlan(network=network, foldings=foldings, board=board),)


def simulated(
    root: Path, cnn: Cnn, lanes: tuple[tuple[int, int], ...], n_vectors: int
) -> tuple[Bench, Vectors]:
    """Return the simulated accelerator of a random network of this shape, and vectors for it."""
    paths = BuildPaths.of("maps", root)
    write_random_cnn(paths.policy, "Random-v0", cnn, sparsity=0.3, seed=0)
    with registered(LanedDense(lanes=lanes)):
        design = compile_policy(paths, compile_settings(find_board("Pynq-Z2"), "dense"))
    network = load_policy(paths.policy).network
    inputs = random_inputs(np.random.default_rng(0), network, n_vectors)
    return bench_of(design), Vectors.of(network, inputs)
