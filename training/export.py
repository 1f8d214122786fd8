"""Stage: a finished run becomes a policy folder, its result, curve and float weights beside it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tyro.conf import Positional

from ganglion.models.build.errors import ConfigError, ExportError
from ganglion.models.build.files import atomic_write, read_arrays
from ganglion.models.build.paths import BUILD
from ganglion.models.build.spelling import spelled, spelled_command
from ganglion.models.environments import head_for, make
from ganglion.models.formats.export import write_policy
from ganglion.models.frames import unstacked
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.spec.policy import PolicySpec
from ganglion.training.records import read_result
from ganglion.training.shipped import EVALUATION_KEYS

N_VECTORS = 10_000
N_FRAMES = 300
"""Golden frames of a game at most, of 7 kB each: episodes of the frames that a visited observation stacks."""
_COPIED = ("result.json", "curve.jsonl", "curve.png")
_PROVENANCE = (*EVALUATION_KEYS, "step", "seed", "commit", "checkpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSettings:
    """What is exported, and where to."""

    run: Positional[Path]
    """A run's folder, build/<environment>/train/<name>."""
    to: Positional[Path]
    """The policy folder to write; its name is the policy's."""
    vectors: int = N_VECTORS
    """Golden observations."""
    build: Path = BUILD
    """Where the log goes."""


def export_run(run: Path, folder: Path, n_vectors: int) -> PolicySpec:
    """Write the policy folder of a finished training run, its result, curve and float weights beside.

    `n_vectors` golden observations are spread evenly over the evaluation's. Raises ExportError when the run
    has no int8 policy yet, ConfigError without vectors.
    """
    if n_vectors < 1:
        raise ConfigError(f"{spelled('vectors', n_vectors)}, allowed: at least 1")
    if not run.is_dir():
        raise ExportError(f"{run} is no folder, but a run's is wanted")
    if not (run / "policy" / "actor.json").exists():
        raise ExportError(
            f"{run} holds no int8 policy; a run with {spelled('sparsity', 0.95)} ends with one, "
            f"{spelled_command('evaluate', str(run))} writes that of a run that goes on"
        )
    result = read_result(run)
    visited = read_arrays(run / "policy" / "observations.npz")["observation"]
    actor, starts = QuantNetwork.load(run / "policy"), None
    stack = actor.spec.frame_stack
    n_vectors = min(n_vectors, len(visited), N_FRAMES // stack if stack > 1 else len(visited))
    observations = visited[np.linspace(0, len(visited) - 1, n_vectors).astype(int)]
    if stack > 1:
        observations, starts = unstacked(observations, stack)
    actor.save(folder)
    for name in _COPIED:
        atomic_write(folder / name, (run / name).read_bytes())
    return write_policy(
        actor,
        folder,
        name=folder.name,
        env=result.env_id,
        algorithm=result.algorithm,
        observations=observations.reshape(len(observations), -1),
        action=head_for(make(result.env_id), actor.spec.output_exponent),
        provenance={key: getattr(result, key) for key in _PROVENANCE},
        episode_starts=starts,
    )


def run(settings: ExportSettings) -> None:
    """Export and print the sizes of what was written."""
    spec = export_run(settings.run, settings.to, settings.vectors)
    live, whole = ("-".join(map(str, widths)) for widths in (spec.network.widths, spec.provenance["widths"]))
    counts = f"{spec.provenance['nnz_live']} of {spec.provenance['n_weights']} weights"
    print(f"{settings.to}: {live} live of {whole}, {counts}")
