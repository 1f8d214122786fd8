"""The host's part of a policy as a module: what an observation goes through before the first quantizer."""

import torch
from torch import Tensor, nn

from ganglion.models.spec.policy import Entry, Normalizer, Pixels


class Normalize(nn.Module):
    """`(obs[features] - offset) * gain * 2**exponent` in float32: [batch, obs] → [batch, in].

    The host's part. The quantizer that follows has the scale 2**exponent: its integers do not depend on it.
    """

    features: Tensor
    offset: Tensor
    gain: Tensor

    def __init__(self, normalizer: Normalizer, exponent: int = 0) -> None:
        super().__init__()
        self.register_buffer("features", torch.tensor(normalizer.features, dtype=torch.int64))
        self.register_buffer("offset", torch.tensor(normalizer.offset, dtype=torch.float32))
        self.register_buffer("gain", torch.tensor(normalizer.gain, dtype=torch.float32))
        self.unit = 2.0**exponent

    def forward(self, obs: Tensor) -> Tensor:
        """Return the normalized observation."""
        # One rounding, then an exact power of two: the reference's float32 product is rounded alike.
        return (obs[..., self.features] - self.offset) * self.gain * self.unit


class Scale(nn.Module):
    """Every value times 2**exponent: any shape → same shape."""

    def __init__(self, exponent: int) -> None:
        super().__init__()
        self.unit = 2.0**exponent

    def forward(self, x: Tensor) -> Tensor:
        """Return the product, exact unless it underflows."""
        return x * self.unit


def entry_module(entry: Entry, exponent: int) -> nn.Module:
    """Return the host's part: [batch, obs] float32 → [batch, in], for a quantizer of scale 2**exponent."""
    return Scale(exponent) if isinstance(entry, Pixels) else Normalize(entry, exponent)
