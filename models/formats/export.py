"""A trained actor becomes a policy folder: policy.onnx (QONNX), golden.npz, policy.json."""

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from brevitas.export import export_qonnx
from onnx import NodeProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.util.cleanup import cleanup_model

from ganglion.models.build.files import atomic_write, write_arrays
from ganglion.models.formats.policy_folder import (
    GOLDEN_FILE,
    ONNX_FILE,
    golden_vectors,
    load_policy,
    write_description,
)
from ganglion.models.liveness import live_part
from ganglion.models.nets.mlp import QuantMlp
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.policy import ActionHead, Normalizer, PolicySpec


def write_policy(
    actor: QuantMlp,
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


def write_qonnx(network: IntNetwork, path: Path) -> None:
    """Write `network` as cleaned QONNX through Brevitas, its rounding attributes saying half up truly."""
    width = network.spec.widths[0]
    identity = Normalizer(features=tuple(range(width)), offset=(0.0,) * width, gain=(1.0,) * width)
    core = QuantMlp.from_integers(identity, network).core.eval()
    # The exporter writes large tensors to a file beside its output, so it gets a folder of its own.
    with tempfile.TemporaryDirectory() as scratch, _quiet():
        exported = str(Path(scratch) / "exported.onnx")
        export_qonnx(core, torch.zeros(1, width), exported)
        model = cleanup_model(ModelWrapper(exported))
    _mend_rounding(model)
    _name_tensors(model, network)
    atomic_write(path, model.model.SerializeToString())


def _mend_rounding(model: ModelWrapper) -> None:
    """State half up in QONNX's terms (formats.qonnx_reader); Brevitas writes ROUND, half to even."""
    for node in [node for node in model.graph.node if node.op_type == "Quant"]:
        if model.get_initializer(node.input[0]) is not None:
            continue  # a constant on its grid: nothing is rounded
        signed = next(helper.get_attribute_value(a) for a in node.attribute if a.name == "signed")
        _set_attribute(node, "rounding_mode", "FLOOR" if signed else "HALF_UP")
        if signed:
            _add_half_step(model, node)


def _add_half_step(model: ModelWrapper, node: NodeProto) -> None:
    half = f"{node.output[0]}_half_step"
    step = np.asarray(model.get_initializer(node.input[1]), dtype=np.float32)
    model.graph.initializer.append(numpy_helper.from_array(step / np.float32(2), half))
    shape = model.get_tensor_shape(node.input[0])
    shifted = helper.make_tensor_value_info(f"{half}_added", 1, shape)
    model.graph.value_info.append(shifted)
    add = helper.make_node("Add", [node.input[0], half], [shifted.name], name=f"Add_{half}")
    model.graph.node.insert(list(model.graph.node).index(node), add)
    node.input[0] = shifted.name


def _set_attribute(node: NodeProto, name: str, value: str) -> None:
    kept = [attribute for attribute in node.attribute if attribute.name != name]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute(name, value)])


def _name_tensors(model: ModelWrapper, network: IntNetwork) -> None:
    """Name the graph's ends and every activation after what they hold: observation, input, fc1, fc2, ..."""
    activations = [
        node.output[0]
        for node in model.graph.node
        if node.op_type == "Quant" and model.get_initializer(node.input[0]) is None
    ]
    names = ["input", *(layer.name for layer in network.spec.layers)]
    model.rename_tensor(model.graph.input[0].name, "observation")
    for tensor, name in zip(activations, names, strict=True):
        model.rename_tensor(tensor, name)


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


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch's exporter from printing its progress."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        yield
