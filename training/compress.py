"""Stage: a trained policy becomes a sparse int8 one, by imitation: a run's checkpoint, or another's zip.

A zip is stable-baselines3's, of SAC, TD3, DDPG, PPO or DQN, and unpickled: name only one that you trust.
"""

import dataclasses
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
from rich.console import Console
from tyro.conf import Positional

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import digest, sha256_file, write_json
from ganglion.models.build.paths import BUILD, BuildPaths
from ganglion.models.build.spelling import spelled
from ganglion.training.algorithms.dqn import new_dqn
from ganglion.training.algorithms.dqn_zip import take_up_zip
from ganglion.training.algorithms.sac import new_sac
from ganglion.training.compress_table import Row, rows_of, table_of
from ganglion.training.config import TrainConfig, changed, known_environments, load_config, read_settings
from ganglion.training.envs import make_env
from ganglion.training.export import N_VECTORS, export_run
from ganglion.training.options import SEED, name_parts
from ganglion.training.parents import DENSE_FRACTION, is_copy, require_teacher
from ganglion.training.run import Run
from ganglion.training.sb3_zip import ZipPolicy, read_zip
from ganglion.training.student import has_critics_for, is_alike
from ganglion.training.teacher import require_able, teacher_record
from ganglion.training.threads import use_one_fast_thread
from ganglion.training.train import require_same, train
from ganglion.training.vecnormalize import choose_vecnormalize, read_vecnormalize

log = logging.getLogger(__name__)

_STEPS = 160_000
_QAT_STEPS = 40_000


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
    """The run's folder under build/<environment>/train/; named after zip and settings by default."""
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
        if self.to is not None and self.to.exists() and not self.to.is_dir():
            raise ConfigError(f"{spelled('to', self.to)} is a file, but a folder is written there")
        config, others = self._config()
        path = self.checkpoint
        if path.suffix == ".npz":
            statistics, copies = None, self._checked_run(config)
        elif config.algorithm == "dqn":
            take_up_zip(new_dqn(config, self.seed), path)  # raises unless it is of this architecture
            statistics, copies = None, True
        else:
            statistics, copies = self._checked_actor(config)
        steps = config.whole_rollouts(_STEPS) if self.steps is None else self.steps
        # An id such as dm_control/walker-walk is no folder's name.
        environment = re.sub(r"[^\w.-]", "-", self.environment)
        run = Run(
            environment=environment,
            config=config,
            name=self.run or self._default_name(others),
            seed=self.seed,
            sparsity=self.sparsity,
            steps=steps,
            qat_steps=config.whole_rollouts(_QAT_STEPS) if self.qat_steps is None else self.qat_steps,
            parent=path,
            distill=True,
            vecnormalize=statistics,
            teacher_sha256=digest([sha256_file(file) for file in (path, statistics) if file is not None]),
            dense_steps=0 if copies else config.whole_rollouts(DENSE_FRACTION * steps),
            finetune_steps=self.ft_steps,
            build=self.build,
        )
        root = BuildPaths.of(environment, self.build).root
        return run, self.to or root / "compressed" / run.name

    def _default_name(self, others: Sequence[str]) -> str:
        """Return a folder name of the zip, or the teacher's run, that tells other settings apart."""
        path = self.checkpoint
        teacher = Run.of(path).name if path.suffix == ".npz" else path.stem
        return "-".join([teacher, f"sparse{self.sparsity * 100:g}", *others, f"s{self.seed}"])

    def _checked_run(self, config: TrainConfig) -> bool:
        """Return whether the student of a run's checkpoint is its copy."""
        require_teacher(config, self.checkpoint)
        copies = is_copy(config, Run.of(self.checkpoint).config)
        if self.ft_steps and not copies:
            raise ConfigError(
                f"{self.checkpoint}: {spelled('ft_steps')} go on with the teacher's networks, which are not "
                "those of the student; leave it out, or give the student the same network"
            )
        return copies

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

    def _config(self) -> tuple[TrainConfig, list[str]]:
        """Return the configuration, the base's for another gymnasium id, and the name's parts of it."""
        if self.base is None and self.environment not in known_environments():
            raise ConfigError(
                f"unknown environment {self.environment!r}; known: {', '.join(known_environments())}; "
                f"for another gymnasium id name the one whose settings it takes by {spelled('base')}"
            )
        algorithm = Run.of(self.checkpoint).config.algorithm if self.checkpoint.suffix == ".npz" else None
        usual = load_config(self.base or self.environment, algorithm)
        if self.base:
            usual = dataclasses.replace(usual, env_id=self.environment)
        asked = read_settings(self.set)
        own = {name: value for name in ("hidden", "pruning") if (value := getattr(self, name))}
        config = dataclasses.replace(changed(usual, asked, spelled("set", self.set)), **own)
        return config, name_parts([*asked, *own], config, usual)


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
    rows = rows_of(run, record)
    write_json(run.folder / "compress.json", {"rows": [dataclasses.asdict(row) for row in rows]})
    return rows


def run(settings: CompressSettings) -> None:
    """Compress what `settings` name, and print the table and the policy folder."""
    planned, folder = settings.plan()
    Console().print(table_of(compress(planned, folder, weak_teacher=settings.weak_teacher)))
    print(f"policy folder {folder}; {spelled('policy', folder)} builds its hardware")
