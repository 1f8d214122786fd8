"""Networks and policy folders made for tests: random, with the corners that hardware trips over."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from ganglion.models.formats.export import write_policy
from ganglion.models.formats.policy_folder import Policy, load_policy
from ganglion.models.layers import Dense
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.heads import TanhHead
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.policy import Normalizer
from ganglion.models.spec.types import IntType


def random_network(
    rng: np.random.Generator,
    widths: Sequence[int],
    *,
    density: float = 0.5,
    weight_bits: int = 8,
    activation_bits: int = 8,
    input_bits: int = 8,
    output_bits: int = 8,
) -> IntNetwork:
    """Return an integer network of these widths whose activations use and saturate their range."""
    input_type = IntType(bits=input_bits, signed=True)
    weight_type = IntType(bits=weight_bits, signed=True)
    layers, weights, biases = [], [], []
    exponent, magnitude = 0, float(input_type.high) / 2
    for index, (n_in, n_out) in enumerate(pairwise(widths)):
        last = index == len(widths) - 2
        weight = rng.integers(-weight_type.high, weight_type.high + 1, (n_out, n_in))
        weight = np.where(rng.random(weight.shape) < density, weight, 0)
        spread = max(1.0, magnitude * weight_type.high * np.sqrt(n_in * density) / 2)
        output_type = IntType(bits=output_bits if last else activation_bits, signed=last)
        shift = max(0, round(np.log2(spread / output_type.high * 2)))
        bias = np.rint(rng.normal(0, spread / 2, n_out)).astype(np.int64)
        layers.append(
            Dense(
                name=f"fc{index + 1}",
                in_features=n_in,
                out_features=n_out,
                weight_type=weight_type,
                output_type=output_type,
                input_exponent=exponent,
                weight_exponent=-7,
                output_exponent=exponent - 7 + shift,
            )
        )
        weights.append(weight.astype(np.int64))
        biases.append(bias)
        exponent, magnitude = layers[-1].output_exponent, output_type.high / 2
    spec = NetworkSpec(input_type=input_type, layers=tuple(layers))
    return IntNetwork(spec=spec, weights=tuple(weights), biases=tuple(biases))


def at_input_scale(network: IntNetwork, exponent: int) -> IntNetwork:
    """Return the same integers, the input's scale and every later one 2**exponent times what they were."""
    layers = tuple(
        replace(
            layer,
            input_exponent=layer.input_exponent + exponent,
            output_exponent=layer.output_exponent + exponent,
        )
        for layer in network.spec.layers
    )
    return replace(network, spec=replace(network.spec, layers=layers))


def random_inputs(rng: np.random.Generator, network: IntNetwork, n_vectors: int) -> np.ndarray:
    """Return integers over the whole input range: [n_vectors, in] int64, first all low, then all high."""
    input_type = network.spec.input_type
    inputs = rng.integers(input_type.low, input_type.high + 1, (n_vectors, network.spec.widths[0]))
    inputs[0], inputs[1] = input_type.low, input_type.high
    return inputs


def write_random_policy(
    folder: Path,
    rng: np.random.Generator,
    widths: Sequence[int],
    *,
    n_vectors: int = 200,
    env: str = "Random-v0",
    **network: float,
) -> Policy:
    """Write a random policy folder through the real export and return it loaded."""
    integers = random_network(rng, widths, **network)  # type: ignore[arg-type]
    return write_network(folder, integers, rng.normal(0, 2, (n_vectors, widths[0])), env=env)


def write_network(
    folder: Path,
    network: IntNetwork,
    observations: np.ndarray | None = None,
    env: str = "Random-v0",
    episode_starts: np.ndarray | None = None,
) -> Policy:
    """Write a policy folder around a network of any kinds and return it loaded."""
    n_obs, n_act = network.spec.widths[0], network.spec.widths[-1]
    normalizer = Normalizer(features=tuple(range(n_obs)), offset=(0.25,) * n_obs, gain=(32.0,) * n_obs)
    write_policy(
        QuantNetwork.from_integers(normalizer, network),
        folder,
        name="random",
        env=env,
        algorithm="none",
        observations=np.zeros((1, n_obs)) if observations is None else observations,
        action=TanhHead(exponent=network.spec.output_exponent, low=(-1.0,) * n_act, high=(1.0,) * n_act),
        provenance={"seed": 0},
        episode_starts=episode_starts,
    )
    return load_policy(folder)
