"""A small hand-written accelerator, 4 to 6 to 3 features, with a tap a layer and faults on demand."""

import atexit
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.design import Design, Inputs, Port, write_design
from ganglion.hw.engines.node import NodePlan
from ganglion.hw.sim.harness import Bench
from ganglion.hw.target.board import find_board
from ganglion.models.build.files import sha256_file, write_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.export import write_policy
from ganglion.models.formats.policy_folder import Policy, load_policy
from ganglion.models.layers import Dense
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.random_cnn import Cnn, Conv, ResNet, random_cnn, write_random_cnn
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.heads import TanhHead
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.policy import Normalizer
from ganglion.models.spec.types import IntType
from tests.hw.bare import bench_of, build_bare, share_simulators

RTL = Path(__file__).parent / "rtl"
SOURCES = ("toy_layer.sv", "toy_top.sv")
INT8, UINT8 = IntType.parse("INT8"), IntType.parse("UINT8")
SOUND, WRONG_NEURON, DROPS_WORD, UNSTABLE, STOPS, IGNORES_RESET, KEEPS_SENT, WAITS_FOR_READY = range(8)
THRESHOLDS = (20, 9)
"""Of which both layers hold back some of what random inputs change."""
TOY_CNN = Cnn(
    shape=(2, 12, 12),
    convs=(Conv(channels=4, kernel=3, stride=2), Conv(channels=4, kernel=3)),
    widths=(8, 3),
    frame_stack=2,
)
"""Two frames of 12 x 12, maps of 5 x 5 and 3 x 3."""
TOY_RESNET = ResNet(shape=(2, 12, 12), channels=(2,), widths=(8, 3), frame_stack=2)
"""Two frames of 12 x 12; a convolution, a pooling to 6 x 6, and two residual blocks."""


def toy_cnn(sparsity: float = 0.5, seed: int = 0) -> IntNetwork:
    """Return the integers of the small network with convolutions."""
    return random_cnn(np.random.default_rng(seed), TOY_CNN, sparsity)


def write_toy_cnn(
    folder: Path, sparsity: float = 0.5, env: str = "Random-v0", cnn: Cnn | ResNet = TOY_CNN
) -> Policy:
    """Write a policy folder around the small network with convolutions, or another; return it."""
    write_random_cnn(folder, env, cnn, sparsity, seed=0)
    return load_policy(folder)


def toy_network(exponent: int = 0, thresholds: tuple[int, int] | None = None) -> IntNetwork:
    """Return the integers that the toy computes, of inputs in units of 2**exponent."""
    rng = np.random.default_rng(7)
    first = _layer("fc1", 4, 6, UINT8, shift=7, exponent=exponent)
    layers = (first, _layer("fc2", 6, 3, INT8, shift=9, exponent=exponent + 7))
    shapes = [(layer.out_features, layer.in_features) for layer in layers]
    return IntNetwork(
        spec=NetworkSpec(input_type=INT8, layers=layers, thresholds=thresholds),
        weights=tuple(rng.integers(-127, 128, shape) for shape in shapes),
        biases=tuple(rng.integers(-500, 500, shape[0]) for shape in shapes),
    )


def _layer(name: str, ins: int, outs: int, kind: IntType, shift: int, exponent: int) -> Dense:
    return Dense(
        name=name,
        in_features=ins,
        out_features=outs,
        weight_type=INT8,
        output_type=kind,
        input_exponent=exponent,
        weight_exponent=0,
        output_exponent=exponent + shift,
    )


