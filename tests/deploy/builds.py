"""A whole build of a small policy for Pendulum, from the policy folder to the Verilated shell."""

from dataclasses import replace

import numpy as np

from ganglion.hw.design.design import Inputs, write_design
from ganglion.hw.engines.folded.plan import plan
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.shell.generate import write_shell
from ganglion.hw.shell.library import build_library
from ganglion.models.build.files import sha256_file
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.export import write_policy
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.spec.heads import TanhHead
from ganglion.models.spec.policy import Normalizer
from tests.hw.bare import CACHE, build_bare
from tests.networks import random_network

ENV = "Pendulum-v1"
WIDTHS = (3, 9, 1)


def write_pendulum(paths: BuildPaths) -> BuildPaths:
    """Write a build whose policy acts in Pendulum, without a bit file; return its paths."""
    network = random_network(np.random.default_rng(0), WIDTHS)
    normalizer = Normalizer(features=(0, 1, 2), offset=(0.0,) * 3, gain=(64.0, 64.0, 16.0))
    write_policy(
        QuantNetwork.from_integers(normalizer, network),
        paths.policy,
        name="pendulum",
        env=ENV,
        algorithm="none",
        observations=np.random.default_rng(1).normal(0, 2, (1000, 3)),
        action=TanhHead(exponent=network.spec.output_exponent, low=(-2.0,), high=(2.0,)),
        provenance={},
    )
    policy = sha256_file(paths.policy / "policy.json")
    design = build_bare(plan(network, FoldedShape.of(8)), paths.root).design
    write_design(paths.hw, replace(design, inputs=Inputs(policy={"policy.json": policy})))
    shell = write_shell(paths, design, policy)
    build_library(design, shell.tops["axi_lite"], shell.sources, paths.shell_library, CACHE)
    return paths
