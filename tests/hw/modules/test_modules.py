"""Each module's ports equal its model's in every cycle, under random and extreme values and stalls.

hw/rtl/README.md says which modules are held against their model elsewhere.
"""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.hw.modules import arithmetic, memories, streams
from tests.hw.modules.probe import answers

MODELS = arithmetic.MODELS | memories.MODELS | streams.MODELS
REPOSITORY = Path(__file__).parents[3]
RTL = REPOSITORY / "hw" / "rtl"
ROW = re.compile(r"\| `ganglion_(\w+)` \| [^|]+ \| [^|]+ \| `([\w/.]+)` \|")


@pytest.mark.parametrize("module", MODELS)
def test_module_equals_its_model_in_every_cycle(module: str, tmp_path: Path) -> None:
    model = MODELS[module]
    rows = model.run(np.random.default_rng(0))
    got = answers(model, [row for row, _ in rows], memories.FILES, tmp_path)
    for cycle, ((row, want), out) in enumerate(zip(rows, got, strict=True)):
        assert {name: out[name] for name in want} == want, f"cycle {cycle}, inputs {row}"


def test_the_catalogue_names_every_module_and_its_test() -> None:
    catalogue = dict(ROW.findall((RTL / "README.md").read_text()))
    assert catalogue.keys() == {file.stem.removeprefix("ganglion_") for file in RTL.glob("ganglion_*.sv")}
    here = {name for name, test in catalogue.items() if test.startswith("tests/hw/modules/")}
    assert here == MODELS.keys()
    for name, test in catalogue.items():
        assert name.removesuffix("_xc7") in (REPOSITORY / test).read_text(), name
