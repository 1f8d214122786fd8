"""A policy on disk: policy.onnx, policy.json and golden.npz in one folder, loaded only when they agree."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganglion.models.build.errors import ExportError, MismatchError
from ganglion.models.build.files import check_hashes, read_arrays, read_json, sha256_file, write_json
from ganglion.models.formats.qonnx_reader import read_qonnx
from ganglion.models.reference import IntNetwork, Ints, quantize_observation
from ganglion.models.spec.policy import PolicySpec

ONNX_FILE, JSON_FILE, GOLDEN_FILE = "policy.onnx", "policy.json", "golden.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A verified policy folder: its description, integers and golden vectors (see `golden_vectors`)."""

    spec: PolicySpec
    network: IntNetwork
    golden: dict[str, np.ndarray]


def golden_vectors(spec: PolicySpec, network: IntNetwork, observations: np.ndarray) -> dict[str, np.ndarray]:
    """Return what every link must reproduce: "observation", "input" and each layer by its name.

    observations: [n, obs], kept as float32; the others are integers [n, width] in the smallest dtype.
    """
    inputs = quantize_observation(observations, spec.normalizer, network.spec.input_type)
    golden = {"observation": np.asarray(observations, dtype=np.float32), "input": _compact(inputs)}
    for layer, activation in zip(network.spec.layers, network.forward(inputs), strict=True):
        golden[layer.name] = _compact(activation)
    return golden


def write_description(folder: Path, spec: PolicySpec) -> None:
    """Write policy.json last: the description and the hashes of the files beside it."""
    hashes = {name: sha256_file(folder / name) for name in (ONNX_FILE, GOLDEN_FILE)}
    write_json(folder / JSON_FILE, spec.to_json() | {"files": hashes})


def read_description(folder: Path) -> PolicySpec:
    """Return the description in policy.json, once its hashes match the files beside it."""
    value = read_json(folder / JSON_FILE)
    hashes = value.pop("files", None)
    if not isinstance(hashes, dict) or {ONNX_FILE, GOLDEN_FILE} - hashes.keys():
        raise ExportError(
            f"{folder / JSON_FILE}: files must give the SHA-256 of {ONNX_FILE} and {GOLDEN_FILE}"
        )
    check_hashes(folder, hashes)
    return PolicySpec.from_json(value)


def load_policy(folder: Path) -> Policy:
    """Return the policy in `folder`; missing, altered or disagreeing files raise Export- or MismatchError."""
    if not folder.is_dir():
        raise ExportError(
            f"{folder} is not a folder; expected one with {ONNX_FILE}, {JSON_FILE} and {GOLDEN_FILE}"
        )
    spec = read_description(folder)
    network = read_qonnx(folder / ONNX_FILE)
    if network.spec != spec.network:
        raise ExportError(f"{folder / ONNX_FILE}: {_first_difference(spec, network)}")
    golden = read_arrays(folder / GOLDEN_FILE)
    _check_golden(folder / GOLDEN_FILE, spec, network, golden)
    return Policy(spec=spec, network=network, golden=golden)


def _first_difference(spec: PolicySpec, network: IntNetwork) -> str:
    described, found = spec.network.layers, network.spec.layers
    if len(described) != len(found):
        return f"{len(found)} layers, but {JSON_FILE} describes {len(described)}"
    for wanted, got in zip(described, found, strict=True):
        if wanted != got:
            return f"{wanted.name} differs from {JSON_FILE}: described {wanted}, found {got}"
    return f"input type {network.spec.input_type.name}, but {JSON_FILE} says {spec.network.input_type.name}"


def _check_golden(path: Path, spec: PolicySpec, network: IntNetwork, golden: dict[str, np.ndarray]) -> None:
    expected_names = {"observation", "input", *(layer.name for layer in network.spec.layers)}
    if golden.keys() != expected_names:
        raise ExportError(f"{path}: arrays {sorted(golden)}, expected {sorted(expected_names)}")
    observations = golden["observation"]
    if observations.ndim != 2 or observations.shape[1] != spec.observation_features or not len(observations):
        raise ExportError(
            f"{path}: observation has shape {observations.shape}, expected [n, {spec.observation_features}]"
        )
    for name, expected in golden_vectors(spec, network, observations).items():
        require_equal(f"{path}: {name}", expected, golden[name])


def require_equal(where: str, expected: np.ndarray, got: np.ndarray) -> None:
    """Raise MismatchError with the first index and both values unless two arrays [n, width] are equal."""
    if expected.shape != got.shape:
        raise MismatchError(f"{where}: expected shape {expected.shape}, got {got.shape}")
    wrong = np.argwhere(expected != got)
    if wrong.size:
        vector, neuron = (int(i) for i in wrong[0])
        raise MismatchError(
            f"{where}: vector {vector}, index {neuron}: expected {expected[vector, neuron]}, "
            f"got {got[vector, neuron]} ({len(wrong)} of {expected.size} differ)"
        )


def _compact(values: Ints) -> np.ndarray:
    return values.astype(np.result_type(np.min_scalar_type(values.min()), np.min_scalar_type(values.max())))
