"""A whole build of a small policy for Pendulum, from the policy folder to the Verilated shell."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ganglion.deploy.control.environment import Environment
from ganglion.hw.design.design import Inputs, write_design
from ganglion.hw.engines.folded.plan import plan
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.engines.node import NodeEngine
from ganglion.hw.shell.generate import write_shell
from ganglion.hw.shell.library import build_library
from ganglion.hw.target.board import find_board
from ganglion.hw.target.resources import NOTHING
from ganglion.models.build.files import sha256_file
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.export import write_policy
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.spec.heads import TanhHead
from ganglion.models.spec.policy import Normalizer
from tests.hw.bare import CACHE, build_bare
from tests.networks import random_network

ENV = "Pendulum-v1"
WIDTHS = (3, 9, 1)


def write_pendulum(
    paths: BuildPaths, thresholds: tuple[int, ...] = (), engine: NodeEngine | None = None
) -> BuildPaths:
    """Write a build whose policy acts in Pendulum, without a bit file; return its paths.

    engine: at its default settings; the folded one if not given.
    """
    network = random_network(np.random.default_rng(0), WIDTHS)
    normalizer = Normalizer(features=(0, 1, 2), offset=(0.0,) * 3, gain=(64.0, 64.0, 16.0))
    write_policy(
        QuantNetwork.from_integers(normalizer, network),
        paths.policy,
        name="pendulum",
        env=ENV,
        algorithm="none",
        observations=np.random.default_rng(1).normal(0, 2, (1000, 3)),
        thresholds=thresholds,
        episode_starts=np.arange(1000) % 300 == 0,
        action=TanhHead(exponent=network.spec.output_exponent, low=(-2.0,), high=(2.0,)),
        provenance={},
    )
    policy = sha256_file(paths.policy / "policy.json")
    network = load_policy(paths.policy).network
    made = plan(network, FoldedShape.of(8))
    if engine is not None:
        (made,) = engine.plan([network], engine.settings(), find_board("Pynq-Z2"), NOTHING)
    design = build_bare(made, paths.root).design
    write_design(paths.hw, replace(design, inputs=Inputs(policy={"policy.json": policy})))
    shell = write_shell(paths, design, policy)
    build_library(design, shell.tops["axi_lite"], shell.sources, paths.shell_library, CACHE)
    return paths


def pytorch_returns(folder: Path, env_id: str, seeds: range) -> list[float]:
    """Return the return of an episode from each seed, every action PyTorch's."""
    policy = load_policy(folder)
    spec, returns = policy.spec, list[float]()
    network = QuantNetwork.from_integers(spec.normalizer, policy.network).eval()
    for seed in seeds:
        environment = Environment(env_id, (spec.observation_features,), episodes=1, seed=seed)
        sent = network.start(batch=1)
        while (observation := environment.read()) is not None:
            with torch.no_grad():
                observed = torch.from_numpy(observation[None]).float()
                mean = network.activations(observed, sent)[-1].double().numpy()
            environment.write(spec.action.act(np.ldexp(mean, -spec.action.exponent))[0])
        returns += environment.returns
    return returns
