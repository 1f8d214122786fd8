"""A policy on a board: an observation in, an action out."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from ganglion.deploy.action import ActionDecoder
from ganglion.deploy.golden import Golden, read_golden
from ganglion.deploy.manifest import Manifest
from ganglion.deploy.observation import ObservationEncoder
from ganglion.deploy.open_bundle import opened
from ganglion.deploy.register_map import POLICY_BYTES, WORD_BYTES
from ganglion.deploy.transports.registry import open_transport
from ganglion.deploy.transports.transport import TIMEOUT_S, Transport, TransportError
from ganglion.models.build.errors import MismatchError

VECTORS_AT_LOAD = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What the last call took, in µs.

    core: the accelerator, by its own count of cycles; transport: the way there and back (if simulated, the
    simulation); host: normalizing, quantizing and the action head.
    """

    core_us: float
    transport_us: float
    host_us: float


class Policy:
    """A policy on a board, made by `load`: `policy(observation)` is its action; to be closed after use."""

    def __init__(self, manifest: Manifest, transport: Transport, golden: Golden) -> None:
        self.manifest = manifest
        self._registers = manifest.registers
        self._transport = transport
        self._golden = golden
        self._encoder = ObservationEncoder.of(manifest.host, manifest.registers.observation)
        self._decoder = ActionDecoder.of(manifest.host.action, manifest.registers.action)
        self._is_ready = self._is_closed = False
        self._cycles = self._began = self._sent = self._answered = self._ended = 0

    @classmethod
    def load(
        cls, bundle: Path | str, transport: Transport | str | None = None, timeout_s: float = TIMEOUT_S
    ) -> "Policy":
        """Return the policy of a bundle, a folder or .tar.gz, whose board has answered some golden vectors.

        transport: "pynq", "serial:<device>" or "simulated:<library>"; None, the bundle's own way; or one that
        is open, which the policy closes. timeout_s: within which every exchange ends or raises.

        Raises ExportError for a damaged bundle, TransportError for a board that cannot be reached or does
        not answer, MismatchError for one that holds another policy or answers wrongly.
        """
        with opened(Path(bundle)) as files, ExitStack() as undo:
            manifest = files.manifest
            golden = read_golden(files.folder / manifest.golden, manifest.host)
            if not isinstance(transport, Transport):
                transport = open_transport(files, transport, timeout_s)
            transport.timeout_s = timeout_s
            policy = undo.enter_context(cls(manifest, transport, golden))
            policy._require_this_policy()
            policy.self_test(VECTORS_AT_LOAD)
            undo.pop_all()
            return policy

    def __call__(self, observation: npt.NDArray[Any]) -> Any:
        """Return the action for an observation [observation_features], float32 or float64, or a uint8 frame.

        Real actions are an array [values] float32 that the next call overwrites; else it is a number.
        Raises ObservationError before anything is sent, TransportError without a right answer in time; the
        call after that resets the accelerator first, which starts an episode.
        """
        self._began = perf_counter_ns()
        if not self._is_ready:
            self._reset()
        self._encoder.encode(observation)
        self._is_ready = False
        self._sent = perf_counter_ns()
        self._cycles = self._transport.infer(self._registers, self._encoder.words, self._decoder.words)
        self._answered = perf_counter_ns()
        self._is_ready = True
        action = self._decoder.decode()
        self._ended = perf_counter_ns()
        return action

    def reset(self) -> None:
        """Start an episode: what a policy with thresholds was sent, or a game's former frames, is forgotten.

        Raises TransportError.
        """
        self._is_ready = False
        self._reset()
        self._is_ready = True

    @property
    def timing(self) -> Timing:
        """What the last call took."""
        core_us = self._cycles / (self._transport.clock_mhz or self.manifest.clock_mhz)
        exchange_us = (self._answered - self._sent) / 1e3
        host_us = (self._sent - self._began + self._ended - self._answered) / 1e3
        return Timing(core_us=core_us, transport_us=max(exchange_us - core_us, 0.0), host_us=host_us)

    def self_test(self, n_vectors: int | None = None) -> int:
        """Return how many golden vectors (all, or `n_vectors` spread over them) host and board answered.

        Those of a policy that remembers are the first ones, and it starts an episode before and after them.
        A difference raises MismatchError, which names the first vector and value.
        """
        golden, starts = self._golden, self._golden.episode_start
        n = len(golden.observation)
        n_chosen = min(n, n_vectors or n)
        chosen = np.unique(np.linspace(0, n - 1, n_chosen).astype(int)) if starts is None else range(n_chosen)
        for vector in chosen:
            if starts is not None and starts[vector]:
                self.reset()
            action = self(golden.observation[vector])
            self._require_equal("input", vector, golden.input[vector], self._encoder.integers)
            if self._registers.action.type == "int":
                self._require_equal("output", vector, golden.output[vector], self._decoder.integers)
            self._require_equal("action", vector, golden.action[vector], action)
        if starts is not None:
            self.reset()
        return len(chosen)

    def close(self) -> None:
        """Let go of the board; a second time does nothing."""
        self._is_ready, self._is_closed = False, True
        self._transport.close()

    def __enter__(self) -> "Policy":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _require_this_policy(self) -> None:
        """Raise MismatchError unless the board's registers say that it holds this bundle's policy."""
        registers, transport, name = self._registers, self._transport, self.manifest.name
        remedy = "load the bundle's bit file"
        if (identity := transport.read(registers.identity)) != registers.identity_value:
            raise MismatchError(
                f"{name}: the board's first word is {identity:#010x}, not {registers.identity_value:#010x}: "
                f"no accelerator of ours answers; {remedy}"
            )
        if (version := transport.read(registers.version)) != registers.version_value:
            raise MismatchError(
                f"{name}: the board's register map has version {version}, the bundle's "
                f"{registers.version_value}; {remedy}"
            )
        words = np.zeros(POLICY_BYTES // WORD_BYTES, dtype="<u4")
        transport.read_words(registers.policy, words)
        held, ours = words.tobytes().hex(), self.manifest.policy[: 2 * POLICY_BYTES]
        if held != ours:
            raise MismatchError(f"{name}: the board holds policy {held}, the bundle's is {ours}; {remedy}")

    def _reset(self) -> None:
        """Bring the accelerator to rest, its errors cleared, in the mode where the last word starts it."""
        if self._is_closed:
            raise TransportError(
                f"{self.manifest.name}: the policy is closed; load it again", is_retryable=False
            )
        registers = self._registers
        self._transport.write(registers.control, registers.reset | registers.clear | registers.free_running)

    def _require_equal(self, what: str, vector: int, expected: Any, got: Any) -> None:
        wrong = np.flatnonzero(np.atleast_1d(expected != got))
        if wrong.size:
            at = int(wrong[0])
            raise MismatchError(
                f"{self.manifest.name}: golden vector {vector}, {what} {at}: expected "
                f"{np.atleast_1d(expected)[at]:g}, got {np.atleast_1d(got)[at]:g}; "
                + ("numpy here computes otherwise" if what == "action" else "the board's bit file is faulty")
            )
