"""Stage: an environment's configuration becomes a trained policy: dense, or pruned, then int8."""

import logging
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.progress import Progress
from stable_baselines3.common.type_aliases import Schedule

from ganglion.models.build.errors import ConfigError, TrainingError
from ganglion.models.build.files import read_json, sha256_file, write_json
from ganglion.models.build.lock import locked
from ganglion.models.build.provenance import git_commit
from ganglion.models.build.spelling import spelled
from ganglion.training import checkpoint as ckpt
from ganglion.training.algorithms import new_learner
from ganglion.training.algorithms.dqn import Dqn
from ganglion.training.algorithms.dqn_zip import take_up_zip
from ganglion.training.algorithms.on_policy import OnPolicyLearner
from ganglion.training.algorithms.port import Learner, Teacher
from ganglion.training.algorithms.sac import Sac
from ganglion.training.callbacks import (
    MilestoneCallback,
    ProgressCallback,
    PruneCallback,
    progress_bar,
    restart_episode,
    truncate_curve,
)
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.envs import make_env
from ganglion.training.evaluate import evaluate_run, summary
from ganglion.training.learner import load_learner, quantize, restore
from ganglion.training.options import TrainSettings
from ganglion.training.parents import is_copy, require_algorithm, require_teacher
from ganglion.training.run import Phase, Run
from ganglion.training.sb3_zip import read_zip
from ganglion.training.student import start_student
from ganglion.training.threads import use_one_fast_thread

log = logging.getLogger(__name__)

_DISTILL_ANNEALED = 0.5


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
    """Bring `run` to its end, from its last checkpoint when there is one, and return what it reached.

    The run's folder is held alone. Raises TrainingError, naming that checkpoint, when a number is not finite.
    """
    use_one_fast_thread()
    model = _new_learner(run)
    with locked(run.folder):
        return _train(model, run)


def _train(model: Learner, run: Run) -> dict[str, Any]:
    at = _resume(model, run) if run.checkpoint.exists() else _begin(model, run)
    try:
        _learn_phases(model, run, at)
    except TrainingError as error:
        step = Checkpoint.load(run.checkpoint, described_only=True).meta["step"]
        raise TrainingError(
            f"{error}; step {step:,} is kept in {run.checkpoint}, for {spelled('from')}"
        ) from None
    return evaluate_run(run.folder)


def _learn_phases(model: Learner, run: Run, at: Position) -> None:
    """Learn what is left of the run."""
    with progress_bar() as progress:
        for phase, end in run.phases:
            if at.step < end:
                at = at if at.phase is phase else _enter(model, run, phase, at.step)
                _learn(model, run, at, end, progress)
                at = replace(at, step=end)
        if run.ptq and at.phase is not Phase.PTQ:
            _learn(model, run, _enter(model, run, Phase.PTQ, at.step), run.steps, progress)


def _new_learner(run: Run) -> Learner:
    """Return the learner of a run; a distilled one begins as what its teacher lets it be."""
    model = new_learner(run.config, run.seed)
    if run.distill and run.parent is not None:
        model.teacher = _take_over(model, run.parent, run)
    return model


def _take_over(model: Learner, parent: Path, run: Run) -> Teacher:
    """Put the parent's networks into `model`, as far as they fit, and return the parent as a teacher."""
    if not run.parent_is_zip:
        require_teacher(run.config, parent)
        checkpoint = _checked(run, parent)
        if not is_copy(run.config, Run.of(parent).config):
            if isinstance(model, OnPolicyLearner):
                model.load_normalization(checkpoint)  # both see what one VecNormalize gives
            return load_learner(parent)[1].as_teacher()
        restore(model, checkpoint)
        return model.as_teacher()
    if isinstance(model, Dqn):
        take_up_zip(model, parent)
        return model.as_teacher()
    if not isinstance(model, Sac):
        raise ConfigError(f"a zip is imitated by SAC's actor or DQN's network, not by {model.algorithm}'s")
    policy = read_zip(parent, run.vecnormalize, make_env(run.config.env_id))
    start_student(model, policy)
    return policy.act


def _checked(run: Run, parent: Path) -> Checkpoint:
    """Return the run's parent; ConfigError for one that the run cannot go on from.

    That is an actor alone where more is needed, another algorithm's, or one of another sparsity without steps
    in which to prune it.
    """
    checkpoint = Checkpoint.load(parent)
    of = Run.from_json(checkpoint.meta["run"], str(parent))
    require_algorithm(run.config, of.config, str(parent))
    if checkpoint.is_teacher and not (run.distill and run.steps and not run.finetune_steps):
        raise ConfigError(
            f"{spelled('from', parent)} is an actor alone: it takes {spelled('distill')}, "
            f"{spelled('steps')} above 0 and no fine-tuning; for the rest give a run's best-*.npz"
        )
    if checkpoint.is_teacher:
        run.require_experience()
    if not run.steps and run.sparsity not in (0, of.sparsity):
        raise ConfigError(
            f"{spelled('sparsity', f'{run.sparsity:g}')}: {spelled('steps', 0)} prunes nothing, and "
            f"{parent} is of a run with {of.sparsity:g}; give that, or more steps"
        )
    return checkpoint


