"""The policy's two host ends equal the reference bit for bit, allocate nothing, and refuse what is wrong."""

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ganglion.deploy.action import MAX_TABLE_BITS, ActionDecoder
from ganglion.deploy.bundle.contents import host_ends
from ganglion.deploy.bundle.golden import board_golden
from ganglion.deploy.fields import Fields
from ganglion.deploy.host_ends import ArgmaxAction, FrameObservation, HostEnds, RealObservation, TanhAction
from ganglion.deploy.observation import ObservationEncoder, ObservationError
from ganglion.deploy.register_map import Window
from ganglion.models.formats.policy_folder import Policy, load_policy
from ganglion.models.random_cnn import write_random_cnn
from ganglion.models.reference import quantize_observation
from ganglion.models.spec.heads import ActionHead, ArgmaxHead, TanhHead
from ganglion.models.spec.policy import Normalizer
from ganglion.models.spec.types import IntType
from tests.deploy.manifests import window_json
from tests.hw.toy import TOY_CNN, write_toy_cnn

TYPES = ("INT8", "UINT8", "INT4", "INT2", "INT9", "UINT12", "INT16", "INT24")
HOPPER_LIKE = Normalizer(
    features=tuple(range(9)), offset=tuple(np.linspace(-2, 2, 9).tolist()), gain=(256.0,) * 4 + (0.1,) * 5
)


def encoder(normalizer: Normalizer, kind: IntType, observation_features: int) -> ObservationEncoder:
    host = HostEnds(
        observation=RealObservation(
            observation_features=observation_features,
            features=normalizer.features,
            offset=normalizer.offset,
            gain=normalizer.gain,
        ),
        low=kind.low,
        high=kind.high,
        action=ArgmaxAction(exponent=0, n_actions=1),
    )
    return ObservationEncoder.of(host, Window(**window_json(0, len(normalizer.features), kind)))


def decoder(head: ActionHead, kind: IntType) -> ActionDecoder:
    window = Window(**window_json(0, head.n_outputs, kind))
    if isinstance(head, TanhHead):
        return ActionDecoder.of(TanhAction(exponent=head.exponent, low=head.low, high=head.high), window)
    return ActionDecoder.of(ArgmaxAction(exponent=head.exponent, n_actions=head.n_outputs), window)


FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(
    observation=arrays(np.float32, 5, elements=FINITE),
    offset=st.tuples(FINITE, FINITE, FINITE),
    gain=st.tuples(*[st.floats(2.0**-40, 2.0**40)] * 3),
    kind=st.sampled_from(TYPES).map(IntType.parse),
)
def test_any_observation_becomes_the_reference_s_integers(
    observation: np.ndarray, offset: Any, gain: Any, kind: IntType
) -> None:
    normalizer = Normalizer(features=(4, 0, 3), offset=offset, gain=gain)
    ours = encoder(normalizer, kind, 5)
    with np.errstate(over="ignore"):
        ours.encode(observation)
        expected = quantize_observation(observation, normalizer, kind)
    assert np.array_equal(ours.integers, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_observations_near_every_rounding_step_equal_the_reference(dtype: type) -> None:
    rng, kind = np.random.default_rng(0), IntType.parse("INT8")
    ours = encoder(HOPPER_LIKE, kind, 11)
    steps = rng.integers(-140, 140, (2000, 11)) + rng.choice([0, 0.5, -0.5, 1e-7, 0.4999999], (2000, 11))
    observations = np.zeros((2000, 11), dtype=dtype)
    observations[:, :9] = steps[:, :9] / HOPPER_LIKE.gain + HOPPER_LIKE.offset
    for observation, expected in zip(
        observations, quantize_observation(observations, HOPPER_LIKE, kind), strict=True
    ):
        ours.encode(observation)
        assert np.array_equal(ours.integers, expected)


def test_values_lie_in_containers_of_whole_little_endian_words() -> None:
    identity = Normalizer(features=(0, 1, 2), offset=(0.0,) * 3, gain=(1.0,) * 3)
    narrow, wide = encoder(identity, IntType.parse("INT4"), 3), encoder(identity, IntType.parse("INT9"), 3)
    for ours in (narrow, wide):
        ours.encode(np.array([-1.0, 2.0, -3.0]))
    assert narrow.words.tolist() == [0x00FD02FF]
    assert wide.words.tolist() == [0x0002FFFF, 0x0000FFFD]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("exponent", [-6, 0, 3, -64, 64])
def test_every_integer_becomes_the_head_s_action(kind: str, exponent: int) -> None:
    int_type = IntType.parse(kind)
    head = TanhHead(exponent=exponent, low=(-1.0, -0.4, 3.0e-5, -3.0e38), high=(1.0, 0.4, 7.1e30, 3.0e38))
    ours = decoder(head, int_type)
    values = np.arange(int_type.low, int_type.high + 1, 1 << max(0, int_type.bits - MAX_TABLE_BITS))
    with np.errstate(over="ignore"):
        expected = head.act(np.repeat(values[:, None], 4, axis=1))
        for value, action in zip(values, expected, strict=True):
            ours.integers[...] = value
            decoded = ours.decode()
            assert decoded.dtype == np.float32 and np.array_equal(decoded, action), value


@given(values=arrays(np.int8, 4, elements=st.integers(-3, 3)))
def test_the_first_of_the_largest_is_chosen(values: np.ndarray) -> None:
    head = ArgmaxHead(exponent=0, n_actions=4)
    ours = decoder(head, IntType.parse("INT8"))
    ours.integers[...] = values
    assert ours.decode() == head.act(values[None].astype(np.int64))[0]


@pytest.mark.parametrize("kind", ["INT8", "INT24"])
def test_a_call_allocates_no_array(kind: str) -> None:
    ours = encoder(HOPPER_LIKE, IntType.parse("INT8"), 11)
    head = decoder(TanhHead(exponent=-6, low=(-1.0,) * 200, high=(1.0,) * 200), IntType.parse(kind))
    observation = np.ones(11)

    def call() -> None:
        ours.encode(observation)
        head.decode()

    call()
    tracemalloc.start()
    try:
        call()
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(100):
            call()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 200, "a call leaves memory behind"
    assert peak - before < 1000, "of 200 float32 or float64, an array would be more"


OBSERVATION = np.ones(11)


@pytest.mark.parametrize(
    ("observation", "said"),
    [
        (np.ones(10), r"shape \(10,\), expected \(11,\)"),
        (np.ones((1, 11)), r"shape \(1, 11\), expected \(11,\)"),
        (np.where(np.arange(11) == 4, np.nan, OBSERVATION), "feature 4 is nan, expected finite"),
        (np.where(np.arange(11) == 10, np.inf, OBSERVATION), "feature 10 is inf, expected finite"),
        (np.where(np.arange(11) == 10, -np.inf, OBSERVATION).astype(np.float32), "feature 10 is -inf"),
        (np.ones(11, dtype=np.int64), "ndarray of int64; expected an array of float32 or float64"),
        (np.ones(11, dtype=np.float16), "ndarray of float16; expected"),
        (np.array(["a"] * 11), "ndarray of <U1; expected"),
        ([1.0] * 11, "list; expected an array"),
        (None, "NoneType; expected an array"),
    ],
)
def test_a_wrong_observation_is_refused(observation: Any, said: str) -> None:
    with pytest.raises(ObservationError, match=said):
        encoder(HOPPER_LIKE, IntType.parse("INT8"), 11).encode(observation)


def test_what_float32_cannot_hold_is_refused() -> None:
    with np.errstate(over="ignore"), pytest.raises(ObservationError, match="feature 0 is inf"):
        encoder(HOPPER_LIKE, IntType.parse("INT8"), 11).encode(
            np.where(np.arange(11) == 0, 1e300, OBSERVATION)
        )


def encoder_of(policy: Policy, channels: int = 1) -> ObservationEncoder:
    """Return the encoder of a policy's bundle."""
    spec = policy.spec
    window = Window(**window_json(0, spec.network.step_width, spec.network.input_type))
    return ObservationEncoder.of(HostEnds.read(Fields(host_ends(spec, channels), "host")), window)


def test_of_stacked_frames_the_newest_is_sent_as_it_is(tmp_path: Path) -> None:
    policy = write_toy_cnn(tmp_path)
    ours, golden = encoder_of(policy), board_golden(policy.spec, policy.golden)
    assert golden["observation"].shape[1:] == TOY_CNN.shape[1:]
    ours.encode(golden["observation"][3])
    np.testing.assert_array_equal(ours.integers, golden["input"][3])
    np.testing.assert_array_equal(ours.integers, policy.golden["observation"][3])


def test_a_map_is_sent_with_channels_last_to_an_accelerator_that_reads_it_so(tmp_path: Path) -> None:
    write_random_cnn(tmp_path, "Random-v0", replace(TOY_CNN, frame_stack=1), sparsity=0.5, seed=0)
    policy, channels = load_policy(tmp_path), TOY_CNN.shape[0]
    ours, golden = encoder_of(policy, channels), board_golden(policy.spec, policy.golden, channels)
    stack = golden["observation"][3]
    ours.encode(stack)
    np.testing.assert_array_equal(ours.integers, np.moveaxis(stack, 0, -1).ravel())
    np.testing.assert_array_equal(ours.integers, golden["input"][3])


def frame_encoder(frame: tuple[int, ...]) -> ObservationEncoder:
    kind = IntType.parse("UINT8")
    host = HostEnds(
        observation=FrameObservation(frame=frame),
        low=kind.low,
        high=kind.high,
        action=ArgmaxAction(exponent=0, n_actions=1),
    )
    return ObservationEncoder.of(host, Window(**window_json(0, host.observation.values, kind)))


def test_a_frame_s_pixels_fill_the_words_in_their_order() -> None:
    ours = frame_encoder((2, 3))
    ours.encode(np.array([[1, 2, 3], [254, 255, 0]], dtype=np.uint8))
    assert ours.words.tolist() == [0xFE030201, 0x000000FF]
    assert ours.integers.tolist() == [1, 2, 3, 254, 255, 0]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (np.zeros((2, 3)), "ndarray of float64; expected an array of uint8"),
        (np.zeros((3, 2), np.uint8), r"shape \(3, 2\), expected \(2, 3\)"),
        (np.zeros((1, 2, 3), np.uint8), r"shape \(1, 2, 3\)"),
        ([[1, 2, 3], [4, 5, 6]], "list; expected"),
    ],
)
def test_a_frame_of_another_shape_or_type_is_refused(frame: Any, said: str) -> None:
    with pytest.raises(ObservationError, match=said):
        frame_encoder((2, 3)).encode(frame)
