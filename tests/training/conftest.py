"""Fixtures: the toy environment, one fast thread, a build folder for each test, and a trained dense toy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ganglion.training.run import Phase, Run
from ganglion.training.threads import use_one_fast_thread
from ganglion.training.train import train
from tests.training.toy import register, toy_run


@pytest.fixture(autouse=True)
def _toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    register()
    use_one_fast_thread()
    monkeypatch.chdir(tmp_path)
    yield
    torch.set_flush_denormal(False)  # hypothesis, in the same process, draws subnormal numbers


@pytest.fixture(scope="session")
def dense_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """Return a finished dense run on the toy and the absolute path of its best checkpoint."""
    register()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("dense"))
        run = toy_run(name="dense")
        train(run)
        return run, run.best(Phase.DENSE).absolute()


@pytest.fixture
def observations() -> torch.Tensor:
    """Return observations of the toy [200, 2]."""
    return torch.randn(200, 2, generator=torch.Generator().manual_seed(7))
