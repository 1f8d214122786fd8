"""The words that the accelerator answers with to an action, without allocating an array."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from ganglion.deploy.host_ends import Action, TanhAction
from ganglion.deploy.register_map import Window

MAX_TABLE_BITS = 12
"""Up to which width every value's action is computed beforehand: 16 KiB of float32 an action."""


class ActionDecoder(ABC):
    """Turns the integers in `words`, as they were read from the board, into an action."""

    def __init__(self, window: Window) -> None:
        self.words = np.zeros(window.words, dtype=np.uint32)
        self.integers = self.words.view(window.dtype)[: window.values]

    @classmethod
    def of(cls, action: Action, window: Window) -> "ActionDecoder":
        """Return the decoder of a policy's head over the values of a window."""
        if window.type != "int":
            return (RealDecoder if window.type == "float32" else NumberDecoder)(window)
        if not isinstance(action, TanhAction):
            return ArgmaxDecoder(window)
        return (TableDecoder if window.bits <= MAX_TABLE_BITS else TanhDecoder)(action, window)

    @abstractmethod
    def decode(self) -> Any:
        """Return the action of `words`; an array is overwritten by the next call."""


class RealDecoder(ActionDecoder):
    """The actions themselves, from a head on chip."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._action_f32 = self.words.view("<f4")

    def decode(self) -> npt.NDArray[np.float32]:
        """Return the actions [values]."""
        return self._action_f32


class NumberDecoder(ActionDecoder):
    """The number of the action itself, from a head on chip."""

    def decode(self) -> Any:
        """Return the number of the action."""
        return self.integers[0]


class ArgmaxDecoder(ActionDecoder):
    """The number of the largest value, the first of equal ones."""

    def decode(self) -> np.intp:
        """Return the number of the action."""
        return self.integers.argmax()


class TanhDecoder(ActionDecoder):
    """Real actions between bounds, in float64, rounded to float32."""

    def __init__(self, action: TanhAction, window: Window) -> None:
        super().__init__(window)
        self._squash = _Squash(action)
        self._real_f64 = np.zeros(window.values)
        self._action_f32 = np.zeros(window.values, dtype=np.float32)

    def decode(self) -> npt.NDArray[np.float32]:
        """Return the actions [values]."""
        self._real_f64[...] = self.integers
        self._squash(self._real_f64)
        self._action_f32[...] = self._real_f64
        return self._action_f32


class TableDecoder(ActionDecoder):
    """What TanhDecoder gives, looked up: few bits have few values."""

    def __init__(self, action: TanhAction, window: Window) -> None:
        super().__init__(window)
        every_f64 = np.arange(window.low, window.high + 1, dtype=np.float64)
        table_f64 = np.repeat(every_f64[:, None], window.values, axis=1)
        _Squash(action)(table_f64)
        self._table_f32 = table_f64.T.astype(np.float32).ravel()
        self._zero_at = np.arange(window.values) * len(every_f64) - window.low
        self._index = np.zeros(window.values, dtype=np.intp)
        self._action_f32 = np.zeros(window.values, dtype=np.float32)

    def decode(self) -> npt.NDArray[np.float32]:
        """Return the actions [values]."""
        self._index[...] = self.integers
        np.add(self._index, self._zero_at, out=self._index)
        return self._table_f32.take(self._index, None, self._action_f32, "clip")


class _Squash:
    """`low + (tanh(value * 2**exponent) + 1) / 2 * (high - low)` of [..., values] float64, in place."""

    def __init__(self, action: TanhAction) -> None:
        self._exponent = action.exponent
        self._low = np.array(action.low)
        self._range = np.array(action.high) - self._low

    def __call__(self, values: npt.NDArray[np.float64]) -> None:
        np.ldexp(values, self._exponent, out=values)
        np.tanh(values, out=values)
        np.add(values, 1.0, out=values)
        np.divide(values, 2.0, out=values)
        np.multiply(values, self._range, out=values)
        np.add(values, self._low, out=values)
