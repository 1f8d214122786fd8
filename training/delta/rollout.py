"""Episodes of a policy by delta inference, with what they multiplied and, on request, what they saw."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganglion.models.delta import DeltaNetwork
from ganglion.models.reference import quantize_observation
from ganglion.models.spec.policy import PolicySpec
from ganglion.training.envs import FloatArray
from ganglion.training.episodes import Episodes, run_episodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """Deterministic episodes, each begun without memory."""

    episodes: Episodes
    steps: int
    """Of all episodes together."""
    multiplications: tuple[float, ...]
    """A step's mean over all steps, for each layer."""
    sent: tuple[float, ...]
    """The part of a layer's inputs that a step sends, likewise; 0 for a layer without weights."""
    observations: list[FloatArray]
    """For each episode [steps, observation], where they were asked for."""


def roll_out(
    spec: PolicySpec, delta: DeltaNetwork, n_episodes: int, first_seed: int, *, observe: bool = False
) -> Rollout:
    """Return episodes of a policy whose network is `delta`, stepped as one batch."""
    state, steps, running = delta.start(n_episodes), 0, np.arange(n_episodes)
    layers = delta.network.spec.layers
    products, n_sent = (np.zeros(len(layers), np.int64) for _ in range(2))
    seen: list[list[FloatArray]] = [[] for _ in running]

    def act(observations: FloatArray) -> NDArray[np.float32]:
        nonlocal products, n_sent, steps
        if observe:
            for episode, row in zip(running, observations, strict=True):
                seen[episode].append(row)
        inputs = quantize_observation(observations, spec.normalizer, spec.network.input_type)
        outputs, taken = delta.step(state, inputs)
        products, steps = products + taken.sum(axis=1), steps + len(inputs)
        n_sent = n_sent + np.sum(state.n_sent, axis=1)
        return spec.action.act(outputs)

    def keep(rows: NDArray[np.bool_]) -> None:
        nonlocal running
        running = running[rows]
        state.keep(rows)

    episodes = run_episodes(spec.env, act, n_episodes, first_seed, keep)
    return Rollout(
        episodes=episodes,
        steps=steps,
        multiplications=tuple(float(value) for value in products / steps),
        sent=tuple(float(n / steps / layer.n_inputs) for n, layer in zip(n_sent, layers, strict=True)),
        observations=[np.array(rows, np.float32) for rows in seen] if observe else [],
    )
