"""Stage: whole episodes in which every action comes from the simulated RTL, step by step beside PyTorch.

It writes build/<name>/closed_loop.json, only when both are equal at each step.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ganglion.hw.design.design import Design, load_design, stage_inputs
from ganglion.hw.settings import BuildSettings
from ganglion.hw.sim.harness import Bench
from ganglion.hw.sim.verilate import simulator_cache, verilate
from ganglion.models.build.errors import ConfigError, MismatchError
from ganglion.models.build.files import write_json
from ganglion.models.build.lock import locked
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.spelling import spelled, spelled_command
from ganglion.models.build.stage import Stage
from ganglion.models.reference import IntNetwork, Ints, quantize_observation
from ganglion.models.spec.policy import PolicySpec

if TYPE_CHECKING:
    import gymnasium

FIRST_SEED = 1000
EPISODES = 3
MAX_STEPS = 1000

# The integer mean for raw observations: [lanes, obs] float → [lanes, act] int64.
Mean = Callable[[npt.NDArray[np.float64]], Ints]

log = logging.getLogger(__name__)

MODULE = "ganglion.hw.closed_loop"


@dataclass(frozen=True, kw_only=True)
class ClosedLoopSettings(BuildSettings):
    """A build, and how often it is driven."""

    episodes: int = EPISODES
    """Episodes, side by side."""

    def __post_init__(self) -> None:
        if self.episodes < 1:
            raise ConfigError(f"{spelled('episodes', self.episodes)}: allowed from 1")


@dataclass(slots=True, kw_only=True)
class Lane:
    """One episode in progress, alone in its environment."""

    seed: int
    env: "gymnasium.Env[Any, Any]"
    observation: npt.NDArray[np.float64]
    rewards: list[float]
    done: bool = False

    @classmethod
    def start(cls, env_id: str, seed: int) -> "Lane":
        """Return a fresh episode of `env_id` from `seed`."""
        from ganglion.models.environments import make

        env = make(env_id)
        observation, _ = env.reset(seed=seed)
        return cls(seed=seed, env=env, observation=observation, rewards=[])

    def step(self, action: npt.NDArray[np.float32]) -> None:
        """Advance by one action."""
        self.observation, reward, terminated, truncated, _ = self.env.step(action)
        self.rewards.append(float(reward))
        self.done = terminated or truncated or len(self.rewards) >= MAX_STEPS


def run_pairs(spec: PolicySpec, pytorch: Mean, rtl: Mean, seeds: Sequence[int]) -> list[tuple[Lane, Lane]]:
    """Return the finished (PyTorch, RTL) episodes; a step in which they differ raises MismatchError."""
    pairs = [(Lane.start(spec.env, seed), Lane.start(spec.env, seed)) for seed in seeds]
    running = pairs
    while running:
        sides = list(zip(*running, strict=True))
        means = [
            mean(np.stack([lane.observation for lane in lanes]))
            for mean, lanes in zip((pytorch, rtl), sides, strict=True)
        ]
        _require_equal_means(running, *means)
        for lanes, mean in zip(sides, means, strict=True):
            for lane, action in zip(lanes, spec.action.act(mean), strict=True):
                lane.step(action)
        _require_equal_states(running)
        running = [pair for pair in running if not pair[0].done]
    return pairs


def _require_equal_means(pairs: list[tuple[Lane, Lane]], pytorch: Ints, rtl: Ints) -> None:
    wrong = np.argwhere(pytorch != rtl)
    if wrong.size:
        lane, action = (int(i) for i in wrong[0])
        raise MismatchError(
            f"closed loop: {_where(pairs[lane][0])}, action {action}: PyTorch's integer mean is "
            f"{pytorch[lane, action]}, the RTL's {rtl[lane, action]}; "
            f"{spelled_command('simulate')} finds the layer"
        )


def _require_equal_states(pairs: list[tuple[Lane, Lane]]) -> None:
    for pytorch, rtl in pairs:
        same_end = pytorch.rewards[-1] == rtl.rewards[-1] and pytorch.done == rtl.done
        if not same_end or not np.array_equal(pytorch.observation, rtl.observation):
            raise MismatchError(
                f"closed loop: {_where(pytorch)}: equal actions gave rewards {pytorch.rewards[-1]} and "
                f"{rtl.rewards[-1]} or different observations: the environment is not deterministic"
            )


def _where(lane: Lane) -> str:
    return f"seed {lane.seed}, step {len(lane.rewards)}"


def pytorch_mean(spec: PolicySpec, network: IntNetwork) -> Mean:
    """Return the PyTorch policy as a function to integers; a mean off their grid raises MismatchError."""
    import torch

    from ganglion.models.nets.quant_network import QuantNetwork

    policy = QuantNetwork.from_integers(spec.normalizer, network).eval()

    def mean(observations: npt.NDArray[np.float64]) -> Ints:
        with torch.no_grad():
            real = policy(torch.from_numpy(observations).float()).double().numpy()
        scaled = np.ldexp(real, -spec.action.exponent)
        if not np.array_equal(scaled, np.rint(scaled)):
            raise MismatchError(
                "closed loop: PyTorch's mean is not on the grid of the action head's exponent"
            )
        return scaled.astype(np.int64)

    return mean


def closed_loop(paths: BuildPaths, design: Design, episodes: int) -> dict[str, Any]:
    """Return the content of closed_loop.json; an environment unknown to Gymnasium is skipped."""
    import gymnasium

    from ganglion.models.formats.policy_folder import load_policy

    policy = load_policy(paths.policy)
    try:
        gymnasium.spec(policy.spec.env)
    except gymnasium.error.Error as error:
        return {"status": "skipped", "reason": f"Gymnasium cannot make {policy.spec.env}: {error}"}
    bench = Bench.of(design, verilate(design, simulator_cache(paths)))
    seeds = [FIRST_SEED + index for index in range(episodes)]
    with bench.serving() as answer:
        normalizer, kind = policy.spec.normalizer, policy.network.spec.input_type

        def rtl_mean(observations: npt.NDArray[np.float64]) -> Ints:
            return answer(quantize_observation(observations, normalizer, kind))

        pairs = run_pairs(policy.spec, pytorch_mean(policy.spec, policy.network), rtl_mean, seeds)
    for lane in chain.from_iterable(pairs):
        lane.env.close()
    returns = [[sum(lane.rewards) for lane in side] for side in zip(*pairs, strict=True)]
    return {
        "status": "done",
        "env": policy.spec.env,
        "episodes": episodes,
        "steps": sum(len(lane.rewards) for lane, _ in pairs),
        "return_mean_pytorch": float(np.mean(returns[0])),
        "return_mean_rtl": float(np.mean(returns[1])),
        "seeds": seeds,
    }


def run(settings: ClosedLoopSettings) -> None:
    """Drive episodes through a build's RTL, unless closed_loop.json is up to date."""
    paths = settings.paths
    with locked(paths.root):
        design = load_design(paths)
        inputs = stage_inputs(paths, design, MODULE) | {"episodes": settings.episodes}
        stage = Stage(root=paths.root, name="closed_loop", inputs=inputs)
        if stage.is_current():
            log.info("closed_loop: up to date")
            return
        paths.closed_loop.unlink(missing_ok=True)
        with stage.running([paths.closed_loop]):
            result = closed_loop(paths, design, settings.episodes)
            write_json(paths.closed_loop, result)
        log.info("closed_loop: %s", result.get("reason") or _summary(result))


def _summary(result: dict[str, Any]) -> str:
    return (
        f"{result['episodes']} episodes of {result['env']}, {result['steps']} steps: "
        f"return {result['return_mean_rtl']:.2f} by the RTL, {result['return_mean_pytorch']:.2f} by PyTorch"
    )
