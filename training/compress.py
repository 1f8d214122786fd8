"""Stage: a stable-baselines3 zip (SAC, TD3, DDPG, PPO) becomes a sparse int8 policy folder, by imitation.

The zip and vecnormalize.pkl are unpickled: name only those that you trust.
"""

import dataclasses
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from tyro.conf import Positional

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import read_json, sha256_file, write_json
from ganglion.models.build.paths import BUILD, BuildPaths
from ganglion.models.build.spelling import spelled
from ganglion.training.callbacks import FINAL_SEEDS
from ganglion.training.config import TrainConfig, known_environments, load_config
from ganglion.training.envs import FloatArray, episode_returns, make_env
from ganglion.training.evaluate import TEACHER_FILE, evaluate_checkpoint
from ganglion.training.export import N_VECTORS, export_run
from ganglion.training.fast_sac import use_one_fast_thread
from ganglion.training.learner import new_learner
from ganglion.training.options import SEED
from ganglion.training.results import read_curve, seconds_of
from ganglion.training.run import Phase, Run
from ganglion.training.sb3_zip import find_vecnormalize, read_zip
from ganglion.training.statistics import Statistics
from ganglion.training.student import has_critics_for, is_alike
from ganglion.training.train import train

log = logging.getLogger(__name__)

_DENSE_FRACTION = 0.25
"""Of the steps before int8, those in which a student that starts at random imitates before it is pruned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressSettings:
    """What is compressed, and how."""

    checkpoint: Positional[Path]
    """The zip that stable-baselines3's save() wrote."""
    environment: Positional[str]
    """A configuration's name, or with a base any gymnasium id."""
    base: str | None = None
    """The configuration that lends its settings to another gymnasium id."""
    vecnormalize: Path | None = None
    """VecNormalize's file; found by itself beside the zip."""
    sparsity: float = 0.95
    """Fraction of the actor's weights to prune."""
    steps: int = 160_000
    """Environment steps before int8."""
    qat_steps: int = 40_000
    """Environment steps in int8."""
    ft_steps: int = 0
    """Environment steps of reinforcement learning after that; SAC only."""
    hidden: tuple[int, ...] = ()
    """Widths of the student, such as 64 64; the configuration's by default."""
    seed: int = SEED
    """Of networks, exploration, batches and episodes."""
    run: str | None = None
    """The run's folder under build/<environment>/train/; named after zip, sparsity and seed by default."""
    to: Path | None = None
    """The policy folder; build/<environment>/compressed/<run> by default."""
    build: Path = BUILD
    """Where runs lie."""

    def plan(self) -> tuple[Run, Path]:
        """Return the run that is asked for, and the policy folder to write.

        Raises ConfigError when zip, environment and settings do not fit together.
        """
        config, path = self._config(), self.checkpoint
        statistics = self.vecnormalize or find_vecnormalize(path)
        policy = read_zip(path, statistics, make_env(config.env_id))
        if statistics is not None:
            log.info("%s with the observation statistics of %s", path, statistics)
        model = new_learner(config, self.seed)
        if self.ft_steps and not has_critics_for(model, policy):
            raise ConfigError(
                f"{path}: {spelled('ft_steps')} needs the critics of a SAC zip with learned entropy, ReLU, "
                f"hidden {list(config.hidden)} and no VecNormalize; leave it out, or give the zip's "
                f"widths by {spelled('hidden')}"
            )
        is_copy = is_alike(model, policy)
        # An id such as dm_control/walker-walk is no folder's name.
        environment = re.sub(r"[^\w.-]", "-", self.environment)
        run = Run(
            environment=environment,
            config=config,
            name=self.run or f"{path.stem}-sparse{self.sparsity * 100:g}-s{self.seed}",
            seed=self.seed,
            sparsity=self.sparsity,
            steps=self.steps,
            qat_steps=self.qat_steps,
            parent=str(path),
            distill=True,
            vecnormalize=None if statistics is None else str(statistics),
            dense_steps=0 if is_copy else config.whole_rollouts(_DENSE_FRACTION * self.steps),
            finetune_steps=self.ft_steps,
            build=self.build,
        )
        root = BuildPaths.of(environment, self.build).root
        return run, self.to or root / "compressed" / run.name

    def _config(self) -> TrainConfig:
        """Return the named configuration, or the base's for another gymnasium id."""
        if self.base is None and self.environment not in known_environments():
            raise ConfigError(
                f"unknown environment {self.environment!r}; known: {', '.join(known_environments())}; "
                f"for another gymnasium id name the one whose settings it takes by {spelled('base')}"
            )
        config = load_config(self.base or self.environment)
        changes = {"env_id": self.environment if self.base else None, "hidden": self.hidden or None}
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


