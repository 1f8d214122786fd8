"""Stage: the study of quantization and pruning: a grid of policies on Ray, then this CPU, then hardware.

What is measured is not measured again; a killed study goes on.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, track
from tyro.conf import Positional

from ganglion.models.build.codec import decode_json
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.lock import locked
from ganglion.models.build.paths import BUILD
from ganglion.models.build.spelling import spelled
from ganglion.models.quant.schemes import Scheme
from ganglion.models.select_policy import shipped_policies
from ganglion.models.sparsity import Pruning
from ganglion.training.cluster import cluster, failures_of, require_no
from ganglion.training.run import Run
from ganglion.training.statistics import floor_of
from ganglion.training.study.cells import POST_TRAINING, Cell, cells_of, check_axes
from ganglion.training.study.cpu import measure_cpu
from ganglion.training.study.hardware import measure_hardware
from ganglion.training.study.plot import draw_returns, draw_times
from ganglion.training.study.records import RETURNS_FILE, Returns, Row, Target, folder_of
from ganglion.training.study.returns import measure_job, observations_of
from ganglion.training.study.stages import returns_stage
from ganglion.training.study.tables import missing_hardware, tables_of, write_tables
from ganglion.training.study.teachers import Source, source_of
from ganglion.training.sweep import sweep
from ganglion.training.threads import use_one_fast_thread

log = logging.getLogger(__name__)

STUDIES = "study"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySettings:
    """Which policies are compressed how, and what is measured of them."""

    name: Positional[str] = "sac"
    """Of the study: its files lie in build/study/<name>."""
    environments: tuple[str, ...] = ("Swimmer", "HalfCheetah", "Walker2d", "Ant", "Humanoid")
    """Names of configurations."""
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


def measure_returns(settings: StudySettings, sources: Sequence[Source]) -> list[Returns]:
    """Return returns.json of every policy; those that are missing are made and measured on Ray."""
    root, episodes = settings.root, settings.episodes
    cells = [(cell, _trained(cell, each)) for each in sources for cell in settings.cells(each)]
    to_do = [pair for pair in cells if not returns_stage(root, pair[0], episodes, pair[1]).is_current()]
    for teacher in {cell.teacher.name: cell.teacher for cell, _ in to_do}.values():
        observations_of(root, teacher)
    if to_do:
        with cluster(settings.address, settings.processes):
            tasks = {
                measure_job.remote(root, cell, episodes, trained, str(Path.cwd())): cell.name
                for cell, trained in to_do
            }
            with Progress() as progress:
                bar = progress.add_task("returns", total=len(tasks))
                show = lambda left: progress.update(bar, completed=len(tasks) - len(left))  # noqa: E731
                failures = failures_of(tasks, show)
            require_no(failures, len(tasks))
    return [decode_json(Returns, folder_of(root, cell) / RETURNS_FILE) for cell, _ in cells]


def _trained(cell: Cell, source: Source) -> Run | None:
    return source.qat if cell.scheme is Scheme.QAT and cell.shipped is None else None


def chosen(returns: Sequence[Returns], keep: float) -> list[Cell]:
    """Return what is timed and built: the unpruned and shipped ones, and each pruning's strongest that holds.

    That is the largest fraction whose static int8, or float where there is none, keeps the part `keep` of
    the unpruned float policy's return; the float one at that fraction comes with it.
    """
    floors = {
        each.cell.teacher.name: floor_of(each.return_mean, keep)
        for each in returns
        if each.cell.scheme is Scheme.FLOAT and each.cell.pruning is None
    }
    schemes = {each.cell.scheme for each in returns if each.cell.pruning is not None}
    judged = Scheme.PTSQ if Scheme.PTSQ in schemes else Scheme.FLOAT
    strongest: dict[tuple[str, Pruning], float] = {}
    for each in returns:
        cell = each.cell
        if (
            cell.pruning is not None
            and cell.scheme is judged
            and each.return_mean >= floors[cell.teacher.name]
        ):
            key = (cell.teacher.name, cell.pruning)
            strongest[key] = max(cell.fraction, strongest.get(key, 0.0))
    return [
        each.cell
        for each in returns
        if each.cell.pruning is None
        or strongest.get((each.cell.teacher.name, each.cell.pruning)) == each.cell.fraction
    ]


def study(settings: StudySettings) -> list[Row]:
    """Bring the study to its end and return a row for each policy."""
    sources = settings.sources()
    if jobs := [job for source in sources for job in source.jobs]:
        sweep(settings.root / "runs.parquet", jobs, settings.address, settings.processes)
    returns = measure_returns(settings, sources)
    picked = chosen(returns, settings.keep)
    cpus = {cell.name: measure_cpu(settings.root, cell) for cell in track(picked, "on this CPU")}
    builds = {}
    if settings.hardware:
        builds = {
            cell.name: tuple(measure_hardware(settings.root, cell, target) for target in settings.targets)
            for cell in track(picked, "in hardware")
        }
    names = [each.cell.name for each in returns]
    return [
        Row(returns=each, cpu=cpus.get(name), hardware=builds.get(name, ()))
        for name, each in zip(names, returns, strict=True)
    ]


def run(settings: StudySettings) -> None:
    """Measure, print the tables, and write them and the figures."""
    use_one_fast_thread()
    with locked(settings.root):
        rows = study(settings)
        tables = tables_of(rows)
        write_tables(settings.root, rows, tables)
        for name, draw in (("returns", draw_returns), ("times", draw_times)):
            draw(rows, [settings.root / f"{name}.{suffix}" for suffix in ("png", "svg")])
    console = Console(width=140)
    for table in tables:
        console.print(table.rich())
    if missing := missing_hardware(rows):
        print(missing)
    print(f"written to {settings.root}")
