"""Checkpoints: everything that continues a run, in one npz without pickle."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.buffers import BaseBuffer
from torch import Tensor, nn

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import atomic_path
from ganglion.models.build.spelling import spelled_command

FORMAT = 1
FRAMES = "frames"
"""The group of a game's replay buffer, too large for a checkpoint: it lies in a file beside the last one."""
BUFFER_FIELDS = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Named arrays (networks, optimizers, replay buffer, random states) and a JSON-able description."""

    arrays: dict[str, NDArray[Any]]
    meta: dict[str, Any]

    @property
    def is_teacher(self) -> bool:
        """Whether it holds an actor alone: enough to imitate, not to go on from."""
        return bool(self.meta.get("is_teacher"))

    def save(self, path: Path, *, with_frames: bool = False) -> None:
        """Write to `path` in one step; frames to a file beside it that it names, or not at all."""
        frames = {name: a for name, a in self.arrays.items() if name.startswith(f"{FRAMES}/")}
        meta, beside = self.meta, None
        if frames and with_frames:
            beside = path.with_name(f"{path.stem}-frames-{meta['step']}.npz")
            meta = meta | {FRAMES: beside.name}
            _save_npz(beside, frames)
        packed = np.frombuffer(json.dumps({"format": FORMAT, **meta}).encode(), np.uint8)
        rest = {name: a for name, a in self.arrays.items() if name not in frames}
        _save_npz(path, {"__meta__": packed, **rest})
        for older in path.parent.glob(f"{path.stem}-frames-*.npz"):
            if older != beside and with_frames:
                older.unlink()

    @classmethod
    def load(cls, path: Path, *, described_only: bool = False) -> "Checkpoint":
        """Return the checkpoint in `path`, without its arrays if `described_only`.

        A missing, truncated or foreign file raises ConfigError.
        """
        if not path.exists():
            raise ConfigError(
                f"checkpoint {path} is missing; train one: {spelled_command('train', 'Hopper')}"
            )
        arrays = _load_npz(path, ["__meta__"] if described_only else None)
        try:
            meta = json.loads(arrays.pop("__meta__").tobytes())
        except (KeyError, ValueError) as error:
            raise ConfigError(f"checkpoint {path} is truncated or no checkpoint ({error})") from None
        if meta.get("format") != FORMAT:
            raise ConfigError(f"checkpoint {path} has format {meta.get('format')!r}, allowed: {FORMAT}")
        beside = meta.pop(FRAMES, None)
        if beside is not None and not described_only:
            arrays |= _load_npz(path.with_name(Path(beside).name), None)
        return cls(arrays=arrays, meta=meta)

    def holds(self, prefix: str) -> bool:
        """Return whether there are arrays named `prefix/...`."""
        return any(name.startswith(f"{prefix}/") for name in self.arrays)

    def adam(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the state of an Adam, which has none before its first step."""
        return self.group(prefix) if self.holds(prefix) else {}

    def group(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the arrays named `prefix/...`, without the prefix; raise ConfigError when there are none."""
        start = f"{prefix}/"
        found = {name.removeprefix(start): a for name, a in self.arrays.items() if name.startswith(start)}
        if not found:
            raise ConfigError(f"the checkpoint holds no {prefix}; it was written by something else")
        return found


def _save_npz(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def _load_npz(path: Path, names: Sequence[str] | None) -> dict[str, NDArray[Any]]:
    """Return these arrays of a file, or all; ConfigError when it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in names or file.files}
    except Exception as error:  # zipfile, zlib and numpy all have their own ways to say "damaged"
        raise ConfigError(f"checkpoint {path} is truncated or no checkpoint ({error})") from None


