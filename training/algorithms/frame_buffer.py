"""A replay buffer of games that holds every frame once; stacks and n-step returns are made on sampling."""

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.buffers import BaseBuffer
from stable_baselines3.common.type_aliases import ReplayBufferSamples

from ganglion.models.build.errors import ConfigError
from ganglion.training.algorithms.port import Arrays
from ganglion.training.checkpoint import buffer_arrays, load_buffer

_FIELDS = ("frames", "actions", "rewards", "dones", "follows")


class FrameBuffer(BaseBuffer):
    """Rings of the steps of `n_envs` environments, whose observations are stacks [n, height, width] uint8.

    A step is drawn only when what follows it is stored too: not the newest, nor one whose episode was cut
    off. Returns end before a cut, and are bootstrapped there.
    """

    def __init__(
        self,
        buffer_size: int,
        observation_space: spaces.Box,
        action_space: spaces.Space[Any],
        device: torch.device | str = "cpu",
        n_envs: int = 1,
        optimize_memory_usage: bool = False,
        n_steps: int = 1,
        gamma: float = 0.99,
    ) -> None:
        super().__init__(max(1, buffer_size // n_envs), observation_space, action_space, device, n_envs)
        self._n_stacked, *frame = self.obs_shape  # type: ignore[misc]
        self._n_steps, self._gamma = n_steps, gamma
        self._begins = np.ones(n_envs, bool)
        shape = (self.buffer_size, n_envs)
        self.frames = np.zeros((*shape, *frame), np.uint8)
        """The newest frame of each observation."""
        self.actions = np.zeros(shape, np.uint8)
        self.rewards = np.zeros(shape, np.float32)
        self.dones = np.zeros(shape, bool)
        """Whether the step truly ended its episode."""
        self.follows = np.zeros(shape, bool)
        """Whether the step goes on from the one stored before it."""

    def add(
        self,
        obs: NDArray[np.uint8],
        next_obs: NDArray[np.uint8],
        action: NDArray[Any],
        reward: NDArray[Any],
        done: NDArray[Any],
        infos: list[dict[str, Any]],
    ) -> None:
        """Store one step of every environment; a time limit is a cut, no end."""
        at = self.pos
        limited = np.array([info.get("TimeLimit.truncated", False) for info in infos])
        self.frames[at], self.actions[at], self.rewards[at] = obs[:, -1], action.reshape(-1), reward
        self.dones[at], self.follows[at] = done & ~limited, ~self._begins
        self._begins = np.array(done, bool)
        self.pos = (at + 1) % self.buffer_size
        self.full |= self.pos == 0

    def cut(self) -> None:
        """Say that the next steps do not follow those stored last."""
        self._begins[:] = True

    def sample(self, batch_size: int, env: Any = None) -> ReplayBufferSamples:
        """Return transitions over up to `n_steps` steps, drawn uniformly."""
        steps, envs = self._drawn(batch_size)
        while (again := self._is_cut(steps, envs)).any():
            steps[again], envs[again] = self._drawn(int(again.sum()))
        return self._get_samples(steps * self.n_envs + envs)

    def _drawn(self, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return places [count] of steps whose frames, before and after, are all stored."""
        oldest = self.pos + self._n_stacked - 1 if self.full else 0
        n_places = self.size() - self._n_steps - (self._n_stacked - 1 if self.full else 0)
        if n_places < 1:
            raise ConfigError(
                f"{self.size()} steps in the replay buffer hold no transition of {self._n_steps} steps and "
                f"{self._n_stacked} frames; raise buffer_size or learning_starts"
            )
        steps = (oldest + np.random.randint(n_places, size=count)) % self.buffer_size
        return steps, np.random.randint(self.n_envs, size=count)

    def _is_cut(self, steps: NDArray[Any], envs: NDArray[Any]) -> NDArray[np.bool_]:
        return ~self.dones[steps, envs] & ~self.follows[(steps + 1) % self.buffer_size, envs]

    def _get_samples(self, batch_inds: NDArray[Any], env: Any = None) -> ReplayBufferSamples:
        """Return the transitions from places step * n_envs + environment: [count]."""
        steps, envs = batch_inds // self.n_envs, batch_inds % self.n_envs
        returns, count = np.zeros(len(steps), np.float32), np.zeros(len(steps), int)
        ended, goes_on = np.zeros(len(steps), bool), np.ones(len(steps), bool)
        for ahead in range(self._n_steps):
            at = (steps + ahead) % self.buffer_size
            goes_on &= ~self._is_cut(at, envs)
            returns += self._gamma**ahead * self.rewards[at, envs] * goes_on
            count += goes_on
            ended |= goes_on & self.dones[at, envs]
            goes_on &= ~self.dones[at, envs]
        columns = [self.actions[steps, envs].astype(np.int64), ended.astype(np.float32), returns]
        columns.append((self._gamma**count).astype(np.float32))
        actions, dones, rewards, discounts = (torch.from_numpy(column).unsqueeze(1) for column in columns)
        return ReplayBufferSamples(
            observations=torch.from_numpy(self._stacks(steps, envs)),
            actions=actions,
            next_observations=torch.from_numpy(self._stacks((steps + count) % self.buffer_size, envs)),
            dones=dones,
            rewards=rewards,
            discounts=discounts,
        )

    def _stacks(self, steps: NDArray[Any], envs: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the observations at these places, zeros before an episode: [count, *observation]."""
        back = np.arange(self._n_stacked - 1, -1, -1)
        places = (steps[:, None] - back) % self.buffer_size
        stacks = self.frames[places, envs[:, None]]
        follows = self.follows[places, envs[:, None]]
        # A frame belongs to the stack if all after it follow.
        belongs = np.logical_and.accumulate(follows[:, :0:-1], axis=1)[:, ::-1]
        stacks[:, :-1][~belongs] = 0
        return stacks

    def latest(self, count: int) -> NDArray[np.uint8]:
        """Return up to `count` observations, the latest last."""
        n_steps = min(self.size(), -(-count // self.n_envs))
        steps = np.repeat(np.arange(self.pos - n_steps, self.pos), self.n_envs) % self.buffer_size
        return self._stacks(steps, np.tile(np.arange(self.n_envs), n_steps))[-count:]

    def arrays(self) -> Arrays:
        """Return the filled part; not a copy."""
        return buffer_arrays(self, _FIELDS)

    def load_arrays(self, arrays: Arrays) -> None:
        """Put what `arrays` returned back, cut off; other sizes raise ConfigError."""
        size, shape = len(arrays["frames"]), self.frames.shape
        if size > self.buffer_size or arrays["frames"].shape[1:] != shape[1:]:
            raise ConfigError(
                f"the checkpoint's frames are {list(arrays['frames'].shape)}, here at most {list(shape)}: "
                "buffer_size, dqn.n_envs or the size of a frame changed"
            )
        load_buffer(self, arrays, _FIELDS)
        self.cut()
