"""A process that only infers: `python -m ganglion.training.study.infer <runtime> <folder> <observations>`.

It imports what its runtime needs and nothing else, so that its memory is that runtime's; it prints JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ganglion.training.study.rapl import package_energy_uj

WARM_UP, ACTIONS = 100, 1_000

Act = Callable[[Any], Any]
"""An observation [1, obs] float32 → the mean action before tanh [1, act], or its integers."""


def torch_network(folder: Path) -> Act:
    """Return torch in eager mode: Brevitas' layers, torch.ao's int8 kernels, or float32."""
    import torch

    torch.set_num_threads(1)
    network = _static(folder) if (folder / "actor.npz").exists() else _post_training(folder)
    network = network.eval()

    @torch.no_grad()
    def act(observation: Any) -> Any:
        return network(torch.from_numpy(observation))

    return act


def _static(folder: Path) -> Any:
    from ganglion.models.nets.quant_network import QuantNetwork

    return QuantNetwork.load(folder)


def _post_training(folder: Path) -> Any:
    import torch
    from torch import nn

    dynamic = folder / "dynamic.npz"
    with np.load(dynamic if dynamic.exists() else folder / "float.npz") as arrays:
        layers = []
        for index in range(len(arrays.files) // 2):
            held = {part: torch.from_numpy(arrays[f"fc{index + 1}.{part}"]) for part in ("weight", "bias")}
            layer = nn.Linear(held["weight"].shape[1], len(held["weight"]))
            layer.load_state_dict(held)
            layers.append(layer)
    if dynamic.exists():
        from ganglion.models.quant.dynamic import DynamicNetwork

        return DynamicNetwork(layers)
    from ganglion.models.nets.float_network import float_network

    return float_network(layers)


def reference(folder: Path) -> Act:
    """Return the integer reference in numpy, of the policy folder within `folder`."""
    from ganglion.models.build.codec import decode
    from ganglion.models.build.files import read_json
    from ganglion.models.reference import IntNetwork, quantize_observation
    from ganglion.models.spec.policy import PolicySpec

    description = next(folder.glob("*/policy.json"))
    value = read_json(description)
    value.pop("files")
    spec = decode(PolicySpec, value, str(description))
    with np.load(folder / "integers.npz") as arrays:
        held = {name: arrays[name].astype(np.int64) for name in arrays.files}
    names = [layer.name for layer in spec.network.layers]
    network = IntNetwork(
        spec=spec.network,
        weights=tuple(held[f"{name}.weight"] for name in names),
        biases=tuple(held[f"{name}.bias"] for name in names),
    )
    return lambda observation: network(
        quantize_observation(observation, spec.normalizer, spec.network.input_type)
    )


def onnx_runtime(folder: Path) -> Act:
    """Return ONNX Runtime on plain.onnx."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder / "plain.onnx", options, ["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda observation: session.run(None, {name: observation})


RUNTIMES: dict[str, Callable[[Path], Act]] = {
    "torch": torch_network,
    "reference": reference,
    "onnxruntime": onnx_runtime,
}


def peak_resident_mb() -> float:
    """Return the most memory that this process has held; unlike ru_maxrss, not its parent's before exec."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(act: Act, observations: Any) -> dict[str, Any]:
    """Return microseconds and energy of one action at a time: observations [n, obs] float32, in turn.

    The time is the thread's own on the processor, so that other work on the machine does not count.
    """
    singles = [observations[i : i + 1] for i in range(len(observations))]
    for i in range(WARM_UP):
        act(singles[i % len(singles)])
    before, reason = package_energy_uj()
    times = np.zeros(ACTIONS)
    for i in range(ACTIONS):
        single = singles[i % len(singles)]
        start = time.thread_time_ns()
        act(single)
        times[i] = time.thread_time_ns() - start
    after, _ = package_energy_uj()
    if before is not None and after is not None and after < before:
        before, reason = None, "the processor's counter began anew meanwhile; measure again"
    return {
        "actions": ACTIONS,
        "median_us": float(np.median(times)) / 1e3,
        "p99_us": float(np.quantile(times, 0.99)) / 1e3,
        "energy_uj": None if before is None or after is None else (after - before) / ACTIONS,
        "energy_reason": reason,
    }


def main(runtime: str, folder: Path, observations: Path) -> None:
    """Measure a runtime on a cell's folder and print what was found."""
    with np.load(observations) as arrays:
        states = np.ascontiguousarray(arrays["observation"][:ACTIONS])
    act = RUNTIMES[runtime](folder)
    found = measure(act, states)
    print(json.dumps({"runtime": runtime, "resident_mb": peak_resident_mb(), **found}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
