"""A tick has one action, whoever writes it first."""

from ganglion.deploy.control.output import Output
from tests.deploy.control.fakes import SAFE, Robot


def test_the_safe_action_keeps_the_policys_from_being_written() -> None:
    output = Output((robot := Robot()).write, SAFE, SAFE)
    assert output.safe(0) and not output.action(0, SAFE + 1)
    assert robot.written == [[0.0, 0.0]] and output.n_safe == 1


def test_the_policys_action_keeps_the_safe_one_from_being_written() -> None:
    output = Output((robot := Robot()).write, SAFE, SAFE)
    assert output.action(0, SAFE + 1) and not output.safe(0)
    assert output.safe(1)
    assert robot.written == [[1.0, 1.0], [0.0, 0.0]] and output.n_safe == 1
