"""Atari games as stable-baselines3's AtariWrapper and VecFrameStack show them, one environment at a time.

An agent's step is four frames; it sees the larger of the last two, gray, 84 x 84, above the three before.
"""

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from ganglion.models.build.errors import ConfigError
from ganglion.models.environments import make

try:
    from stable_baselines3.common import atari_wrappers as sb3
except ImportError:
    raise ConfigError("games need stable-baselines3 and opencv-python-headless, of ganglion[games]") from None

N_STACKED, FRAME = 4, (84, 84)
_MAX_NOOPS = 30


class Lives(sb3.EpisodicLifeEnv):
    """A lost life ends an episode; a reset with a seed begins a new game, so that it can be repeated."""

    def reset(self, **kwargs: Any) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Return the first frame of the next life, or of a new game."""
        self.was_real_done |= kwargs.get("seed") is not None
        return super().reset(**kwargs)


class StackedFrames(gym.Wrapper[NDArray[np.uint8], int, NDArray[np.uint8], int]):
    """The latest frames of an episode, the newest last, zeros before its first: [4, 84, 84] uint8."""

    def __init__(self, env: gym.Env[NDArray[np.uint8], int]) -> None:
        super().__init__(env)
        self.observation_space = gym.spaces.Box(0, 255, (N_STACKED, *FRAME), np.uint8)
        self._frames = np.zeros((N_STACKED, *FRAME), np.uint8)

    def reset(self, **kwargs: Any) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Return the first stack."""
        frame, info = self.env.reset(**kwargs)
        self._frames = np.zeros_like(self._frames)
        self._frames[-1] = frame[..., 0]
        return self._frames, info

    def step(self, action: int) -> tuple[NDArray[np.uint8], Any, bool, bool, dict[str, Any]]:
        """Return the next stack, and the rest as it is."""
        frame, reward, terminated, truncated, info = self.env.step(action)
        self._frames = np.concatenate([self._frames[1:], frame[None, ..., 0]])
        return self._frames, reward, terminated, truncated, info


def make_game(env_id: str, *, training: bool = False) -> gym.Env[NDArray[np.uint8], int]:
    """Return a game whose episodes are whole, with their real scores; in `training` lives, rewards clipped.

    Raises ConfigError for an unknown game.
    """
    env: gym.Env[Any, Any] = sb3.MaxAndSkipEnv(sb3.NoopResetEnv(make(env_id), _MAX_NOOPS), skip=4)
    if training:
        env = Lives(env)
    if "FIRE" in env.unwrapped.get_action_meanings():  # type: ignore[attr-defined]
        env = sb3.FireResetEnv(env)
    env = sb3.WarpFrame(env, *FRAME)
    return StackedFrames(sb3.ClipRewardEnv(env) if training else env)
