"""An observation to the words that the accelerator takes, without allocating an array."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ganglion.deploy.manifest import HostEnds
from ganglion.deploy.register_map import Window
from ganglion.models.build.errors import GanglionError

_TYPES = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.uint8))


class ObservationError(GanglionError):
    """An observation is of another shape or type than the policy's, or is not finite."""


class ObservationEncoder:
    """Normalizes and quantizes into `words`, as the reference does: in float32, half up, clipped."""

    def __init__(self, host: HostEnds, window: Window) -> None:
        self.words = np.zeros(window.words, dtype=np.uint32)
        self.integers = self.words.view(window.dtype)[: window.values]
        self._shape = (host.observation_features,)
        self._observation_f32 = np.zeros(self._shape, dtype=np.float32)
        self._is_finite = np.ones(self._shape, dtype=np.bool_)
        self._features = np.array(host.features, dtype=np.intp)
        self._offset_f32 = np.array(host.offset, dtype=np.float32)
        self._gain_f32 = np.array(host.gain, dtype=np.float32)
        self._half_f32 = np.full_like(self._gain_f32, 0.5)
        self._low_f32 = np.full_like(self._gain_f32, host.low)
        self._high_f32 = np.full_like(self._gain_f32, host.high)
        self._scaled_f32 = np.zeros_like(self._gain_f32)

    def encode(self, observation: npt.NDArray[Any]) -> None:
        """Set `words` to an observation [observation_features]; else ObservationError.

        It is of float32 or float64, or of uint8, as frames are.
        """
        if type(observation) is not np.ndarray or observation.dtype not in _TYPES:
            raise ObservationError(
                f"observation: {_kind(observation)}; expected an array of float32, float64 or uint8"
            )
        if observation.shape != self._shape:
            raise ObservationError(f"observation: shape {observation.shape}, expected {self._shape}")
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


def _kind(value: Any) -> str:
    kind = type(value).__name__
    return f"{kind} of {value.dtype}" if isinstance(value, np.ndarray) else kind
