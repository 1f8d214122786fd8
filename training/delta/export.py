"""A fine-tuned policy becomes a policy folder with thresholds, its record and curve beside it."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ganglion.models.build.codec import encode
from ganglion.models.build.files import atomic_write, sha256_file, write_json
from ganglion.models.build.pictures import figure
from ganglion.models.build.provenance import git_commit
from ganglion.models.delta import DeltaNetwork
from ganglion.models.formats.export import write_policy
from ganglion.models.formats.policy_folder import Policy, load_policy, write_description
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.reference import IntNetwork
from ganglion.training.delta.finetune import Recipe, Round
from ganglion.training.delta.measure import Measured, Thresholds, measured
from ganglion.training.delta.rollout import roll_out
from ganglion.training.episodes import TEST_SEEDS, Episodes
from ganglion.training.export import N_FRAMES
from ganglion.training.plot import draw_curve
from ganglion.training.records import DELTA_PHASE, RESULT_FILE

_RECORDED = ("step", "sparsity", "nnz", "nnz_live", "seed", "commit", "checkpoint")
"""What result.json repeats of the policy's provenance."""
_GOLDEN_EPISODES = 2
"""Whole episodes whose steps are golden; of games only the first frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finetuned:
    """What fine-tuning came to."""

    parent: Policy
    network: IntNetwork
    recipe: Recipe
    rounds: list[Round]
    checkpoint: Path

    @property
    def name(self) -> str:
        """The parent's, and what was done to it."""
        return f"{self.parent.spec.name}-delta"


def export(tuned: Finetuned, thresholds: Thresholds, folder: Path, n_episodes: int) -> Measured:
    """Write the policy with these thresholds to `folder`; return what it does on the test's episodes."""
    parent, spec = tuned.parent.spec, replace(tuned.parent.spec, network=tuned.network.spec)
    delta = DeltaNetwork(network=tuned.network, thresholds=thresholds)
    seen = roll_out(spec, delta, _GOLDEN_EPISODES, TEST_SEEDS, observe=True).observations
    if parent.network.frame_stack > 1:
        seen = [rows[: N_FRAMES // _GOLDEN_EPISODES] for rows in seen]
    newest = np.concatenate(seen).reshape(sum(map(len, seen)), -1)[:, -parent.step_features :]
    actor = QuantNetwork.from_integers(parent.normalizer, tuned.network)
    actor.save(folder)
    written = write_policy(
        actor,
        folder,
        name=tuned.name,
        env=parent.env,
        algorithm=parent.algorithm,
        observations=newest,
        action=parent.action,
        provenance=_provenance(tuned),
        thresholds=thresholds,
        episode_starts=np.concatenate([np.arange(len(rows)) == 0 for rows in seen]),
    )
    policy = load_policy(folder)
    delta = DeltaNetwork(network=policy.network, thresholds=thresholds)
    found = roll_out(written, delta, n_episodes, TEST_SEEDS)
    write_json(folder / RESULT_FILE, _result(tuned, policy, found.episodes))
    write_description(folder, replace(written, provenance=written.provenance | found.episodes.figures))
    _write_curve(tuned, policy, folder)
    return measured(delta, found)


def _provenance(tuned: Finetuned) -> dict[str, Any]:
    """Return what is known before the test; sizes before pruning are the parent's."""
    parent, nnz = tuned.parent.spec, tuned.network.nnz
    sizes = {key: parent.provenance[key] for key in ("widths", "n_weights") if key in parent.provenance}
    if n_weights := sizes.get("n_weights"):
        sizes["sparsity"] = round(1 - nnz / n_weights, 6)
    return {
        **sizes,
        "parent": parent.name,
        "recipe": encode(tuned.recipe),
        "step": sum(each.steps for each in tuned.rounds),
        "seed": tuned.recipe.seed,
        "commit": git_commit(),
        "checkpoint": {"file": tuned.checkpoint.name, "sha256": sha256_file(tuned.checkpoint)},
    }


def _result(tuned: Finetuned, policy: Policy, episodes: Episodes) -> dict[str, Any]:
    """Return result.json: the test's episodes and what made the policy."""
    provenance = policy.spec.provenance
    return {
        "environment": policy.spec.env.partition("-v")[0],
        "env_id": policy.spec.env,
        "algorithm": policy.spec.algorithm,
        "phase": DELTA_PHASE,
        **episodes.to_json(),
        **{key: provenance[key] for key in _RECORDED},
        "config": provenance["recipe"],
        "run": {
            "name": tuned.name,
            "steps": provenance["step"],
            "qat_steps": 0,
            "distill": True,
            "parent": provenance["parent"],
        },
        "steps_done": provenance["step"],
        "seconds": round(sum(each.seconds for each in tuned.rounds), 1),
    }


def _write_curve(tuned: Finetuned, policy: Policy, folder: Path) -> None:
    """Write curve.jsonl, a line for each round, and its picture."""
    curve, step, seconds = [], 0, 0.0
    for each in tuned.rounds:
        step, seconds = step + each.steps, seconds + each.seconds
        curve.append(
            {
                "step": step,
                "phase": DELTA_PHASE,
                "elapsed_s": round(seconds, 1),
                "sparsity": policy.spec.provenance["sparsity"],
                "loss": each.loss,
                **encode(each.figures),
            }
        )
    atomic_write(folder / "curve.jsonl", "".join(f"{json.dumps(line)}\n" for line in curve))
    with figure(1, folder / "curve.png") as (axes,):
        draw_curve(axes, curve)
        axes.set_title(f"{policy.spec.env}, {tuned.name}")
