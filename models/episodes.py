"""What a network gives in the steps of episodes, whether it remembers those before or not."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ganglion.models.build.errors import ConfigError
from ganglion.models.delta import DeltaNetwork
from ganglion.models.frames import stacked
from ganglion.models.reference import IntNetwork, Ints

BLOCK_VALUES = 1 << 22
"""Products of a step are many in a convolution: steps are computed in blocks of so many values of a layer."""


def forward(
    network: IntNetwork, inputs: npt.NDArray[Any], starts: npt.NDArray[np.bool_] | None = None
) -> list[Ints]:
    """Return every layer's activations for what is new in each step: [n, *step_shape] → list of [n, *out].

    starts: [n], where an episode starts; a network that does not remember needs none. Raises ConfigError
    where it does.
    """
    return [np.concatenate(layer) for layer in zip(*forward_blocks(network, inputs, starts), strict=True)]


def forward_blocks(
    network: IntNetwork, inputs: npt.NDArray[Any], starts: npt.NDArray[np.bool_] | None = None
) -> Iterator[list[Ints]]:
    """Yield what `forward` returns, some steps after others: maps are too large to hold them all."""
    spec = network.spec
    if spec.remembers and starts is None:
        raise ConfigError("a network with thresholds or a frame stack needs to know where episodes start")
    seen = np.asarray(inputs)
    if starts is not None and spec.frame_stack > 1:
        frames = seen.astype(spec.input_type.dtype).reshape(-1, *spec.step_shape)  # stacks of them are many
        seen = stacked(frames, starts, spec.frame_stack)
    if starts is not None and spec.thresholds is not None:
        yield DeltaNetwork.of(network).run(seen, starts)
        return
    size = max(1, BLOCK_VALUES // max(spec.widths))
    for start in range(0, len(seen), size):
        yield network.forward(seen[start : start + size])
