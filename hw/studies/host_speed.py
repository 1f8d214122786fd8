"""How long this CPU takes for a frame: torch in eager mode and ONNX Runtime, on a thread each."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from ganglion.models.equality import require_equal
from ganglion.models.formats.plain_onnx import write_integer_onnx
from ganglion.models.formats.policy_folder import Policy
from ganglion.models.nets.inference_network import InferenceNetwork

WARM_UP, CALLS = 20, 300

Stacks = npt.NDArray[np.uint8]
Act = Callable[[Stacks], npt.NDArray[np.float32]]
"""A stack of frames [1, frames, rows, columns] → the value of each action [1, act]."""


def host_us(
    policy: Policy, stacks: Stacks, expected: npt.NDArray[np.integer[Any]], calls: int = CALLS
) -> Mapping[str, float]:
    """Return each runtime's median µs a frame, one at a time, of the thread's own time on the processor.

    stacks: [n, frames, rows, columns]; expected: the reference's integers [n, act], which both must give.
    """
    with TemporaryDirectory() as scratch:
        runtimes = {"torch": _torch(policy), "onnxruntime": _onnx_runtime(policy, Path(scratch))}
        found = {}
        for name, act in runtimes.items():
            given = np.concatenate([act(stack[None]) for stack in stacks])
            integers = np.ldexp(given.astype(np.float64), -policy.spec.network.output_exponent)
            require_equal(f"{name}, a frame at a time", expected, integers.astype(np.int64), "")
            found[name] = _median_us(act, stacks, calls)
    return found


def _torch(policy: Policy) -> Act:
    import torch

    torch.set_num_threads(1)
    network = InferenceNetwork(policy.spec.normalizer, policy.network)
    return lambda stack: network(torch.from_numpy(stack).float()).numpy()


def _onnx_runtime(policy: Policy, scratch: Path) -> Act:
    import onnxruntime

    path = scratch / "plain.onnx"
    write_integer_onnx(policy.spec.normalizer, policy.network, policy.spec.observation_features, path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session: Any = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda stack: session.run(None, {name: stack})[0]


def _median_us(act: Act, stacks: Stacks, calls: int) -> float:
    times = np.zeros(WARM_UP + calls)
    for index in range(len(times)):
        stack = stacks[index % len(stacks)][None]
        start = time.thread_time_ns()
        act(stack)
        times[index] = time.thread_time_ns() - start
    return round(float(np.median(times[WARM_UP:])) / 1e3, 1)
