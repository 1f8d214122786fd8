"""The command line of a training run."""

import argparse
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from ganglion.training.config import TrainConfig, load_config, read_settings
from ganglion.training.run import Run

# Settings of the configuration that the command line may replace.
_REPLACED = {
    "env_id": "gymnasium identifier, such as Hopper-v5",
    "pruning": "which weights are pruned: magnitude, scaled, one_shot, random, snip, set or rigl",
    "distribution": "how sparsity is spread over the layers: global, uniform or erk",
    "weight_bits": "width of the weights",
    "activation_bits": "width of the hidden activations",
    "input_bits": "width of the observations",
    "output_bits": "width of the mean action",
    "csd_digits": "most signed digits of a weight",
}


def parse_run(arguments: list[str] | None = None) -> Run:
    """Return the run that the command line asks for; raise ConfigError when there is no such run."""
    options = _parser().parse_args(arguments)
    config = load_config(options.environment)
    asked = {name: value for name in _REPLACED if (value := getattr(options, name)) is not None}
    asked = read_settings(options.settings, "--set") | asked
    replaced = {name: value for name, value in asked.items() if value != getattr(config, name)}
    config = replace(config, **replaced)
    steps = config.steps if options.steps is None else options.steps
    # A dense run is the float reference.
    default_qat_steps = config.qat_steps_after(steps) if options.sparsity and not options.ptq else 0
    return Run(
        environment=options.environment,
        config=config,
        name=options.name or _default_name(options, replaced),
        seed=options.seed,
        sparsity=options.sparsity,
        steps=steps,
        qat_steps=default_qat_steps if options.qat_steps is None else options.qat_steps,
        parent=None if options.parent is None else str(options.parent),
        distill=options.distill,
        ptq=options.ptq,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ganglion.training.train", description="Train a policy.")
    parser.add_argument("environment", help="a configuration's name, such as Hopper")
    parser.add_argument(
        "--sparsity", type=float, default=0.0, help="fraction of the actor's weights to prune"
    )
    parser.add_argument("--steps", type=int, help="environment steps before quantization-aware training")
    parser.add_argument("--qat-steps", type=int, help="environment steps of it; 0 by default for a dense run")
    parser.add_argument("--ptq", action="store_true", help="quantize by calibration alone instead")
    parser.add_argument(
        "--from", dest="parent", type=Path, help="checkpoint of a trained policy to start from"
    )
    parser.add_argument("--distill", action="store_true", help="imitate that policy instead of using rewards")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", help="the run's folder under build/<environment>/train/")
    types = {field.name: field.type for field in fields(TrainConfig)}
    for name, meaning in _REPLACED.items():
        kind: Any = types[name]
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, help=meaning)
    parser.add_argument(
        "--set",
        dest="settings",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="any other setting of training/configs/<environment>.toml, such as batch_size=128",
    )
    return parser


def _default_name(options: argparse.Namespace, replaced: dict[str, Any]) -> str:
    """Return a folder name that tells runs of different settings apart."""
    kind = f"sparse{options.sparsity * 100:g}" if options.sparsity else "dense"
    parts = ["distilled"] if options.distill else []
    parts += [
        kind,
        *(value if isinstance(value, str) else f"{name}{value}" for name, value in replaced.items()),
    ]
    parts += ["ptq"] if options.ptq else []
    return "-".join([*parts, f"s{options.seed}"])
