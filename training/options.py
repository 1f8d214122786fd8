"""What the command line asks of a training run, and the run that it means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.conf import Positional

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.paths import BUILD
from ganglion.models.build.spelling import spelled
from ganglion.models.quant.schemes import UNSUPPORTED, Scheme
from ganglion.training.config import TrainConfig, changed, load_config, read_settings
from ganglion.training.parents import dense_steps
from ganglion.training.run import Run

SEED = 1

_REPLACED = (
    "env_id",
    "pruning",
    "distribution",
    "weight_bits",
    "activation_bits",
    "input_bits",
    "output_bits",
    "csd_digits",
)
"""Settings of the configuration that have an option of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """What is asked for; None is the configuration's value."""

    environment: Positional[str]
    """A configuration's name, such as Hopper."""
    algorithm: str | None = None
    """What learns: sac, td3, ddpg, ppo, trpo or dqn; the configuration's by default."""
    sparsity: float = 0.0
    """Fraction of the actor's weights, or of its hidden neurons, to prune."""
    steps: int | None = None
    """Environment steps before quantization-aware training."""
    qat_steps: int | None = None
    """Environment steps of quantization-aware training; by default a share of those before."""
    scheme: Scheme | None = None
    """How it becomes int8: qat, ptsq (by calibration alone) or float (not at all, as dense runs do)."""
    parent: Annotated[Path | None, tyro.conf.arg(name="from", aliases=("--parent",))] = None
    """Checkpoint of a trained policy to start from."""
    distill: bool = False
    """Imitate that policy instead of using rewards."""
    seed: int = SEED
    """Of networks, exploration, batches and episodes."""
    run: str | None = None
    """The run's folder under build/<environment>/train/; named after its settings by default."""
    env_id: str | None = None
    """Gymnasium identifier, such as Hopper-v5."""
    pruning: str | None = None
    """Which weights are pruned: magnitude, scaled, one_shot, random, snip, set or rigl; or which neurons:
    neurons_l1 or neurons_l2."""
    distribution: str | None = None
    """How sparsity is spread over the layers: global, uniform or erk."""
    weight_bits: int | None = None
    """Width of the weights."""
    activation_bits: int | None = None
    """Width of the hidden activations."""
    input_bits: int | None = None
    """Width of the observations."""
    output_bits: int | None = None
    """Width of the mean action."""
    csd_digits: int | None = None
    """Most signed digits of a weight."""
    set: str = ""
    """Other settings of training/configs/<environment>.toml, such as "batch_size=128 tau=0.01"."""
    build: Path = BUILD
    """Where runs lie."""

    def plan(self) -> Run:
        """Return the run that is asked for; raise ConfigError when there is no such run."""
        if self.scheme is Scheme.PTDQ:
            raise ConfigError(UNSUPPORTED)
        if self.distill and self.parent is not None and self.parent.suffix == ".zip":
            raise ConfigError(
                f"{self.parent} is a zip: compress imitates it, with its observations' statistics"
            )
        config = load_config(self.environment, self.algorithm)
        asked = {name: value for name in _REPLACED if (value := getattr(self, name)) is not None}
        asked = read_settings(self.set) | asked
        usual, config = (
            config,
            changed(config, asked, spelled("set", self.set) if self.set else self.environment),
        )
        steps = config.steps if self.steps is None else self.steps
        is_student = self.distill and self.parent is not None and self.parent.suffix == ".npz"
        return Run(
            environment=self.environment,
            config=config,
            name=self.run or self._default_name(name_parts(asked, config, usual)),
            seed=self.seed,
            sparsity=self.sparsity,
            steps=steps,
            qat_steps=self._planned_qat_steps(config, steps),
            parent=self.parent,
            distill=self.distill,
            ptq=self.scheme is Scheme.PTSQ,
            dense_steps=dense_steps(config, self.parent, steps) if is_student and self.parent else 0,
            build=self.build,
        )

    def _planned_qat_steps(self, config: TrainConfig, steps: int) -> int:
        # A dense run is the float reference.
        scheme = self.scheme or (Scheme.QAT if self.sparsity else Scheme.FLOAT)
        if self.qat_steps is None:
            return config.qat_steps_after(steps) if scheme is Scheme.QAT else 0
        if self.scheme is not None and (scheme is Scheme.QAT) != (self.qat_steps != 0):
            raise ConfigError(
                f"{spelled('scheme', scheme.value)} contradicts {spelled('qat_steps', self.qat_steps)}: "
                "qat trains in int8 for some steps, ptsq and float for none"
            )
        return self.qat_steps

    def _default_name(self, others: Sequence[str]) -> str:
        """Return a folder name that tells runs of different settings apart; others: of `name_parts`."""
        parts = [self.algorithm] if self.algorithm else []
        parts += ["distilled"] if self.distill else []
        parts += [f"sparse{self.sparsity * 100:g}" if self.sparsity else "dense"]
        parts += others
        parts += [self.scheme.value] if self.scheme else []
        return "-".join([*parts, f"s{self.seed}"])


def name_parts(asked: Iterable[str], config: TrainConfig, usual: TrainConfig) -> list[str]:
    """Return the parts of a folder name for those settings asked for that are not as usual."""
    values = {name: attrgetter(name)(config) for name in asked}
    return [_named(name, value) for name, value in values.items() if value != attrgetter(name)(usual)]


def _named(setting: str, value: Any) -> str:
    """Return a setting's part of a folder name: words alone, widths as 64x64, ALE/Pong-v5 as ALE-Pong-v5."""
    if isinstance(value, str):
        return value.replace("/", "-")
    return setting + ("x".join(map(str, value)) if isinstance(value, tuple) else str(value))
