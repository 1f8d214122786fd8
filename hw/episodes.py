"""Episodes in which an accelerator chooses every action, and the same actions taken again in another one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ganglion.hw.sim.harness import Served
from ganglion.models.build.errors import MismatchError
from ganglion.models.reference import Ints, quantize_observation
from ganglion.models.spec.policy import PolicySpec
from ganglion.models.spec.types import IntType

if TYPE_CHECKING:
    import gymnasium

MAX_STEPS = 1000
"""Of an episode that is no game; games are played to their end."""

Floats = npt.NDArray[np.float64]


@dataclass(slots=True, kw_only=True)
class Episode:
    """An episode alone in its environment, so far: an observation more than means and rewards."""

    seed: int
    env: "gymnasium.Env[Any, Any]"
    observations: list[Floats]
    means: list[Ints] = field(default_factory=list)
    latencies: list[int] = field(default_factory=list)
    """Cycles of each step; none of an episode without hardware."""
    rewards: list[float] = field(default_factory=list)
    done: bool = False

    @classmethod
    def start(cls, spec: PolicySpec, seed: int) -> "Episode":
        """Return a fresh episode from `seed`; an environment that is not the policy's raises ConfigError."""
        from ganglion.models.environments import make_shown, require_fits

        env = make_shown(spec.env)
        require_fits(spec, env)
        observation, _ = env.reset(seed=seed)
        return cls(seed=seed, env=env, observations=[observation.copy()])

    def step(self, spec: PolicySpec, mean: Ints) -> None:
        """Advance by the action of an integer mean [act]; games are played to their end."""
        from ganglion.models.environments import is_game

        observation, reward, terminated, truncated, _ = self.env.step(spec.action.act(mean[None])[0])
        self.observations.append(observation.copy())
        self.means.append(mean)
        self.rewards.append(float(reward))
        is_long = len(self.rewards) >= MAX_STEPS and not is_game(spec.env)
        self.done = terminated or truncated or is_long


def drive(spec: PolicySpec, kind: IntType, accelerator: Served, seeds: Sequence[int]) -> list[Episode]:
    """Return finished episodes, each from a reset on, in which `accelerator` chose every action."""
    episodes = [Episode.start(spec, seed) for seed in seeds]
    for episode in episodes:
        accelerator.reset()
        while not episode.done:
            observed = newest(spec, episode.observations[-1])[None]
            (mean,) = accelerator(quantize_observation(observed, spec.normalizer, kind))
            episode.latencies += accelerator.latencies.tolist()
            episode.step(spec, mean)
    return episodes


def newest(spec: PolicySpec, observation: Floats) -> Floats:
    """Return what is new in an observation: [obs], of stacked frames those of the newest."""
    return observation.reshape(-1)[-spec.step_features :]


def replay(spec: PolicySpec, episode: Episode, means: Ints) -> Episode:
    """Return the episode of `means` [steps, act] from the same seed; another course raises MismatchError."""
    again = Episode.start(spec, episode.seed)
    for step, mean in enumerate(means):
        again.step(spec, mean)
        same = again.rewards[-1] == episode.rewards[step]
        if not same or not np.array_equal(again.observations[-1], episode.observations[step + 1]):
            raise MismatchError(
                f"closed loop: seed {episode.seed}, step {step}: equal actions gave rewards "
                f"{again.rewards[-1]} and {episode.rewards[step]} or different observations: "
                "the environment is not deterministic"
            )
    again.env.close()
    return again
