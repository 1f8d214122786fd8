"""Stage: a run's best checkpoint becomes its result: returns of fresh episodes, the policy's files, a plot.

python -m training.evaluate build/Hopper/train/dense-s1
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.artifacts import (
    ConfigError,
    git_commit,
    read_json,
    run_stage,
    sha256_file,
    write_arrays,
    write_json,
)
from models.sparsity import measured_sparsity
from training.callbacks import FINAL_SEEDS
from training.checkpoint import Checkpoint
from training.envs import FloatArray, episode_returns
from training.fast_sac import FastSac, use_one_fast_thread
from training.learner import (
    actor_masks,
    deterministic_policy,
    mean_actions,
    new_learner,
    quantized_actor,
    restore,
)
from training.plot import plot_curve
from training.run import Phase, Run


def evaluate_run(folder: Path) -> dict[str, Any]:
    """Evaluate the best policy of the last phase that has one; write result.json, curve.png and policy/.

    The episodes' seeds were used neither in training nor to choose the checkpoint. policy/, of an int8 policy
    only, holds actor.npz and actor.json (see QuantMlp.save) and observations.npz: the states visited by the
    evaluation, [n, obs] float32.
    """
    path = best_checkpoint(folder)
    checkpoint = Checkpoint.load(path)
    run = Run.from_json(checkpoint.meta["run"], str(path))
    model = new_learner(run.config, run.seed)
    restore(model, checkpoint)
    returns, observations = _final_episodes(model, run)
    result = {
        "environment": run.environment,
        "env_id": run.config.env_id,
        "algorithm": "SAC",
        "phase": checkpoint.meta["phase"],
        "step": checkpoint.meta["step"],
        "return_mean": float(returns.mean()),
        "return_std": float(returns.std()),
        "episodes": len(returns),
        "returns": returns.tolist(),
        "first_seed": FINAL_SEEDS,
        "sparsity": measured_sparsity(actor_masks(model)),
        "seed": run.seed,
        "config": run.to_json()["config"],
        "run": {key: value for key, value in run.to_json().items() if key != "config"},
        "parent_result": _parent_result(run),
        "commit": read_json(folder / "run.json").get("commit", git_commit()),
        "checkpoint": {"file": path.name, "sha256": sha256_file(path)},
    }
    if model.quantization is not None:
        actor = quantized_actor(model)
        actor.save(folder / "policy")
        write_arrays(folder / "policy" / "observations.npz", {"observation": observations})
        integers = actor.to_integers()
        n_weights = sum(weight.size for weight in integers.weights)
        result |= {"sparsity": 1 - integers.nnz / n_weights, "nnz": integers.nnz}
    write_json(folder / "result.json", result)
    plot_curve(folder / "curve.jsonl", folder / "curve.png", f"{run.config.env_id}, {run.name}")
    return result


def best_checkpoint(folder: Path) -> Path:
    """Return the best checkpoint of the last phase that has one; raise ConfigError when there is none."""
    for phase in (Phase.QAT, Phase.PTQ, Phase.PRUNE, Phase.DENSE):
        path = folder / f"best-{phase.value}.npz"
        if path.exists():
            return path
    raise ConfigError(f"no checkpoint best-*.npz in {folder}; train one: make train ENV=Hopper")


def _final_episodes(model: FastSac, run: Run) -> tuple[NDArray[np.float64], FloatArray]:
    """Return the returns [episodes] and the visited observations [n, obs] of the final evaluation."""
    policy, visited = deterministic_policy(model), []

    def act(observations: FloatArray) -> FloatArray:
        visited.append(observations.copy())
        return mean_actions(policy, observations)

    returns = episode_returns(run.config.env_id, act, run.config.final_episodes, FINAL_SEEDS)
    return returns, np.concatenate(visited)


def _parent_result(run: Run) -> dict[str, Any] | None:
    """Return the evaluation of the policy that `run` started from, and so on back to the dense one."""
    path = Path(run.parent).parent / "result.json" if run.parent else None
    if path is None or not path.exists():
        return None
    left_out = ("config", "returns", "first_seed", "env_id", "environment", "algorithm")
    return {key: value for key, value in read_json(path).items() if key not in left_out}


def summary(result: dict[str, Any]) -> str:
    """Return a result in one line."""
    return (
        f"{result['run']['name']}: return {result['return_mean']:,.0f} ± {result['return_std']:,.0f} over "
        f"{result['episodes']} episodes, sparsity {result['sparsity']:.2%}, "
        f"{result['phase']} at step {result['step']:,}"
    )


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="a run's folder, such as build/Hopper/train/dense-s0")
    folder = parser.parse_args().folder
    use_one_fast_thread()
    print(summary(evaluate_run(folder)))


if __name__ == "__main__":
    run_stage(main)
