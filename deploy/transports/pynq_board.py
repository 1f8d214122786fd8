"""A PYNQ board, on which this process runs: the shell's registers in memory, by the library `pynq`."""

import logging
from pathlib import Path
from typing import Any

from ganglion.deploy.board_lock import BoardLock
from ganglion.deploy.transports.transport import TIMEOUT_S, Transport, TransportError, Words
from ganglion.models.build.errors import ToolError

VLNV = "ganglion:policy:ganglion:1.0"
"""What a .hwh calls the shell: vendor, library, name, version."""
BOARD = "the PYNQ board"
_CLOCK_STEPS = 100
_MUCH_SLOWER = 0.8
"""Of the clock that timing allows; a divisor by whole numbers stays above it for clocks up to 200 MHz."""

log = logging.getLogger(__name__)


class PynqTransport(Transport):
    """The register block of an overlay; nobody else may load or use one meanwhile.

    Words are moved one by one. A copy of an array is a memcpy, whose accesses a 64-bit ARM refuses for device
    memory when they are unaligned, and which may write the last word, that starts the inference, twice.
    `registers` are the block's words, an array over device memory.
    """

    def __init__(self, registers: Any, lock: BoardLock | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self.timeout_s = timeout_s
        self._registers = registers
        self._lock = lock

    @classmethod
    def open(cls, bit_file: Path, clock_mhz: float, timeout_s: float = TIMEOUT_S) -> "PynqTransport":
        """Load a bit file, with the .hwh beside it, on pynq's active device, and clock it at most so fast.

        Raises ToolError without pynq or a board, TransportError when another process drives the board or the
        overlay has no shell of ours.
        """
        try:
            import pynq  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise ToolError(
                f"pynq: {error}; it comes with a PYNQ board's image, on which this runs"
            ) from None
        lock = BoardLock(BOARD)
        try:
            overlay = _load(pynq, bit_file)
            transport = cls(_bound(pynq, overlay, bit_file).mmio.array, lock, timeout_s)
            transport.clock_mhz = _set_clock(pynq.Clocks, clock_mhz)
        except BaseException:
            lock.release()
            raise
        return transport

    def read(self, address: int) -> int:
        """Return the word at `address`."""
        return int(self._registers[address >> 2])

    def write(self, address: int, value: int) -> None:
        """Write the word `value` to `address`."""
        self._registers[address >> 2] = value

    def read_words(self, address: int, words: Words) -> None:
        """Fill `words` with those from `address` on."""
        first = address >> 2
        for index in range(len(words)):
            words[index] = self._registers[first + index]

    def write_words(self, address: int, words: Words) -> None:
        """Write `words` to `address` and on."""
        for index, word in enumerate(words.tolist(), address >> 2):
            self._registers[index] = word

    def close(self) -> None:
        """Let go of the board; its bit file stays loaded."""
        self._registers = _Closed()
        if self._lock:
            self._lock.release()


class _Closed:
    """What the registers are once they are let go of."""

    def __getitem__(self, index: int) -> int:
        raise TransportError(f"{BOARD} is closed", is_retryable=False)

    def __setitem__(self, index: int, value: int) -> None:
        raise TransportError(f"{BOARD} is closed", is_retryable=False)


def _load(pynq: Any, bit_file: Path) -> Any:
    class Shell(pynq.DefaultIP):  # pynq binds it to what a .hwh calls by this name
        bindto = (VLNV,)

    try:
        return pynq.Overlay(str(bit_file.resolve()))
    except Exception as error:  # pynq raises RuntimeError, IOError and whatever its parsers do
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise ToolError(
            f"{bit_file}: pynq cannot load it: {said:.160}; it needs the board, root, and the .hwh beside it"
        ) from None


def _bound(pynq: Any, overlay: Any, bit_file: Path) -> Any:
    """Return the driver that pynq bound to the shell."""
    names = [name for name, block in overlay.ip_dict.items() if block.get("type") == VLNV]
    if len(names) != 1:
        raise TransportError(
            f"{bit_file}: {len(names)} blocks of {VLNV} in the overlay, expected 1; "
            "make the bundle again from this project's bit file",
            is_retryable=False,
        )
    return getattr(overlay, names[0])


def _set_clock(clocks: Any, clock_mhz: float) -> float:
    """Set the shell's clock to the nearest that is not above `clock_mhz`; return what it reads back, in MHz.

    A much slower one is logged: actions are right, but late.
    """
    wanted_mhz = clock_mhz
    for _ in range(_CLOCK_STEPS):
        clocks.fclk0_mhz = wanted_mhz  # the nearest, which may be above
        set_mhz = float(clocks.fclk0_mhz)
        if set_mhz <= clock_mhz:
            if set_mhz < _MUCH_SLOWER * clock_mhz:
                log.warning("%s: its clock is %g MHz, the bundle's %g", BOARD, set_mhz, clock_mhz)
            return set_mhz
        wanted_mhz *= 0.99
    raise TransportError(
        f"{BOARD}: its clock is {clocks.fclk0_mhz:g} MHz, allowed {clock_mhz:g}", is_retryable=False
    )