def compress(run: Run, folder: Path) -> list[Row]:
    """Bring `run` to its end, export it to `folder`, and return what each part reached and cost."""
    use_one_fast_thread()
    teacher = _teacher_row(run)
    train(run)
    export_run(run.folder, folder, N_VECTORS)
    rows = [teacher, *(_phase_row(run, phase) for phase, _ in run.phases)]
    write_json(run.folder / "compress.json", {"rows": [dataclasses.asdict(row) for row in rows]})
    return rows


def _teacher_row(run: Run) -> Row:
    """Return the teacher's row, from teacher.json when the same files were evaluated before."""
    record, parent = run.folder / TEACHER_FILE, Path(str(run.parent))
    statistics = None if run.vecnormalize is None else Path(run.vecnormalize)
    files = {str(path): sha256_file(path) for path in (parent, statistics) if path is not None}
    if not record.exists() or read_json(record)["files"] != files:
        write_json(record, {"files": files, **_evaluate_teacher(run.config, parent, statistics)})
    found = read_json(record)
    return Row(
        name=f"teacher ({found['algorithm']})",
        statistics=Statistics.of(found["returns"]),
        nnz=found["n_weights"],
        live=None,
        seconds=None,
    )


def _evaluate_teacher(config: TrainConfig, parent: Path, statistics: Path | None) -> dict[str, Any]:
    env = make_env(config.env_id)
    policy = read_zip(parent, statistics, env)
    silence = torch.zeros(env.action_space.shape or ())

    def act(observations: FloatArray) -> FloatArray:
        return policy.act(torch.from_numpy(observations), silence).numpy()

    returns = episode_returns(config.env_id, act, config.final_episodes, FINAL_SEEDS)
    return {
        "algorithm": policy.algorithm,
        "n_weights": sum(layer.weight.numel() for layer in policy.layers),
        **Statistics.of(returns).to_json(),
        "episodes": len(returns),
        "returns": returns.tolist(),
        "first_seed": FINAL_SEEDS,
    }


def _phase_row(run: Run, phase: Phase) -> Row:
    """Return the row of a phase's best policy."""
    found, curve = evaluate_checkpoint(run.best(phase)), read_curve(run.curve)
    last = max(i for i, entry in enumerate(curve) if entry["phase"] == phase.value)
    kind = ("sparse " if run.sparsity else "dense ") + ("int8" if found.is_int8 else "float")
    return Row(
        name=f"{kind}, fine-tuned" if phase is Phase.FINETUNE else kind,
        statistics=Statistics.of(found.returns),
        nnz=found.nnz,
        live=found.live,
        seconds=seconds_of(curve[: last + 1]),
    )


def table_of(rows: list[Row]) -> Table:
    """Return what `compress` returned, to be printed."""
    table = Table("policy", "return", "interquartile mean (95%)", "weights", "live", "seconds")
    for row in rows:
        low, high = row.statistics.iqm_ci95 or (row.statistics.iqm, row.statistics.iqm)
        table.add_row(
            row.name,
            f"{row.statistics.mean:,.0f} ± {row.statistics.std:,.0f}",
            f"{row.statistics.iqm:,.0f} ({low:,.0f} to {high:,.0f})",
            f"{row.nnz:,}",
            "" if row.live is None else f"{row.live:,}",
            "" if row.seconds is None else f"{row.seconds:,.0f}",
        )
    return table


def run(settings: CompressSettings) -> None:
    """Compress what `settings` name, and print the table and the policy folder."""
    planned, folder = settings.plan()
    Console().print(table_of(compress(planned, folder)))
    print(f"policy folder {folder}; {spelled('policy', folder)} builds its hardware")
