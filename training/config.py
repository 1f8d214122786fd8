"""The settings of a training run: one TOML per environment, in which unknown and missing keys are errors."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

from ganglion.models.build.codec import STRICT, decode, encode
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.spelling import spelled
from ganglion.models.quant.csd import ANY_DIGITS
from ganglion.models.sparsity import Distribution, Pruning
from ganglion.models.spec.types import QuantConfig, bounds_of
from ganglion.training.actor_critic_config import OnPolicyConfig, PpoConfig, Td3Config, TrpoConfig
from ganglion.training.configs import CONFIGS, TABLES, read_settings_of
from ganglion.training.dqn_config import DqnConfig

ROLLOUT = "updates_per_rollout * steps_per_update"
_BEFORE_KEY = re.compile(r"\s+(?=[\w.]+\s*=)")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """Everything that decides how a policy is found, but the command line's seed, sparsity and steps.

    A field with a default is younger than the first recorded runs: the default is what they did. Only such a
    record may lack it, not a TOML, which leaves out only the tables of other algorithms.
    """

    __pydantic_config__: ClassVar = STRICT

    env_id: str
    """The gymnasium identifier of the environment."""
    hidden: tuple[int, ...]
    """Neurons of each hidden layer, in the actor and in both critics."""
    learning_rate: float
    """Adam's step size for actor, critics and entropy coefficient."""
    qat_learning_rate: float
    """The same in quantization-aware training."""
    distill_learning_rate: float
    """Adam's step size when the actor imitates a trained one."""
    buffer_size: int
    """Transitions that the replay buffer holds."""
    learning_starts: int
    """Steps with uniformly random actions before the first update of a run from scratch."""
    batch_size: int
    """Transitions in a batch."""
    tau: float
    """The fraction by which the target critics follow the critics at each update."""
    gamma: float
    """The discount factor."""
    updates_per_rollout: int
    """Updates in a row, between two rollouts."""
    steps: int
    """Environment steps of the main stage, unless the command line says otherwise."""
    qat_fraction: float
    """Steps of quantization-aware training as a fraction of `steps`, unless the command line says."""
    prune_begin: float
    """The fraction of `steps` before pruning begins."""
    prune_end: float
    """The fraction of `steps` after which the final sparsity stands."""
    finetune_prune_begin: float
    """The same as `prune_begin` for a run that starts from a trained policy."""
    finetune_prune_end: float
    """The same as `prune_end` for a run that starts from a trained policy."""
    prune_every: int
    """Steps between two prunings."""
    distribution: str
    """How sparsity is spread over the layers: global, uniform or erk."""
    weight_bits: int
    """Width of the weights, signed, in quantization-aware training and after it."""
    activation_bits: int
    """Width of the hidden activations, unsigned."""
    input_bits: int
    """Width of the observations, signed."""
    output_bits: int
    """Width of the mean action, signed."""
    calibration_observations: int
    """Latest observations of the replay buffer by which the scales of int8 are chosen."""
    eval_every: int
    """Steps between two milestones: evaluation and checkpoint."""
    eval_episodes: int
    """Episodes of a milestone's evaluation."""
    final_episodes: int
    """Episodes that confirm a new best policy."""
    pruning: str = Pruning.MAGNITUDE.value
    """Which weights or neurons are pruned, and when: a value of ganglion.models.sparsity.Pruning."""
    rewire_fraction: float = 0.3
    """The part of each layer's weights that SET and, at its first rewiring, RigL swap for new ones."""
    csd_digits: int = ANY_DIGITS
    """The most signed digits of an integer weight; 4 hold every one of up to 8 bits."""
    algorithm: str = "sac"
    """What learns: a name in ganglion.training.algorithms."""
    steps_per_update: int = 1
    """Environment steps for each update: above 1 an update costs as much and sees newer experience."""
    anneal_fraction: float = 0.0
    """The last part of the steps up to a phase's end over which its learning rate falls to 0."""
    dqn: DqnConfig | None = None
    """What DQN alone needs; other algorithms do without, here and below."""
    on_policy: OnPolicyConfig | None = None
    """What PPO and TRPO need."""
    ppo: PpoConfig | None = None
    """What PPO alone needs."""
    trpo: TrpoConfig | None = None
    """What TRPO alone needs."""
    td3: Td3Config | None = None
    """What TD3 and DDPG need."""

    def __post_init__(self) -> None:
        """Reject the impossible; raise ConfigError."""
        for name in ("learning_rate", "distill_learning_rate", "qat_learning_rate", "tau", "gamma"):
            self._check(name, 0 < getattr(self, name) <= 1, "in (0, 1]")
        for name in (
            "buffer_size",
            "batch_size",
            "updates_per_rollout",
            "steps_per_update",
            "steps",
            "calibration_observations",
            "eval_episodes",
            "final_episodes",
        ):
            self._check(name, getattr(self, name) >= 1, "at least 1")
        for name in ("prune_every", "eval_every"):
            value, rollout = getattr(self, name), self.rollout_steps
            self._check(name, value >= 1 and value % rollout == 0, f"a multiple of {ROLLOUT} ({rollout})")
        self._check("hidden", bool(self.hidden) and min(self.hidden) >= 1, "a list of positive widths")
        for name in ("weight_bits", "activation_bits", "input_bits", "output_bits", "csd_digits"):
            low, high = bounds_of(name)
            self._check(name, low <= getattr(self, name) <= high, f"{low} to {high}")
        self._check("learning_starts", self.learning_starts >= 0, "at least 0")
        self._check("qat_fraction", 0 <= self.qat_fraction <= 1, "in [0, 1]")
        self._check("prune_end", 0 <= self.prune_begin <= self.prune_end <= 1, "in [prune_begin, 1]")
        ordered = 0 <= self.finetune_prune_begin <= self.finetune_prune_end <= 1
        self._check("finetune_prune_end", ordered, "in [finetune_prune_begin, 1]")
        self._check("anneal_fraction", 0 <= self.anneal_fraction <= 1, "in [0, 1]")
        self._check("rewire_fraction", 0 < self.rewire_fraction < 1, "in (0, 1)")
        self._check_tables()
        for name, choices in (("distribution", Distribution), ("pruning", Pruning)):
            *others, last = (choice.value for choice in choices)
            known = (*others, last)
            self._check(name, getattr(self, name) in known, f"{', '.join(others)} or {last}")

    def _check_tables(self) -> None:
        for table in TABLES.get(self.algorithm, ()):
            if getattr(self, table) is None:
                raise ConfigError(
                    f"algorithm = {self.algorithm!r} needs the table [{table}]; "
                    f"{spelled('algorithm', self.algorithm)} brings it"
                )
        for table in (self.dqn, self.on_policy):
            if table is not None and self.rollout_steps % table.n_envs:
                raise ConfigError(
                    f"n_envs = {table.n_envs}, allowed: a divisor of {ROLLOUT} ({self.rollout_steps})"
                )

    @property
    def quant(self) -> QuantConfig:
        """The widths, as the fixed-point scheme takes them."""
        return QuantConfig(
            weight_bits=self.weight_bits,
            activation_bits=self.activation_bits,
            input_bits=self.input_bits,
            output_bits=self.output_bits,
            csd_digits=self.csd_digits,
        )

    @property
    def rollout_steps(self) -> int:
        """Environment steps between two rounds of updates."""
        return self.updates_per_rollout * self.steps_per_update

    def whole_rollouts(self, steps: float) -> int:
        """Return `steps` rounded to whole rollouts."""
        return round(steps / self.rollout_steps) * self.rollout_steps

    def qat_steps_after(self, steps: int) -> int:
        """Return the configured share of `steps` for quantization-aware training, in whole rollouts.

        Of few steps, one rollout.
        """
        share = self.qat_fraction * steps
        return max(self.whole_rollouts(share), self.rollout_steps) if share else 0

    def _check(self, name: str, good: bool, allowed: str) -> None:
        if not good:
            raise ConfigError(f"{name} = {getattr(self, name)!r}, allowed: {allowed}")


