"""Stage: an environment's configuration becomes a trained policy: dense, or pruned, then int8.

python -m training.train Hopper --sparsity 0.95 --from build/Hopper/train/dense-s1/best-dense.npz
"""

import argparse
import logging
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.progress import Progress
from stable_baselines3.common.type_aliases import Schedule

from models.artifacts import ConfigError, git_commit, run_stage, write_json
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
from training.distill import DistilledSac, Teacher, actor_teacher
from training.envs import make_env
from training.evaluate import evaluate_run, summary
from training.fast_sac import FastSac, use_one_fast_thread
from training.learner import new_learner, quantize, restore
from training.run import Phase, Run
from training.sb3_zip import read_zip
from training.student import start_student

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a run is."""

    phase: Phase | None
    """The phase that has begun; None before the first."""
    step: int
    best_mean: float
    """The return of the phase's best policy; minus infinity when there is none."""
    last_milestone: int | None
    """The step of the last milestone; None at the start of a phase, which is a milestone itself."""

    @classmethod
    def start(cls, phase: Phase | None, step: int) -> "Position":
        """Return the position at the start of a phase."""
        return cls(phase=phase, step=step, best_mean=-math.inf, last_milestone=None)


def train(run: Run) -> dict[str, Any]:
    """Bring `run` to its end, from its last checkpoint when there is one, and return what it reached."""
    use_one_fast_thread()
    model = _new_learner(run)
    at = _resume(model, run) if run.checkpoint.exists() else _begin(model, run)
    with progress_bar() as progress:
        for phase, end in run.phases:
            if at.step < end:
                at = at if at.phase is phase else _enter(model, run, phase)
                _learn(model, run, at, end, progress)
                at = replace(at, step=end)
    return evaluate_run(run.folder)


def _new_learner(run: Run) -> FastSac:
    """Return the learner of a run; a distilled one begins as what its teacher lets it be."""
    model = new_learner(run.config, run.seed, DistilledSac if run.distill else FastSac)
    if isinstance(model, DistilledSac):
        model.teacher = _take_over(model, Path(str(run.parent)), run)
    return model


def _take_over(model: FastSac, parent: Path, run: Run) -> Teacher:
    """Put the parent's networks into `model`, as far as they fit, and return the parent as a teacher."""
    if not run.parent_is_zip:
        restore(model, Checkpoint.load(parent))
        return actor_teacher(model.actor)
    statistics = None if run.vecnormalize is None else Path(run.vecnormalize)
    policy = read_zip(parent, statistics, make_env(run.config.env_id))
    start_student(model, policy)
    return policy.act


def _begin(model: FastSac, run: Run) -> Position:
    """Write what the run is, and load the trained policy that it goes on from."""
    if run.parent is not None and not run.distill:
        restore(model, Checkpoint.load(Path(run.parent)))
    run.folder.mkdir(parents=True, exist_ok=True)
    run.curve.unlink(missing_ok=True)
    write_json(run.folder / "run.json", run.to_json() | {"commit": git_commit()})
    return Position.start(None, 0)


def _resume(model: FastSac, run: Run) -> Position:
    """Put `model` where the run's last checkpoint stood."""
    checkpoint = Checkpoint.load(run.checkpoint)
    meta = checkpoint.meta
    if Run.from_json(meta["run"], str(run.checkpoint)) != run:
        raise ConfigError(
            f"{run.folder} holds a run with other settings (see run.json); give --name, "
            "or repeat its settings to go on"
        )
    _take_up(model, run, checkpoint, meta["step"])
    truncate_curve(run, meta["step"])
    for half_written in run.folder.glob(".*.npz"):
        half_written.unlink()
    log.info("going on from step %d", meta["step"])
    best_mean = -math.inf if meta["best_mean"] is None else meta["best_mean"]
    return Position(
        phase=Phase(meta["phase"]), step=meta["step"], best_mean=best_mean, last_milestone=meta["step"]
    )