def _begin(model: Learner, run: Run) -> Position:
    """Write what the run is, and load the trained policy that it goes on from: a zip at its own step."""
    step = 0
    if run.parent is not None and not run.distill:
        if run.parent_is_zip and isinstance(model, Dqn):
            step = run.config.whole_rollouts(take_up_zip(model, run.parent))
            model.num_timesteps = step
            if step >= run.steps:
                raise ConfigError(
                    f"{run.parent} has learned for {step:,} steps already, which count: give more than "
                    f"{spelled('steps', run.steps)}"
                )
        else:
            restore(model, _checked(run, run.parent))
    _warn_of_zeros(model, run)
    run.curve.unlink(missing_ok=True)
    described = {"commit": git_commit(), "parent_sha256": _parent_sha256(run)}
    write_json(run.folder / "run.json", run.to_json() | described)
    return Position.start(None, step)


def _parent_sha256(run: Run) -> str | None:
    """Return the content of the checkpoint that a run imitates as long as it learns, None without one."""
    if not run.distill or run.parent is None or run.parent_is_zip:
        return None
    return sha256_file(run.parent)


def _warn_of_zeros(model: Learner, run: Run) -> None:
    """Say so when less sparsity is asked for than a parent has, whose zeros stay."""
    if run.parent is None or model.masks() is None:
        return
    if 0 < run.sparsity < (kept := Run.of(run.parent).sparsity):
        log.warning(
            "%s: %s is of a run with %g, whose zeros stay: the policy will be as sparse as that",
            spelled("sparsity", f"{run.sparsity:g}"),
            run.parent,
            kept,
        )


def require_same(run: Run) -> None:
    """Raise ConfigError when the run's folder holds another run, or one from another teacher's zip."""
    if not run.checkpoint.exists():
        return
    if not run.is_same(Run.of(run.checkpoint)):
        raise ConfigError(
            f"{run.folder} holds a run with other settings or another teacher (see run.json); give "
            f"{spelled('run')} with another name, or repeat its settings to go on"
        )


def _resume(model: Learner, run: Run) -> Position:
    """Put `model` where the run's last checkpoint stood."""
    require_same(run)
    began = read_json(run.folder / "run.json").get("parent_sha256")
    if began is not None and began != _parent_sha256(run):
        raise ConfigError(
            f"{run.parent} is another file than when {run.folder} began to imitate it; give {spelled('run')} "
            "with another name"
        )
    checkpoint = Checkpoint.load(run.checkpoint)
    meta = checkpoint.meta
    _take_up(model, run, checkpoint, meta["step"])
    truncate_curve(run, meta["step"])
    log.info("going on from step %d", meta["step"])
    best_mean = -math.inf if meta["best_mean"] is None else meta["best_mean"]
    return Position(
        phase=Phase(meta["phase"]), step=meta["step"], best_mean=best_mean, last_milestone=meta["step"]
    )


def _enter(model: Learner, run: Run, phase: Phase, step: int) -> Position:
    """Begin a phase: the first at the run's `step`, a later one with the best policy before it."""
    ends = dict(run.phases)
    if before := run.phases_before(phase):
        best, start = run.best(before[-1]), ends[before[-1]]
    elif phase in (Phase.PTQ, Phase.QAT) and run.parent is not None:
        best, start = run.parent, 0
    else:
        return Position.start(phase, step)
    _take_up(model, run, Checkpoint.load(best), start)
    if phase in (Phase.PTQ, Phase.QAT):
        quantize(model, run.config.calibration_observations, run.config.quant, run.seed_at(start))
    return Position.start(phase, start)


def _take_up(model: Learner, run: Run, checkpoint: Checkpoint, step: int) -> None:
    restore(model, checkpoint)
    model.num_timesteps = step
    restart_episode(model, run)
    ckpt.restore_random(checkpoint)


def _learn(model: Learner, run: Run, at: Position, end: int, progress: Progress) -> None:
    """Learn until step `end`, with what belongs to the phase."""
    assert at.phase is not None
    is_trained = run.is_trained or at.phase in (Phase.QAT, Phase.FINETUNE)
    model.learning_starts = 0 if is_trained else run.config.learning_starts
    if at.phase is Phase.FINETUNE:
        model.teacher = None
    model.learning_rate = learning_rate(run, at.phase)
    model._setup_lr_schedule()
    milestones = MilestoneCallback(run, at.phase, at.best_mean, at.last_milestone)
    pruning = [PruneCallback(run)] if at.phase is Phase.PRUNE else []
    callbacks = [milestones, *pruning, ProgressCallback(progress, at.phase, end, milestones)]
    model.learn(end - model.num_timesteps, callback=callbacks, reset_num_timesteps=False)


def learning_rate(run: Run, phase: Phase) -> Schedule | float:
    """Return the learning rate of a phase; in distillation it falls to 0 over the run's second half.

    That is a regression, whose noise is its learning rate: a closed loop near its limits needs it at rest.
    """
    if phase is Phase.FINETUNE:
        return run.config.qat_learning_rate
    main_rate = run.config.distill_learning_rate if run.distill else run.config.learning_rate
    rate = run.config.qat_learning_rate if phase is Phase.QAT else main_rate
    annealed = _DISTILL_ANNEALED if run.distill else run.config.anneal_fraction
    return (lambda remaining: rate * min(1.0, remaining / annealed)) if annealed else rate


def run(settings: TrainSettings) -> None:
    """Train what `settings` ask for and print what it reached."""
    planned = settings.plan()
    print(summary(train(planned)))
    print(f"written to {planned.folder}")
