"""An observation to the words that the accelerator takes, without allocating an array."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ganglion.deploy.host_ends import FrameObservation, HostEnds, RealObservation
from ganglion.deploy.register_map import Window
from ganglion.models.build.errors import GanglionError


class ObservationError(GanglionError):
    """An observation is of another shape or type than the policy's, or is not finite."""


class ObservationEncoder(ABC):
    """Turns an observation into the integers in `words`, as they are written to the board."""

    def __init__(self, window: Window) -> None:
        self.words = np.zeros(window.words, dtype=np.uint32)
        self.integers = self.words.view(window.dtype)[: window.values]

    @classmethod
    def of(cls, host: HostEnds, window: Window) -> "ObservationEncoder":
        """Return the encoder of a policy's observations into the values of a window."""
        if isinstance(host.observation, FrameObservation):
            return FrameEncoder(host.observation, window)
        return RealEncoder(host.observation, host.low, host.high, window)

    @abstractmethod
    def encode(self, observation: npt.NDArray[Any]) -> None:
        """Set `words` to an observation; one of another shape or type raises ObservationError."""


class FrameEncoder(ObservationEncoder):
    """Takes the pixels of a frame as they are."""

    _TYPES = (np.dtype(np.uint8),)

    def __init__(self, frame: FrameObservation, window: Window) -> None:
        super().__init__(window)
        self._shape = frame.shape
        if frame.channels_last:
            channels, *sizes = self._shape
            self._pixels = np.moveaxis(self.integers.reshape(*sizes, channels), -1, 0)
        else:
            self._pixels = self.integers.reshape(self._shape)

    def encode(self, observation: npt.NDArray[Any]) -> None:
        """Set `words` to a frame [*frame], uint8; else ObservationError."""
        _require(observation, self._TYPES, self._shape)
        self._pixels[...] = observation


class RealEncoder(ObservationEncoder):
    """Normalizes and quantizes, as the reference does: in float32, half up, clipped."""

    _TYPES = (np.dtype(np.float32), np.dtype(np.float64))

    def __init__(self, real: RealObservation, low: int, high: int, window: Window) -> None:
        super().__init__(window)
        self._shape = real.shape
        self._observation_f32 = np.zeros(self._shape, dtype=np.float32)
        self._is_finite = np.ones(self._shape, dtype=np.bool_)
        self._features = np.array(real.features, dtype=np.intp)
        self._offset_f32 = np.array(real.offset, dtype=np.float32)
        self._gain_f32 = np.array(real.gain, dtype=np.float32)
        self._half_f32 = np.full_like(self._gain_f32, 0.5)
        self._low_f32 = np.full_like(self._gain_f32, low)
        self._high_f32 = np.full_like(self._gain_f32, high)
        self._scaled_f32 = np.zeros_like(self._gain_f32)

    def encode(self, observation: npt.NDArray[Any]) -> None:
        """Set `words` to an observation [observation_features], float32 or float64; else ObservationError."""
        _require(observation, self._TYPES, self._shape)
        whole, scaled = self._observation_f32, self._scaled_f32
        whole[...] = observation
        first = np.isfinite(whole, out=self._is_finite).argmin()
        if not self._is_finite[first]:
            raise ObservationError(
                f"observation: feature {first} is {whole[first]}, expected finite in float32"
            )
        whole.take(self._features, None, scaled, "clip")
        np.subtract(scaled, self._offset_f32, out=scaled)
        np.multiply(scaled, self._gain_f32, out=scaled)
        np.add(scaled, self._half_f32, out=scaled)
        np.floor(scaled, out=scaled)
        np.maximum(scaled, self._low_f32, out=scaled)
        np.minimum(scaled, self._high_f32, out=scaled)
        self.integers[...] = scaled


def _require(value: Any, types: Sequence["np.dtype[Any]"], shape: tuple[int, ...]) -> None:
    if type(value) is not np.ndarray or value.dtype not in types:
        expected = " or ".join(map(str, types))
        raise ObservationError(f"observation: {_kind(value)}; expected an array of {expected}")
    if value.shape != shape:
        raise ObservationError(f"observation: shape {value.shape}, expected {shape}")


def _kind(value: Any) -> str:
    kind = type(value).__name__
    return f"{kind} of {value.dtype}" if isinstance(value, np.ndarray) else kind
