"""What a training run is: its settings, its phases and its folder."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import accumulate
from pathlib import Path
from typing import Any, ClassVar

from ganglion.models.build.codec import STRICT, decode, encode
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.paths import BUILD, BuildPaths
from ganglion.models.build.spelling import spelled, spelled_command
from ganglion.models.environments import is_game
from ganglion.models.sparsity import Pruning, check_sparsity, neurons_left
from ganglion.training.actor_critic_config import no_rollout_yet
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.config import ROLLOUT, TrainConfig

_SEED_STRIDE = 1_000_003
_N_SEEDS = 2**32
"""As many as numpy's global generator takes."""


class Phase(Enum):
    """What the actor is during a part of a run."""

    DENSE = "dense"
    PRUNE = "prune"
    PTQ = "ptq"
    QAT = "qat"
    FINETUNE = "finetune"

    @property
    def best_file(self) -> str:
        """The name of the checkpoint of the phase's best policy, in a run's folder."""
        return f"best-{self.value}.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One training run as asked for: a configuration and what the command line adds to it."""

    __pydantic_config__: ClassVar = STRICT

    environment: str
    """The name of the configuration, and of the folder under build/."""
    config: TrainConfig
    name: str
    """The run's folder under build/<environment>/train/."""
    seed: int
    """Of the networks, the exploration, the batches and the training episodes."""
    sparsity: float
    """The final fraction of zeros among the actor's weights, or of its hidden neurons; 0 for a dense run."""
    steps: int
    """Environment steps before quantization-aware training."""
    qat_steps: int
    """Environment steps of quantization-aware training."""
    parent: Path | None
    """The checkpoint of the trained policy that the run starts from, or None."""
    distill: bool
    """Whether the actor imitates that policy instead of learning from rewards."""
    ptq: bool = False
    """Whether the policy is quantized in the end by calibration alone (PTSQ), to compare with training."""
    vecnormalize: Path | None = None
    """The observation statistics that a stable-baselines3 zip as parent was trained with, or None."""
    dense_steps: int = 0
    """Of `steps`, those before pruning begins: for a student that does not start as its teacher's copy."""
    finetune_steps: int = 0
    """Environment steps of reinforcement learning after the imitation, in int8."""
    teacher_sha256: str | None = None
    """Of a zip as parent and its statistics: their content, whatever lies at those paths later."""
    build: Path = field(default=BUILD, compare=False)
    """Where runs lie; no part of what the run is, nor of its records."""

    def __post_init__(self) -> None:
        """Reject the impossible; raise ConfigError."""
        self._check_sparsity()
        rollout = self.config.rollout_steps
        for setting, n_steps in (
            ("steps", self.steps),
            ("qat_steps", self.qat_steps),
            ("ft_steps", self.finetune_steps),
        ):
            if n_steps < 0 or n_steps % rollout:
                near = max(1, round(n_steps / rollout)) * rollout
                raise ConfigError(
                    f"{spelled(setting, n_steps)}, allowed: multiples of {ROLLOUT} ({rollout}), "
                    f"such as {near}"
                )
        if self.distill and self.parent is None:
            raise ConfigError(
                f"{spelled('distill')} needs a teacher: a checkpoint given by {spelled('from')}"
            )
        self._check_zip()
        if self.finetune_steps and not (self.qat_steps and self.distill):
            raise ConfigError(
                f"{spelled('ft_steps')} follow imitation in int8; give {spelled('qat_steps')} too"
            )
        if not self.steps and (self.parent is None or not (self.qat_steps or self.ptq)):
            raise ConfigError(
                f"{spelled('steps', 0)} trains nothing: it takes a trained policy by {spelled('from')}, and "
                f"{spelled('qat_steps')} or {spelled('scheme', 'ptsq')}"
            )
        # Masks are set where a rollout begins.
        if self.sparsity and self.steps and self.sparse_from > self.steps - rollout:
            raise ConfigError(
                f"{spelled('steps', self.steps)}: the final sparsity stands from step {self.sparse_from} on, "
                f"after which no rollout of {rollout} begins; give more steps, or end the pruning earlier "
                "(prune_end, finetune_prune_end)"
            )
        n_updating = self.steps - (0 if self.is_trained else self.config.learning_starts)
        if self.steps and n_updating <= 0:
            raise ConfigError(
                f"{spelled('steps', self.steps)}: the network first learns after learning_starts = "
                f"{self.config.learning_starts} steps; give more"
            )
        if not 0 <= self.seed < _N_SEEDS:
            raise ConfigError(f"{spelled('seed', self.seed)}, allowed: 0 to {_N_SEEDS - 1}")
        if self.name == ".." or Path(self.name).name != self.name:
            raise ConfigError(f"{spelled('run', self.name)} must be a plain folder name")

    def _check_zip(self) -> None:
        """Raise ConfigError unless a zip as parent is imitated, or is of a DQN that goes on as it was."""
        goes_on = self.config.algorithm == "dqn" and not self.distill and not self.sparsity
        if not self.parent_is_zip:
            return
        if not (self.distill or goes_on):
            raise ConfigError(
                f"{self.parent} is a zip: {spelled_command('compress')} imitates it; only a dense DQN goes "
                "on from one"
            )
        if not self.steps:
            raise ConfigError(f"{spelled('steps', 0)}: the student of a zip, {self.parent}, needs some")

    def _check_sparsity(self) -> None:
        check_sparsity(self.sparsity)
        if self.pruning.norm is not None:
            if is_game(self.config.env_id):
                raise ConfigError(
                    f"{spelled('pruning', self.pruning.value)} removes neurons of dense layers, but a game's "
                    f"network has convolutions; {spelled('pruning', 'magnitude')} prunes those"
                )
            neurons_left(self.config.hidden, self.sparsity)
        is_new = self.parent is None and self.config.on_policy is not None
        if self.sparsity and is_new and self.pruning is Pruning.SNIP:
            raise no_rollout_yet(self.config.algorithm)
        is_taught = self.distill and self.parent is not None
        if is_taught and (self.parent_is_zip or self.config.algorithm == "dqn"):
            self.require_experience()

    def require_experience(self) -> None:
        """Raise ConfigError when the first masks need experience; to be asked where a parent brings none."""
        if self.sparsity and self.steps and self.pruning is Pruning.SNIP and not self.dense_steps:
            raise ConfigError(
                f"{spelled('pruning', 'snip')} judges weights by experience, which {self.parent} does not "
                f"bring; another {spelled('pruning')} fits, such as magnitude or rigl"
            )

    @property
    def parent_is_zip(self) -> bool:
        """Whether the run starts from a stable-baselines3 zip."""
        return self.parent is not None and self.parent.suffix == ".zip"

    @property
    def is_trained(self) -> bool:
        """Whether the actor can act from the first step on, being a trained one or its copy."""
        return self.parent is not None and not self.dense_steps

    def seed_at(self, step: int) -> int:
        """Return the seed of what is random at a step alone, so that a resumed run draws the same."""
        return self.seed * _SEED_STRIDE + step

    @property
    def folder(self) -> Path:
        """Where everything this run writes lies."""
        return BuildPaths.of(self.environment, self.build).train / self.name

    @property
    def checkpoint(self) -> Path:
        """The last milestone, from which a killed run goes on."""
        return self.folder / "checkpoint.npz"

    @property
    def curve(self) -> Path:
        """The learning curve, one JSON object a milestone."""
        return self.folder / "curve.jsonl"

    def best(self, phase: Phase) -> Path:
        """Return the checkpoint of the best policy of a phase."""
        return self.folder / phase.best_file

    @property
    def phases(self) -> tuple[tuple[Phase, int], ...]:
        """The phases in their order, each with the step at which it ends."""
        parts = (
            (Phase.PRUNE if self.sparsity > 0 else Phase.DENSE, self.steps),
            (Phase.QAT, self.qat_steps),
            (Phase.FINETUNE, self.finetune_steps),
        )
        ends = accumulate(n_steps for _, n_steps in parts)
        return tuple((phase, end) for (phase, n_steps), end in zip(parts, ends, strict=True) if n_steps)

    def phases_before(self, phase: Phase) -> list[Phase]:
        """Return this run's phases that precede `phase`, in their order."""
        order = list(Phase)
        return [other for other, _ in self.phases if order.index(other) < order.index(phase)]

    @property
    def prune_window(self) -> tuple[int, int]:
        """The steps between which the sparsity rises from 0 to its final value."""
        c = self.config
        begin, end = (
            (c.finetune_prune_begin, c.finetune_prune_end) if self.parent else (c.prune_begin, c.prune_end)
        )
        start, n_steps = self.dense_steps, self.steps - self.dense_steps
        return start + round(begin * n_steps), start + round(end * n_steps)

    @property
    def pruning(self) -> Pruning:
        """Which weights are pruned and when."""
        return Pruning(self.config.pruning)

    @property
    def first_masks(self) -> int:
        """The step of the first pruning: for methods that prune at once, of all of it."""
        if self.pruning.is_gradual or self.pruning is Pruning.ONE_SHOT:
            return self.prune_window[0]
        # The last rollout before the first update.
        rollout = self.config.rollout_steps
        return self.dense_steps if self.parent else self.config.learning_starts // rollout * rollout

    @property
    def sparse_from(self) -> int:
        """The step after which a policy has the final sparsity."""
        return self.prune_window[1] if self.pruning.is_gradual else self.first_masks

    def is_same(self, other: "Run") -> bool:
        """Return whether `other` is this run, from wherever its teacher's files were read."""
        if self.teacher_sha256 is not None:
            other = dataclasses.replace(other, parent=self.parent, vecnormalize=self.vecnormalize)
        return other == self

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able description."""
        return {key: value for key, value in encode(self).items() if key != "build"}

    @classmethod
    def of(cls, checkpoint: Path) -> "Run":
        """Return the run that a checkpoint is of; ConfigError when it is none."""
        return cls.from_json(Checkpoint.load(checkpoint, described_only=True).meta["run"], str(checkpoint))

    @classmethod
    def from_json(cls, value: Mapping[str, Any], origin: str) -> "Run":
        """Return the run that `to_json` described; ConfigError for what is none, or of another version."""
        return decode(cls, value, origin, ConfigError)