def _enter(model: FastSac, run: Run, phase: Phase) -> Position:
    """Begin a phase: the first as the run does, a later one with the best policy before it."""
    ends = dict(run.phases)
    before = list(ends)[: list(ends).index(phase)]
    if before:
        best, start = run.best(before[-1]), ends[before[-1]]
    elif phase is Phase.QAT:
        best, start = Path(str(run.parent)), 0
    else:
        return Position.start(phase, 0)
    _take_up(model, run, Checkpoint.load(best), start)
    if phase is Phase.QAT:
        quantize(model, run.config.calibration_observations, run.config.quant)
    return Position.start(phase, start)


def _take_up(model: FastSac, run: Run, checkpoint: Checkpoint, step: int) -> None:
    restore(model, checkpoint)
    model.num_timesteps = step
    restart_episode(model, run.seed)
    ckpt.restore_random(checkpoint)


def _learn(model: FastSac, run: Run, at: Position, end: int, progress: Progress) -> None:
    """Learn until step `end`, with what belongs to the phase."""
    assert at.phase is not None
    is_trained = run.is_trained or at.phase in (Phase.QAT, Phase.FINETUNE)
    model.learning_starts = 0 if is_trained else run.config.learning_starts
    if at.phase is Phase.FINETUNE and isinstance(model, DistilledSac):
        model.teacher = None
    model.learning_rate = _learning_rate(run, at.phase)
    model._setup_lr_schedule()
    milestones = MilestoneCallback(run, at.phase, at.best_mean, at.last_milestone)
    pruning = [PruneCallback(run)] if at.phase is Phase.PRUNE else []
    callbacks = [*pruning, milestones, ProgressCallback(progress, at.phase, end, milestones)]
    model.learn(end - model.num_timesteps, callback=callbacks, reset_num_timesteps=False)


def _learning_rate(run: Run, phase: Phase) -> Schedule | float:
    """Return the learning rate of a phase; in distillation it falls to 0 over the run's second half.

    That is a regression, whose noise is its learning rate: a closed loop near its limits needs it at rest.
    """
    if phase is Phase.FINETUNE:
        return run.config.qat_learning_rate
    main_rate = run.config.distill_learning_rate if run.distill else run.config.learning_rate
    rate = run.config.qat_learning_rate if phase is Phase.QAT else main_rate
    return (lambda remaining: rate * min(1.0, 2 * remaining)) if run.distill else rate


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
    parser.add_argument("--distill", action="store_true", help="imitate that policy instead of using rewards")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", help="the run's folder under build/<environment>/train/")
    options = parser.parse_args(arguments)
    config = load_config(options.environment)
    steps = config.steps if options.steps is None else options.steps
    return Run(
        environment=options.environment,
        config=config,
        name=options.name or _default_name(options.sparsity, options.seed, options.distill),
        seed=options.seed,
        sparsity=options.sparsity,
        steps=steps,
        qat_steps=_qat_steps(config, steps, options.sparsity)
        if options.qat_steps is None
        else options.qat_steps,
        parent=None if options.parent is None else str(options.parent),
        distill=options.distill,
    )


def _default_name(sparsity: float, seed: int, distill: bool) -> str:
    kind = f"sparse{sparsity * 100:g}" if sparsity else "dense"
    kind = f"distilled-{kind}" if distill else kind
    return f"{kind}-s{seed}"


def _qat_steps(config: TrainConfig, steps: int, sparsity: float) -> int:
    """Return the configured share of `steps`, in whole rollouts; 0 for a dense run, the float reference."""
    rollout = config.updates_per_rollout
    return round(config.qat_fraction * steps / rollout) * rollout if sparsity else 0


def main() -> None:
    """Run the stage from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    run = parse_run()
    print(summary(train(run)))
    print(f"written to {run.folder}")


if __name__ == "__main__":
    run_stage(main)
