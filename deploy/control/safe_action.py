"""The safe action: what is written when the policy's action is missing or late."""

from typing import Any

import numpy as np

from ganglion.deploy.host_ends import Action, ArgmaxAction
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.spelling import spelled

ZERO, HOLD = "zero", "hold"
SETTING = "safe_action"


def zero_action(kind: Action) -> Any:
    """Return the action of zeros, or of the bounds nearest to zero: [act] float32, or 0 for a choice."""
    if isinstance(kind, ArgmaxAction):
        return 0
    return np.clip(0.0, kind.low, kind.high).astype(np.float32)


def safe_action(text: str, kind: Action) -> Any:
    """Return the action that `text` asks for; None for "hold", the policy's last one.

    text: "zero", "hold", or the action's numbers as "0.1,-0.2,0". Another number of them, or one outside the
    action's bounds, raises ConfigError.
    """
    if text == HOLD:
        return None
    if text == ZERO:
        return zero_action(kind)
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        raise ConfigError(
            f"{spelled(SETTING, text)}: allowed {ZERO}, {HOLD}, or numbers as 0.1,-0.2"
        ) from None
    if isinstance(kind, ArgmaxAction):
        if values not in [[float(number)] for number in range(kind.n_actions)]:
            raise ConfigError(f"{spelled(SETTING, text)}: allowed one number from 0 to {kind.n_actions - 1}")
        return int(values[0])
    if len(values) != kind.values:
        raise ConfigError(f"{spelled(SETTING, text)}: {len(values)} numbers, but an action has {kind.values}")
    for index, (value, low, high) in enumerate(zip(values, kind.low, kind.high, strict=True)):
        if not low <= value <= high:
            raise ConfigError(f"{spelled(SETTING, text)}: action {index} is outside {low:g} to {high:g}")
    return np.array(values, dtype=np.float32)
