"""VecNormalize's observation statistics: where they lie beside a zip, and whether a zip needs them."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.vec_env import VecNormalize
from torch import Tensor

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.spelling import spelled
from ganglion.models.spec.policy import Normalizer
from ganglion.training.pickles import read_pickle

log = logging.getLogger(__name__)

NONE = "none"
"""What a user gives instead of a file for a zip that was trained on raw observations."""
_NAMES = ("vecnormalize.pkl", "vec_normalize.pkl")
_SAME = 1e-4
_STATISTICS = ("mean", "var", "count")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standardizer:
    """VecNormalize's observations: clip((observation - mean) / std, -limit, limit), rounded to float32."""

    mean: Tensor
    """[observation] float64"""
    std: Tensor
    """[observation] float64, VecNormalize's epsilon included."""
    limit: float

    @classmethod
    def of(cls, saved: Any) -> "Standardizer":
        """Return what a VecNormalize, or what its file holds, makes of observations."""
        mean, variance = (np.array(values, np.float64) for values in (saved.obs_rms.mean, saved.obs_rms.var))
        return cls(
            mean=torch.from_numpy(mean),
            std=torch.from_numpy((variance + saved.epsilon) ** 0.5),
            limit=float(saved.clip_obs),
        )

    def __call__(self, observation: Tensor) -> Tensor:
        """Return what the network reads, as VecNormalize computes it: [n, observation] → same, float32."""
        return ((observation - self.mean) / self.std).clamp(-self.limit, self.limit).float()

    def folded(self, normalizer: Normalizer) -> Normalizer:
        """Return what makes of raw observations the integers that `normalizer` makes of standardized ones.

        The clip is in it when `normalizer` saturates within the limit (`calibrate`'s): what lies beyond then
        saturates too. Offsets and gains are rounded to float32 once.
        """
        mean, std = (values[list(normalizer.features)].numpy() for values in (self.mean, self.std))
        offset, gain = np.array(normalizer.offset), np.array(normalizer.gain)
        return replace(
            normalizer,
            offset=tuple((mean + offset * std).astype(np.float32).tolist()),
            gain=tuple((gain / std).astype(np.float32).tolist()),
        )


def statistics_arrays(env: VecNormalize) -> dict[str, NDArray[np.float64]]:
    """Return copies of the running statistics of observations and of discounted rewards."""
    running = {"observation": env.obs_rms, "return": env.ret_rms}
    return {
        f"{name}_{key}": np.array(getattr(statistics, key), np.float64)
        for name, statistics in running.items()
        for key in _STATISTICS
    }


def load_statistics(env: VecNormalize, arrays: Mapping[str, NDArray[np.float64]]) -> None:
    """Put what `statistics_arrays` returned back."""
    for name, statistics in (("observation", env.obs_rms), ("return", env.ret_rms)):
        for key in _STATISTICS:
            value = arrays[f"{name}_{key}"]
            setattr(statistics, key, value.copy() if value.ndim else float(value))


def read_vecnormalize(path: Path, env: gym.Env[Any, Any]) -> Standardizer | None:
    """Return the observation statistics in VecNormalize's file, or None when it normalizes only rewards."""
    try:
        saved = read_pickle(path)
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing; give VecNormalize's file, or {NONE}") from None
    except Exception as error:  # a damaged pickle raises anything
        raise ConfigError(f"{path} is truncated or not VecNormalize's file ({error})") from None
    name = getattr(saved, "stored_class", type(saved).__name__)
    if not name.endswith(".VecNormalize"):
        raise ConfigError(f"{path} holds a {name}, expected VecNormalize's file")
    if not saved.norm_obs:
        return None
    mean, variance = (np.asarray(getattr(saved.obs_rms, key, ())) for key in ("mean", "var"))
    shape = env.observation_space.shape
    if not mean.shape == variance.shape == shape:
        raise ConfigError(
            f"{path}: observations of shape {mean.shape}, the environment's: {shape}; "
            f"give {spelled('vecnormalize', '<file>')} if another belongs to the zip"
        )
    return Standardizer.of(saved)


def find_vecnormalize(path: Path) -> list[Path]:
    """Return the files of statistics that may belong to a zip, those that surely do alone.

    stable-baselines3's CheckpointCallback writes <prefix>_vecnormalize_<n>_steps.pkl beside
    <prefix>_<n>_steps.zip; its documentation and rl-zoo write one beside the zip, in the folder of the zip's
    name or in <env>_<number>/<env>/.
    """
    if step := re.fullmatch(r"(.*)_(\d+_steps)", path.stem):
        own = path.with_name(f"{step[1]}_vecnormalize_{step[2]}.pkl")
        if own.exists():
            return [own]
    zoo_name = re.sub(r"_\d+$", "", path.absolute().parent.name)
    folders = dict.fromkeys((path.parent, path.with_suffix(""), path.parent / zoo_name))
    found = [folder / name for folder in folders for name in _NAMES if (folder / name).exists()]
    return found or sorted(path.parent.glob("*_vecnormalize_*_steps.pkl"))


def choose_vecnormalize(
    path: Path, model: BaseAlgorithm, asked: str | None, env: gym.Env[Any, Any]
) -> Path | None:
    """Return the statistics that the policy in zip `path` was trained with, or None; doubt is a ConfigError.

    asked: a file or "none", which decide; None looks beside the zip.
    """
    if asked is not None:
        return None if asked == NONE else Path(asked)
    found = find_vecnormalize(path)
    certain = [file for file in found if _made(file, model, env)]
    if len(certain) == 1:
        return certain[0]
    needed = trained_normalized(model)
    if needed and len(found) == 1:
        return found[0]
    if not needed and not found:
        return None
    named = ", ".join(map(str, found)) or "no such file lies beside it"
    if needed is False:
        log.info("%s was trained on raw observations; %s is not used", path, named)
        return None
    says = (
        "was trained with VecNormalize" if needed else "does not say whether it was trained with VecNormalize"
    )
    raise ConfigError(
        f"{path} {says}, and which file is its own is not certain ({named}): "
        f"give {spelled('vecnormalize', '<file>')}, or {spelled('vecnormalize', NONE)} for raw observations"
    )


def trained_normalized(model: BaseAlgorithm) -> bool | None:
    """Return whether a policy was trained on VecNormalize's observations; None where its zip does not say.

    stable-baselines3 keeps the last observation and, as `_last_original_obs`, what it was before
    normalization: on-policy algorithms only with VecNormalize; off-policy ones always, without it the
    observation before. VecNormalize's are float32, MuJoCo's own float64.
    """
    last, original = cast(Any, model)._last_obs, cast(Any, model)._last_original_obs
    if last is None:
        return None
    if isinstance(model, OnPolicyAlgorithm):
        return original is not None
    if last.dtype != original.dtype:
        return True
    return None if last.dtype == np.float32 and not np.array_equal(last, original) else False


def _made(file: Path, model: BaseAlgorithm, env: gym.Env[Any, Any]) -> bool:
    """Return whether the statistics in `file` make the model's last observation of the original one."""
    last, original = cast(Any, model)._last_obs, cast(Any, model)._last_original_obs
    try:
        standardizer = read_vecnormalize(file, env)
    except ConfigError:  # another environment's
        return False
    if standardizer is None or last is None or original is None:
        return False
    made = standardizer(torch.from_numpy(original).float())
    return bool((made - torch.from_numpy(last).float()).abs().max() < _SAME)
