"""A robot for the control loop: a pendulum, computed where a real one would be measured and driven.

    python3 -m ganglion.deploy.control --read robot:read --write robot:write --rate-hz 20

Put your sensors and motors into the two functions. An observation has the values that the policy was trained
on, in their order and units; so has an action.
"""

import math
import time

import numpy as np
import numpy.typing as npt

GRAVITY, MASS, LENGTH = 10.0, 1.0, 1.0

angle, velocity = math.pi, 0.0
"""From upright, in rad, and in rad/s."""
written_s = time.monotonic()


def read() -> npt.NDArray[np.float64]:
    """Return what the sensors say now: cosine and sine of the angle, and the velocity, [3]."""
    return np.array([math.cos(angle), math.sin(angle), velocity])


def write(action: npt.NDArray[np.float32]) -> None:
    """Drive the motor with the torque in `action` [1], in Nm, until the next call."""
    global angle, velocity, written_s
    now_s = time.monotonic()
    step_s, written_s = min(now_s - written_s, 0.1), now_s
    torque = float(action[0])
    velocity += step_s * (1.5 * GRAVITY / LENGTH * math.sin(angle) + 3 * torque / (MASS * LENGTH**2))
    angle += step_s * velocity
