"""Stage: a run's best checkpoint becomes its result: returns of fresh episodes, policy files, a plot."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tyro.conf import Positional

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import read_json, sha256_file, write_arrays, write_json
from ganglion.models.build.paths import BUILD
from ganglion.models.build.pictures import figure
from ganglion.models.build.provenance import git_commit
from ganglion.models.build.spelling import spelled_command
from ganglion.models.environments import is_game
from ganglion.training.algorithms.port import Learner
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.envs import FloatArray
from ganglion.training.episodes import TEST_SEEDS, Episodes, greedy, n_test_episodes, run_episodes, watched
from ganglion.training.learner import (
    capture_teacher,
    count_weights,
    deterministic_policy,
    load_learner,
    quantized_network,
    weights_of,
)
from ganglion.training.plot import draw_curve
from ganglion.training.records import RESULT_FILE, TEACHER_FILE, read_curve, seconds_of
from ganglion.training.run import Phase, Run
from ganglion.training.shipped import evaluate_shipped, is_shipped
from ganglion.training.statistics import Statistics, as_precise, mean_and_std
from ganglion.training.threads import use_one_fast_thread

_FRAMES_EVERY = 50
"""Steps between two observations of a game that are kept: neighbours are nearly alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateSettings:
    """What is evaluated."""

    runs: Positional[tuple[Path, ...]]
    """Folders of runs or of shipped policies, such as build/Hopper/train/dense-s1."""
    build: Path = BUILD
    """Where the log goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A checkpoint put to the test on episodes whose seeds neither training nor its choice used."""

    path: Path
    run: Run
    meta: dict[str, Any]
    """The checkpoint's own."""
    model: Learner
    episodes: Episodes
    observations: FloatArray
    """What those episodes visited, of games a part: [n, *observation]."""

    nnz: int
    """Weights that are not zero, in the form that is deployed."""
    live: int
    """Those of them that can matter (see `ganglion.training.learner.count_weights`)."""

    @property
    def is_int8(self) -> bool:
        """Whether the policy is integers."""
        return self.model.quantization is not None

    @property
    def sparsity(self) -> float:
        """The fraction of zeros among the deployed weights."""
        return 1 - self.nnz / sum(weight.numel() for weight in weights_of(self.model))


def evaluate_checkpoint(path: Path) -> Evaluation:
    """Return the evaluation of the policy in a checkpoint; raise ConfigError when it is none."""
    run, model = load_learner(path)
    every = _FRAMES_EVERY if is_game(run.config.env_id) else 1
    policy, visited = watched(greedy(deterministic_policy(model), model.action_space), every)
    episodes = run_episodes(run.config.env_id, policy, n_test_episodes(run.config.env_id), TEST_SEEDS)
    nnz, live = count_weights(model, run.config.calibration_observations)
    return Evaluation(
        path=path,
        run=run,
        meta=Checkpoint.load(path, described_only=True).meta,
        model=model,
        nnz=nnz,
        live=live,
        episodes=episodes,
        observations=np.concatenate(visited),
    )


def evaluate_run(folder: Path) -> dict[str, Any]:
    """Evaluate the best policy of the last phase that has one; write result.json, curve.png and the policy.

    That is teacher.npz of a float policy, its checkpoint without what only reinforcement learning needs; of
    an int8 policy it is policy/: actor.npz and actor.json (see QuantNetwork.save) and observations.npz, the
    states visited by the evaluation, [n, obs] float32.
    """
    found = evaluate_checkpoint(best_checkpoint(folder))
    run, described, curve = found.run, found.run.to_json(), read_curve(folder / "curve.jsonl")
    result = {
        "environment": run.environment,
        "env_id": run.config.env_id,
        "algorithm": _algorithm(found),
        "phase": found.meta["phase"],
        "step": found.meta["step"],
        **found.episodes.to_json(),
        "sparsity": found.sparsity,
        "nnz": found.nnz,
        "nnz_live": found.live,
        "seed": run.seed,
        "config": described.pop("config"),
        "run": described,
        "earlier_phases": _earlier_phases(folder, run, Phase(found.meta["phase"])),
        "steps_done": curve[-1]["step"],
        "seconds": seconds_of(curve),
        "parent_result": parent_result(folder, run),
        "commit": read_json(folder / "run.json").get("commit", git_commit()),
        "checkpoint": {"file": found.path.name, "sha256": sha256_file(found.path)},
    }
    if found.is_int8:
        quantized_network(found.model).save(folder / "policy")
        write_arrays(folder / "policy" / "observations.npz", {"observation": found.observations})
    else:
        meta = found.meta | {"is_teacher": True}
        Checkpoint(arrays=capture_teacher(found.model), meta=meta).save(folder / "teacher.npz")
    write_json(folder / RESULT_FILE, result)
    with figure(1, folder / "curve.png") as (axes,):
        draw_curve(axes, curve)
        axes.set_title(f"{run.config.env_id}, {run.name}")
    return result