def named(groups: Mapping[str, Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Return the arrays of some groups as `Checkpoint.group` finds them: <group>/<name>."""
    return {f"{group}/{name}": array for group, arrays in groups.items() for name, array in arrays.items()}


def mask_arrays(masks: Sequence[Tensor] | None) -> dict[str, NDArray[Any]]:
    """Return masks [out, in] as a group."""
    return {str(i): mask.numpy().astype(np.uint8) for i, mask in enumerate(masks or ())}


def masks_of(checkpoint: Checkpoint) -> list[Tensor]:
    """Return the masks [out, in] of the weights; none of a dense policy, or of an old checkpoint."""
    found = checkpoint.group("mask") if checkpoint.holds("mask") else {}
    return [torch.from_numpy(found[index]).float() for index in sorted(found, key=int)]


def capture_random() -> dict[str, NDArray[Any]]:
    """Return the states of the global generators of torch and numpy."""
    state = np.random.get_state(legacy=False)
    assert isinstance(state, dict)
    generator = state["state"]
    numpy_rest = np.array([generator["pos"], state["has_gauss"], state["gauss"]], np.float64)
    return {
        "random/torch": torch.get_rng_state().numpy(),
        "random/numpy": generator["key"],
        "random/numpy_rest": numpy_rest,
    }


def restore_random(checkpoint: Checkpoint) -> None:
    """Set the global generators of torch and numpy to the checkpoint's states."""
    states = checkpoint.group("random")
    torch.set_rng_state(torch.from_numpy(states["torch"].copy()))
    position, has_gauss, gauss = states["numpy_rest"]
    np.random.set_state(("MT19937", states["numpy"], int(position), int(has_gauss), float(gauss)))


def module_arrays(module: nn.Module) -> dict[str, NDArray[Any]]:
    """Return copies of what a module holds, a group."""
    return {n: t.detach().numpy().copy() for n, t in module.state_dict().items() if isinstance(t, Tensor)}


def load_module(module: nn.Module, arrays: dict[str, NDArray[Any]]) -> None:
    """Put what `module_arrays` took into `module`; other shapes raise ConfigError."""
    wanted = {name: list(tensor.shape) for name, tensor in module.state_dict().items()}
    found = {name: list(array.shape) for name, array in arrays.items()}
    for name in sorted(wanted | found):
        if wanted.get(name) != found.get(name):
            raise ConfigError(
                f"the checkpoint is of another environment or another network: {name} is "
                f"{found.get(name, 'missing')}, here {wanted.get(name, 'unknown')}"
            )
    module.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})


def adam_arrays(optimizer: torch.optim.Optimizer) -> dict[str, NDArray[Any]]:
    """Return copies of the state of an Adam, a group."""
    states = optimizer.state_dict()["state"]
    return {f"{i}/{name}": t.numpy().copy() for i, state in states.items() for name, t in state.items()}


def load_adam(optimizer: torch.optim.Optimizer, arrays: dict[str, NDArray[Any]]) -> None:
    """Put what `adam_arrays` took into `optimizer`."""
    states: dict[int, dict[str, Tensor]] = {}
    for key, array in arrays.items():
        index, name = key.split("/")
        states.setdefault(int(index), {})[name] = torch.from_numpy(array.copy())
    optimizer.load_state_dict({**optimizer.state_dict(), "state": states})


def buffer_arrays(
    buffer: BaseBuffer | None, fields: Sequence[str] = BUFFER_FIELDS
) -> dict[str, NDArray[Any]]:
    """Return the filled part of a replay buffer, a group; not a copy."""
    assert buffer is not None
    size = buffer.size()
    arrays = {name: getattr(buffer, name)[:size] for name in fields}
    return {**arrays, "position": np.array(buffer.pos)}


def load_buffer(
    buffer: BaseBuffer | None, arrays: dict[str, NDArray[Any]], fields: Sequence[str] = BUFFER_FIELDS
) -> None:
    """Put what `buffer_arrays` took into `buffer`; ConfigError when it is too small."""
    assert buffer is not None
    size = len(arrays[fields[0]])
    if size > buffer.buffer_size:
        raise ConfigError(f"buffer_size = {buffer.buffer_size}, the checkpoint's replay buffer holds {size}")
    for name in fields:
        getattr(buffer, name)[:size] = arrays[name]
    buffer.full = size == buffer.buffer_size
    buffer.pos = int(arrays["position"]) if buffer.full else size
