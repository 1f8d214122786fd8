"""Stage: environment steps per CPU second of ours against SB3's SAC and DQN, alternately in one run."""

import time
import timeit
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from stable_baselines3 import SAC

from ganglion.models.build.files import merge_json
from ganglion.models.build.paths import BENCH_FILE, BUILD
from ganglion.training.algorithms.sac import new_sac
from ganglion.training.bench_games import alternate, measure_games
from ganglion.training.config import load_config
from ganglion.training.envs import make_env
from ganglion.training.learner import quantize
from ganglion.training.threads import use_one_fast_thread

_ENVIRONMENT = "Hopper"
_N_ROUNDS = 5
_N_STEPS = 400
_N_WARM_UP = 1_000
_N_PRODUCTS, _PRODUCT_WIDTH = 200, 256


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchSettings:
    """Where the measurement goes."""

    build: Path = BUILD
    """The folder of bench.json, whose sections "training" and "training_games" are replaced."""


def measure() -> dict[str, Any]:
    """Return steps per CPU second on one thread, the best of alternating rounds: SB3's, ours, ours in int8.

    SB3 runs as its user would have it: its defaults, one update a step, torch's default float32 product.
    """
    config = load_config(_ENVIRONMENT)
    precision = torch.get_float32_matmul_precision()
    use_one_fast_thread()
    fast_precision = torch.get_float32_matmul_precision()
    dense, int8 = (new_sac(config, seed=0) for _ in range(2))
    plain = SAC("MlpPolicy", make_env(config.env_id), seed=0, learning_starts=_N_WARM_UP, device="cpu")
    for model in (dense, int8, plain):
        model.learning_starts = _N_WARM_UP
        model.learn(_N_WARM_UP)
    quantize(int8, _N_WARM_UP, config.quant)
    contestants = {
        "stable_baselines3": (plain, precision),
        "ganglion": (dense, fast_precision),
        "ganglion_int8": (int8, fast_precision),
    }
    seconds = alternate(contestants, _N_ROUNDS, _N_STEPS)
    rates = {name: round(_N_STEPS / min(rounds), 1) for name, rounds in seconds.items()}
    products = {"stable_baselines3": _product_rate(precision), "ganglion": _product_rate(fast_precision)}
    return {
        "env_id": config.env_id,
        "batch_size": config.batch_size,
        "hidden": list(config.hidden),
        "updates_per_step": 1,
        "steps_per_cpu_second": rates,
        "product_gflops": products,
        "speedup": round(rates["ganglion"] / rates["stable_baselines3"], 2),
    }


def _product_rate(precision: str) -> float:
    """Return the GFLOP per CPU second of products of [256, 256], in which SAC spends most of its time.

    Of both contestants, to tell how much of the speedup is this CPU's (see `use_one_fast_thread`).
    """
    torch.set_float32_matmul_precision(precision)
    a, b = torch.randn(2, _PRODUCT_WIDTH, _PRODUCT_WIDTH).unbind()
    seconds = timeit.repeat(
        lambda: torch.mm(a, b), timer=time.process_time, number=_N_PRODUCTS, repeat=_N_ROUNDS
    )
    return round(_N_PRODUCTS * 2 * _PRODUCT_WIDTH**3 / min(seconds) / 1e9, 1)


def run(settings: BenchSettings) -> None:
    """Measure, record and print."""
    result, games = measure(), measure_games()
    merge_json(settings.build / BENCH_FILE, {"training": result, "training_games": games})
    rates = result["steps_per_cpu_second"]
    print(f"training: {rates['ganglion']:g} steps per CPU second ({rates['ganglion_int8']:g} in int8),")
    print(f"  stable-baselines3's SAC {rates['stable_baselines3']:g}: {result['speedup']:g} times as fast;")
    products = result["product_gflops"]
    print(f"  a matrix product: {products['ganglion']:g} GFLOP/s, {products['stable_baselines3']:g} in SB3's")
    rates = games["steps_per_cpu_second"]
    print(f"games: {rates['ganglion']:g} agent steps per CPU second ({games['env_id']}),")
    print(f"  stable-baselines3's DQN {rates['stable_baselines3']:g}: {games['speedup']:g} times as fast")
