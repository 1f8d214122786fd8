"""The pipeline from QONNX to generated RTL: golden's integers after each pass, errors that name the place."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganglion.hw.engines.engine import EngineSettings
from ganglion.hw.engines.folded.engine import Folded
from ganglion.hw.engines.folded.settings import FoldedSettings
from ganglion.hw.engines.registry import parse_engines, registered
from ganglion.hw.engines.unrolled.settings import UnrolledSettings
from ganglion.hw.finn.flow import passes_of
from ganglion.hw.finn.golden_check import golden_check
from ganglion.hw.finn.passes.graph import constant, hardware_nodes, layers
from ganglion.hw.finn.passes.infer import InferNodes
from ganglion.hw.finn.passes.pin import PinConstants
from ganglion.hw.finn.passes.pipeline import Pass, run_passes
from ganglion.hw.finn.plugin import ModelWrapper, quietly, use_build_folder
from ganglion.hw.mapping.layout import lay_out
from ganglion.hw.mapping.segments import engine_of_each
from ganglion.hw.target.board import Board, find_board
from ganglion.models.build.errors import MismatchError
from ganglion.models.episodes import forward
from ganglion.models.formats.qonnx_writer import qonnx_model
from ganglion.models.reference import IntNetwork
from tests.networks import random_inputs, random_network

SETTINGS = {"folded": FoldedSettings(lanes=2), "unrolled": UnrolledSettings(), "dense": EngineSettings()}
NETWORKS: dict[str, dict[str, object]] = {
    "smallest": {"widths": (3, 7, 1)},
    "one layer": {"widths": (5, 2)},
    "four layers, 2 to 6 bits": {
        "widths": (6, 9, 8, 12, 2), "weight_bits": 3, "activation_bits": 2, "input_bits": 6, "output_bits": 5,
    },
    "4 bits": {"widths": (5, 13, 3), "weight_bits": 4, "activation_bits": 4},
    "dense": {"widths": (11, 16, 16, 3), "density": 1.0},
    "nearly empty": {"widths": (8, 24, 5), "density": 0.04},
}  # fmt: skip


@pytest.fixture(scope="module")
def board() -> Board:
    return find_board("Pynq-Z2")


@pytest.fixture
def compile_network(tmp_path: Path, board: Board) -> Callable[..., ModelWrapper]:
    """Return a function that runs all passes on a network, checking random vectors after each."""

    def run(
        network: IntNetwork,
        change: Callable[[tuple[Pass, ...]], tuple[Pass, ...]] = lambda passes: passes,
        engine: str = "dense",
    ) -> ModelWrapper:
        chosen = engine_of_each(parse_engines(engine), network.spec)
        settings = {each.name: SETTINGS.get(each.name, FoldedSettings(lanes=2)) for each in chosen}
        layout = lay_out(network, chosen, settings, board)
        inputs, starts = random_inputs(np.random.default_rng(1), network, 8), np.arange(8) % 5 == 0
        names = [layer.name for layer in network.spec.layers]
        golden = {"input": inputs, "episode_start": starts}
        golden |= dict(zip(names, forward(network, inputs, starts), strict=True))
        check = golden_check(layout.network.spec, golden, 8)
        passes = change(passes_of(layout, tmp_path / "nodes"))
        use_build_folder(tmp_path / "finn")
        with quietly(tmp_path / "finn.log"):
            model = ModelWrapper(qonnx_model(layout.network))
            check("read", model)
            return run_passes(model, passes, check)

    return run


def with_layer(network: IntNetwork, index: int, **arrays: np.ndarray) -> IntNetwork:
    """Return the network with the `weights` or `biases` of one layer replaced."""
    changed = {
        name: tuple(value if i == index else old for i, old in enumerate(getattr(network, name)))
        for name, value in arrays.items()
    }
    return replace(network, **changed)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_pass_keeps_golden_integers(name: str, compile_network: Callable[..., ModelWrapper]) -> None:
    network = random_network(np.random.default_rng(0), **NETWORKS[name])  # type: ignore[arg-type]
    nodes = hardware_nodes(compile_network(network))
    assert nodes[0].input.word_values * nodes[0].input.words == network.spec.widths[0]
    assert nodes[-1].output.word_values * nodes[-1].output.words == network.spec.widths[-1]
    assert all(file.is_file() for node in nodes for file in node.files)


@pytest.mark.slow
@given(
    widths=st.lists(st.integers(1, 20), min_size=2, max_size=5),
    weight_bits=st.integers(2, 8),
    activation_bits=st.integers(2, 8),
    input_bits=st.integers(2, 8),
    output_bits=st.integers(2, 8),
    density=st.floats(0.02, 1.0),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_pass_keeps_the_integers_of_random_networks(
    compile_network: Callable[..., ModelWrapper], seed: int, **shape: object
) -> None:
    compile_network(random_network(np.random.default_rng(seed), **shape))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("order", "output_bits"), [("dense,unrolled,dense,folded", 16), ("folded,dense,unrolled,dense", 8)]
)
def test_engines_in_any_order_keep_golden_integers(
    order: str, output_bits: int, compile_network: Callable[..., ModelWrapper]
) -> None:
    rng = np.random.default_rng(8)
    network = random_network(rng, (5, 11, 9, 12, 3), density=0.5, output_bits=output_bits)
    compile_network(network, engine=order)


def test_dead_neurons_and_tiny_scales_survive(
    compile_network: Callable[..., ModelWrapper],
) -> None:
    network = random_network(np.random.default_rng(2), (4, 6, 2), density=0.8)
    weight, bias = network.weights[0].copy(), network.biases[0].copy()
    weight[0] = 0  # a dead neuron: its output is its bias
    bias[2] = 1
    layers_ = tuple(
        replace(layer, weight_exponent=-20, output_exponent=layer.output_exponent - 13 * (index + 1),
                input_exponent=layer.input_exponent - 13 * index)
        for index, layer in enumerate(network.spec.layers)
    )  # fmt: skip
    network = replace(network, spec=replace(network.spec, layers=layers_))
    compile_network(with_layer(network, 0, weights=weight, biases=bias))


def test_layer_without_biases_survives(compile_network: Callable[..., ModelWrapper]) -> None:
    network = random_network(np.random.default_rng(3), (4, 8, 2))
    compile_network(with_layer(network, 0, biases=np.zeros_like(network.biases[0])))


class Stateful(Folded):
    """The folded engine, of which nothing but its node's meaning is asked here."""

    name = "stateful"
    keeps_state = True


