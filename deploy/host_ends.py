"""What the host does around the accelerator: how observations become integers, and integers an action."""

import math
from dataclasses import dataclass

import numpy as np

from ganglion.deploy.fields import Fields
from ganglion.models.build.errors import ExportError

MAX_FEATURES = 1 << 16
MAX_EXPONENT = 64
_FLOAT32 = float(np.finfo(np.float32).max)
_INT32 = 1 << 31


@dataclass(frozen=True, slots=True, kw_only=True)
class RealObservation:
    """A vector of real numbers: `clip(floor((obs[features] - offset) * gain + 0.5), low, high)`."""

    observation_features: int
    features: tuple[int, ...]
    offset: tuple[float, ...]
    gain: tuple[float, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of an observation."""
        return (self.observation_features,)

    @property
    def values(self) -> int:
        """Integers that it becomes."""
        return len(self.features)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameObservation:
    """The newest frame of a game, uint8, whose pixels are the integers; an episode's others stay on chip."""

    frame: tuple[int, ...]
    """Rows and columns, of several channels these first."""
    channels_last: bool = False
    """Whether the accelerator takes a pixel's channels one after another."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of an observation."""
        return self.frame

    @property
    def values(self) -> int:
        """Integers that it becomes."""
        return math.prod(self.frame)


Observation = RealObservation | FrameObservation


@dataclass(frozen=True, slots=True, kw_only=True)
class TanhAction:
    """Real actions, each `low + (tanh(value * 2**exponent) + 1) / 2 * (high - low)`."""

    exponent: int
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def values(self) -> int:
        """Integers that become an action."""
        return len(self.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgmaxAction:
    """The number of the largest of `n_actions` values, the first of equal ones."""

    exponent: int
    n_actions: int

    @property
    def values(self) -> int:
        """Integers that become an action."""
        return self.n_actions


Action = TanhAction | ArgmaxAction


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEnds:
    """The two ends: an observation to integers from `low` to `high`, integers to an action."""

    observation: Observation
    low: int
    high: int
    action: Action

    @classmethod
    def read(cls, fields: Fields) -> "HostEnds":
        """Return what a manifest's object says; ExportError names a wrong key."""
        host = cls(
            observation=_read_observation(fields),
            low=fields.integer("low", -_INT32, _INT32),
            high=fields.integer("high", -_INT32, _INT32),
            action=_read_action(fields.object("action")),
        )
        fields.close()
        _check(host, fields)
        return host


def _read_observation(fields: Fields) -> Observation:
    if "frame" in fields:
        return FrameObservation(
            frame=fields.integers("frame", 1, MAX_FEATURES), channels_last=fields.flag("channels_last")
        )
    return RealObservation(
        observation_features=fields.integer("observation_features", 1, MAX_FEATURES),
        features=fields.integers("features", 0, MAX_FEATURES - 1),
        offset=fields.numbers("offset", -_FLOAT32, _FLOAT32),
        gain=fields.numbers("gain", 1 / _FLOAT32, _FLOAT32),
    )


def _read_action(fields: Fields) -> Action:
    kind, exponent = fields.text("kind"), fields.integer("exponent", -MAX_EXPONENT, MAX_EXPONENT)
    action: Action
    if kind == "tanh":
        low, high = (fields.numbers(key, -_FLOAT32, _FLOAT32) for key in ("low", "high"))
        action = TanhAction(exponent=exponent, low=low, high=high)
    elif kind == "argmax":
        action = ArgmaxAction(exponent=exponent, n_actions=fields.integer("n_actions", 1, MAX_FEATURES))
    else:
        raise ExportError(f"{fields.at('kind')}: unknown kind {kind!r:.60}; known: tanh, argmax")
    fields.close()
    return action


def _check(host: HostEnds, fields: Fields) -> None:
    """Raise ExportError where parts of a host's end disagree."""
    real = host.observation
    if isinstance(real, RealObservation):
        n_features = len(real.features)
        if not n_features == len(real.offset) == len(real.gain):
            raise ExportError(
                f"{fields.at('features')}: {n_features} features, {len(real.offset)} offsets "
                f"and {len(real.gain)} gains"
            )
        if len(set(real.features)) != n_features:
            raise ExportError(f"{fields.at('features')}: a feature is named twice")
        if max(real.features) >= real.observation_features:
            raise ExportError(
                f"{fields.at('features')}: reads feature {max(real.features)} of {real.observation_features}"
            )
    elif (host.low, host.high) != (0, 255):
        raise ExportError(f"{fields.at('frame')}: pixels are values from 0 to 255")
    if isinstance(host.action, TanhAction):
        low, high = host.action.low, host.action.high
        if len(low) != len(high):
            raise ExportError(f"{fields.at('action')}: {len(low)} bounds low, {len(high)} high")
        if not all(a < b for a, b in zip(low, high, strict=True)):
            raise ExportError(f"{fields.at('action')}: low must be below high for every action")
