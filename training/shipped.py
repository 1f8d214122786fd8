"""A shipped policy put to the test again, as it is deployed: its integers, or a dense reference's actor."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ganglion.models.build.files import read_json, write_json
from ganglion.models.build.provenance import git_commit
from ganglion.models.delta import DeltaNetwork
from ganglion.models.formats.policy_folder import JSON_FILE, load_policy, read_description, write_description
from ganglion.models.nets.inference_network import InferenceNetwork
from ganglion.models.spec.policy import Pixels
from ganglion.models.zoo import ZOO
from ganglion.training.delta.rollout import roll_out
from ganglion.training.envs import make_env
from ganglion.training.episodes import TEST_SEEDS, Episodes, greedy, n_test_episodes, run_episodes
from ganglion.training.learner import deterministic_policy, load_learner
from ganglion.training.records import RESULT_FILE, read_result

TEACHER_WEIGHTS = "teacher.npz"
EVALUATION_KEYS = ("return_mean", "return_std", "return_min", "falls", "episodes", "first_seed")
"""What policy.json repeats of result.json's evaluation."""


def shipped_teacher(environment: str, algorithm: str) -> Path | None:
    """Return the weights of the dense policy that is shipped for an environment, or None."""
    path = ZOO / environment / f"{algorithm}-dense" / TEACHER_WEIGHTS
    return path if path.exists() else None


def is_shipped(folder: Path) -> bool:
    """Return whether `folder` holds a policy rather than the run that made it."""
    holds_policy = any((folder / name).exists() for name in (JSON_FILE, TEACHER_WEIGHTS))
    return holds_policy and not any(folder.glob("best-*.npz"))


def evaluate_shipped(folder: Path, n_episodes: int | None = None) -> dict[str, Any]:
    """Evaluate the policy in `folder` and return its result.json, which with policy.json then says so.

    n_episodes: by default 100, of a game 20.
    """
    env_id = read_result(folder).env_id
    n_episodes = n_episodes or n_test_episodes(env_id)
    if not (folder / JSON_FILE).exists():
        _, model = load_learner(folder / TEACHER_WEIGHTS)
        acting = greedy(deterministic_policy(model), model.action_space)
        return _recorded(folder, run_episodes(env_id, acting, n_episodes, TEST_SEEDS))
    policy = load_policy(folder)
    if isinstance(policy.spec.normalizer, Pixels) and policy.spec.network.thresholds is None:
        # The same integers, twenty times as fast as the reference.
        network = InferenceNetwork(policy.spec.normalizer, policy.network)
        acting = greedy(network, make_env(env_id).action_space)
        return _recorded(folder, run_episodes(env_id, acting, n_episodes, TEST_SEEDS))
    delta = DeltaNetwork.of(policy.network)
    return _recorded(folder, roll_out(policy.spec, delta, n_episodes, TEST_SEEDS).episodes)


def _recorded(folder: Path, episodes: Episodes) -> dict[str, Any]:
    result = read_json(folder / RESULT_FILE) | episodes.to_json() | {"evaluation_commit": git_commit()}
    write_json(folder / RESULT_FILE, result)
    if (folder / JSON_FILE).exists():
        spec = read_description(folder)
        write_description(folder, replace(spec, provenance=spec.provenance | episodes.figures))
    return result
