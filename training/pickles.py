"""Pickles read as data: arrays and what objects held, running nothing that the file names.

Agents published before 2023 name classes of gym, which gymnasium replaced; of those too the state is kept.
"""

import pickle
from pathlib import Path
from typing import Any

import numpy as np

_RECONSTRUCT, _SCALAR = np.array(0).__reduce__()[0], np.float64(0).__reduce__()[0]
_ARRAYS = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _RECONSTRUCT for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _SCALAR for core in ("core", "_core")},
}
"""What makes numpy's arrays and scalars, by the names that numpy 1 and 2 give it."""


class Stored:
    """Stands for an object of any class but numpy's: its attributes and the class's name."""

    stored_class = ""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            self.__dict__.update(state)

    def __setitem__(self, key: Any, value: Any) -> None: ...

    def append(self, value: Any) -> None:
        """Take part in a list's pickle."""

    def extend(self, values: Any) -> None:
        """Take part in a list's pickle."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        stored = type(name, (Stored,), {"stored_class": f"{module}.{name}"})
        return _ARRAYS.get((module, name), stored)


def read_pickle(path: Path) -> Any:
    """Return what a pickle holds, objects as `Stored`; what pickle raises, for a damaged file."""
    with path.open("rb") as file:
        return _Reader(file).load()
