"""A trained actor becomes a policy folder: policy.onnx (QONNX), golden.npz, policy.json."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import write_arrays
from ganglion.models.formats.policy_folder import (
    GOLDEN_FILE,
    ONNX_FILE,
    golden_vectors,
    load_policy,
    without_maps,
    write_description,
)
from ganglion.models.formats.qonnx_writer import write_qonnx
from ganglion.models.liveness import live_part
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.heads import ActionHead
from ganglion.models.spec.policy import Entry, Pixels, PolicySpec


def write_policy(
    actor: QuantNetwork,
    folder: Path,
    *,
    name: str,
    env: str,
    algorithm: str,
    observations: np.ndarray,
    action: ActionHead,
    provenance: dict[str, Any],
    thresholds: Sequence[int] = (),
    episode_starts: npt.NDArray[np.bool_] | None = None,
) -> PolicySpec:
    """Write the live part of `actor` to `folder` and return its description, read back and verified.

    observations: [n, obs] visited states for golden.npz, to which the extremes of every input are added. Of
    a network with a frame stack they are frames, [n, obs / frame_stack].
    thresholds: of delta inference, one a layer; with one above 0, or a frame stack, `observations` must be
    episodes in order, which start where `episode_starts`, [n] bool, says, and the extremes are one more.
    The weight counts before and after liveness are added to `provenance` unless it has its own. Raises
    ExportError when a number is not exact.
    """
    whole = actor.to_integers()
    if any(thresholds):
        whole = replace(whole, spec=replace(whole.spec, thresholds=tuple(thresholds)))
    live = live_part(whole)
    spec = PolicySpec(
        name=name,
        env=env,
        algorithm=algorithm,
        observation_features=observations.shape[1] * actor.spec.frame_stack,
        normalizer=_select(actor.normalizer, live.features),
        network=live.network.spec,
        action=action,
        provenance=_weight_counts(whole, live.network) | provenance,
    )
    write_qonnx(live.network, folder / ONNX_FILE)
    vectors = np.concatenate([observations, extreme_observations(spec)])
    starts = _with_extremes(episode_starts, len(vectors)) if spec.network.remembers else None
    golden = golden_vectors(spec, live.network, vectors, starts)
    write_arrays(folder / GOLDEN_FILE, without_maps(live.network.spec, golden))
    write_description(folder, spec)
    return load_policy(folder).spec


def _with_extremes(starts: npt.NDArray[np.bool_] | None, n_vectors: int) -> npt.NDArray[np.bool_]:
    """Return where episodes start among all vectors: the extremes, which come last, are one of their own."""
    if starts is None or not len(starts) or not starts[0]:
        raise ExportError(
            "thresholds or frame_stack: episode_starts must say where episodes start, the first included"
        )
    extremes = np.zeros(n_vectors - len(starts), bool)
    extremes[0] = True
    return np.concatenate([starts, extremes])


def extreme_observations(spec: PolicySpec) -> np.ndarray:
    """Return observations that drive the inputs to their corners, together, alternating and one at a time.

    Pixels, which are too many, not one at a time; of stacked frames they are frames.
    """
    input_type, width = spec.network.input_type, spec.network.step_width
    rows = [np.full(width, value) for value in (input_type.low, input_type.high, 0)]
    alternating = np.where(np.arange(width) % 2, input_type.low, input_type.high)
    rows += [alternating, input_type.low + input_type.high - alternating]
    if isinstance(spec.normalizer, Pixels):
        return np.array(rows, dtype=np.float32)
    single = np.eye(width, dtype=np.int64)
    rows += [row * value for row in single for value in (input_type.low, input_type.high)]
    observations = np.zeros((len(rows), spec.observation_features), dtype=np.float32)
    normalizer = spec.normalizer
    observations[:, list(normalizer.features)] = np.array(rows) / np.array(normalizer.gain) + np.array(
        normalizer.offset
    )
    return observations


def _select(normalizer: Entry, indices: tuple[int, ...]) -> Entry:
    if isinstance(normalizer, Pixels):
        return normalizer
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