def changed(config: TrainConfig, values: Mapping[str, Any], origin: str) -> TrainConfig:
    """Return `config` with other values, of JSON's types; ConfigError for an unknown key or wrong value."""
    described = encode(config)
    for key, value in values.items():
        table, _, inner = key.rpartition(".")
        within = described.get(table) if table else described
        if not isinstance(within, dict):
            has = ", ".join(TABLES.get(config.algorithm, ())) or "none"
            raise ConfigError(f"{origin}: {table} is no table of {config.algorithm}, which has {has}")
        within[inner] = value
    return decode(TrainConfig, described, origin, ConfigError)


def read_settings(assignments: str) -> dict[str, Any]:
    """Return the values of KEY=VALUE texts, apart by spaces, by key: TOML's values, or texts."""
    values = {}
    for assignment in _BEFORE_KEY.split(assignments.strip()) if assignments.strip() else ():
        key, _, text = (part.strip() for part in assignment.partition("="))
        try:
            values[key] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            values[key] = text
    return values


def known_environments() -> list[str]:
    """Return the names that have a configuration."""
    return sorted(path.stem for path in CONFIGS.glob("*.toml"))


def load_config(environment: str, algorithm: str | None = None) -> TrainConfig:
    """Return the configuration of an environment, for the algorithm that it names or another.

    Steps of another are rounded to its whole rollouts. An unknown name raises ConfigError listing the known.
    """
    if environment not in known_environments():
        raise ConfigError(
            f"unknown environment {environment!r}; known: {', '.join(known_environments())}; any other id of "
            f"gymnasium is given by {spelled('env_id')} beside the one whose settings it takes"
        )
    return read_config(CONFIGS / f"{environment}.toml", algorithm)


def read_config(path: Path, algorithm: str | None = None) -> TrainConfig:
    """Return the configuration in a TOML file, which must give every setting; ConfigError if it does not."""
    given = read_settings_of(path, algorithm)
    wanted = {field.name for field in fields(TrainConfig) if field.default is not None}
    if missing := sorted(wanted - given.keys()):
        raise ConfigError(f"{path}: missing key {missing[0]}")
    if algorithm is not None:
        given |= _in_whole_rollouts(given)
    return decode(TrainConfig, given, str(path), ConfigError)


def _in_whole_rollouts(given: Mapping[str, Any]) -> dict[str, int]:
    """Return the counts of steps rounded to whole rollouts, at least one."""
    rollout = given["updates_per_rollout"] * given["steps_per_update"]
    return {
        name: max(1, round(given[name] / rollout)) * rollout
        for name in ("steps", "prune_every", "eval_every")
    }
