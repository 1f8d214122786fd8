"""Stage: an environment's configuration becomes a trained policy: dense, or pruned, then int8.

python -m training.train Hopper --sparsity 0.95 --from build/Hopper/train/dense-s1/best-dense.npz
"""

import argparse
import logging
from pathlib import Path

import numpy as np

from models.artifacts import ConfigError, run_stage, write_json
from training import checkpoint as ckpt
from training.callbacks import (
    MilestoneCallback,
    ProgressCallback,
    PruneCallback,
    progress_bar,
    restart_episode,
    truncate_curve,
)
from training.checkpoint import Checkpoint
from training.config import TrainConfig, load_config
from training.evaluate import evaluate_run
from training.fast_sac import FastSac, use_one_fast_thread
from training.learner import new_learner, quantize, restore
from training.run import Phase, Run, git_commit

log = logging.getLogger(__name__)


def train(run: Run) -> None:
    """Bring `run` to its end, from its last checkpoint when there is one, and write what it reached."""
    use_one_fast_thread()
    model = new_learner(run.config, run.seed)
    if run.parent is not None:
        model.learning_starts = 0
    resumed = _resume(model, run) if run.checkpoint.exists() else None
    if resumed is None:
        _start(model, run)
    with progress_bar() as progress:
        for phase, end in run.phases:
            if resumed is not None and resumed.meta["step"] >= end:
                continue
            same_phase = resumed is not None and resumed.meta["phase"] == phase.value
            if phase is Phase.QAT and not same_phase:
                _enter_qat(model, run)
            best_mean = resumed.meta["best_mean"] if resumed is not None and same_phase else None
            # The first step in int8 is a milestone too: what post-training quantization alone would give.
            last_step = None if phase is Phase.QAT and not same_phase else model.num_timesteps
            milestones = MilestoneCallback(run, phase, -np.inf if best_mean is None else best_mean, last_step)
            pruning = [PruneCallback(run)] if phase is Phase.PRUNE else []
            callbacks = [*pruning, milestones, ProgressCallback(progress, phase, end, milestones)]
            model.learn(end - model.num_timesteps, callback=callbacks, reset_num_timesteps=False)
            resumed = None
    evaluate_run(run.folder)


def _start(model: FastSac, run: Run) -> None:
    """Begin a run: write what it is, and load the trained policy it starts from."""
    if run.parent is not None:
        restore(model, Checkpoint.load(Path(run.parent)))
    run.folder.mkdir(parents=True, exist_ok=True)
    run.curve.unlink(missing_ok=True)
    write_json(run.folder / "run.json", run.to_json() | {"commit": git_commit()})


def _resume(model: FastSac, run: Run) -> Checkpoint:
    """Put `model` where the run's last checkpoint stood and return that checkpoint."""
    checkpoint = Checkpoint.load(run.checkpoint)
    if checkpoint.meta["run"] != run.to_json():
        raise ConfigError(
            f"{run.folder} holds a run with other settings (see run.json); give --name, "
            "or repeat its settings to go on"
        )
    _take_up(model, run, checkpoint, checkpoint.meta["step"])
    truncate_curve(run, model.num_timesteps)
    log.info("going on from step %d", model.num_timesteps)
    return checkpoint


def _enter_qat(model: FastSac, run: Run) -> None:
    """Take up the best policy before quantization-aware training and choose its scales."""
    phases = [phase for phase, _ in run.phases if phase is not Phase.QAT]
    best = Checkpoint.load(run.best(phases[0]) if phases else Path(str(run.parent)))
    _take_up(model, run, best, run.steps)
    quantize(model, run.config.calibration_observations, run.config.quant)


def _take_up(model: FastSac, run: Run, checkpoint: Checkpoint, step: int) -> None:
    restore(model, checkpoint)
    model.num_timesteps = step
    restart_episode(model, run.seed)
    ckpt.restore_random(checkpoint)


def parse_run(arguments: list[str] | None = None) -> Run:
    """Return the run that the command line asks for; raise ConfigError when there is no such run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("environment", help="a configuration's name, such as Hopper")
    parser.add_argument(
        "--sparsity", type=float, default=0.0, help="fraction of the actor's weights to prune"
    )
    parser.add_argument("--steps", type=int, help="environment steps before quantization-aware training")
    parser.add_argument("--qat-steps", type=int, help="environment steps of it; 0 by default for a dense run")
    parser.add_argument(
        "--from", dest="parent", type=Path, help="checkpoint of a trained policy to start from"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", help="the run's folder under build/<environment>/train/")
    options = parser.parse_args(arguments)
    config = load_config(options.environment)
    steps = config.steps if options.steps is None else options.steps
    return Run(
        environment=options.environment,
        config=config,
        name=options.name or _default_name(options.sparsity, options.seed),
        seed=options.seed,
        sparsity=options.sparsity,
        steps=steps,
        qat_steps=_qat_steps(config, steps, options.sparsity)
        if options.qat_steps is None
        else options.qat_steps,
        parent=None if options.parent is None else str(options.parent),
    )


def _default_name(sparsity: float, seed: int) -> str:
    kind = f"sparse{sparsity * 100:g}" if sparsity else "dense"
    return f"{kind}-s{seed}"


def _qat_steps(config: TrainConfig, steps: int, sparsity: float) -> int:
    """Return the configured share of `steps`, in whole rollouts; 0 for a dense run, the float reference."""
    rollout = config.updates_per_rollout
    return round(config.qat_fraction * steps / rollout) * rollout if sparsity else 0


def main() -> None:
    """Run the stage from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    train(parse_run())


if __name__ == "__main__":
    run_stage(main)
