"""What a cocotb test is given: a shell's description, vectors and a seed, by way of a folder."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganglion.hw.shell.description import Shell
from ganglion.models.build.codec import decode_json
from ganglion.models.build.files import read_arrays
from ganglion.models.reference import Ints

FOLDER = "SHELL_CASE"
SEED = "SHELL_SEED"
BUS = "SHELL_BUS"
SHELL, VECTORS = "shell.json", "vectors.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Inputs [n, in] and the actions [n, out] that they must become."""

    shell: Shell
    inputs: Ints
    actions: Ints


def read_case() -> Case:
    """Return the case in the folder that the environment names."""
    folder = Path(os.environ[FOLDER])
    arrays = {name: np.asarray(values) for name, values in read_arrays(folder / VECTORS).items()}
    return Case(shell=decode_json(Shell, folder / SHELL), **arrays)


def seed() -> int:
    """Return the seed that the environment gives."""
    return int(os.environ[SEED])
