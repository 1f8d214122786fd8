"""A study of the toy."""

from dataclasses import dataclass
from pathlib import Path

from ganglion.training.study.cells import Cell, Teacher
from ganglion.training.study.records import Returns, Target, folder_of

EPISODES = 3
TARGET = Target(board="Pynq-Z2", latencies_us=(0.001, 20.0), estimate=False)


def teacher_of(checkpoint: Path) -> Teacher:
    """Return the teacher of the toy whose weights lie at `checkpoint`."""
    return Teacher(environment="Toy", algorithm="sac", seed=0, checkpoint=checkpoint)


@dataclass(frozen=True)
class Measured:
    """Where a study of the toy lies, and its policies by the end of their names."""

    root: Path
    returns: dict[str, Returns]

    def cell(self, name: str) -> Cell:
        return self.returns[name].cell

    def folder(self, name: str) -> Path:
        return folder_of(self.root, self.cell(name))
