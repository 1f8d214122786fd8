"""Stage: a trained actor becomes a policy folder: policy.onnx (QONNX), golden.npz, policy.json."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from ganglion.models.build.command import run_stage
from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import atomic_write, read_arrays, read_json, write_arrays
from ganglion.models.environments import make
from ganglion.models.formats.policy_folder import (
    GOLDEN_FILE,
    ONNX_FILE,
    golden_vectors,
    load_policy,
    write_description,
)
from ganglion.models.formats.qonnx_writer import write_qonnx
from ganglion.models.liveness import live_part
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.policy import ActionHead, Normalizer, PolicySpec


def write_policy(
    actor: QuantNetwork,
    folder: Path,
    *,
    name: str,
    env: str,
    algorithm: str,
    observations: np.ndarray,
    action_low: np.ndarray,
    action_high: np.ndarray,
    provenance: dict[str, Any],
) -> PolicySpec:
    """Write the live part of `actor` to `folder` and return its description, read back and verified.

    observations: [n, obs] visited states for golden.npz, to which the extremes of every input are added.
    The weight counts before and after liveness are added to `provenance`. Raises ExportError when a
    number is not exact.
    """
    whole = actor.to_integers()
    live = live_part(whole)
    spec = PolicySpec(
        name=name,
        env=env,
        algorithm=algorithm,
        observation_features=observations.shape[1],
        normalizer=_select(actor.normalizer, live.features),
        network=live.network.spec,
        action=ActionHead(
            exponent=live.network.spec.layers[-1].output_exponent,
            low=tuple(np.asarray(action_low, dtype=float).tolist()),
            high=tuple(np.asarray(action_high, dtype=float).tolist()),
        ),
        provenance=provenance | _weight_counts(whole, live.network),
    )
    write_qonnx(live.network, folder / ONNX_FILE)
    vectors = np.concatenate([observations, extreme_observations(spec)])
    write_arrays(folder / GOLDEN_FILE, golden_vectors(spec, live.network, vectors))
    write_description(folder, spec)
    return load_policy(folder).spec


def extreme_observations(spec: PolicySpec) -> np.ndarray:
    """Return observations that drive the inputs to their corners, together, alternating and one at a time."""
    input_type, width = spec.network.input_type, len(spec.normalizer.features)
    rows = [np.full(width, value) for value in (input_type.low, input_type.high, 0)]
    alternating = np.where(np.arange(width) % 2, input_type.low, input_type.high)
    rows += [alternating, -1 - alternating]
    rows += [
        row * value for row in np.eye(width, dtype=np.int64) for value in (input_type.low, input_type.high)
    ]
    observations = np.zeros((len(rows), spec.observation_features), dtype=np.float32)
    normalizer = spec.normalizer
    observations[:, list(normalizer.features)] = np.array(rows) / np.array(normalizer.gain) + np.array(
        normalizer.offset
    )
    return observations


def _select(normalizer: Normalizer, indices: tuple[int, ...]) -> Normalizer:
    return replace(
        normalizer,
        features=tuple(normalizer.features[i] for i in indices),
        offset=tuple(normalizer.offset[i] for i in indices),
        gain=tuple(normalizer.gain[i] for i in indices),
    )


def _weight_counts(whole: IntNetwork, live: IntNetwork) -> dict[str, Any]:
    n_weights = sum(weight.size for weight in whole.weights)
    return {
        "widths": list(whole.spec.widths),
        "n_weights": n_weights,
        "nnz": whole.nnz,
        "nnz_live": live.nnz,
        "sparsity": round(1 - whole.nnz / n_weights, 6),
    }


def export_run(run: Path, folder: Path, n_vectors: int) -> PolicySpec:
    """Write the policy folder of a finished training run, its result, curve and float weights beside.

    `n_vectors` golden observations are spread evenly over the evaluation's. Raises
    ExportError when the run has no int8 policy yet.
    """
    if not (run / "policy" / "actor.json").exists():
        raise ExportError(
            f"{run} holds no int8 policy; make train ENV=Hopper SPARSITY=0.95 ends with one, "
            "make evaluate writes that of a run that goes on"
        )
    result = read_json(run / "result.json")
    visited = read_arrays(run / "policy" / "observations.npz")["observation"]
    picked = np.linspace(0, len(visited) - 1, min(n_vectors, len(visited))).astype(int)
    actor = QuantNetwork.load(run / "policy")
    space = make(result["env_id"]).action_space
    assert isinstance(space, gymnasium.spaces.Box)
    actor.save(folder)
    for name in ("result.json", "curve.jsonl", "curve.png"):
        atomic_write(folder / name, (run / name).read_bytes())
    keys = ("return_mean", "return_std", "episodes", "step", "seed", "commit", "checkpoint")
    return write_policy(
        actor,
        folder,
        name=folder.name,
        env=result["env_id"],
        algorithm=result["algorithm"],
        observations=visited[picked],
        action_low=space.low,
        action_high=space.high,
        provenance={key: result[key] for key in keys},
    )


def main() -> None:
    """Parse the command line and export."""
    parser = argparse.ArgumentParser(prog="ganglion.models.formats.export", description=__doc__)
    parser.add_argument("run", type=Path, help="a training run's folder, build/<ENV>/train/<name>")
    parser.add_argument("folder", type=Path, help="the policy folder to write; its name is the policy's")
    parser.add_argument("--vectors", type=int, default=10_000, help="golden observations (default 10000)")
    arguments = parser.parse_args()
    spec = export_run(arguments.run, arguments.folder, arguments.vectors)
    counts = spec.provenance
    print(
        f"{arguments.folder}: {'-'.join(map(str, spec.network.widths))} live of "
        f"{'-'.join(map(str, counts['widths']))}, {counts['nnz_live']} of {counts['n_weights']} weights"
    )


if __name__ == "__main__":
    run_stage(main)
