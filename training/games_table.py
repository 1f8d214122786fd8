"""Stage: what the zoo's policies score in games beside the claims of Ivanov et al. 2025, as a table."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganglion.models.build.paths import BUILD
from ganglion.models.environments import is_game
from ganglion.models.zoo import ZOO
from ganglion.training.markdown import markdown
from ganglion.training.records import DELTA_PHASE, RESULT_FILE, Result, Score, read_result
from ganglion.training.run import Phase
from ganglion.training.statistics import mean_and_std

GAMES = ("Pong", "Boxing", "CrazyClimber", "Tutankham")
"""The paper's."""
NETWORKS = {"nature_cnn": "NatureCNN", "resnet": "ResNet"}
"""Names of `DqnConfig.network` and what the table calls them."""
LEVELS = {"nature_cnn": (80, 90, 95), "resnet": (95, 98)}
"""Sparsities in % that have a row, trained or not: what the paper's Figures 5 and 6 end with."""
CLAIMS = {"nature_cnn": (80, 95), "resnet": (95, 98)}
"""Up to what sparsity in %, with int8, nothing is lost by the paper's text: in all games, and in `MOST`."""
MOST = ("Pong", "Tutankham")
_COLUMNS = ("game", "network", "sparsity", "dense", "float", "int8", "kept", "paper", "steps", "seeds")


@dataclass(frozen=True, slots=True, kw_only=True)
class GamesSettings:
    """Which policies are listed."""

    zoo: Path = ZOO
    """Where they lie."""
    build: Path = BUILD
    """Where the log goes."""


Cell = tuple[str, str, int]
"""Game, network and sparsity in %."""


def games_table(zoo: Path) -> str:
    """Return the scores of games under `zoo` as a Markdown table; a cell is empty where none is trained.

    A score is the mean and standard deviation of one run's games, or of several seeds' means. "dense" is what
    the sparse policy came from; "kept" how much of that, measured from random play, the int8 one has.
    """
    found: dict[Cell, list[Result]] = defaultdict(list)
    for folder in sorted(path.parent for path in zoo.glob(f"*/*/{RESULT_FILE}")):
        result = read_result(folder)
        if is_game(result.env_id) and result.phase != DELTA_PHASE:
            found[result.environment, str(result.network), round(100 * result.sparsity)].append(result)
    rows: list[dict[str, str]] = []
    for game in GAMES:
        for network in NETWORKS:
            trained = {level for (*of, level) in found if of == [game, network] and level}
            dense = found.get((game, network, 0), [])
            for level in sorted(trained | set(LEVELS[network])):
                rows.append(_cells((game, network, level), found.get((game, network, level), []), dense))
    return markdown(_COLUMNS, rows)


def _cells(cell: Cell, results: Sequence[Result], dense: Sequence[Result]) -> dict[str, str]:
    game, network, level = cell
    int8 = [result for result in results if result.is_int8]
    floats = [result for result in results if result not in int8]
    pruned = [score for result in int8 if (score := result.earlier_phases.get(Phase.PRUNE.value)) is not None]
    origins = [origin for result in results if (origin := result.origin) is not None]
    return {
        "game": game,
        "network": NETWORKS[network],
        "sparsity": f"{level} %",
        "dense": _score(origins or dense),
        "float": _score([*floats, *pruned]),
        "int8": _score(int8),
        "kept": _kept(int8),
        "paper": "no loss" if level <= CLAIMS[network][game in MOST] else "loss",
        "steps": ", ".join(f"{steps:,}" for steps in sorted({result.total_steps for result in results})),
        "seeds": ", ".join(str(seed) for seed in sorted({result.seed for result in results})),
    }


def _score(found: Sequence[Score | Result]) -> str:
    """Return mean ± standard deviation: of a single run's games, else of the seeds' means."""
    if not found:
        return ""
    means = [each.return_mean for each in found]
    std = found[0].return_std if len(found) == 1 else float(np.std(means))
    return mean_and_std(float(np.mean(means)), std)


def _kept(int8: Sequence[Result]) -> str:
    """Return the share of the dense policy's lead over random play, where that is known."""
    shares = []
    for result in int8:
        origin = result.origin
        if origin is not None and origin.random_returns:
            random = float(np.mean(origin.random_returns))
            shares.append((result.return_mean - random) / (origin.return_mean - random))
    return f"{100 * np.mean(shares):.0f} %" if shares else ""


def run(settings: GamesSettings) -> None:
    """Print the table."""
    print(games_table(settings.zoo))
