"""The study's training runs: dense teachers where none is shipped, and quantization-aware training."""

from dataclasses import dataclass
from pathlib import Path

from ganglion.models.build.errors import ConfigError
from ganglion.models.quant.schemes import Scheme
from ganglion.training.algorithms import ALGORITHMS
from ganglion.training.config import load_config
from ganglion.training.grid import Job
from ganglion.training.options import TrainSettings
from ganglion.training.run import Phase, Run
from ganglion.training.shipped import shipped_teacher
from ganglion.training.study.cells import Teacher

_IMITATION = 0.25
"""Of the steps of a shipped teacher's QAT, those in float before: they fill the replay buffer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A teacher and the runs that it and its QAT need."""

    teacher: Teacher
    dense: Run | None
    """None of a shipped teacher."""
    qat: Run | None
    """None where QAT is not asked for."""

    @property
    def jobs(self) -> list[Job]:
        """Return the runs in their order."""
        chain = ((self.dense, None), (self.qat, self.dense))
        return [Job(run=run, after=before) for run, before in chain if run is not None]


def source_of(
    study: str,
    environment: str,
    algorithm: str,
    seed: int,
    *,
    steps: int | None,
    qat_steps: int | None,
    build: Path,
) -> Source:
    """Return the shipped teacher of an environment, algorithm and seed, or one to train in `steps`.

    qat_steps: of quantization-aware training; None: there is none. ConfigError for unknown names.
    """
    if algorithm not in ALGORITHMS:
        raise ConfigError(f"algorithm {algorithm!r}; known: {', '.join(sorted(ALGORITHMS))}")
    common = {"environment": environment, "algorithm": algorithm, "seed": seed, "build": build}
    name, path = f"{study}-{algorithm}-s{seed}", _shipped(environment, algorithm, seed)
    dense = qat = None
    if path is None:
        dense = TrainSettings(**common, steps=steps, run=f"{name}-dense").plan()
        path = dense.best(Phase.DENSE)
    if qat_steps is not None:
        config = load_config(environment, algorithm)
        qat = TrainSettings(
            **common,
            steps=0 if dense else config.whole_rollouts(_IMITATION * qat_steps),
            qat_steps=config.whole_rollouts(qat_steps),
            scheme=Scheme.QAT,
            parent=path,
            distill=dense is None,
            run=f"{name}-qat",
        ).plan()
    teacher = Teacher(environment=environment, algorithm=algorithm, seed=seed, checkpoint=path)
    return Source(teacher=teacher, dense=dense, qat=qat)


def _shipped(environment: str, algorithm: str, seed: int) -> Path | None:
    path = shipped_teacher(environment, algorithm)
    return path if path is not None and Run.of(path).seed == seed else None
