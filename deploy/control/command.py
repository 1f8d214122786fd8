"""`ganglion control`: a build's policy in a gymnasium environment, or between your own functions."""

from dataclasses import dataclass

from ganglion.deploy.bundle.make import BundleSettings, make_bundle
from ganglion.deploy.control.environment import Environment
from ganglion.deploy.control.run import RunSettings, function_of, run_loop
from ganglion.deploy.policy import Policy
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.spelling import spelled

SIMULATED = "simulated"


@dataclass(frozen=True, kw_only=True)
class ControlSettings(RunSettings, BundleSettings):
    """A build, how its accelerator is reached, and what it controls."""

    transport: str = SIMULATED
    """simulated, or serial:<device> for a board without a processor."""
    environment: str | None = None
    """The gymnasium environment in the robot's place; the policy's own if not given."""
    episodes: int = 3
    """Episodes of it."""
    seed: int = 1000
    """The first episode's seed; the others count up from it."""
    read: str | None = None
    """Your function that returns an observation, None to end the run: robot:read for read() of robot.py."""
    write: str | None = None
    """Your function that takes an action, as robot:write; both, or an environment."""

    def __post_init__(self) -> None:
        RunSettings.__post_init__(self)
        if (self.read is None) != (self.write is None):
            raise ConfigError(f"{spelled('read')} and {spelled('write')}: give both, or none")
        if self.episodes < 1:
            raise ConfigError(f"{spelled('episodes', self.episodes)}: allowed from 1")


def run(settings: ControlSettings) -> None:
    """Make the bundle where it is not up to date, and run its policy."""
    bundle = make_bundle(settings)
    is_simulated = settings.transport == SIMULATED
    transport = f"{SIMULATED}:{settings.paths.shell_library}" if is_simulated else settings.transport
    with Policy.load(bundle.folder, transport) as policy:
        if settings.read is not None and settings.write is not None:
            read, write = function_of("read", settings.read), function_of("write", settings.write)
            run_loop(policy, policy.manifest.host, read, write, settings)
        else:
            run_episodes(policy, settings)


def run_episodes(policy: Policy, settings: ControlSettings) -> Environment:
    """Run a policy in the settings' environment; return that, with the returns of its episodes."""
    manifest = policy.manifest
    environment = Environment(
        settings.environment or manifest.env,
        manifest.host.observation.shape,
        episodes=settings.episodes,
        seed=settings.seed,
        on_start=policy.reset,
    )
    try:
        run_loop(policy, manifest.host, environment.read, environment.write, settings)
    finally:
        environment.close()
        print(f"environment    {environment}")
    return environment
