"""A policy on the Verilated shell: equal to the reference, and a clear error for whatever is wrong."""

import gc
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ganglion.deploy.observation import ObservationError
from ganglion.deploy.policy import Policy
from ganglion.deploy.transports.simulated import SimulatedTransport
from ganglion.deploy.transports.transport import TransportError
from ganglion.models.build.errors import ConfigError, ExportError, MismatchError
from ganglion.models.build.files import sha256_file
from ganglion.models.spec.heads import ArgmaxHead
from tests.deploy.bundles import OBSERVATION_FEATURES, Toy, change_manifest, write_toy

OBSERVATIONS = np.random.default_rng(0).normal(0, 2, (40, OBSERVATION_FEATURES))


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    return write_toy(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def policy(toy: Toy) -> Iterator[Policy]:
    with Policy.load(toy.folder) as policy:
        yield policy


@pytest.fixture
def copy(toy: Toy, tmp_path: Path) -> Path:
    """Return a bundle to spoil."""
    return Path(shutil.copytree(toy.folder, tmp_path / "bundle"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_actions_equal_the_reference(toy: Toy, policy: Policy, dtype: type) -> None:
    _, _, expected = toy.ends.act(OBSERVATIONS.astype(dtype))
    got = [policy(observation).copy() for observation in OBSERVATIONS.astype(dtype)]
    assert np.array_equal(got, expected) and got[0].dtype == np.float32


def require_argmax(tmp_path: Path, input_bits: int, output_bits: int) -> None:
    toy = write_toy(tmp_path, ArgmaxHead(exponent=-6, n_actions=3), input_bits, output_bits)
    _, _, expected = toy.ends.act(OBSERVATIONS)
    with Policy.load(toy.folder) as policy:
        assert [policy(observation) for observation in OBSERVATIONS] == expected.tolist()
        assert policy.self_test() == 100


def test_a_policy_may_answer_with_the_number_of_an_action(tmp_path: Path) -> None:
    require_argmax(tmp_path, 8, 16)


@pytest.mark.slow
@pytest.mark.parametrize(("input_bits", "output_bits"), [(4, 11), (8, 3)])
def test_values_narrower_than_their_container(tmp_path: Path, input_bits: int, output_bits: int) -> None:
    require_argmax(tmp_path, input_bits, output_bits)


def test_core_transport_and_host_are_timed_apart(policy: Policy) -> None:
    policy(OBSERVATIONS[0])
    timing = policy.timing
    assert timing.core_us == pytest.approx(policy._cycles / 100) and 0.1 < timing.core_us < 1
    assert timing.transport_us > 0 and 0 < timing.host_us < 10_000


def test_a_call_leaves_no_memory_behind(policy: Policy) -> None:
    for _ in range(100):
        policy(OBSERVATIONS[0])
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(1000):
        policy(OBSERVATIONS[0])
    assert sys.getallocatedblocks() - before < 20


def test_all_golden_vectors_on_request(policy: Policy) -> None:
    assert policy.self_test() == 100
    assert policy.self_test(7) == 7


@pytest.mark.parametrize("name", ["input", "output", "action"])
def test_another_answer_than_golden_is_refused(copy: Path, name: str) -> None:
    with np.load(copy / "golden.npz") as file:
        arrays = dict(file)
    arrays[name][99, 2] += 1
    np.savez(copy / "golden.npz", **arrays)
    files = json.loads((copy / "manifest.json").read_text())["files"]
    change_manifest(copy, {"files": files | {"golden.npz": sha256_file(copy / "golden.npz")}})
    with pytest.raises(MismatchError, match=rf"golden vector 99, {name} 2: expected .*, got "):
        Policy.load(copy)


def test_the_bit_file_of_another_policy_is_refused(toy: Toy, copy: Path) -> None:
    held = json.loads((copy / "manifest.json").read_text())
    other = "ab" * 32
    change_manifest(copy, {"policy": other, "shell": held["shell"] | {"policy": other}})
    with pytest.raises(MismatchError) as found:
        Policy.load(copy, f"simulated:{toy.library}")
    assert f"the board holds policy {held['policy'][:32]}, the bundle's is {other[:32]}" in str(found.value)


@pytest.mark.parametrize(
    ("key", "said"),
    [("identity", "first word is 0x474e474c, not 0x00000007"), ("version", "has version 1, the bundle's 7")],
)
def test_a_board_with_another_register_map_is_refused(copy: Path, key: str, said: str) -> None:
    shell = json.loads((copy / "manifest.json").read_text())["shell"]
    change_manifest(copy, {"shell": shell | {key: 7}})
    with pytest.raises(MismatchError, match=said):
        Policy.load(copy)


def test_an_altered_file_is_refused(copy: Path) -> None:
    data = bytearray((copy / "golden.npz").read_bytes())
    data[100] ^= 1
    (copy / "golden.npz").write_bytes(data)
    with pytest.raises(ExportError, match=r"golden\.npz is not the file in manifest\.json"):
        Policy.load(copy)


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "golden.npz").unlink()
    with pytest.raises(ExportError, match=r"golden\.npz: No such file"):
        Policy.load(copy)


def test_a_bundle_may_be_an_archive(toy: Toy, tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "toy"), "gztar", toy.folder.parent, toy.folder.name))
    _, _, expected = toy.ends.act(OBSERVATIONS)
    with Policy.load(archive) as policy:
        assert np.array_equal(policy(OBSERVATIONS[4]), expected[4])


