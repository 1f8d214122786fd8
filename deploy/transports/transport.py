"""What every way to an accelerator can do: read and write words of its register block, and infer."""

from abc import ABC, abstractmethod
from time import monotonic

import numpy as np
import numpy.typing as npt

from ganglion.deploy.register_map import RegisterMap
from ganglion.models.build.errors import GanglionError

Words = npt.NDArray[np.uint32]
TIMEOUT_S = 1.0


class TransportError(GanglionError):
    """A board did not answer as it should; `is_retryable` where asking again may help."""

    def __init__(self, message: str, *, is_retryable: bool) -> None:
        super().__init__(message)
        self.is_retryable = is_retryable


class Transport(ABC):
    """A way to one register block; whatever it is asked, it answers or raises within `timeout_s` seconds.

    Addresses are in bytes, from the block's first register, and multiples of 4.
    """

    timeout_s: float = TIMEOUT_S
    clock_mhz: float | None = None
    """What the board's clock was set to; None: what the manifest says."""

    @abstractmethod
    def read(self, address: int) -> int:
        """Return the word at `address`."""

    @abstractmethod
    def write(self, address: int, value: int) -> None:
        """Write the word `value` to `address`."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the board; a second time does nothing."""

    def read_words(self, address: int, words: Words) -> None:
        """Fill `words` with those from `address` on, in ascending order, each read once."""
        for index in range(len(words)):
            words[index] = self.read(address + 4 * index)

    def write_words(self, address: int, words: Words) -> None:
        """Write `words` to `address` and on, in ascending order, each once."""
        for index, word in enumerate(words.tolist()):
            self.write(address + 4 * index, word)

    def infer(self, registers: RegisterMap, observation: Words, action: Words) -> int:
        """Send a whole observation, fill `action` with the answer, and return the cycles that it took.

        The block is in its free-running mode, in which the observation's last word starts the inference.
        """
        self.write_words(registers.observation.offset, observation)
        self._wait(registers)
        self.read_words(registers.action.offset, action)
        return self.read(registers.cycles)

    def _wait(self, registers: RegisterMap) -> None:
        end_s = monotonic() + self.timeout_s
        while True:
            status = self.read(registers.status)
            if status & registers.errors:
                raise TransportError(registers.describe_errors(status), is_retryable=True)
            if status & registers.done:
                return
            if monotonic() > end_s:
                raise TransportError(
                    f"the accelerator did not finish within {self.timeout_s:g} s (status {status:#x}); "
                    "reset it, or load its bit file again",
                    is_retryable=False,
                )
