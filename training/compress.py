"""Stage: a trained policy becomes a sparse int8 one, by imitation: a run's checkpoint, or another's zip.

A zip is stable-baselines3's, of SAC, TD3, DDPG, PPO or DQN, and unpickled: name only one that you trust.
"""

import dataclasses
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
from rich.console import Console
from rich.table import Table
from tyro.conf import Positional

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import digest, sha256_file, write_json
from ganglion.models.build.paths import BUILD, BuildPaths
from ganglion.models.build.spelling import spelled
from ganglion.training.algorithms.dqn import new_dqn
from ganglion.training.algorithms.dqn_zip import take_up_zip
from ganglion.training.algorithms.sac import new_sac
from ganglion.training.config import TrainConfig, changed, known_environments, load_config, read_settings
from ganglion.training.envs import make_env
from ganglion.training.evaluate import evaluate_checkpoint
from ganglion.training.export import N_VECTORS, export_run
from ganglion.training.options import SEED
from ganglion.training.parents import DENSE_FRACTION, is_copy, require_teacher, taught_by
from ganglion.training.records import TeacherRecord
from ganglion.training.results import read_curve, seconds_of
from ganglion.training.run import Phase, Run
from ganglion.training.sb3_zip import ZipPolicy, read_zip
from ganglion.training.statistics import Statistics, as_precise, mean_and_std
from ganglion.training.student import has_critics_for, is_alike
from ganglion.training.teacher import require_able, teacher_record
from ganglion.training.threads import use_one_fast_thread
from ganglion.training.train import require_same, train
from ganglion.training.vecnormalize import choose_vecnormalize, read_vecnormalize

log = logging.getLogger(__name__)

