"""Stage: delta inference on a policy, counted: table, figure and delta.json; with fine-tuning, a policy too.

After Ivanov et al., "Neural network optimization for reinforcement learning tasks using sparse computations"
(2022), tables 3 to 5.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ganglion.models.build.closure import code_hash
from ganglion.models.build.codec import encode_json
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import digest, sha256_file
from ganglion.models.build.lock import locked
from ganglion.models.build.pictures import png_and_svg
from ganglion.models.build.settings import BuildSettings
from ganglion.models.build.spelling import spelled
from ganglion.models.formats.policy_folder import JSON_FILE, Policy, load_policy
from ganglion.models.select_policy import policy_folder
from ganglion.training.delta.export import Finetuned, export
from ganglion.training.delta.finetune import Finetuning, Recipe
from ganglion.training.delta.measure import (
    DeltaReport,
    Measured,
    Thresholds,
    multiplications_of_dense,
    multiplications_without_delta,
)
from ganglion.training.delta.plot import draw
from ganglion.training.delta.records import Records
from ganglion.training.delta.search import search
from ganglion.training.delta.table import print_table
from ganglion.training.episodes import CONFIRM_SEEDS, MILESTONE_SEEDS, TEST_SEEDS, n_test_episodes
from ganglion.training.statistics import floor_of
from ganglion.training.threads import use_one_fast_thread


@dataclass(frozen=True, kw_only=True)
class DeltaSettings(BuildSettings):
    """A policy, the thresholds it is tried with, and how well it must still do."""

    thresholds: tuple[int, ...] = (0, 1, 2, 4, 8)
    """Each is tried for all layers at once, in steps of their inputs' integers; 0, exact, comes first."""
    keep: float = 0.95
    """The fraction of the return that thresholds chosen by layer must keep."""
    search: bool = True
    """Choose thresholds by layer; of a policy that is fine-tuned, only afterwards."""
    episodes: int | None = None
    """Episodes of each line of the table, of which the search takes a fifth, on other seeds; 100, of a game
    20."""
    finetune: tuple[int, ...] = ()
    """The thresholds with which the policy is trained, one or one for each layer; empty: it is not."""
    rounds: int = 25
    """Rounds of fine-tuning: episodes, then updates."""
    updates: int = 500
    """Updates in a round."""
    learning_rate: float = 0.03
    """Of fine-tuning, in steps of a weight's grid; it falls to 0."""
    change_cost: float = 0.02
    """What fine-tuning pays for changes that cross a threshold, beside the actions' squared error."""
    seed: int = 1
    """Of fine-tuning."""

    def __post_init__(self) -> None:
        for name, first in (("thresholds", "the first of them 0"), ("finetune", "one or one for each layer")):
            values: tuple[int, ...] = getattr(self, name)
            needed = name == "thresholds"
            if min(values, default=0) < 0 or (needed and (not values or values[0])):
                raise ConfigError(
                    f"{spelled(name, ','.join(map(str, values)))}: expected integers of at least 0, {first}"
                )
        if not 0 < self.keep <= 1:
            raise ConfigError(f"{spelled('keep', self.keep)} is outside (0, 1]")
        for name in ("episodes", "rounds", "updates"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise ConfigError(f"{spelled(name, value)}: expected at least 1")
        for name in ("learning_rate", "change_cost", "seed"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ConfigError(f"{spelled(name, getattr(self, name))}: expected a number of at least 0")

    def episodes_of(self, policy: Policy) -> int:
        """Return the episodes of each line of a policy's table."""
        return self.episodes or n_test_episodes(policy.spec.env)

    def recipe(self, n_layers: int) -> Recipe | None:
        """Return how a policy of so many layers is fine-tuned; None if it is not."""
        if not self.finetune:
            return None
        if len(self.finetune) not in (1, n_layers):
            raise ConfigError(
                f"{spelled('finetune', ','.join(map(str, self.finetune)))}: expected one threshold or "
                f"{n_layers}, one for each layer"
            )
        return Recipe(
            thresholds=self.finetune if len(self.finetune) == n_layers else self.finetune * n_layers,
            rounds=self.rounds,
            updates=self.updates,
            learning_rate=self.learning_rate,
            change_cost=self.change_cost,
            keep=self.keep,
            seed=self.seed,
        )


Measure = Callable[[Thresholds, int, int], Measured]
"""Thresholds, episodes and first seed → what was measured."""


def choose(measure: Measure, exact: Measure, start: Thresholds, keep: float, episodes: int) -> Thresholds:
    """Return the thresholds found from `start` on with the fewest multiplications that keep the return.

    `exact` measures the policy whose return is to be kept. The search takes a fifth of the episodes; what it
    found is confirmed on all of them, of seeds of their own, and if it fails the step before it.
    """
    none, few, all_ = (0,) * len(start), -(-episodes // 5), episodes
    floor = floor_of(exact(none, few, MILESTONE_SEEDS).return_mean, keep)
    path = search(lambda thresholds: measure(thresholds, few, MILESTONE_SEEDS), start, floor)
    floor = floor_of(exact(none, all_, CONFIRM_SEEDS).return_mean, keep)
    for each in reversed(path[1:]):
        if measure(each.thresholds, all_, CONFIRM_SEEDS).return_mean >= floor:
            return each.thresholds
    return start


def study(policy: Policy, settings: DeltaSettings, measure: Measure) -> DeltaReport:
    """Return what delta inference does to a policy as it is."""
    n_layers, all_ = len(policy.spec.network.layers), settings.episodes_of(policy)
    uniform = tuple(measure((each,) * n_layers, all_, TEST_SEEDS) for each in settings.thresholds)
    searched = settings.search and not settings.finetune
    chosen = choose(measure, measure, (0,) * n_layers, settings.keep, all_) if searched else None
    return DeltaReport(
        env=policy.spec.env,
        policy=policy.spec.name,
        dense=multiplications_of_dense(policy),
        pruned=multiplications_without_delta(policy),
        uniform=uniform,
        chosen=measure(chosen, all_, TEST_SEEDS) if chosen else None,
    )


def run(settings: DeltaSettings) -> None:
    """Measure a policy, fine-tune it if asked to, print the table, and write delta.json and the figure."""
    folder = settings.paths.root / "delta"
    source = policy_folder(settings)
    policy = load_policy(source)
    recipe = settings.recipe(len(policy.spec.network.layers))
    use_one_fast_thread()
    with locked(folder):
        key = digest([sha256_file(source / JSON_FILE), code_hash(f"{__package__}.measure")])
        measure = Records(policy, folder / "measured.jsonl", key)
        trained = _finetune(policy, recipe, settings, measure, key) if recipe else None
        report = replace(study(policy, settings, measure), trained=trained)
        encode_json(folder / "delta.json", report)
        pictures = png_and_svg(folder / "delta")
        draw(f"{report.env}, {report.policy}", report, pictures)
    print_table(report)
    written = [folder / "delta.json", *pictures, *([folder / "policy"] if recipe else [])]
    print(f"written: {', '.join(map(str, written))}")


def _finetune(policy: Policy, recipe: Recipe, settings: DeltaSettings, exact: Measure, key: str) -> Measured:
    """Fine-tune a policy, choose its thresholds and write its folder; return what it does then."""
    folder = settings.paths.root / "delta"
    finetuning = Finetuning(policy, recipe, folder / "finetune.npz", key)
    network = finetuning.run()
    found = replace(policy, spec=replace(policy.spec, network=network.spec), network=network)
    weights = [values.tolist() for values in (*network.weights, *network.biases)]
    measure = Records(found, folder / "finetuned.jsonl", digest([key, weights]))
    tuned = Finetuned(
        parent=policy,
        network=network,
        recipe=recipe,
        rounds=finetuning.rounds,
        checkpoint=folder / "finetune.npz",
    )
    start, episodes = recipe.thresholds, settings.episodes_of(policy)
    thresholds = choose(measure, exact, start, settings.keep, episodes) if settings.search else start
    return export(tuned, thresholds, folder / "policy", episodes)
