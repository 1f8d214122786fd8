"""Batches that walk along episodes step by step, as a network with memory must be taught."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ganglion.models.reference import Ints
from ganglion.training.delta.actor import DeltaActor
from ganglion.training.envs import FloatArray


class Walk:
    """Rows side by side, each with a state of its own; one that comes to an episode's end begins another."""

    def __init__(
        self, inputs: Sequence[Ints], targets: Sequence[FloatArray], batch: int, random: np.random.Generator
    ) -> None:
        self._inputs = torch.from_numpy(np.concatenate(inputs)).float()
        self._targets = torch.from_numpy(np.concatenate(targets)).float()
        self._ends = np.cumsum([len(rows) for rows in inputs])
        self._random = random
        # Rows begin anywhere, so that a batch holds steps from all over the episodes.
        self._at = random.integers(len(self._inputs), size=batch)
        self._until = self._ends[np.searchsorted(self._ends, self._at, side="right")]
        self.sent: list[Tensor] = []

    def next(self, actor: DeltaActor) -> tuple[Tensor, Tensor]:
        """Return the next inputs and targets [batch, ...]; `sent` is then the state that they meet."""
        self.sent = self.sent or actor.start(len(self._at))
        arrived = np.flatnonzero(self._at == self._until)
        if arrived.size:
            chosen = self._random.integers(len(self._ends), size=arrived.size)
            self._at[arrived] = np.where(chosen, self._ends[chosen - 1], 0)
            self._until[arrived] = self._ends[chosen]
            for values in self.sent:
                values[arrived] = 0
        at = torch.from_numpy(self._at)
        self._at = self._at + 1
        return self._inputs[at], self._targets[at]