def test_states_keep_golden_integers_over_episodes(compile_network: Callable[..., ModelWrapper]) -> None:
    network = random_network(np.random.default_rng(6), (6, 9, 8, 2))
    network = replace(network, spec=replace(network.spec, thresholds=(40, 0, 60)))
    with registered(Stateful()):
        model = compile_network(network, engine="stateful")
    assert [len(node.output) for node in model.graph.node] == [3]
    assert len(model.graph.input) == len(model.graph.output) == 1


def test_a_wrong_threshold_of_a_node_is_found(compile_network: Callable[..., ModelWrapper]) -> None:
    class Saboteur:
        name = "sabotage"

        def apply(self, model: ModelWrapper) -> ModelWrapper:
            (attribute,) = [each for each in model.graph.node[0].attribute if each.name == "network"]
            attribute.s = attribute.s.replace(b"[40, 0, 60]", b"[90, 0, 60]")
            return model

    network = random_network(np.random.default_rng(6), (6, 9, 8, 2))
    network = replace(network, spec=replace(network.spec, thresholds=(40, 0, 60)))
    with registered(Stateful()), pytest.raises(MismatchError, match=r"pass sabotage: fc3: vector \d+"):
        compile_network(
            network,
            change=lambda passes: _after(passes, InferNodes, Saboteur()),
            engine="stateful",
        )


def _after(passes: tuple[Pass, ...], kind: type, inserted: Pass) -> tuple[Pass, ...]:
    """Return the passes up to the one of this kind, and one more."""
    index = next(index for index, each in enumerate(passes) if isinstance(each, kind))
    return (*passes[: index + 1], inserted)


def test_changed_weight_is_named_with_pass_layer_and_values(
    compile_network: Callable[..., ModelWrapper],
) -> None:
    class Saboteur:
        name = "sabotage"

        def apply(self, model: ModelWrapper) -> ModelWrapper:
            mvau, _ = layers(model)[1]
            model.set_initializer(mvau.input[1], constant(model, mvau.input[1]) + 1)
            return model

    network = random_network(np.random.default_rng(4), (4, 8, 2))
    with pytest.raises(
        MismatchError, match=r"pass sabotage: fc2: vector \d+, neuron \d+: expected -?\d+, got -?\d+"
    ):
        compile_network(network, change=lambda passes: _after(passes, PinConstants, Saboteur()))


def test_a_wrong_parameter_of_an_engines_node_is_found(compile_network: Callable[..., ModelWrapper]) -> None:
    class Saboteur:
        name = "sabotage"

        def apply(self, model: ModelWrapper) -> ModelWrapper:
            model.set_initializer("folded_1_fc2_bias", constant(model, "folded_1_fc2_bias") + 5000)
            return model

    network = random_network(np.random.default_rng(4), (4, 8, 5, 2))
    with pytest.raises(MismatchError, match=r"pass sabotage: fc2: vector \d+, neuron \d+: expected -?\d+"):
        compile_network(
            network,
            change=lambda passes: _after(passes, InferNodes, Saboteur()),
            engine="unrolled,folded,dense",
        )
