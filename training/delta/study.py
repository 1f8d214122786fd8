"""Stage: delta inference on a policy, counted: table, figure and delta.json.

After Ivanov et al., "Reinforcement learning with sparse computations over time" (2022), tables 3 to 5.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tyro.conf import Positional

from ganglion.models.build.closure import code_hash
from ganglion.models.build.codec import encode_json
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import digest, sha256_file
from ganglion.models.build.lock import locked
from ganglion.models.build.paths import BUILD
from ganglion.models.build.spelling import spelled
from ganglion.models.formats.policy_folder import JSON_FILE, Policy, load_policy
from ganglion.models.select_policy import shipped_policy
from ganglion.training.delta.measure import DeltaReport, Measured, multiplications_without_delta
from ganglion.training.delta.plot import draw
from ganglion.training.delta.records import Records
from ganglion.training.delta.search import search
from ganglion.training.episodes import MILESTONE_SEEDS, TEST_EPISODES, TEST_SEEDS


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaSettings:
    """A policy, the thresholds it is tried with, and how well it must still do."""

    name: Positional[str | None] = None
    """The environment whose shipped policy is taken, for example Hopper."""
    policy: Path | None = None
    """A policy folder to take instead of the shipped one."""
    thresholds: tuple[int, ...] = (0, 1, 2, 4, 8)
    """Each is tried for all layers at once, in steps of their inputs' integers; 0, exact, comes first."""
    keep: float = 0.95
    """The fraction of the return that thresholds chosen by layer must keep."""
    episodes: int = TEST_EPISODES
    """Episodes of each line of the table; the search takes a fifth of them, on other seeds."""
    build: Path = BUILD
    """Where builds lie."""

    def __post_init__(self) -> None:
        if not self.thresholds or self.thresholds[0] != 0 or min(self.thresholds) < 0:
            raise ConfigError(
                f"{spelled('thresholds', ','.join(map(str, self.thresholds)))}: "
                "expected integers of at least 0, the first of them 0"
            )
        if not 0 < self.keep <= 1:
            raise ConfigError(f"{spelled('keep', self.keep)} is outside (0, 1]")
        if self.episodes < 1:
            raise ConfigError(f"{spelled('episodes', self.episodes)}: expected at least 1")


def study(policy: Policy, settings: DeltaSettings, measured: Callable[..., Measured]) -> DeltaReport:
    """Return what delta inference does to a policy; `measured` takes thresholds, episodes and first seed."""
    n_layers = len(policy.spec.network.layers)
    uniform = tuple(
        measured((threshold,) * n_layers, settings.episodes, TEST_SEEDS) for threshold in settings.thresholds
    )
    n_search = -(-settings.episodes // 5)
    found = search(
        lambda thresholds: measured(thresholds, n_search, MILESTONE_SEEDS), n_layers, settings.keep
    )
    return DeltaReport(
        env=policy.spec.env,
        policy=policy.spec.name,
        dense=policy.spec.said.n_weights,
        pruned=multiplications_without_delta(policy),
        uniform=uniform,
        chosen=measured(found.thresholds, settings.episodes, TEST_SEEDS),
    )


def print_table(report: DeltaReport) -> None:
    """Print a line for each setting of thresholds."""
    table = Table(title=f"{report.env}, {report.policy}: multiplications a step")
    for column in (
        "thresholds",
        "multiplications",
        "fewer than dense",
        "by layer",
        "return",
        "worst",
        "falls",
    ):
        table.add_column(column, justify="left" if column == "thresholds" else "right")

    def add(what: str, layers: tuple[float, ...], *cells: str) -> None:
        total = sum(layers)
        times = f"{report.dense / total:,.0f}x" if report.dense and total else ""
        table.add_row(what, f"{total:,.0f}", times, " ".join(f"{each:,.0f}" for each in layers), *cells)

    if report.dense:
        table.add_row("dense actor", f"{report.dense:,}", "1x")
    add("pruned, all sent", report.pruned)
    for each in (*report.uniform, report.chosen):
        named = " ".join(map(str, each.thresholds))
        what = f"{named} (exact)" if not any(each.thresholds) else named
        mean = f"{each.return_mean:,.0f} ± {each.return_std:,.0f}"
        add(what, each.multiplications, mean, f"{each.return_min:,.0f}", f"{each.falls} of {each.episodes}")
    Console(width=110).print(table)


def run(settings: DeltaSettings) -> None:
    """Measure a policy, print the table, and write delta.json and the figure."""
    if settings.name is None and settings.policy is None:
        raise ConfigError(f"name an environment, or a policy folder with {spelled('policy')}")
    source = settings.policy or shipped_policy(settings.name or "")
    policy = load_policy(source)
    folder = settings.build / (settings.name or source.resolve().name) / "delta"
    with locked(folder):
        key = digest([sha256_file(source / JSON_FILE), code_hash(f"{__package__}.measure")])
        report = study(policy, settings, Records(policy, folder / "measured.jsonl", key))
        encode_json(folder / "delta.json", report)
        pictures = [folder / f"delta.{suffix}" for suffix in ("png", "svg")]
        draw(f"{report.env}, {report.policy}", report, pictures)
    print_table(report)
    print(f"written: {folder / 'delta.json'}, {', '.join(str(path) for path in pictures)}")
