"""DQN's state in a stable-baselines3 zip, read without unpickling anything: to go on with its training."""

import io
import zipfile
from pathlib import Path
from typing import Any, cast

import torch
from gymnasium import spaces
from torch import Tensor, nn

from ganglion.models.build.errors import ConfigError
from ganglion.training.algorithms.dqn import Dqn
from ganglion.training.algorithms.value_network import DuelingNetwork
from ganglion.training.sb3_zip import read_json_of

_FIRST_CONVOLUTION = "features_extractor.cnn.0.weight"
_PIXEL_SCALES = 256 / 255
"""Stable-baselines3 divides pixels by 255, `PixelCnn` by 256."""


def take_up_zip(model: Dqn, path: Path) -> int:
    """Put a zip's networks and optimizer into `model`; return the environment steps that it has done.

    Its replay buffer is not in it. A missing or damaged zip, one of another algorithm, other actions, other
    frames or another architecture raises ConfigError.
    """
    data, policy, adam = _read(path)
    _require_same_spaces(path, data, model)
    for network, name in ((model.q_net, "q_net"), (model.q_net_target, "q_net_target")):
        _load(path, network, {key: t for key, t in policy.items() if key.startswith(f"{name}.")}, name)
    # A value head, which the zip lacks, comes last: its Adam begins anew.
    groups = model.policy.optimizer.state_dict()
    model.policy.optimizer.load_state_dict({**groups, "state": adam["state"]})
    steps = int(data["num_timesteps"])
    model.explored(steps)
    model.act_through(None)
    return steps


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor], dict[str, Any]]:
    """Return the zip's description, its policy's tensors and its optimizer's state."""
    data = read_json_of(path)
    module = data["policy_class"]["__module__"]
    if module != "stable_baselines3.dqn.policies":
        raise ConfigError(
            f"{path}: its policy is of {module}, but the settings are DQN's, which take a DQN's zip only"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            policy, adam = (
                torch.load(io.BytesIO(archive.read(name)), map_location="cpu", weights_only=True)
                for name in ("policy.pth", "policy.optimizer.pth")
            )
    except Exception as error:  # zipfile and torch both have their own ways to say "damaged"
        raise ConfigError(f"{path} is truncated or no zip of stable-baselines3 ({error})") from None
    return data, policy, adam


def _require_same_spaces(path: Path, data: dict[str, Any], model: Dqn) -> None:
    ours = cast(spaces.Discrete, model.action_space).n
    theirs = data.get("action_space", {}).get("n")
    if str(theirs) != str(ours):
        raise ConfigError(f"{path}: {theirs} actions, the environment has {ours}; give the zip of this game")
    shape = str(list(model.observation_space.shape or ())).replace(" ", "")
    described = data.get("observation_space", {})
    found = str(described.get("_shape") or described.get("shape"))
    found = found.replace("(", "[").replace(",)", "]").replace(")", "]").replace(" ", "")
    if found != shape:
        raise ConfigError(f"{path}: observations of {found}, here {shape}; other frames or another stack")


@torch.no_grad()
def _load(path: Path, network: nn.Module, named: dict[str, Tensor], prefix: str) -> None:
    tensors = {key.removeprefix(f"{prefix}."): tensor for key, tensor in named.items()}
    wanted = {key: t.shape for key, t in network.state_dict().items() if not key.startswith("value.")}
    if {key: tensor.shape for key, tensor in tensors.items()} != wanted:
        layers = [list(tensor.shape) for key, tensor in tensors.items() if key.endswith("weight")]
        ours = [list(shape) for key, shape in wanted.items() if key.endswith("weight")]
        raise ConfigError(f"{path}: layers of {layers}, here {ours}; set hidden, or give another zip")
    if _FIRST_CONVOLUTION in tensors:
        tensors[_FIRST_CONVOLUTION] = tensors[_FIRST_CONVOLUTION] * _PIXEL_SCALES
    network.load_state_dict(tensors, strict=False)
    if isinstance(network, DuelingNetwork):
        network.split_value()
