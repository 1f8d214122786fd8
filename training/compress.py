"""Stage: a stable-baselines3 zip (SAC, TD3, DDPG, PPO) becomes a sparse int8 policy folder, by imitation.

python -m ganglion.training.compress my_sac.zip Hopper --sparsity 0.98

The zip and vecnormalize.pkl are unpickled: name only those that you trust.
"""

import argparse
import dataclasses
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from ganglion.models.build.command import run_stage
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import read_json, sha256_file, write_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.export import export_run
from ganglion.training.callbacks import FINAL_SEEDS
from ganglion.training.config import TrainConfig, known_environments, load_config
from ganglion.training.envs import FloatArray, episode_returns, make_env
from ganglion.training.evaluate import TEACHER_FILE, evaluate_checkpoint
from ganglion.training.fast_sac import use_one_fast_thread
from ganglion.training.learner import new_learner
from ganglion.training.results import read_curve, seconds_of
from ganglion.training.run import Phase, Run
from ganglion.training.sb3_zip import find_vecnormalize, read_zip
from ganglion.training.statistics import Statistics
from ganglion.training.student import has_critics_for, is_alike
from ganglion.training.train import train

log = logging.getLogger(__name__)

_STEPS, _QAT_STEPS = 160_000, 40_000
_DENSE_FRACTION = 0.25
"""Of the steps before int8, those in which a student that starts at random imitates before it is pruned."""
_N_VECTORS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A policy on the way from the zip to the folder."""

    name: str
    statistics: Statistics
    nnz: int
    live: int | None
    """Weights that can matter (ganglion.training.learner.count_weights); None for the teacher."""
    seconds: float | None
    """Wall clock since the run began; None for the teacher."""


def compress(run: Run, folder: Path) -> list[Row]:
    """Bring `run` to its end, export it to `folder`, and return what each part reached and cost."""
    use_one_fast_thread()
    teacher = _teacher_row(run)
    train(run)
    export_run(run.folder, folder, _N_VECTORS)
    rows = [teacher, *(_phase_row(run, phase) for phase, _ in run.phases)]
    write_json(run.folder / "compress.json", {"rows": [dataclasses.asdict(row) for row in rows]})
    return rows


def _teacher_row(run: Run) -> Row:
    """Return the teacher's row, from teacher.json when the same files were evaluated before."""
    record, parent = run.folder / TEACHER_FILE, Path(str(run.parent))
    statistics = None if run.vecnormalize is None else Path(run.vecnormalize)
    files = {str(path): sha256_file(path) for path in (parent, statistics) if path is not None}
    if not record.exists() or read_json(record)["files"] != files:
        write_json(record, {"files": files, **_evaluate_teacher(run.config, parent, statistics)})
    found = read_json(record)
    return Row(
        name=f"teacher ({found['algorithm']})",
        statistics=Statistics.of(found["returns"]),
        nnz=found["n_weights"],
        live=None,
        seconds=None,
    )


def _evaluate_teacher(config: TrainConfig, parent: Path, statistics: Path | None) -> dict[str, Any]:
    env = make_env(config.env_id)
    policy = read_zip(parent, statistics, env)
    silence = torch.zeros(env.action_space.shape or ())

    def act(observations: FloatArray) -> FloatArray:
        return policy.act(torch.from_numpy(observations), silence).numpy()

    returns = episode_returns(config.env_id, act, config.final_episodes, FINAL_SEEDS)
    return {
        "algorithm": policy.algorithm,
        "n_weights": sum(layer.weight.numel() for layer in policy.layers),
        **Statistics.of(returns).to_json(),
        "episodes": len(returns),
        "returns": returns.tolist(),
        "first_seed": FINAL_SEEDS,
    }


def _phase_row(run: Run, phase: Phase) -> Row:
    """Return the row of a phase's best policy."""
    found, curve = evaluate_checkpoint(run.best(phase)), read_curve(run.curve)
    last = max(i for i, entry in enumerate(curve) if entry["phase"] == phase.value)
    kind = ("sparse " if run.sparsity else "dense ") + ("int8" if found.is_int8 else "float")
    return Row(
        name=f"{kind}, fine-tuned" if phase is Phase.FINETUNE else kind,
        statistics=Statistics.of(found.returns),
        nnz=found.nnz,
        live=found.live,
        seconds=seconds_of(curve[: last + 1]),
    )