_STEPS = 160_000
_QAT_STEPS = 40_000
_BEARABLE_LOSS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressSettings:
    """What is compressed, and how."""

    checkpoint: Positional[Path]
    """A run's best-*.npz, or the zip that stable-baselines3's save() wrote."""
    environment: Positional[str]
    """A configuration's name, or with a base any gymnasium id."""
    base: str | None = None
    """The configuration that lends its settings to another gymnasium id."""
    vecnormalize: str | None = None
    """VecNormalize's file, or "none"; found beside the zip by default, where there is no doubt."""
    sparsity: float = 0.95
    """Fraction of the actor's weights, or of its hidden neurons, to prune."""
    pruning: str | None = None
    """Which weights, or neurons (neurons_l1, neurons_l2), are pruned; the configuration's by default."""
    steps: int | None = None
    """Environment steps before int8; 160,000 by default, in whole rollouts."""
    qat_steps: int | None = None
    """Environment steps in int8; 40,000 by default, in whole rollouts."""
    ft_steps: int = 0
    """Environment steps of reinforcement learning after that; SAC and DQN only."""
    hidden: tuple[int, ...] = ()
    """Widths of the student, such as 64 64; the configuration's by default."""
    seed: int = SEED
    """Of networks, exploration, batches and episodes."""
    set: str = ""
    """Other settings of training/configs/<environment>.toml, such as "batch_size=128 dqn.network=resnet"."""
    run: str | None = None
    """The run's folder under build/<environment>/train/; named after zip, sparsity and seed by default."""
    weak_teacher: bool = False
    """Go on with a teacher that is no better than random actions."""
    to: Path | None = None
    """The policy folder; build/<environment>/compressed/<run> by default."""
    build: Path = BUILD
    """Where runs lie."""

    def plan(self) -> tuple[Run, Path]:
        """Return the run that is asked for, and the policy folder to write.

        Raises ConfigError when zip, environment and settings do not fit together.
        """
        if self.qat_steps == 0:
            raise ConfigError(f"{spelled('qat_steps', 0)}: a policy folder is int8; give more")
        config, path = self._config(), self.checkpoint
        if path.suffix == ".npz":
            statistics, copies = None, self._checked_run(config)
        else:
            statistics, copies = (
                self._checked_values(config) if config.algorithm == "dqn" else self._checked_actor(config)
            )
        steps = config.whole_rollouts(_STEPS) if self.steps is None else self.steps
        # An id such as dm_control/walker-walk is no folder's name.
        environment = re.sub(r"[^\w.-]", "-", self.environment)
        run = Run(
            environment=environment,
            config=config,
            name=self.run or f"{self._teacher_name()}-sparse{self.sparsity * 100:g}-s{self.seed}",
            seed=self.seed,
            sparsity=self.sparsity,
            steps=steps,
            qat_steps=config.whole_rollouts(_QAT_STEPS) if self.qat_steps is None else self.qat_steps,
            parent=str(path),
            distill=True,
            vecnormalize=None if statistics is None else str(statistics),
            teacher_sha256=digest([sha256_file(file) for file in (path, statistics) if file is not None]),
            dense_steps=0 if copies else config.whole_rollouts(DENSE_FRACTION * steps),
            finetune_steps=self.ft_steps,
            build=self.build,
        )
        root = BuildPaths.of(environment, self.build).root
        return run, self.to or root / "compressed" / run.name

    def _teacher_name(self) -> str:
        """Return what a run is called after: a zip, or the teacher's run."""
        return taught_by(self.checkpoint).name if self.checkpoint.suffix == ".npz" else self.checkpoint.stem

    def _checked_run(self, config: TrainConfig) -> bool:
        """Return whether the student of a run's checkpoint is its copy."""
        require_teacher(config, self.checkpoint)
        copies = is_copy(config, taught_by(self.checkpoint).config)
        if self.ft_steps and not copies:
            raise ConfigError(
                f"{self.checkpoint}: {spelled('ft_steps')} go on with the teacher's networks, which are not "
                "those of the student; leave it out, or give the student the same network"
            )
        return copies

    def _checked_values(self, config: TrainConfig) -> tuple[None, bool]:
        """Return that there are no statistics and that the student, of one architecture, is a copy."""
        take_up_zip(new_dqn(config, self.seed), self.checkpoint)
        return None, True

    def _checked_actor(self, config: TrainConfig) -> tuple[Path | None, bool]:
        """Return the file of the observation statistics, and whether the student is the teacher's copy."""
        policy, statistics = self._policy(make_env(config.env_id))
        model = new_sac(config, self.seed)
        if self.ft_steps and not has_critics_for(model, policy):
            raise ConfigError(
                f"{self.checkpoint}: {spelled('ft_steps')} needs the critics of a SAC zip with learned "
                f"entropy, ReLU, hidden {list(config.hidden)} and no VecNormalize; leave it out, or give the "
                f"zip's widths by {spelled('hidden')}"
            )
        return statistics, is_alike(model, policy)

    def _policy(self, env: gym.Env[Any, Any]) -> tuple[ZipPolicy, Path | None]:
        """Return the teacher and the file of its observation statistics."""
        policy = read_zip(self.checkpoint, None, env)
        statistics = choose_vecnormalize(self.checkpoint, policy.model, self.vecnormalize, env)
        if statistics is None:
            return policy, None
        log.info("%s with the observation statistics of %s", self.checkpoint, statistics)
        return dataclasses.replace(policy, standardizer=read_vecnormalize(statistics, env)), statistics

    def _config(self) -> TrainConfig:
        """Return the named configuration, or the base's for another gymnasium id."""
        if self.base is None and self.environment not in known_environments():
            raise ConfigError(
                f"unknown environment {self.environment!r}; known: {', '.join(known_environments())}; "
                f"for another gymnasium id name the one whose settings it takes by {spelled('base')}"
            )
        algorithm = taught_by(self.checkpoint).config.algorithm if self.checkpoint.suffix == ".npz" else None
        config = load_config(self.base or self.environment, algorithm)
        config = changed(config, read_settings(self.set), spelled("set", self.set))
        changes = {
            "env_id": self.environment if self.base else None,
            "hidden": self.hidden or None,
            "pruning": self.pruning,
        }
        return dataclasses.replace(
            config, **{key: value for key, value in changes.items() if value is not None}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A policy on the way from the zip to the folder."""

    name: str
    statistics: Statistics
    nnz: int
    live: int | None
    """Weights that can matter (ganglion.training.learner.count_weights); None for the teacher."""
    seconds: float | None
    """Wall clock since the run began; None for the teacher."""


def compress(run: Run, folder: Path, *, weak_teacher: bool = False) -> list[Row]:
    """Bring `run` to its end, export it to `folder`, and return what each part reached and cost.

    A teacher that is no better than random actions raises ConfigError, unless `weak_teacher`.
    """
    use_one_fast_thread()
    require_same(run)
    record = teacher_record(run)
    if not weak_teacher:
        require_able(record, str(run.parent))
    train(run)
    export_run(run.folder, folder, N_VECTORS)
    rows = [_teacher_row(record), *(_phase_row(run, phase) for phase, _ in run.phases)]
    write_json(run.folder / "compress.json", {"rows": [dataclasses.asdict(row) for row in rows]})
    return rows


def _teacher_row(record: TeacherRecord) -> Row:
    return Row(
        name=f"teacher ({record.algorithm})",
        statistics=Statistics.of(record.returns),
        nnz=record.n_weights,
        live=None,
        seconds=None,
    )


def _phase_row(run: Run, phase: Phase) -> Row:
    """Return the row of a phase's best policy."""
    found, curve = evaluate_checkpoint(run.best(phase)), read_curve(run.curve)
    last = max(i for i, entry in enumerate(curve) if entry["phase"] == phase.value)
    kind = ("sparse " if run.sparsity else "dense ") + ("int8" if found.is_int8 else "float")
    return Row(
        name=f"{kind}, fine-tuned" if phase is Phase.FINETUNE else kind,
        statistics=Statistics.of(found.episodes.returns),
        nnz=found.nnz,
        live=found.live,
        seconds=seconds_of(curve[: last + 1]),
    )


def table_of(rows: list[Row]) -> Table:
    """Return what `compress` returned, to be printed."""
    table = Table(caption=_advice(rows), caption_justify="left")
    for name in ("policy", "return", "interquartile mean (95%)", "weights", "live", "seconds"):
        table.add_column(name)
    for row in rows:
        mean, ends = row.statistics.mean, row.statistics.iqm_ci95 or (row.statistics.iqm,) * 2
        iqm, low, high = (as_precise(value, mean) for value in (row.statistics.iqm, *ends))
        table.add_row(
            row.name,
            mean_and_std(mean, row.statistics.std),
            f"{iqm} ({low} to {high})",
            f"{row.nnz:,}",
            "" if row.live is None else f"{row.live:,}",
            "" if row.seconds is None else f"{row.seconds:,.0f}",
        )
    return table


def _advice(rows: list[Row]) -> str | None:
    """Return what to try when the last row lost more than a tenth of the first one's return."""
    teacher, student = rows[0].statistics.mean, rows[-1].statistics.mean
    lost = (teacher - student) / abs(teacher) if teacher else 0.0
    if lost <= _BEARABLE_LOSS:
        return None
    return (
        f"{lost:.0%} of the teacher's return is lost: try a lower {spelled('sparsity')}, more "
        f"{spelled('steps')}, or {spelled('ft_steps')}, which learn from rewards (SAC and DQN only)"
    )


def run(settings: CompressSettings) -> None:
    """Compress what `settings` name, and print the table and the policy folder."""
    planned, folder = settings.plan()
    Console().print(table_of(compress(planned, folder, weak_teacher=settings.weak_teacher)))
    print(f"policy folder {folder}; {spelled('policy', folder)} builds its hardware")