def best_checkpoint(folder: Path) -> Path:
    """Return the best checkpoint of the last phase that has one; raise ConfigError when there is none."""
    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder, but a run's is wanted")
    for phase in reversed(Phase):
        path = folder / phase.best_file
        if path.exists():
            return path
    raise ConfigError(
        f"no checkpoint best-*.npz in {folder}; train one: {spelled_command('train', 'Hopper')}"
    )


def _earlier_phases(folder: Path, run: Run, last: Phase) -> dict[str, dict[str, Any]]:
    """Return what the best policy of each phase before `last` reaches: of an int8 run, the float one."""
    best = {phase: folder / phase.best_file for phase in run.phases_before(last)}
    found = {phase: evaluate_checkpoint(path) for phase, path in best.items() if path.exists()}
    return {
        phase.value: {
            **{key: value for key, value in evaluation.episodes.to_json().items() if key != "returns"},
            "sparsity": evaluation.sparsity,
            "nnz": evaluation.nnz,
            "nnz_live": evaluation.live,
        }
        for phase, evaluation in found.items()
    }


def _parent_record(folder: Path, run: Run) -> dict[str, Any] | None:
    """Return what was measured of the policy that the run in `folder` started from, None where nothing was.

    That is what `compress` wrote, or the result of the parent's run, if that is of the same policy; of the
    policy of one of its earlier phases, what the result says of that.
    """
    if run.parent is None:
        return None
    if (folder / TEACHER_FILE).exists():
        return read_json(folder / TEACHER_FILE)
    path = run.parent.parent / RESULT_FILE
    if run.parent_is_zip or not path.exists():
        return None
    result = read_json(path)
    if run.parent.name in ("teacher.npz", result.get("checkpoint", {}).get("file")):
        return result
    by_file = {phase.best_file: result.get("earlier_phases", {}).get(phase.value) for phase in Phase}
    found = by_file.get(run.parent.name)
    shared = ("algorithm", "run", "steps_done", "parent_result")
    return found and {key: result[key] for key in shared if key in result} | found


def _algorithm(found: Evaluation) -> str:
    """Return what found the policy: in distillation that is the teacher's algorithm."""
    parent = _parent_record(found.path.parent, found.run)
    return found.model.algorithm if parent is None or not found.run.distill else parent["algorithm"]


def parent_result(folder: Path, run: Run) -> dict[str, Any] | None:
    """Return what `run`, in `folder`, started from reaches, and so on back to the dense policy."""
    record = _parent_record(folder, run)
    left_out = ("config", "returns", "env_id", "environment", "algorithm")
    return record and {key: value for key, value in record.items() if key not in left_out}


def summary(result: dict[str, Any]) -> str:
    """Return a result in two lines."""
    mean = result["return_mean"]
    episodes = "games" if is_game(result["env_id"]) else f"episodes, {result['falls']} falls"
    return (
        f"{result['run']['name']}: return {mean_and_std(mean, result['return_std'])} over "
        f"{result['episodes']} {episodes}, the worst {as_precise(result['return_min'], mean)}; "
        f"sparsity {result['sparsity']:.2%}, {result['phase']} at step {result['step']:,}\n"
        f"  {_in_words(Statistics.of(result['returns']))}"
    )


def summary_over_runs(results: Sequence[dict[str, Any]]) -> str:
    """Return a line for each environment and algorithm: their mean returns, over seeds, as a sample."""
    means: dict[str, list[float]] = defaultdict(list)
    for result in results:
        means[f"{result['env_id']}, {result['algorithm']}"].append(result["return_mean"])
    return "\n".join(
        f"{group}, {len(values)} runs: {mean_and_std(float(np.mean(values)), float(np.std(values)))}, "
        f"{_in_words(Statistics.of(values))}"
        for group, values in means.items()
    )


def _in_words(statistics: Statistics) -> str:
    text = f"interquartile mean {as_precise(statistics.iqm, statistics.mean)}"
    if statistics.iqm_ci95 is None:
        return text
    low, high = (as_precise(end, statistics.mean) for end in statistics.iqm_ci95)
    return f"{text}, 95% interval {low} to {high}"


def run(settings: EvaluateSettings) -> None:
    """Evaluate the runs and print a summary of each, and of all of an environment."""
    use_one_fast_thread()
    results = [(evaluate_shipped if is_shipped(folder) else evaluate_run)(folder) for folder in settings.runs]
    print("\n".join(map(summary, results)))
    if len(results) > 1:
        print(summary_over_runs(results))