def table_of(rows: list[Row]) -> Table:
    """Return what `compress` returned, to be printed."""
    table = Table("policy", "return", "interquartile mean (95%)", "weights", "live", "seconds")
    for row in rows:
        low, high = row.statistics.iqm_ci95 or (row.statistics.iqm, row.statistics.iqm)
        table.add_row(
            row.name,
            f"{row.statistics.mean:,.0f} ± {row.statistics.std:,.0f}",
            f"{row.statistics.iqm:,.0f} ({low:,.0f} to {high:,.0f})",
            f"{row.nnz:,}",
            "" if row.live is None else f"{row.live:,}",
            "" if row.seconds is None else f"{row.seconds:,.0f}",
        )
    return table


def parse_run(arguments: list[str] | None = None) -> tuple[Run, Path]:
    """Return the run that the command line asks for, and the policy folder to write.

    Raises ConfigError when zip, environment and options do not fit together.
    """
    options = _parser().parse_args(arguments)
    config = _config(options)
    path, statistics = options.checkpoint, options.vecnormalize or find_vecnormalize(options.checkpoint)
    policy = read_zip(path, statistics, make_env(config.env_id))
    if statistics is not None:
        log.info("%s with the observation statistics of %s", path, statistics)
    model = new_learner(config, options.seed)
    if options.finetune_steps and not has_critics_for(model, policy):
        raise ConfigError(
            f"{path}: --finetune-steps needs the critics of a SAC zip with learned entropy, ReLU, hidden "
            f"{list(config.hidden)} and no VecNormalize; leave it out, or give the zip's widths by --hidden"
        )
    n_dense = 0 if is_alike(model, policy) else config.whole_rollouts(_DENSE_FRACTION * options.steps)
    # An id such as dm_control/walker-walk is no folder's name.
    environment = re.sub(r"[^\w.-]", "-", options.environment)
    run = Run(
        environment=environment,
        config=config,
        name=options.name or f"{path.stem}-sparse{options.sparsity * 100:g}-s{options.seed}",
        seed=options.seed,
        sparsity=options.sparsity,
        steps=options.steps,
        qat_steps=options.qat_steps,
        parent=str(path),
        distill=True,
        vecnormalize=None if statistics is None else str(statistics),
        dense_steps=n_dense,
        finetune_steps=options.finetune_steps,
    )
    return run, options.to or BuildPaths.of(environment).root / "compressed" / run.name


def _config(options: argparse.Namespace) -> TrainConfig:
    """Return the named configuration, or the base's for another gymnasium id."""
    if options.base is None and options.environment not in known_environments():
        raise ConfigError(
            f"unknown environment {options.environment!r}; known: {', '.join(known_environments())}; "
            "for another gymnasium id name the one whose settings it takes by --base"
        )
    config = load_config(options.base or options.environment)
    changes = {"env_id": options.environment if options.base else None, "hidden": options.hidden}
    return dataclasses.replace(config, **{key: value for key, value in changes.items() if value is not None})


def _widths(text: str) -> tuple[int, ...]:
    return tuple(int(width) for width in text.split(","))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("checkpoint", type=Path, help="the zip that stable-baselines3's save() wrote")
    add("environment", help="a configuration's name, or a gymnasium id with --base")
    add("--base", help="the configuration that lends its settings to another gymnasium id")
    add("--vecnormalize", type=Path, help="VecNormalize's file; found by itself beside the zip")
    add("--sparsity", type=float, default=0.95, help="fraction of the actor's weights to prune (0.95)")
    add("--steps", type=int, default=_STEPS, help=f"environment steps before int8 ({_STEPS:,})")
    add("--qat-steps", type=int, default=_QAT_STEPS, help=f"environment steps in int8 ({_QAT_STEPS:,})")
    add("--finetune-steps", type=int, default=0, help="of reinforcement learning after that (0; SAC only)")
    add("--hidden", type=_widths, help="widths of the student, such as 64,64; the configuration's by default")
    add("--seed", type=int, default=0)
    add("--name", help="the run's folder under build/<environment>/train/")
    add("--to", type=Path, help="the policy folder (build/<environment>/compressed/<name>)")
    return parser


def main() -> None:
    """Run the stage from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    run, folder = parse_run()
    Console().print(table_of(compress(run, folder)))
    print(f"policy folder {folder}: make hw POLICY={folder}")


if __name__ == "__main__":
    run_stage(main)
