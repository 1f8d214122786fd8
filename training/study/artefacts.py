"""A cell's files: what each runtime loads, and of integers the policy folder that hardware is built from."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch import nn

from ganglion.models.build.files import atomic_path, write_arrays
from ganglion.models.environments import head_for, make
from ganglion.models.formats.export import write_policy
from ganglion.models.formats.plain_onnx import write_float_onnx, write_integer_onnx
from ganglion.models.formats.policy_folder import Policy, load_policy
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.quant.schemes import Scheme
from ganglion.training.envs import FloatArray
from ganglion.training.study.cells import Cell

ONNX_FILE, FLOAT_FILE, DYNAMIC_FILE, INTEGERS_FILE = "plain.onnx", "float.npz", "dynamic.npz", "integers.npz"
_GOLDEN_VECTORS = 1_000


def write_floats(folder: Path, scheme: Scheme, layers: Sequence[nn.Linear]) -> None:
    """Write float.npz or, for PTDQ, dynamic.npz, and plain.onnx, in int8 by ONNX Runtime's quantizer then."""
    arrays = {}
    for index, layer in enumerate(layers):
        arrays[f"fc{index + 1}.weight"] = layer.weight.detach().numpy()
        arrays[f"fc{index + 1}.bias"] = layer.bias.detach().numpy()
    is_dynamic = scheme is Scheme.PTDQ
    write_arrays(folder / (DYNAMIC_FILE if is_dynamic else FLOAT_FILE), arrays)
    write_float_onnx(layers, folder / ONNX_FILE)
    if is_dynamic:
        from onnxruntime.quantization import QuantType, quantize_dynamic

        with atomic_path(folder / ONNX_FILE) as temporary:
            quantize_dynamic(folder / ONNX_FILE, temporary, weight_type=QuantType.QInt8)


def policy_folder(folder: Path, cell: Cell) -> Path:
    """Return where a static cell's policy folder lies; its name is the policy's, and its build's."""
    return folder / cell.name


def write_integers(
    folder: Path, cell: Cell, network: QuantNetwork, observations: FloatArray, env_id: str
) -> Policy:
    """Write actor.npz and actor.json, the policy folder, integers.npz and plain.onnx; return the policy.

    observations: [n, obs], of which some become golden vectors. A shipped policy's folder is copied.
    """
    network.save(folder)
    target = policy_folder(folder, cell)
    if cell.shipped is not None:
        shutil.copytree(cell.shipped, target, dirs_exist_ok=True)
    else:
        picked = np.linspace(0, len(observations) - 1, min(_GOLDEN_VECTORS, len(observations))).astype(int)
        write_policy(
            network,
            target,
            name=cell.name,
            env=env_id,
            algorithm=cell.teacher.algorithm.upper(),
            observations=observations[picked],
            action=head_for(make(env_id), network.spec.output_exponent),
            provenance={"seed": cell.teacher.seed, "scheme": cell.scheme.value},
        )
    policy = load_policy(target)
    arrays = {}
    for layer, weight, bias in zip(
        policy.spec.network.layers, policy.network.weights, policy.network.biases, strict=True
    ):
        arrays |= {
            f"{layer.name}.weight": weight.astype(np.int8),
            f"{layer.name}.bias": bias.astype(np.int32),
        }
    write_arrays(folder / INTEGERS_FILE, arrays)
    spec = policy.spec
    write_integer_onnx(spec.normalizer, policy.network, spec.observation_features, folder / ONNX_FILE)
    return policy
