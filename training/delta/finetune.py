"""Fine-tuning with thresholds in the forward pass: the policy imitates what it does without them.

DAgger (Ross et al. 2011, arXiv:1011.0686) on the states that its delta network itself visits: no reward is
used. The masks and the scales stay; a small cost on changes makes those that cross a threshold rarer.
"""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import ClassVar

import numpy as np
import torch

from ganglion.models.build.closure import code_hash
from ganglion.models.build.codec import STRICT, Amount, Count, decode, encode
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import digest
from ganglion.models.delta import DeltaNetwork
from ganglion.models.formats.policy_folder import Policy
from ganglion.models.layers.dense import Dense
from ganglion.models.reference import IntNetwork, Ints, quantize_observation
from ganglion.models.spec.heads import TanhHead
from ganglion.training.checkpoint import Checkpoint, adam_arrays, load_adam, load_module, module_arrays, named
from ganglion.training.delta.actor import DeltaActor
from ganglion.training.delta.measure import Measured, measured
from ganglion.training.delta.rollout import Rollout, roll_out
from ganglion.training.delta.walk import Walk
from ganglion.training.statistics import floor_of

log = logging.getLogger(__name__)

_EPISODES = 20
"""Episodes of a round."""
_ROUNDS_KEPT = 8
"""The latest rounds whose episodes are learned from, beside the unthresholded policy's."""
_BATCH = 256
_SEEDS = 1_000_000
"""Where the seeds of training's episodes begin, behind those of every evaluation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a policy is fine-tuned."""

    __pydantic_config__: ClassVar = STRICT

    thresholds: tuple[Count, ...]
    rounds: Count
    """Each collects episodes of the policy as it is then, and learns from the latest."""
    updates: Count
    """Steps of Adam in a round."""
    learning_rate: Amount
    """Steps of a weight's grid in the first update; it falls to 0 in a line."""
    change_cost: Amount
    """What a change that crosses its threshold costs, beside the squared error of the actions."""
    keep: Amount
    """The fraction of the return that the chosen round's policy must keep."""
    seed: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a round's episodes were like, and what was learned after them."""

    __pydantic_config__: ClassVar = STRICT

    figures: Measured
    steps: Count
    """Of the environment."""
    loss: float | None
    """Mean squared error of the actions over the round's updates; None of a round without any."""
    seconds: Amount


