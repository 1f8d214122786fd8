"""A game as the accelerator played it, in a strip of frames: what it saw, what it did, and the score."""

from pathlib import Path
from typing import Any

import numpy as np

from ganglion.hw.episodes import Episode, newest
from ganglion.models.build.pictures import figure
from ganglion.models.spec.policy import PolicySpec

N_FRAMES = 8
_INCHES = (1.45, 2.1)
"""Width and height of a frame with its text."""


def draw_strip(path: Path, spec: PolicySpec, game: Episode) -> None:
    """Write a PNG of `N_FRAMES` frames evenly spread over a game, its first and its last step among them.

    Under each stand the action that the step took and the score after it. The game's actions are numbers, of
    which ALE tells the meanings.
    """
    n_steps, scores = len(game.rewards), np.cumsum(game.rewards)
    meanings: Any = getattr(game.env.unwrapped, "get_action_meanings", None)
    steps = np.unique(np.linspace(0, n_steps - 1, N_FRAMES).astype(int))
    size = (_INCHES[0] * len(steps), _INCHES[1])
    title = f"{spec.env} by the simulated RTL: {n_steps:,} steps, score {scores[-1]:g}"
    with figure(len(steps), path, columns=len(steps), inches=size, title=title) as panels:
        for axes, step in zip(panels, steps, strict=True):
            frame = newest(spec, game.observations[step]).reshape(spec.network.step_shape)
            axes.imshow(frame[-1], cmap="gray", vmin=0, vmax=255)
            action = spec.action.act(game.means[step][None])[0]
            axes.set(xticks=[], yticks=[], title=f"step {step:,}")
            axes.set_xlabel(f"{meanings()[action] if meanings else action}\nscore {scores[step]:g}")
