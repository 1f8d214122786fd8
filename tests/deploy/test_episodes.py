"""Whole episodes by the driver: every action and every reward is what PyTorch's policy brings.

The board is simulated; no board was tried. The slow ones go through the real pynq 4.0.0 too.
"""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganglion.deploy.policy import Policy
from ganglion.hw.closed_loop import pytorch_means
from ganglion.hw.flows.zynq.clock import board_clock
from ganglion.hw.flows.zynq.hwh import hwh
from ganglion.hw.target.board import Processor, find_board
from ganglion.models.environments import make
from ganglion.models.formats import policy_folder
from tests.deploy.bundles import Toy, give_bit_file, write_shipped
from tests.hw.flows.zynq.pynq_environment import pynq_python

Act = Callable[[np.ndarray], np.ndarray]
ROOT = Path(__file__).parents[2]
SERVER = Path(__file__).with_name("real_pynq.py")


@pytest.fixture(scope="module")
def hopper(tmp_path_factory: pytest.TempPathFactory) -> tuple[Toy, policy_folder.Policy]:
    return write_shipped(tmp_path_factory.mktemp("hopper"), "Hopper")


def episode(env_id: str, seed: int, act: Act, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return observations [n, obs], actions [n, act] and rewards [n] of an episode cut off at `steps`."""
    env = make(env_id)
    observation, _ = env.reset(seed=seed)
    observations, actions, rewards = [], [], []
    for _ in range(steps):
        observations.append(observation)
        actions.append(act(observation).copy())
        observation, reward, terminated, truncated, _ = env.step(actions[-1])
        rewards.append(float(reward))
        if terminated or truncated:
            break
    return np.stack(observations), np.stack(actions), np.array(rewards)


def require_pytorch_s(policy: policy_folder.Policy, seed: int, act: Act, steps: int) -> float:
    """Return the return of an episode by `act`, once all of it is what PyTorch's policy does."""
    env_id = policy.spec.env
    observations, actions, rewards = episode(env_id, seed, act, steps)
    expected = policy.spec.action.act(pytorch_means(policy.spec, policy.network, observations))
    assert np.array_equal(actions, expected)
    planned = iter(expected)
    again, _, same = episode(env_id, seed, lambda _: next(planned), steps)
    assert np.array_equal(again, observations) and np.array_equal(same, rewards)
    return float(rewards.sum())


def test_hundreds_of_steps_of_hopper_equal_pytorch(hopper: tuple[Toy, policy_folder.Policy]) -> None:
    bundle, policy = hopper
    with Policy.load(bundle.folder) as driver:
        assert require_pytorch_s(policy, 1000, driver, 300) > 300


@pytest.mark.slow
def test_whole_episodes_of_hopper_equal_pytorch(hopper: tuple[Toy, policy_folder.Policy]) -> None:
    bundle, policy = hopper
    with Policy.load(bundle.folder) as driver:
        assert driver.self_test() == len(policy.golden["observation"])
        returns = [require_pytorch_s(policy, seed, driver, 1000) for seed in (1000, 1001, 1002)]
    print(f"returns {returns}")
    assert min(returns) > 3000


@pytest.mark.slow
def test_an_episode_through_the_real_pynq_equals_pytorch(
    hopper: tuple[Toy, policy_folder.Policy], tmp_path: Path
) -> None:
    bundle, policy = hopper
    folder = Path(shutil.copytree(bundle.folder, tmp_path / "bundle"))
    clock = board_clock(find_board("ZCU104"), 117.8)
    give_bit_file(folder, hwh(Processor.ZYNQMP, "Hopper", 12, clock), clock.mhz)
    (tmp_path / "ganglion").mkdir()
    for room in ("deploy", "models"):
        (tmp_path / "ganglion" / room).symlink_to(ROOT / room)
    command = [str(pynq_python()), str(SERVER), str(folder), str(bundle.library)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PYTHONPATH": str(tmp_path)}
    ) as board:
        said = _stream(board.stdout).readline().decode()
        n_vectors = len(policy.golden["observation"])
        assert said == f"pynq 4.0.0, {n_vectors} vectors, {clock.mhz:g} MHz\n"

        def act(observation: np.ndarray) -> np.ndarray:
            _stream(board.stdin).write(observation.tobytes())
            _stream(board.stdin).flush()
            return np.frombuffer(_stream(board.stdout).read(4 * 3), np.float32)

        assert require_pytorch_s(policy, 1000, act, 1000) > 3000


def _stream(pipe: Any) -> Any:
    assert pipe is not None
    return pipe