class Finetuning:
    """A policy on its way; `path` holds all that continues it after a kill, if it is of the same `key`."""

    def __init__(self, policy: Policy, recipe: Recipe, path: Path, key: str) -> None:
        if not isinstance(policy.spec.action, TanhHead):
            raise ConfigError(f"{policy.spec.name}: only policies of real actions can be fine-tuned here")
        if not all(isinstance(each, Dense) and not each.residual for each in policy.network.spec.layers):
            raise ConfigError(f"{policy.spec.name}: only chains of dense layers can be fine-tuned here")
        self._policy, self._recipe, self._path = policy, recipe, path
        start = DeltaNetwork(network=policy.network, thresholds=recipe.thresholds)
        self._actor, self._best = DeltaActor(start), DeltaActor(start)
        self._adam = torch.optim.Adam(self._actor.parameters(), fused=True)
        self._episodes: list[list[Ints]] = []
        self.rounds: list[Round] = []
        # A run that goes on may be asked for more rounds, or fewer.
        self._key = digest([key, encode(replace(recipe, rounds=0)), code_hash(__name__)])

    def run(self) -> IntNetwork:
        """Do the rounds that are left and return the best one's network."""
        if self._path.exists():
            self._resume()
        while len(self.rounds) <= self._recipe.rounds + 1:
            self._round()
            self._save()
        return self._best.network()

    def _round(self) -> None:
        """Collect episodes, keep the policy if it is the best so far, and learn; round 0 is the teacher's."""
        number, recipe, began = len(self.rounds), self._recipe, monotonic()
        thresholds = recipe.thresholds if number else (0,) * len(recipe.thresholds)
        delta = DeltaNetwork(network=self._actor.network(), thresholds=thresholds)
        first_seed = _SEEDS + _EPISODES * number
        found = roll_out(self._policy.spec, delta, _EPISODES, first_seed, observe=True)
        # Round 0's episodes stay: they are the teacher's own.
        self._episodes = [*self._episodes[:1], *self._episodes[1:][1 - _ROUNDS_KEPT :], self._inputs(found)]
        if number and self._is_best(measured(delta, found)):
            self._best.load_state_dict(self._actor.state_dict())
        loss = self._learn(number) if 0 < number <= recipe.rounds else None
        seconds = monotonic() - began
        self.rounds.append(
            Round(figures=measured(delta, found), steps=found.steps, loss=loss, seconds=seconds)
        )
        self._tell(number)

    def _inputs(self, found: Rollout) -> list[Ints]:
        """Return what the network read in each episode: [steps, in]."""
        spec = self._policy.spec
        return [
            quantize_observation(rows, spec.normalizer, spec.network.input_type)
            for rows in found.observations
        ]

    def _tell(self, number: int) -> None:
        figures = self.rounds[-1].figures
        log.info(
            "delta: round %d of %d: thresholds %s, %.0f multiplications, return %.0f ± %.0f",
            number,
            self._recipe.rounds + 1,
            figures.thresholds,
            figures.total,
            figures.return_mean,
            figures.return_std,
        )

    def _is_best(self, found: Measured) -> bool:
        """Return whether no round before did better: first by its return, up to the floor, then by cost."""
        floor = floor_of(self.rounds[0].figures.return_mean, self._recipe.keep)

        def rank(figures: Measured) -> tuple[float, float]:
            return min(figures.return_mean, floor), -figures.total

        return all(rank(found) > rank(each.figures) for each in self.rounds[1:])

    def _learn(self, number: int) -> float:
        """Do a round's updates; return the mean squared error of its actions."""
        recipe, scale = self._recipe, 2.0**self._policy.spec.action.exponent
        inputs = [rows for episodes in self._episodes for rows in episodes]
        targets = [np.tanh(self._policy.network(rows) * scale) for rows in inputs]
        walk = Walk(inputs, targets, _BATCH, np.random.default_rng([recipe.seed, number]))
        total = torch.zeros(())
        for update in range(recipe.updates):
            done = (number - 1 + update / recipe.updates) / recipe.rounds
            self._adam.param_groups[0]["lr"] = recipe.learning_rate * (1 - done)
            values, wanted = walk.next(self._actor)
            outputs, walk.sent, changes = self._actor(values, walk.sent)
            loss = (torch.tanh(outputs * scale) - wanted).square().mean()
            self._adam.zero_grad()
            (loss + recipe.change_cost * changes).backward()
            self._adam.step()
            total += loss.detach()
        return float(total) / recipe.updates

    def _save(self) -> None:
        groups = {
            "actor": module_arrays(self._actor),
            "best": module_arrays(self._best),
            "adam": adam_arrays(self._adam),
        }
        for number, episodes in enumerate(self._episodes):
            lengths = np.array([len(rows) for rows in episodes])
            groups[f"episodes{number}"] = {
                "inputs": np.concatenate(episodes).astype(np.int16),
                "lengths": lengths,
            }
        meta = {"key": self._key, "rounds": [encode(each) for each in self.rounds]}
        Checkpoint(arrays=named(groups), meta=meta).save(self._path)

    def _resume(self) -> None:
        """Go on from the checkpoint, unless it is of another key, code or recipe but for the rounds."""
        checkpoint = Checkpoint.load(self._path)
        if checkpoint.meta.get("key") != self._key:
            return
        self.rounds = [decode(Round, each, str(self._path)) for each in checkpoint.meta["rounds"]]
        load_module(self._actor, checkpoint.group("actor"))
        load_module(self._best, checkpoint.group("best"))
        load_adam(self._adam, checkpoint.adam("adam"))
        for number in range(min(len(self.rounds), 1 + _ROUNDS_KEPT)):
            held = checkpoint.group(f"episodes{number}")
            inputs = held["inputs"].astype(np.int64)
            self._episodes.append(np.split(inputs, np.cumsum(held["lengths"])[:-1]))