def toy_design(root: Path, fault: int = SOUND, thresholds: tuple[int, int] | None = None) -> Design:
    """Return the toy as compile would leave it in `root`, memories included."""
    network = toy_network()
    (root / "mem").mkdir(parents=True, exist_ok=True)
    for layer, weight, bias in zip(network.spec.layers, network.weights, network.biases, strict=True):
        rows = np.hstack([weight, bias[:, None]]).ravel()
        text = "".join(f"{int(value) & 0xFFFFFFFF:08x}\n" for value in rows)
        (root / "mem" / f"{layer.name}.dat").write_text(text)
    (root / "mem" / "thresholds.dat").write_text("".join(f"{each:x}\n" for each in thresholds or (0, 0)))
    (root / "mem" / "fault.dat").write_text(f"{fault:x}\n")
    (root / "rtl").mkdir(exist_ok=True)
    for source in SOURCES:
        shutil.copy(RTL / source, root / "rtl")
    return Design(
        root=root,
        name="toy",
        engine="toy",
        board=find_board("Pynq-Z2"),
        top="toy_top",
        sources=tuple(f"rtl/{source}" for source in SOURCES),
        memories={},
        input=_port("s_axis", INT8, 4, 2),
        output=_port("m_axis", INT8, 3, 3),
        taps=(_port("tap0", UINT8, 6, 2, "fc1"), _port("tap1", INT8, 3, 3, "fc2")),
    )


def with_features(design: Design, features: int) -> Design:
    """Return a design, as far as its description goes, whose observations have so many features."""
    port = design.input
    words = -(-features // port.format.word_values)
    return replace(design, input=replace(port, format=replace(port.format, features=features, words=words)))


def _port(prefix: str, kind: IntType, features: int, word_values: int, layer: str = "") -> Port:
    words = -(-features // word_values)
    stream = StreamFormat(
        type=kind, features=features, word_values=word_values, words=words, width_bits=8 * word_values
    )
    return Port(prefix=prefix, format=stream, layer=layer)


def toy_bench(root: Path, fault: int = SOUND, thresholds: tuple[int, int] | None = None) -> Bench:
    """Return the compiled toy with one of the faults above."""
    return bench_of(toy_design(root, fault, thresholds), 2000)


def write_toy_policy(
    folder: Path, env: str, input_exponent: int = 0, thresholds: tuple[int, int] | None = None
) -> Policy:
    """Write the toy's policy folder for an environment of 4 observations and 3 actions; return it."""
    shutil.copytree(_exported_policy(env, input_exponent, thresholds), folder)
    return load_policy(folder)


@cache
def _exported_policy(env: str, input_exponent: int, thresholds: tuple[int, int] | None) -> Path:
    """Return a folder with the policy; exporting takes seconds, so it is done once."""
    folder = Path(tempfile.mkdtemp(prefix="toy-policy-"))
    normalizer = Normalizer(features=(0, 1, 2, 3), offset=(0.0,) * 4, gain=(32.0,) * 4)
    network = toy_network(input_exponent, thresholds)
    write_policy(
        QuantNetwork.from_integers(normalizer, network),
        folder,
        name="toy",
        env=env,
        algorithm="none",
        observations=np.random.default_rng(1).normal(0, 2, (40, 4)),
        action=TanhHead(exponent=network.spec.output_exponent, low=(-1.0,) * 3, high=(1.0,) * 3),
        provenance={},
        episode_starts=np.arange(40) % 15 == 0,
    )
    atexit.register(shutil.rmtree, folder)
    return folder


def write_toy_build(
    paths: BuildPaths, fault: int = SOUND, thresholds: tuple[int, int] | None = None
) -> BuildPaths:
    """Write hw.json and the files it names, for the policy that is there; return `paths`."""
    if not (paths.policy / "policy.json").exists():
        write_json(paths.policy / "policy.json", {})
    return _write_hw(paths, toy_design(paths.root, fault, thresholds))


def write_toy_node(plan: NodePlan, build: Path) -> BuildPaths:
    """Write the toy's policy and, as its hardware, an engine's plan of its network into a build folder."""
    paths = BuildPaths.of("toy", build)
    share_simulators(paths)
    write_toy_policy(paths.policy, "Hopper-v4")
    return _write_hw(paths, build_bare(plan, paths.root).design)


def _write_hw(paths: BuildPaths, design: Design) -> BuildPaths:
    policy = {"policy.json": sha256_file(paths.policy / "policy.json")}
    write_design(paths.hw, replace(design, inputs=Inputs(policy=policy)))
    return paths
