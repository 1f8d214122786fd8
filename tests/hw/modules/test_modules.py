"""Each module's ports equal its model's in every cycle, under random and extreme values and stalls.

ganglion_mac and ganglion_requantize have theirs in tests/hw/folded, ganglion_add3 and ganglion_clip in
tests/hw/unrolled; ganglion_folded is tested as an engine.
"""

from pathlib import Path

import numpy as np
import pytest

from tests.hw.modules import arithmetic, memories, streams
from tests.hw.modules.probe import answers

MODELS = arithmetic.MODELS | memories.MODELS | streams.MODELS
TESTED_ELSEWHERE = {"mac", "requantize", "folded", "add3", "add3_xc7", "clip", "clip_xc7"}


@pytest.mark.parametrize("module", MODELS)
def test_module_equals_its_model_in_every_cycle(module: str, tmp_path: Path) -> None:
    model = MODELS[module]
    rows = model.run(np.random.default_rng(0))
    got = answers(model, [row for row, _ in rows], memories.FILES, tmp_path)
    for cycle, ((row, want), out) in enumerate(zip(rows, got, strict=True)):
        assert {name: out[name] for name in want} == want, f"cycle {cycle}, inputs {row}"


def test_every_module_has_a_test_of_its_own() -> None:
    folder = Path(__file__).parents[3] / "hw" / "rtl"
    modules = {file.stem.removeprefix("ganglion_") for file in folder.glob("ganglion_*.sv")}
    assert modules == set(MODELS) | TESTED_ELSEWHERE
