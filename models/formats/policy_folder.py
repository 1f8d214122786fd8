"""A policy on disk: policy.onnx, policy.json and golden.npz in one folder, loaded only when they agree."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ganglion.models.build.codec import decode, encode
from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import check_hashes, read_arrays, read_json, sha256_file, write_json
from ganglion.models.episodes import forward
from ganglion.models.equality import require_equal
from ganglion.models.formats.qonnx_reader import read_qonnx
from ganglion.models.layers.layer import EPISODE_START, INPUT, OBSERVATION
from ganglion.models.reference import IntNetwork, Ints, quantize_observation
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.policy import Pixels, PolicySpec

ONNX_FILE, JSON_FILE, GOLDEN_FILE = "policy.onnx", "policy.json", "golden.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A verified policy folder: its description, integers and golden vectors (see `golden_vectors`)."""

    spec: PolicySpec
    network: IntNetwork
    golden: dict[str, np.ndarray]


def golden_vectors(
    spec: PolicySpec,
    network: IntNetwork,
    observations: np.ndarray,
    starts: npt.NDArray[np.bool_] | None = None,
) -> dict[str, np.ndarray]:
    """Return what every link must reproduce: "observation", "input" and each layer by its name.

    observations: [n, obs], kept as float32, pixels as uint8; the others are integers [n, width] in the
    smallest dtype. Of a network that remembers they are steps of episodes, observation and input what is new
    in each, a frame of a stack, and `starts`, [n] bool, is "episode_start"; of another it is None.
    """
    inputs = quantize_observation(observations, spec.normalizer, network.spec.input_type)
    golden = {OBSERVATION: np.asarray(observations, dtype=_observation_type(spec)), INPUT: _compact(inputs)}
    if starts is not None:
        golden[EPISODE_START] = starts
    for layer, activation in zip(network.spec.layers, forward(network, inputs, starts), strict=True):
        golden[layer.name] = _compact(activation)
    return golden


def without_maps(network: NetworkSpec, golden: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return what golden.npz holds: all but hidden maps, which are large and follow from the frames."""
    maps = {layer.name for layer in network.layers[:-1] if len(layer.out_shape) > 1}
    return {name: values for name, values in golden.items() if name not in maps}


def write_description(folder: Path, spec: PolicySpec) -> None:
    """Write policy.json last: the description and the hashes of the files beside it."""
    hashes = {name: sha256_file(folder / name) for name in (ONNX_FILE, GOLDEN_FILE)}
    write_json(folder / JSON_FILE, encode(spec) | {"files": hashes})


def read_description(folder: Path) -> PolicySpec:
    """Return the description in policy.json, once its hashes match the files beside it."""
    path = folder / JSON_FILE
    value = read_json(path)
    hashes = decode(dict[str, str], value.pop("files", {}), f"{path}: files")
    if hashes.keys() != {ONNX_FILE, GOLDEN_FILE}:
        raise ExportError(f"{path}: files must give the SHA-256 of {ONNX_FILE} and {GOLDEN_FILE}")
    check_hashes(folder, hashes)
    return decode(PolicySpec, value, str(path))


def load_policy(folder: Path) -> Policy:
    """Return the policy in `folder`; missing, altered or disagreeing files raise Export- or MismatchError."""
    if not folder.is_dir():
        raise ExportError(
            f"{folder} is not a folder; expected one with {ONNX_FILE}, {JSON_FILE} and {GOLDEN_FILE}"
        )
    spec = read_description(folder)
    network = read_qonnx(folder / ONNX_FILE, [layer.name for layer in spec.network.layers])
    if spec.network.frame_stack > 1:  # which only the description says: to the graph a stack is an input
        network = replace(network, spec=replace(network.spec, frame_stack=spec.network.frame_stack))
    if network.spec != spec.network:
        raise ExportError(f"{folder / ONNX_FILE}: {_first_difference(spec, network)}")
    golden = _checked_golden(folder / GOLDEN_FILE, spec, network)
    return Policy(spec=spec, network=network, golden=golden)


def _first_difference(spec: PolicySpec, network: IntNetwork) -> str:
    described, found = spec.network.layers, network.spec.layers
    if len(described) != len(found):
        return f"{len(found)} layers, but {JSON_FILE} describes {len(described)}"
    for wanted, got in zip(described, found, strict=True):
        if type(wanted) is not type(got):
            return f"{wanted.name} is {got.kind}, but {JSON_FILE} describes {wanted.kind}"
        for key, value in encode(wanted).items():
            if (other := encode(got)[key]) != value:
                return f"{wanted.name} has {key} {other}, but {JSON_FILE} describes {value}"
    if network.spec.thresholds != spec.network.thresholds:
        return f"thresholds {network.spec.thresholds}, but {JSON_FILE} describes {spec.network.thresholds}"
    return f"input type {network.spec.input_type.name}, but {JSON_FILE} says {spec.network.input_type.name}"


def _checked_golden(path: Path, spec: PolicySpec, network: IntNetwork) -> dict[str, np.ndarray]:
    """Return the file's vectors, checked, with those of the maps; these need not be in it."""
    golden = read_arrays(path)
    known = dict.fromkeys([OBSERVATION, INPUT, *(layer.name for layer in network.spec.layers)], np.empty(0))
    if network.spec.remembers:
        known[EPISODE_START] = np.empty(0)
    needed = without_maps(network.spec, known).keys()
    if not needed <= golden.keys() <= known.keys():
        raise ExportError(f"{path}: arrays {sorted(golden)}, {JSON_FILE} describes {sorted(needed)}")
    observations, starts = golden[OBSERVATION], golden.get(EPISODE_START)
    if observations.ndim != 2 or observations.shape[1] != spec.step_features or not len(observations):
        raise ExportError(
            f"{path}: observation has shape {observations.shape}, expected [n, {spec.step_features}]"
        )
    wanted = _observation_type(spec)
    if observations.dtype != wanted or not np.isfinite(observations).all():
        raise ExportError(f"{path}: observation: expected finite {wanted}, got {observations.dtype}")
    if starts is not None and (
        starts.dtype != np.bool_ or starts.shape != (len(observations),) or not starts[0]
    ):
        raise ExportError(
            f"{path}: {EPISODE_START}: expected {len(observations)} truth values, the first true, "
            f"got {starts.dtype} of shape {starts.shape}"
        )
    whole = golden_vectors(spec, network, observations, starts)
    for name in [name for name in golden if name not in (OBSERVATION, EPISODE_START)]:
        if golden[name].dtype.kind not in "iu":
            raise ExportError(f"{path}: {name}: expected integers, got {golden[name].dtype}")
        require_equal(
            f"{path}: {name}", whole[name], golden[name], f"; it, {JSON_FILE} or {ONNX_FILE} was altered"
        )
    return whole


def _observation_type(spec: PolicySpec) -> np.dtype[Any]:
    return np.dtype(np.uint8 if isinstance(spec.normalizer, Pixels) else np.float32)


def _compact(values: Ints) -> np.ndarray:
    return values.astype(np.result_type(np.min_scalar_type(values.min()), np.min_scalar_type(values.max())))
