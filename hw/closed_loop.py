"""Stage: whole episodes in which every action comes from the simulated RTL, each step held against PyTorch.

It writes build/<name>/closed_loop.json, only when PyTorch's integer mean of every observation is the RTL's,
and when PyTorch's actions, taken in environments of their own from the same seeds, bring the same rewards and
observations in every step.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from ganglion.hw.design.design import Design, design_stage, locked_design
from ganglion.hw.episodes import Episode, Floats, drive, newest, replay
from ganglion.hw.sim.harness import Bench
from ganglion.hw.sim.latency import Latency, latency_of
from ganglion.hw.sim.toolchain import toolchain
from ganglion.hw.sim.verilate import simulator_cache, verilate
from ganglion.models.build.codec import STRICT, Count, encode_json
from ganglion.models.build.errors import ConfigError, ExportError, MismatchError
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.settings import BuildSettings
from ganglion.models.build.spelling import spelled, spelled_command
from ganglion.models.equality import require_equal
from ganglion.models.reference import IntNetwork, Ints, quantize_observation
from ganglion.models.spec.heads import ArgmaxHead
from ganglion.models.spec.policy import PolicySpec

if TYPE_CHECKING:
    from ganglion.models.formats.policy_folder import Policy

TOOLS = ("ale-py", "gymnasium", "mujoco", "torch")
"""On whose versions an episode depends."""
FIRST_SEED = 1000
EPISODES = 3
PYTORCH_BATCH = 128


@dataclass(frozen=True, kw_only=True)
class ClosedLoopSettings(BuildSettings):
    """A build, and how often it is driven."""

    episodes: int = EPISODES
    """Episodes, side by side."""

    def __post_init__(self) -> None:
        if self.episodes < 1:
            raise ConfigError(f"{spelled('episodes', self.episodes)}: allowed from 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedLoop:
    """closed_loop.json: what the episodes brought, or why there were none."""

    __pydantic_config__: ClassVar = STRICT

    status: Literal["done", "skipped"]
    env: str
    reason: str | None = None
    episodes: Count = 0
    steps: Count = 0
    return_mean_pytorch: float | None = None
    return_mean_rtl: float | None = None
    seeds: tuple[int, ...] = ()
    latency: Latency | None = None
    """Of the steps, where it depends on data."""

    def __post_init__(self) -> None:
        known = self.return_mean_pytorch is not None and self.return_mean_rtl is not None
        if known == (self.status == "skipped") or known == bool(self.reason):
            raise ExportError("closed loop: both returns, or a reason for what was skipped")

    def __str__(self) -> str:
        """Return one line for people."""
        if self.status == "skipped":
            return f"skipped: {self.reason}"
        returns = f"return {self.return_mean_rtl:.2f} by the RTL, {self.return_mean_pytorch:.2f} by PyTorch"
        return f"{self.episodes} episodes of {self.env}, {self.steps:,} steps, equal step by step: {returns}"


def pytorch_means(spec: PolicySpec, network: IntNetwork, observations: Floats) -> Ints:
    """Return the PyTorch policy's integer means in an episode: [n, *obs] → [n, act].

    One off its grid raises MismatchError.
    """
    import torch

    from ganglion.models.nets.quant_network import QuantNetwork

    policy = QuantNetwork.from_integers(spec.normalizer, network).eval()
    with torch.no_grad(), _one_thread():
        if network.spec.thresholds is None:
            parts = torch.from_numpy(observations).split(PYTORCH_BATCH)
            real = torch.cat([policy(part.float()) for part in parts])
        else:
            sent = policy.start(batch=1)
            steps = torch.from_numpy(observations).float().split(1)
            real = torch.cat([policy.activations(step, sent)[-1] for step in steps])
    scaled = np.ldexp(real.double().numpy(), -spec.action.exponent)
    if not np.array_equal(scaled, np.rint(scaled)):
        raise MismatchError("closed loop: PyTorch's mean is not on the grid of the action head's exponent")
    return scaled.astype(np.int64)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch on one thread: more only wait for each other at these sizes, and synthesis runs beside."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def closed_loop(paths: BuildPaths, design: Design, episodes: int) -> ClosedLoop:
    """Return the content of closed_loop.json; an environment unknown to Gymnasium is skipped."""
    from ganglion.models.environments import is_known
    from ganglion.models.formats.policy_folder import load_policy

    policy = load_policy(paths.policy)
    spec = policy.spec
    if not is_known(spec.env):
        where = "; is its module on PYTHONPATH?" if ":" in spec.env else ""
        reason = f"Gymnasium does not know {spec.env}{where}"
        return ClosedLoop(status="skipped", env=spec.env, reason=reason)
    bench = Bench.of(design, verilate(design, simulator_cache(paths)))
    seeds = tuple(FIRST_SEED + index for index in range(episodes))
    with bench.serving() as accelerator:
        driven = drive(spec, policy.network.spec.input_type, accelerator, seeds)
    replayed = []
    for episode in driven:
        episode.env.close()
        expected = pytorch_means(spec, policy.network, np.stack(episode.observations[:-1]))
        where = f"closed loop: seed {episode.seed}, a vector a step, PyTorch's mean and the RTL's"
        remedy = f"; {spelled_command('simulate', paths.root.name)} finds the layer"
        require_equal(where, expected, np.stack(episode.means), remedy)
        replayed.append(replay(spec, episode, expected))
    if spec.frame is not None and isinstance(spec.action, ArgmaxHead):
        from ganglion.hw.strip import draw_strip  # matplotlib takes a second to import

        draw_strip(paths.strip, spec, driven[0])
    return ClosedLoop(
        status="done",
        env=spec.env,
        episodes=episodes,
        steps=sum(len(episode.rewards) for episode in driven),
        return_mean_pytorch=_mean_return(replayed),
        return_mean_rtl=_mean_return(driven),
        seeds=seeds,
        latency=_latency(design, policy, driven),
    )


def _latency(design: Design, policy: "Policy", driven: Sequence[Episode]) -> Latency | None:
    """Return the distribution of the steps' cycles, where an engine's depend on data."""
    observed = np.stack(
        [newest(policy.spec, each) for episode in driven for each in episode.observations[:-1]]
    )
    kind = policy.network.spec.input_type
    inputs = quantize_observation(observed, policy.spec.normalizer, kind)
    lengths = [len(episode.rewards) for episode in driven]
    starts = np.isin(np.arange(len(inputs)), np.cumsum([0, *lengths]))
    measured = np.concatenate([episode.latencies for episode in driven])
    return latency_of(design, policy.network, inputs, starts, measured)


def _mean_return(episodes: Sequence[Episode]) -> float:
    return float(np.mean([sum(episode.rewards) for episode in episodes]))


def run(settings: ClosedLoopSettings) -> None:
    """Drive episodes through a build's RTL, unless closed_loop.json is up to date."""
    paths = settings.paths
    with locked_design(paths) as design:
        described = {
            "episodes": settings.episodes,
            "toolchain": toolchain(),
            "tools": {tool: version(tool) for tool in TOOLS},
        }
        stage = design_stage("closed_loop", paths, design, __name__, **described)
        stage.refresh(
            [paths.closed_loop, paths.strip],
            lambda: encode_json(paths.closed_loop, closed_loop(paths, design, settings.episodes)),
        )
