"""What a sweep consists of: a grid of settings, the runs that it needs, and which of them are finished."""

import dataclasses
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from ganglion.models.build.codec import STRICT, decode, decode_toml
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.paths import BUILD
from ganglion.models.build.spelling import spelled
from ganglion.models.sparsity import check_sparsity
from ganglion.training.config import TrainConfig, load_config
from ganglion.training.records import RESULT_FILE, read_curve, read_result
from ganglion.training.run import Phase, Run
from ganglion.training.shipped import shipped_teacher


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Environments x algorithms x sparsities x seeds x (with and without quantization-aware training)."""

    __pydantic_config__: ClassVar = STRICT

    environments: tuple[str, ...]
    """Names of configurations."""
    sparsities: tuple[float, ...]
    """Fractions of zeros; 0 is the dense reference."""
    seeds: tuple[int, ...]
    algorithms: tuple[str, ...] = ()
    """Names of configurations/algorithms; none: the one that each environment's configuration names."""
    qat: tuple[bool, ...] = (False, True)
    """An int8 policy goes on from the float one of its cell, which is trained in any case."""
    pruning: str | None = None
    """Which weights or neurons are pruned; None: the configuration's."""
    steps: int | None = None
    """Environment steps in float; None: the configuration's. Of named algorithms to their whole rollouts."""
    qat_steps: int | None = None
    """Environment steps in int8; None: the configuration's fraction of the float ones."""
    distill_steps: int | None = None
    """Steps in which a sparse policy is distilled from a dense one; None: it learns from rewards."""
    teachers: Literal["trained", "shipped"] = "trained"
    """Of distillation: a dense policy trained for each seed, or the shipped one for all of them."""

    def __post_init__(self) -> None:
        """Reject the impossible; raise ConfigError."""
        for name in ("environments", "sparsities", "seeds", "qat"):
            values = getattr(self, name)
            if not values or len(set(values)) != len(values):
                raise ConfigError(f"{name} = {list(values)}, allowed: one or more, none of them twice")
        if len(set(self.algorithms)) != len(self.algorithms):
            raise ConfigError(f"algorithms = {list(self.algorithms)}, allowed: none of them twice")
        for name in ("steps", "qat_steps", "distill_steps"):
            if (steps := getattr(self, name)) is not None and steps < 1:
                raise ConfigError(f"{spelled(name, steps)}, allowed: at least 1")
        for sparsity in self.sparsities:
            check_sparsity(sparsity)
        if self.teachers == "shipped" and (self.distill_steps is None or 0 in self.sparsities):
            raise ConfigError(
                f"{spelled('teachers', 'shipped')} wants {spelled('distill_steps')} and sparsities above 0: "
                "the shipped dense policies are imitated, not trained"
            )

    def jobs(self, name: str, build: Path = BUILD) -> tuple["Job", ...]:
        """Return the runs of the sweep `name` under `build`, each after the one it starts from."""
        jobs: dict[tuple[str, str], Job] = {}
        for environment, algorithm in itertools.product(self.environments, self.algorithms or (None,)):
            config = load_config(environment, algorithm)
            if self.pruning is not None:
                config = dataclasses.replace(config, pruning=self.pruning)
            prefix = name if algorithm is None else f"{name}-{algorithm}"
            grid = self if algorithm is None else self._in_rollouts_of(config)
            for sparsity, seed in itertools.product(self.sparsities, self.seeds):
                for job in grid._cell(prefix, build, environment, config, sparsity, seed):
                    jobs.setdefault((environment, job.run.name), job)
        return tuple(jobs.values())

    def _in_rollouts_of(self, config: TrainConfig) -> "Grid":
        """Return the grid with its steps in whole rollouts of a configuration, at least one."""
        given = {name: getattr(self, name) for name in ("steps", "qat_steps", "distill_steps")}
        rounded = {
            name: max(config.rollout_steps, config.whole_rollouts(steps))
            for name, steps in given.items()
            if steps
        }
        return dataclasses.replace(self, **rounded)

    def _cell(
        self, name: str, build: Path, environment: str, config: TrainConfig, sparsity: float, seed: int
    ) -> list["Job"]:
        steps = config.steps if self.steps is None else self.steps
        dense = Run(
            environment=environment,
            config=config,
            name=f"{name}-dense-s{seed}",
            seed=seed,
            sparsity=0.0,
            steps=steps,
            qat_steps=0,
            parent=None,
            distill=False,
            build=build,
        )
        chain = [dense]
        if sparsity:
            sparse = dataclasses.replace(
                dense, name=f"{name}-sparse{sparsity * 100:g}-s{seed}", sparsity=sparsity
            )
            chain = [sparse] if self.distill_steps is None else self._distilled(dense, sparse)
        if True in self.qat:
            chain.append(self._quantized(chain[-1]))
        befores = [None, *chain]
        return [Job(run=run, after=before) for run, before in zip(chain, befores, strict=False)]

    def _distilled(self, dense: Run, sparse: Run) -> list[Run]:
        """Return the sparse run as one that imitates, behind the dense one where that is to be trained."""
        assert self.distill_steps is not None
        own = self.teachers == "trained"
        teacher = dense.best(Phase.DENSE) if own else _shipped(dense)
        imitating = dataclasses.replace(sparse, steps=self.distill_steps, parent=teacher, distill=True)
        return [dense, imitating] if own else [imitating]

    def _quantized(self, run: Run) -> Run:
        share = run.config.qat_steps_after(run.steps)
        last = run.phases[-1][0]
        return dataclasses.replace(
            run,
            name=f"{run.name}-int8",
            steps=0,
            qat_steps=share if self.qat_steps is None else self.qat_steps,
            parent=run.best(last),
        )


def _shipped(dense: Run) -> Path:
    path = shipped_teacher(dense.environment, dense.config.algorithm)
    if path is None:
        raise ConfigError(
            f"no dense {dense.config.algorithm} policy is shipped for {dense.environment}; leave it out, "
            f"or train one: {spelled('teachers', 'trained')}"
        )
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A run, and the run whose best policy it starts from."""

    run: Run
    after: Run | None

    @property
    def last_step(self) -> int:
        """The step at which the run ends."""
        return self.run.phases[-1][1]

    @property
    def step(self) -> int:
        """The step of the run's last milestone."""
        curve = read_curve(self.run.curve)
        return curve[-1]["step"] if curve else 0

    @property
    def is_finished(self) -> bool:
        """Whether the run came to its end; a folder with another run's result raises ConfigError."""
        path = self.run.folder / RESULT_FILE
        if not path.exists():
            return False
        result = read_result(self.run.folder)
        if Run.from_json({**result.run, "config": result.config}, str(path)) != self.run:
            raise ConfigError(f"{path} is of a run with other settings; give the sweep another name")
        return result.steps_done == self.last_step


def read_grid(path: Path | None, changes: dict[str, Any]) -> Grid:
    """Return the grid in a TOML file (or none) with `changes` in place of its values.

    A missing file, an unknown or missing key and a value of another type raise ConfigError.
    """
    values = {} if path is None else decode_toml(dict[str, Any], path)
    return decode(Grid, values | changes, "the sweep" if path is None else str(path), ConfigError)
