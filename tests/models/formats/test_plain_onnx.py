"""Plain ONNX: ONNX Runtime gives the reference's integers, and the float layers' means."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from ganglion.models.build.errors import CompileError
from ganglion.models.formats.plain_onnx import write_float_onnx, write_integer_onnx
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.nets.float_network import float_network
from ganglion.models.random_cnn import Cnn, Conv, random_cnn
from ganglion.models.random_policy import write_random_policy
from ganglion.models.reference import quantize_observation
from ganglion.models.spec.policy import Pixels
from tests.models.layers.nets import resnet


def _mean(path: Path, obs: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {session.get_inputs()[0].name: obs})[0])


def test_the_integer_graph_equals_the_reference_bit_for_bit(tmp_path: Path) -> None:
    write_random_policy(tmp_path / "policy", "none", (9, 40, 23, 4), 0.5, seed=1)
    policy = load_policy(tmp_path / "policy")
    spec, obs = policy.spec, policy.golden["observation"]
    write_integer_onnx(spec.normalizer, policy.network, spec.observation_features, tmp_path / "int8.onnx")
    outputs = policy.network(quantize_observation(obs, spec.normalizer, spec.network.input_type))
    wanted = (outputs * 2.0**spec.network.output_exponent).astype(np.float32)
    np.testing.assert_array_equal(_mean(tmp_path / "int8.onnx", obs), wanted)
    assert len(np.unique(wanted)) > 20


def test_a_convolutional_graph_equals_the_reference_on_pixels(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    convs = (Conv(channels=5, kernel=4, stride=2), Conv(channels=3, kernel=3, padding=1))
    cnn = Cnn(shape=(2, 14, 11), convs=convs, widths=(9, 4), frame_stack=2)
    network = random_cnn(rng, cnn, 0.5)
    pixels = rng.integers(0, 256, (40, *cnn.shape))
    write_integer_onnx(Pixels(shape=cnn.shape), network, 0, tmp_path / "cnn.onnx")
    wanted = (network(pixels) * 2.0**network.spec.output_exponent).astype(np.float32)
    np.testing.assert_array_equal(_mean(tmp_path / "cnn.onnx", pixels.astype(np.uint8)), wanted)
    assert len(np.unique(wanted)) > 20


def test_a_residual_network_is_refused_by_its_layer(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="pool1 is a max_pool2d layer of a residual"):
        write_integer_onnx(Pixels(shape=(4, 12, 12)), resnet(), 0, tmp_path / "resnet.onnx")


@torch.no_grad()
def test_the_float_graph_is_the_float_network(tmp_path: Path) -> None:
    layers, obs = [nn.Linear(3, 8), nn.Linear(8, 2)], torch.randn(30, 3)
    write_float_onnx(layers, tmp_path / "float.onnx")
    wanted = float_network(layers)(obs).numpy()
    np.testing.assert_allclose(_mean(tmp_path / "float.onnx", obs.numpy()), wanted, rtol=1e-5, atol=1e-6)
