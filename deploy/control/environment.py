"""A gymnasium environment in the robot's place: `read` observes it, `write` advances it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ganglion.models.build.errors import ConfigError
from ganglion.models.environments import is_game, make_shown


class Environment:
    """Episodes of an environment, from seeds that count up; `read` returns None after the last.

    A write after the last episode's end does nothing. `shape` is what the policy reads, of a game's stacked
    frames the newest: another environment raises ConfigError. `on_start` is called before each episode.
    """

    def __init__(
        self,
        env_id: str,
        shape: tuple[int, ...],
        *,
        episodes: int,
        seed: int,
        on_start: Callable[[], None] = lambda: None,
    ) -> None:
        self._id, self._on_start = env_id, on_start
        self._env = make_shown(env_id)
        self._shape = shape
        given = self._env.observation_space.shape
        if given != shape and not (is_game(env_id) and given is not None and given[-2:] == shape):
            raise ConfigError(f"{env_id}: its observations have the shape {given}, the policy reads {shape}")
        self._seeds = range(seed, seed + episodes)
        self._observation: Any = None
        self._is_running = False
        self.returns: list[float] = []
        self.steps = 0
        self._start()

    def _start(self) -> None:
        """Begin the next episode, if there is one more."""
        is_one_more = len(self.returns) < len(self._seeds)
        if is_one_more:
            self._on_start()
            self._observation, _ = self._env.reset(seed=self._seeds[len(self.returns)])
            self.returns.append(0.0)
        self._is_running = is_one_more

    def read(self) -> Any:
        """Return what is new in the present observation, of a new episode after the last; None after all."""
        if not self._is_running:
            self._start()
        return self._observation.reshape(-1, *self._shape)[-1] if self._is_running else None

    def write(self, action: Any) -> None:
        """Take one step with `action`."""
        if not self._is_running:
            return
        self._observation, reward, terminated, truncated, _ = self._env.step(action)
        self.returns[-1] += float(reward)
        self.steps += 1
        self._is_running = not (terminated or truncated)

    def close(self) -> None:
        """Close the environment."""
        self._env.close()

    def __str__(self) -> str:
        """Return one line for people."""
        whole = self.returns[: len(self.returns) - self._is_running]
        episodes = f"{len(whole)} whole episode{'' if len(whole) == 1 else 's'} of {self._id}"
        mean = f", mean return {np.mean(whole):.2f}" if whole else ""
        return f"{episodes}, {self.steps:,} steps{mean}"
