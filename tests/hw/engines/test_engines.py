"""Each engine through the same stages: policy folder, compile, simulate, every integer of every layer."""

import os
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.compile import compile_policy, compile_stage
from ganglion.hw.design.design import load_design
from ganglion.hw.mapping.compile_settings import CompileSettings, compile_settings
from ganglion.hw.sim.equality import Vectors
from ganglion.hw.sim.vectors import proof_inputs
from ganglion.hw.simulate import verify
from ganglion.hw.target.board import find_board
from ganglion.models.build.errors import CompileError
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.policy_folder import load_policy
from tests.hw.bare import bench_of
from tests.networks import write_random_policy

BOARD = find_board("Pynq-Z2")
CHOICES = [
    compile_settings(BOARD, "folded", lanes=4),
    compile_settings(BOARD, "unrolled", adders_per_stage=2),
    compile_settings(BOARD, "delta", lanes=4),
]


@pytest.mark.parametrize("settings", CHOICES, ids=lambda settings: settings.engine_names)
def test_a_sparse_engine_is_bit_exact_through_the_common_stages(
    settings: CompileSettings, tmp_path: Path
) -> None:
    paths = BuildPaths.of("sparse", tmp_path)
    rng = np.random.default_rng(0)
    write_random_policy(paths.policy, rng, (11, 24, 20, 3), n_vectors=40, density=0.2)
    design = compile_policy(paths, settings)
    assert design.engine == settings.engine_names
    assert load_design(paths) == design
    policy = load_policy(paths.policy)
    bench = bench_of(design)
    vectors = Vectors.of(policy.network, proof_inputs(policy.network, policy.golden["input"]))
    measures = verify(bench, vectors, workers=os.cpu_count() or 1)
    assert measures.mismatches == 0 and measures.resets > 0
    assert len(design.taps) == len(policy.network.spec.layers)


def test_only_the_settings_that_an_engine_reads_make_it_stale(tmp_path: Path) -> None:
    paths = BuildPaths.of("sparse", tmp_path)
    write_random_policy(paths.policy, np.random.default_rng(0), (3, 7, 1), n_vectors=5)

    def inputs(engine: str, **settings: int) -> object:
        return compile_stage(paths, compile_settings(BOARD, engine, **settings)).inputs

    assert inputs("folded", lanes=4) != inputs("folded", lanes=8)
    assert inputs("folded", lanes=8) == inputs("folded")
    assert inputs("unrolled", adders_per_stage=1) != inputs("unrolled", adders_per_stage=2)


def test_more_lanes_than_work_name_the_nearest_setting(tmp_path: Path) -> None:
    paths = BuildPaths.of("sparse", tmp_path)
    write_random_policy(paths.policy, np.random.default_rng(0), (3, 4, 1), n_vectors=5)
    nnz = load_policy(paths.policy).network.nnz
    settings = compile_settings(BOARD, "folded", lanes=nnz + 1)
    with pytest.raises(CompileError, match=rf"more than the network's {nnz} nonzero weights; .*lanes={nnz}"):
        compile_policy(paths, settings)
