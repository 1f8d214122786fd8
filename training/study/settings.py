"""What a study is asked for: which policies are compressed how, and what is measured of them."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.paths import BUILD
from ganglion.models.build.settings import paths_of
from ganglion.models.build.spelling import spelled
from ganglion.models.quant.schemes import Scheme
from ganglion.models.select_policy import shipped_policies
from ganglion.models.sparsity import Pruning
from ganglion.training.study.cells import POST_TRAINING, Cell, cells_of, check_axes
from ganglion.training.study.records import Target
from ganglion.training.study.teachers import Source, source_of

STUDIES = "study"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySettings:
    """Which policies are compressed how, and what is measured of them."""

    name: Positional[str] = "sac"
    """Of the study: its files lie in build/study/<name>."""
    environments: tuple[str, ...] = ("Swimmer", "HalfCheetah")
    """Names of configurations; a dense SAC policy is shipped of Walker2d, Ant and Humanoid too."""
    algorithms: tuple[str, ...] = ("sac",)
    """What trained the dense policies: one that is shipped is taken, any other is trained first."""
    seeds: tuple[int, ...] = (1,)
    """Of those policies."""
    schemes: tuple[Scheme, ...] = tuple(Scheme)
    """Such as float ptdq ptsq qat."""
    prunings: tuple[Pruning, ...] = POST_TRAINING
    """What is pruned after training: neurons_l1, neurons_l2 or magnitude."""
    fractions: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7)
    """How much of it."""
    steps: int | None = None
    """Environment steps in which a dense policy is trained; the configuration's by default."""
    qat_steps: int = 20_000
    """Environment steps of quantization-aware training; a shipped policy's copy learns by imitation."""
    episodes: int = 20
    """Episodes of each policy."""
    keep: float = 0.95
    """Of each pruning, the strongest that keeps this part of the return in int8 is timed and built."""
    hardware: bool = True
    """Build the hardware of what is timed."""
    boards: tuple[str, ...] = ("Pynq-Z2",)
    """Boards to build it for."""
    energy_boards: tuple[str, ...] = ("iCEBreaker",)
    """Boards to build it for where an action's energy is estimated too, from the netlist's activity."""
    latencies_us: tuple[float, ...] = (2.0, 20.0)
    """How long an answer may take: the smallest engine that keeps the first of them that any can keep."""
    address: str | None = None
    """The host:port of a Ray cluster, or auto; this machine by default."""
    processes: int | None = None
    """Policies at a time on this machine; its cores by default."""
    build: Path = BUILD
    """Where builds lie."""

    def __post_init__(self) -> None:
        """Reject the impossible; raise ConfigError."""
        paths_of(self.name, self.build)
        check_axes(self.schemes, self.prunings, self.fractions)
        if self.episodes < 1:
            raise ConfigError(f"{spelled('episodes', self.episodes)}: expected at least 1")
        if not 0 < self.keep <= 1:
            raise ConfigError(f"{spelled('keep', self.keep)} is outside (0, 1]")
        for setting in ("environments", "algorithms", "seeds"):
            values = getattr(self, setting)
            if not values or len(set(values)) != len(values):
                raise ConfigError(f"{spelled(setting)}: expected one or more, none of them twice")

    @property
    def root(self) -> Path:
        """Where the study's files lie."""
        return self.build / STUDIES / self.name

    @property
    def targets(self) -> list[Target]:
        """The boards to build for, each once."""
        return [
            Target(board=board, latencies_us=self.latencies_us, estimate=board in self.energy_boards)
            for board in dict.fromkeys((*self.boards, *self.energy_boards))
        ]

    def sources(self) -> list[Source]:
        """Return the teachers, and what must be trained; raise ConfigError for an unknown name."""
        return [
            source_of(
                self.name,
                environment,
                algorithm,
                seed,
                steps=self.steps,
                qat_steps=self.qat_steps if Scheme.QAT in self.schemes else None,
                build=self.build,
            )
            for environment in self.environments
            for algorithm in self.algorithms
            for seed in self.seeds
        ]

    def cells(self, source: Source) -> list[Cell]:
        """Return the policies that are made of one teacher, and the shipped sparse one if it made that."""
        teacher = source.teacher
        shipped = shipped_policies().get(teacher.environment) if source.dense is None else None
        return list(cells_of(teacher, self.schemes, self.prunings, self.fractions, shipped))
