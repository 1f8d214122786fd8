"""Manifests as a bundle has them, of made-up policies."""

from typing import Any

from ganglion.models.build.codec import encode
from ganglion.models.spec.heads import ActionHead, TanhHead
from ganglion.models.spec.policy import Normalizer
from ganglion.models.spec.types import IntType

INT8 = IntType.parse("INT8")
POLICY = "0123456789abcdef" * 4
HEAD = TanhHead(exponent=-6, low=(-1.0, -2.0, 0.0), high=(1.0, 2.0, 0.5))
NORMALIZER = Normalizer(features=(0, 3, 2), offset=(0.5, -1.0, 0.0), gain=(16.0, 32.0, 128.0))


def window_json(offset: int, values: int, kind: IntType) -> dict[str, Any]:
    """Return what shell.json says of an observation or an action."""
    container = next(bits for bits in (8, 16, 32) if bits >= kind.bits)
    return {
        "type": "int",
        "offset": offset,
        "values": values,
        "bits": kind.bits,
        "signed": kind.signed,
        "container_bits": container,
        "words": -(-values * container // 32),
    }


def shell_json(
    n_inputs: int, n_outputs: int, input_type: IntType = INT8, output_type: IntType = INT8
) -> dict[str, Any]:
    """Return a shell.json."""
    return {
        "schema": 1,
        "name": "toy",
        "policy": POLICY,
        "identity": 0x474E474C,
        "version": 1,
        "address_bits": 12,
        "registers": {
            "identity": 0,
            "version": 4,
            "policy": 8,
            "control": 32,
            "status": 36,
            "cycles": 40,
            "inferences": 44,
            "clock": 48,
        },
        "control": {"start": 1, "clear": 2, "free_running": 4, "interrupt_enable": 8, "reset": 16},
        "status": {"busy": 1, "done": 2, "write_while_busy": 4},
        "observation": window_json(0x100, n_inputs, input_type),
        "action": window_json(0x800, n_outputs, output_type),
        "sources": ["shell/registers.sv"],
        "tops": {"axi_lite": "ganglion_shell_axi_lite"},
    }


def manifest_json(
    normalizer: Normalizer = NORMALIZER,
    head: ActionHead = HEAD,
    input_type: IntType = INT8,
    output_type: IntType = INT8,
    observation_features: int = 5,
) -> dict[str, Any]:
    """Return a whole manifest for these two ends."""
    n_inputs = len(normalizer.features)
    host = {"observation_features": observation_features, "low": input_type.low, "high": input_type.high}
    return {
        "schema": 1,
        "name": "toy",
        "env": "Toy-v0",
        "board": "Pynq-Z2",
        "clock_mhz": 100.0,
        "policy": POLICY,
        "files": {"golden.npz": "0" * 64, "toy.bit": "1" * 64},
        "shell": shell_json(n_inputs, head.n_outputs, input_type, output_type),
        "host": {**host, **encode(normalizer), "action": encode(head)},
        "transport": {"kind": "pynq", "baud": None, "library": None},
        "golden": "golden.npz",
        "bitstream": {
            "files": ["toy.bit"],
            "clock_mhz": 104.2,
            "resources": {"LUT": 815},
            "seed": 3,
            "tool": "nextpnr 0.8",
        },
    }