def test_what_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no archive")
    for path, said in (
        (tmp_path, r"manifest\.json is missing"),
        (tmp_path / "text", r"text is not a whole \.tar\.gz .*expected a bundle"),
        (tmp_path / "absent", "absent: .*expected a bundle"),
    ):
        with pytest.raises(ExportError, match=said):
            Policy.load(path)


def test_a_board_that_is_absent(copy: Path) -> None:
    with pytest.raises(TransportError, match=r"absent\.so: .*No such file"):
        Policy.load(copy, "simulated:absent.so")
    with pytest.raises(ConfigError, match="transport 'carrier' is unknown; known: pynq, serial, simulated"):
        Policy.load(copy, "carrier:pigeon")
    with pytest.raises(ConfigError, match=r'name the device, as in "serial:/dev/ttyUSB0"'):
        Policy.load(copy, "serial")
    with pytest.raises(ConfigError, match=r"the bundle has no \.bit file"):
        Policy.load(copy, "pynq")


class Hung(SimulatedTransport):
    """A board whose accelerator does not finish while `is_hung`."""

    is_hung = False

    def read(self, address: int) -> int:
        value = super().read(address)
        return value & ~2 if self.is_hung and address == 0x24 else value


def test_a_hung_accelerator_ends_at_the_deadline_and_may_recover(toy: Toy) -> None:
    board = Hung(toy.library)
    _, _, expected = toy.ends.act(OBSERVATIONS)
    with Policy.load(toy.folder, board, timeout_s=0.05) as policy:
        board.is_hung = True
        for _ in range(2):
            with pytest.raises(TransportError, match=r"did not finish within 0\.05 s") as found:
                policy(OBSERVATIONS[0])
            assert not found.value.is_retryable
        board.is_hung = False
        assert np.array_equal(policy(OBSERVATIONS[1]), expected[1])


class Interrupted(SimulatedTransport):
    """A board that a stranger disturbs."""

    stranger = False

    def write(self, address: int, value: int) -> None:
        super().write(address, value)
        if self.stranger and address >= 0x800:
            super().write(0x800, 0)


def test_an_observation_disturbed_by_another_writer_is_no_action(toy: Toy) -> None:
    board = Interrupted(toy.library)
    _, _, expected = toy.ends.act(OBSERVATIONS)
    with Policy.load(toy.folder, board) as policy:
        board.stranger = True
        with pytest.raises(TransportError, match="write_while_busy") as found:
            policy(OBSERVATIONS[0])
        assert found.value.is_retryable
        board.stranger = False
        assert np.array_equal(policy(OBSERVATIONS[2]), expected[2])


def test_a_refused_observation_reaches_no_board_and_the_next_is_answered(toy: Toy, policy: Policy) -> None:
    _, _, expected = toy.ends.act(OBSERVATIONS)
    for wrong in (np.full(5, np.nan), np.zeros(4), [0.0] * 5, None):
        with pytest.raises(ObservationError, match="observation: "):
            policy(wrong)  # pyright: ignore[reportArgumentType]
    assert np.array_equal(policy(OBSERVATIONS[3]), expected[3])


def test_a_call_after_close_is_an_error_and_closing_twice_is_none(toy: Toy) -> None:
    policy = Policy.load(toy.folder)
    policy.close()
    policy.close()
    with pytest.raises(TransportError, match="the policy is closed; load it again"):
        policy(OBSERVATIONS[0])


def test_a_policy_that_is_refused_lets_go_of_its_board(toy: Toy, copy: Path) -> None:
    change_manifest(copy, {"policy": "ab" * 32})
    shell = json.loads((copy / "manifest.json").read_text())["shell"]
    change_manifest(copy, {"shell": shell | {"policy": "ab" * 32}})
    board = SimulatedTransport(toy.library)
    with pytest.raises(MismatchError):
        Policy.load(copy, board)
    with pytest.raises(TransportError, match="the simulated board is closed"):
        board.read(0)
