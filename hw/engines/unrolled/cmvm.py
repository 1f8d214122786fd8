"""Constant matrix times vector as adders shared between rows: da4ml's optimiser, its answer checked."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ganglion.models.build.errors import ToolError
from ganglion.models.reference import Ints

INPUT, ADD, SUBTRACT = -1, 0, 1  # da4ml's operation codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """The value of `source` times 2**shift, subtracted when `negative`."""

    source: int
    shift: int = 0
    negative: bool = False

    def scaled(self, shift: int, negative: bool) -> "Term":
        """Return this term times 2**shift, its sign turned when `negative`."""
        return Term(source=self.source, shift=self.shift + shift, negative=self.negative ^ negative)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A sum of two terms, the lower one's shift zero."""

    left: Term
    right: Term


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPairs:
    """Row r of the product is `rows[r]`; sources below `n_inputs` are inputs, the others `pairs` in order."""

    n_inputs: int
    pairs: tuple[Pair, ...]
    rows: tuple[Term, ...]

    def matrix(self) -> Ints:
        """Return the matrix that is computed: [rows, inputs] int64."""
        values = list(np.eye(self.n_inputs, dtype=np.int64))
        for pair in self.pairs:
            values.append(_times(values, pair.left) + _times(values, pair.right))
        return np.array([_times(values, row) for row in self.rows])


def share_pairs(matrix: Ints) -> SharedPairs:
    """Return adders for `matrix` [rows, inputs], which has no empty row or column.

    Raises ToolError when da4ml's adders compute another matrix.
    """
    from da4ml.cmvm import solve

    solution = solve(np.ascontiguousarray(matrix.T.astype(np.float32)), search_all_decompose_dc=False)
    pairs: list[Pair] = []
    values = [Term(source=index) for index in range(matrix.shape[1])]
    for stage in solution.solutions:
        values = _stage(stage, values, matrix.shape[1], pairs)
    shared = SharedPairs(n_inputs=matrix.shape[1], pairs=tuple(pairs), rows=tuple(values))
    if any(row.shift < 0 for row in values) or not np.array_equal(shared.matrix(), matrix):
        raise ToolError("da4ml answered with adders that compute another matrix; install the pinned da4ml")
    return shared


def _stage(stage: Any, values: list[Term], n_inputs: int, pairs: list[Pair]) -> list[Term]:
    """Append the adders of one of da4ml's stages to `pairs` and return its outputs."""
    buffer: list[Term] = []
    for operation in stage.ops:
        if operation.opcode == INPUT:
            shift = int(stage.inp_shifts[operation.id0])
            buffer.append(values[operation.id0].scaled(shift, negative=False))
        elif operation.opcode in (ADD, SUBTRACT):
            left = buffer[operation.id0]
            right = buffer[operation.id1].scaled(int(operation.data), negative=operation.opcode == SUBTRACT)
            shift = min(left.shift, right.shift)
            pairs.append(
                Pair(left=left.scaled(-shift, negative=False), right=right.scaled(-shift, negative=False))
            )
            buffer.append(Term(source=n_inputs + len(pairs) - 1, shift=shift))
        else:
            raise ToolError(f"da4ml answered with operation {operation.opcode}; install the pinned da4ml")
    return [
        buffer[index].scaled(int(shift), negative=bool(negative))
        for index, shift, negative in zip(stage.out_idxs, stage.out_shifts, stage.out_negs, strict=True)
    ]


def _times(values: list[Ints], term: Term) -> Ints:
    value = values[term.source]
    value = value << term.shift if term.shift >= 0 else value >> -term.shift
    return -value if term.negative else value
