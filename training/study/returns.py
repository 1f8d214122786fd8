"""A cell made and put to the test: its files, and returns.json of whole episodes."""

import os
import shutil
from pathlib import Path

import numpy as np
import ray

from ganglion.models.build.codec import encode_json
from ganglion.models.build.files import read_arrays, write_arrays
from ganglion.training.envs import FloatArray, make_env
from ganglion.training.episodes import MILESTONE_SEEDS, TEST_SEEDS, greedy, run_episodes, watched
from ganglion.training.learner import deterministic_policy, load_learner
from ganglion.training.run import Run
from ganglion.training.study.artefacts import ONNX_FILE, write_floats, write_integers
from ganglion.training.study.cells import Cell, Teacher
from ganglion.training.study.networks import acting_network, float_policy, static_network
from ganglion.training.study.records import RETURNS_FILE, Returns, folder_of
from ganglion.training.study.stages import observations_stage, returns_stage
from ganglion.training.threads import use_one_fast_thread

_VISITED_EPISODES = 10


def observations_file(root: Path, teacher: Teacher) -> Path:
    """Return where the states lie by which a teacher's policies are calibrated and timed."""
    return root / teacher.environment / f"{teacher.name}-observations.npz"


def observations_of(root: Path, teacher: Teacher) -> FloatArray:
    """Return what the teacher visits in some episodes [n, obs] float32, kept in a file."""
    path = observations_file(root, teacher)
    stage = observations_stage(path.parent, teacher)
    if not stage.is_current():
        with stage.running([path]):
            run, model = load_learner(teacher.checkpoint)
            policy, visited = watched(greedy(deterministic_policy(model), model.action_space))
            run_episodes(run.config.env_id, policy, _VISITED_EPISODES, MILESTONE_SEEDS)
            write_arrays(path, {"observation": np.concatenate(visited)})
    return read_arrays(path)["observation"]


@ray.remote(num_cpus=1, max_retries=3)
def measure_job(root: Path, cell: Cell, episodes: int, trained: Run | None, folder: str) -> None:
    """Measure a cell as a task of Ray, in the folder in which the study was started."""
    os.chdir(folder)
    use_one_fast_thread()
    measure(root, cell, episodes, trained)


def measure(root: Path, cell: Cell, episodes: int, trained: Run | None) -> None:
    """Write the cell's files and, last, returns.json; trained: the run of its QAT."""
    stage = returns_stage(root, cell, episodes, trained)
    shutil.rmtree(stage.root, ignore_errors=True)  # what was measured of other inputs goes with it
    with stage.running([stage.root]):
        encode_json(stage.root / RETURNS_FILE, _measured(root, cell, episodes, trained))


def _measured(root: Path, cell: Cell, episodes: int, trained: Run | None) -> Returns:
    """Write the cell's files and return what its episodes returned."""
    folder, env_id = folder_of(root, cell), Run.of(cell.teacher.checkpoint).config.env_id
    if cell.scheme.is_static:
        observations = observations_of(root, cell.teacher)
        network = static_network(cell, observations, trained)
        integers = write_integers(folder, cell, network, observations, env_id).network
        weights, widths = integers.nnz, integers.spec.widths
    else:
        layers = float_policy(cell).layers
        network = acting_network(cell, layers)
        write_floats(folder, cell.scheme, layers)
        weights = sum(int(layer.weight.count_nonzero()) for layer in layers)
        widths = (layers[0].in_features, *(layer.out_features for layer in layers))
    played = run_episodes(env_id, greedy(network, make_env(env_id).action_space), episodes, TEST_SEEDS)
    return Returns(
        cell=cell,
        widths=widths,
        weights=weights,
        stored_bytes=(folder / ONNX_FILE).stat().st_size,
        **played.figures,
    )
