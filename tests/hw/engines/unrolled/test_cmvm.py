"""da4ml's answers are adders for the given matrix, and a wrong answer stops the build."""

from types import SimpleNamespace

import da4ml.cmvm
import numpy as np
import pytest

from ganglion.hw.engines.unrolled.cmvm import Term, share_pairs
from ganglion.hw.engines.unrolled.share import merge_pairs, merged
from ganglion.hw.engines.unrolled.tree import OffsetSignal
from ganglion.models.build.errors import ToolError


@pytest.mark.parametrize("seed", range(6))
def test_shared_pairs_compute_the_matrix(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-127, 128, (7, 5)) * (rng.random((7, 5)) < 0.6) << int(seed == 3)
    matrix = matrix[matrix.any(axis=1)][:, matrix.any(axis=0)]
    np.testing.assert_array_equal(share_pairs(matrix).matrix(), matrix)


def test_merging_keeps_the_matrix_and_leaves_fewer_sums() -> None:
    matrix = np.random.default_rng(2).integers(-127, 128, (9, 6))
    pairs = share_pairs(matrix)
    shared = merge_pairs(
        pairs, [OffsetSignal(node=i, low=0, high=255, offset=0, ready=0) for i in range(6)], 3
    )
    values = list(np.eye(6, dtype=np.int64))
    for body in shared.sums:
        values.append(
            np.sum([(values[t.source] << t.shift) * (-1 if t.negative else 1) for t in body], axis=0)
        )
    rows = [
        sum((values[t.source] << t.shift) * (-1 if t.negative else 1) for t in row) for row in shared.rows
    ]
    np.testing.assert_array_equal(np.array(rows), matrix)
    assert len(shared.sums) < len(pairs.pairs)


def test_equal_terms_double_and_opposite_ones_vanish() -> None:
    one, minus = Term(source=0), Term(source=0, negative=True)
    assert merged([one, one, one]) == (Term(source=0), Term(source=0, shift=1))
    assert merged([one, minus]) == ()
    assert merged([minus, minus]) == (Term(source=0, shift=1, negative=True),)


def test_wrong_answer_of_da4ml_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = da4ml.cmvm.solve
    monkeypatch.setattr(da4ml.cmvm, "solve", lambda kernel, **options: real(kernel + 1, **options))
    with pytest.raises(ToolError, match="compute another matrix"):
        share_pairs(np.array([[3, 5]]))
    stage = SimpleNamespace(ops=[SimpleNamespace(opcode=7)])
    monkeypatch.setattr(da4ml.cmvm, "solve", lambda kernel, **options: SimpleNamespace(solutions=[stage]))
    with pytest.raises(ToolError, match="operation 7"):
        share_pairs(np.array([[3, 5]]))
