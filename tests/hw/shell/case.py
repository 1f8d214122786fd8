"""What a cocotb test is given: a shell's description, vectors and a seed, by way of a folder."""

import os
from dataclasses import dataclass
from pathlib import Path

from ganglion.hw.shell.description import Shell
from ganglion.models.build.codec import decode_json, encode_json
from ganglion.models.build.files import read_arrays, write_arrays
from ganglion.models.reference import IntNetwork, Ints
from ganglion.models.spec.network import NetworkSpec

FOLDER = "SHELL_CASE"
SEED = "SHELL_SEED"
BUS = "SHELL_BUS"
SHELL, NETWORK, ARRAYS = "shell.json", "network.json", "arrays.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A shell, the network that it computes, inputs [n, in] and the actions [n, out] expected."""

    shell: Shell
    network: IntNetwork
    inputs: Ints
    actions: Ints


def read_case() -> Case:
    """Return the case in the folder that the environment names."""
    folder = Path(os.environ[FOLDER])
    spec = decode_json(NetworkSpec, folder / NETWORK)
    arrays = read_arrays(folder / ARRAYS)
    weights, biases = (
        tuple(arrays[f"{kind}{k}"] for k in range(len(spec.layers))) for kind in ("weight", "bias")
    )
    network = IntNetwork(spec=spec, weights=weights, biases=biases)
    inputs = arrays["inputs"]
    return Case(
        shell=decode_json(Shell, folder / SHELL),
        network=network,
        inputs=inputs,
        actions=network.forward(inputs)[-1],
    )


def write_case(folder: Path, shell: Shell, network: IntNetwork, inputs: Ints) -> None:
    """Write what `read_case` reads."""
    encode_json(folder / SHELL, shell)
    encode_json(folder / NETWORK, network.spec)
    arrays = {f"weight{k}": weight for k, weight in enumerate(network.weights)}
    arrays |= {f"bias{k}": bias for k, bias in enumerate(network.biases)}
    write_arrays(folder / ARRAYS, arrays | {"inputs": inputs})


def seed() -> int:
    """Return the seed that the environment gives."""
    return int(os.environ[SEED])
