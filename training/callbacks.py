"""What happens between updates: pruning on schedule, milestones, and the progress bar."""

import json
import logging
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from stable_baselines3.common.callbacks import BaseCallback

from ganglion.models.build.codec import encode
from ganglion.models.build.files import atomic_write
from ganglion.models.build.spelling import spelled
from ganglion.models.sparsity import measured_sparsity
from ganglion.training import checkpoint as ckpt
from ganglion.training.algorithms.port import Learner
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.episodes import CONFIRM_SEEDS, MILESTONE_SEEDS, Episodes, greedy, run_episodes
from ganglion.training.learner import capture, count_weights, deterministic_policy, masks_or_ones
from ganglion.training.pruning import due_masks
from ganglion.training.run import Phase, Run

log = logging.getLogger(__name__)

_FEW_LIVE = 0.5


class PruneCallback(BaseCallback):
    """Sets the masks that are due; they hold the pruned weights at zero from then on.

    It comes after the milestones, so that a checkpoint is of the state before and a resumed run prunes again.
    """

    model: Learner  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def _on_rollout_start(self) -> None:
        masks = due_masks(self.model, self._run)
        if masks is not None:
            self.model.set_masks(masks)

    def _on_step(self) -> bool:
        return True


class MilestoneCallback(BaseCallback):
    """Every `eval_every` steps: evaluates, keeps the best policy, appends to the curve, writes a checkpoint.

    The running episode is cut at a milestone, its transitions kept and not marked as ends; the next one
    starts from a seed that depends on the step alone. So a resumed run equals an uninterrupted one.
    """

    model: Learner  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, run: Run, phase: Phase, best_mean: float, last_step: int | None) -> None:
        super().__init__()
        self._run, self._phase = run, phase
        self._best_mean, self._last_step = best_mean, last_step
        self._started = time.monotonic()
        self._few_live = False
        self.latest: dict[str, Any] = {}

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        if self._last_step is None or self.num_timesteps % self._run.config.eval_every == 0:
            self._milestone()

    def _on_training_end(self) -> None:
        self._milestone()

    def _milestone(self) -> None:
        """Do a milestone, unless this step's was done already."""
        if self.num_timesteps == self._last_step:
            return
        self._last_step = self.num_timesteps
        returns = self._evaluate(self._run.config.eval_episodes, MILESTONE_SEEDS).returns
        self.latest = self._describe(returns)
        if self._may_be_best() and returns.mean() > self._best_mean:
            self.latest |= self._confirm()
        with self._run.curve.open("a") as file:
            file.write(json.dumps(self.latest) + "\n")
        line = "{phase} {step:,}: return {return_mean:,.0f} ± {return_std:,.0f}, sparsity {sparsity:.2%}"
        log.info(line.format(**self.latest))
        self._warn_of_dead_weights()
        self._capture().save(self._run.checkpoint, with_frames=True)
        restart_episode(self.model, self._run)

    def _may_be_best(self) -> bool:
        if self._phase is Phase.DENSE and self._run.distill:
            # The teacher's copy that has seen no state: int8 could not be calibrated by any.
            return self.num_timesteps > 0
        return self._phase is not Phase.PRUNE or self.num_timesteps > self._run.sparse_from

    def _warn_of_dead_weights(self) -> None:
        """Say so when less than half of the weights that are kept can still change an action."""
        nnz, nnz_live = self.latest["nnz"], self.latest["nnz_live"]
        is_few = nnz_live < _FEW_LIVE * nnz
        if is_few and not self._few_live:
            log.warning(
                "only %s of the %s weights kept are live at step %s: the others lie on no path from an input "
                "that varies to an action; a lower %s or %s keeps more of them",
                *(f"{number:,}" for number in (nnz_live, nnz, self.num_timesteps)),
                spelled("sparsity"),
                spelled("distribution", "erk"),
            )
        self._few_live = is_few

    def _confirm(self) -> dict[str, float]:
        """Evaluate a promising policy on other seeds, and keep it when it is better than the best so far."""
        returns = self._evaluate(self._run.config.final_episodes, CONFIRM_SEEDS).returns
        mean, std = float(returns.mean()), float(returns.std())
        if mean > self._best_mean:
            self._best_mean = mean
            self._capture().save(self._run.best(self._phase))
        return {"confirmed_mean": mean, "confirmed_std": std}

    def _evaluate(self, n_episodes: int, first_seed: int) -> Episodes:
        policy = greedy(deterministic_policy(self.model), self.model.action_space)
        return run_episodes(self._run.config.env_id, policy, n_episodes, first_seed)

    def _describe(self, returns: NDArray[np.float64]) -> dict[str, Any]:
        nnz, nnz_live = count_weights(self.model, self._run.config.calibration_observations)
        return {
            "step": self.num_timesteps,
            "phase": self._phase.value,
            "return_mean": float(returns.mean()),
            "return_std": float(returns.std()),
            "return_min": float(returns.min()),
            "sparsity": measured_sparsity(masks_or_ones(self.model)),
            "nnz": nnz,
            "nnz_live": nnz_live,
            **self.model.status(),
            "elapsed_s": round(time.monotonic() - self._started, 1),
        }

    def _capture(self) -> Checkpoint:
        meta = {
            "run": self._run.to_json(),
            "phase": self._phase.value,
            "step": self.num_timesteps,
            "best_mean": self._best_mean if np.isfinite(self._best_mean) else None,
            "quantization": encode(self.model.quantization),
        }
        return Checkpoint(arrays={**capture(self.model), **ckpt.capture_random()}, meta=meta)


class ProgressCallback(BaseCallback):
    """Shows a bar: the phase, the return and sparsity at the last milestone, and the time left."""

    def __init__(self, progress: Progress, phase: Phase, end: int, milestones: MilestoneCallback) -> None:
        super().__init__()
        self._progress, self._phase, self._end, self._milestones = progress, phase, end, milestones

    def _on_training_start(self) -> None:
        self._task = self._progress.add_task(
            self._phase.value, total=self._end, completed=self.num_timesteps, result=""
        )

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        latest = self._milestones.latest
        result = f"return {latest['return_mean']:,.0f}, sparsity {latest['sparsity']:.1%}" if latest else ""
        self._progress.update(self._task, completed=self.num_timesteps, result=result)

    def _on_training_end(self) -> None:
        self._on_rollout_end()  # the last milestone is known


def progress_bar() -> Progress:
    """Return the bar on which `ProgressCallback` draws."""
    return Progress(
        TextColumn("{task.description:6}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[result]}"),
        TextColumn("time left"),
        TimeRemainingColumn(),
    )


def restart_episode(model: Learner, run: Run) -> None:
    """Begin a new episode in the training environment, from a seed made of the run's seed and the step."""
    env = model.get_env()
    assert env is not None
    env.seed(run.seed_at(model.num_timesteps))
    model._last_obs = env.reset()  # type: ignore[assignment]
    model._last_episode_starts = np.ones(env.num_envs, bool)  # type: ignore[assignment]


def truncate_curve(run: Run, step: int) -> None:
    """Drop the milestones after `step`, which a killed run wrote but its checkpoint does not know."""
    if run.curve.exists():
        lines = [line for line in run.curve.read_text().splitlines() if json.loads(line)["step"] <= step]
        atomic_write(run.curve, "".join(f"{line}\n" for line in lines))
