"""A bundle's golden vectors: what the host's two ends and the accelerator between them must answer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ganglion.deploy.host_ends import ArgmaxAction, FrameObservation, HostEnds
from ganglion.models.build.errors import ExportError, first_line

NAMES = ("observation", "input", "output", "action")
EPISODE_START = "episode_start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """golden.npz: `n` vectors, a row each.

    observation: [n, observation_features] float32, or frames uint8; input: [n, values] integers, which
    frames are themselves; output: [n, values] integers; action: what the policy answers, [n, values] float32
    for tanh, [n] integers for argmax. Of a policy that remembers they are steps of episodes, which start,
    by a reset, where `episode_start`, [n] bool, says.
    """

    observation: npt.NDArray[Any]
    input: npt.NDArray[Any]
    output: npt.NDArray[Any]
    action: npt.NDArray[Any]
    episode_start: npt.NDArray[np.bool_] | None = None


def read_golden(path: Path, host: HostEnds) -> Golden:
    """Return the vectors of an .npz file, never unpickling; damaged or not this policy's: ExportError."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except Exception as error:  # numpy, zipfile and zlib raise unrelated types for a damaged file
        raise ExportError(f"{path} is not a whole .npz file ({first_line(error)})") from None
    if set(arrays) - {EPISODE_START} != set(NAMES):
        raise ExportError(f"{path}: arrays {sorted(arrays)}, expected {sorted(NAMES)}")
    n = len(arrays["observation"]) if arrays["observation"].ndim else 0
    is_argmax = isinstance(host.action, ArgmaxAction)
    is_frame = isinstance(host.observation, FrameObservation)
    expected = {
        "observation": ((n, *host.observation.shape), "u" if is_frame else "f"),
        "input": ((n, host.observation.values), "iu"),
        "output": ((n, host.action.values), "iu"),
        "action": ((n,), "iu") if is_argmax else ((n, host.action.values), "f"),
    }
    if EPISODE_START in arrays:
        expected[EPISODE_START] = ((n,), "b")
    for name, (shape, kinds) in expected.items():
        got = arrays[name]
        if not n or got.shape != shape or got.dtype.kind not in kinds:
            raise ExportError(f"{path}: {name}: {got.dtype} {got.shape}, expected {shape} of kind {kinds}")
    return Golden(**arrays)
