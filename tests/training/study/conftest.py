"""Fixture: four policies of the toy, measured."""

from pathlib import Path

import pytest

from ganglion.models.build.codec import decode_json
from ganglion.models.quant.schemes import Scheme
from ganglion.models.sparsity import Pruning
from ganglion.training.run import Run
from ganglion.training.study.cells import Cell
from ganglion.training.study.records import RETURNS_FILE, Returns, folder_of
from ganglion.training.study.returns import measure
from tests.training.study.cells import EPISODES, Measured, teacher_of


@pytest.fixture(scope="session")
def measured(dense_run: tuple[Run, Path], tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """Return the toy's policies: float, dynamic, static, and static without half of its neurons."""
    teacher, root = teacher_of(dense_run[1]), tmp_path_factory.mktemp("study")
    half = {"pruning": Pruning.NEURONS_L2, "fraction": 0.5}
    cells = [Cell(teacher=teacher, scheme=each) for each in (Scheme.FLOAT, Scheme.PTDQ, Scheme.PTSQ)]
    cells.append(Cell(teacher=teacher, scheme=Scheme.PTSQ, **half))
    returns = {}
    for cell in cells:
        measure(root, cell, EPISODES, None)
        name = cell.name.removeprefix("Toy-sac-s0-")
        returns[name] = decode_json(Returns, folder_of(root, cell) / RETURNS_FILE)
    return Measured(root=root, returns=returns)
