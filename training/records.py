"""What the files beside a policy say: result.json, teacher.json and the curve."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

from ganglion.models.build.codec import SOME_KEYS, STRICT, decode, decode_json
from ganglion.models.build.errors import ExportError
from ganglion.models.environments import is_game
from ganglion.training.statistics import Interval

RESULT_FILE, TEACHER_FILE = "result.json", "teacher.json"
DELTA_PHASE = "delta"
"""What result.json calls the phase of a policy that was fine-tuned with thresholds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Returns of one policy's episodes; None where a record is older than the key."""

    __pydantic_config__: ClassVar = STRICT

    return_mean: float
    return_std: float
    return_iqm: float | None = None
    return_mean_ci95: Interval | None = None
    return_iqm_ci95: Interval | None = None
    return_min: float | None = None
    falls: int | None = None
    """Episodes that ended before the time limit."""
    episodes: int
    returns: tuple[float, ...]
    first_seed: int

    def __post_init__(self) -> None:
        if not len(self.returns) == self.episodes > 0:
            raise ExportError(f"{self.episodes} episodes, but {len(self.returns)} returns")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What is read of a run that any version of ours described."""

    __pydantic_config__: ClassVar = SOME_KEYS

    name: str
    steps: int
    qat_steps: int
    finetune_steps: int = 0
    distill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What is read of an evaluation within another one's record."""

    __pydantic_config__: ClassVar = SOME_KEYS

    return_mean: float
    return_std: float
    random_returns: tuple[float, ...] = ()
    run: RunRecord | None = None
    """None of a zip, and where the record does not say."""
    steps_done: int = 0
    """0 where the record does not say."""
    parent_result: "Score | None" = None
    """Of the policy that it started from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Evaluation):
    """result.json: a run's best policy put to the test, and what made it."""

    environment: str
    env_id: str
    algorithm: str
    phase: str
    step: int
    sparsity: float
    """The fraction of zeros among the actor's weights, measured."""
    nnz: int | None = None
    nnz_live: int | None = None
    seed: int
    config: dict[str, Any]
    run: dict[str, Any]
    earlier_phases: dict[str, Score] = field(default_factory=dict)
    """The best policy of each phase before."""
    steps_done: int = 0
    """0 where the record does not say."""
    seconds: float | None = None
    parent_result: Score | None = None
    """Of the policy that the run started from."""
    commit: str
    checkpoint: dict[str, str]
    evaluation_commit: str | None = None

    @property
    def planned(self) -> RunRecord:
        """What the run was to do."""
        return decode(RunRecord, self.run, f"{RESULT_FILE}: run")

    @property
    def is_int8(self) -> bool:
        """Whether the policy is integers."""
        return self.phase not in ("dense", "prune")

    @property
    def network(self) -> str | None:
        """What reads frames, of a game's DQN; None of other policies."""
        return (self.config.get("dqn") or {}).get("network") if is_game(self.env_id) else None

    @property
    def origin(self) -> Score | None:
        """What the policy that it was compressed from reaches, the first of several; None where unknown."""
        score = self.parent_result
        while score is not None and score.parent_result is not None:
            score = score.parent_result
        return score

    @property
    def total_steps(self) -> int:
        """Environment steps of the run and, unless it imitated, of those before it; 0 if unknown."""
        score = None if self.planned.distill else self.parent_result
        steps = self.steps_done
        while score is not None:
            steps += score.steps_done
            score = None if score.run is not None and score.run.distill else score.parent_result
        return steps


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherRecord(Evaluation):
    """teacher.json: what a zip's policy reaches, and random actions on the same seeds."""

    teacher_sha256: str | None
    """Of the zip and its statistics; None for a run that was not asked for by `compress`."""
    env_id: str | None = None
    """Where it was measured; None in older records."""
    algorithm: str
    n_weights: int
    random_returns: tuple[float, ...]
    parent_result: Score | None = None
    """Of what a teacher that is pruned itself came from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Milestone:
    __pydantic_config__: ClassVar = SOME_KEYS

    step: int
    elapsed_s: float


def read_result(folder: Path) -> Result:
    """Return the record of a run's or a shipped policy's folder; missing or damaged, ExportError."""
    return decode_json(Result, folder / RESULT_FILE)


def read_curve(path: Path) -> list[dict[str, Any]]:
    """Return the milestones of a run in their order, none when it has no curve yet; damaged, ExportError."""
    if not path.exists():
        return []
    curve: list[dict[str, Any]] = []
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        try:
            curve.append(json.loads(line))
        except ValueError as error:
            raise ExportError(f"{path}, line {number}, is not valid JSON ({error})") from None
        decode(_Milestone, curve[-1], f"{path}, line {number}")
    return curve


def seconds_of(curve: Sequence[dict[str, Any]]) -> float:
    """Return the wall-clock seconds to the last milestone: the clock restarts at a phase or resume."""
    ends = [a["elapsed_s"] for a, b in pairwise(curve) if b["elapsed_s"] < a["elapsed_s"]]
    return round(sum(ends) + (curve[-1]["elapsed_s"] if curve else 0.0), 1)
