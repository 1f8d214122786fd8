"""A simulated board: the Verilated shell in this process, a word a transaction on its AXI4-Lite bus."""

import ctypes
from pathlib import Path

from ganglion.deploy.transports.transport import TIMEOUT_S, Transport, TransportError

_OKAY, _NO_ANSWER = 0, -1


class SimulatedTransport(Transport):
    """An accelerator of its own, just reset; its clock runs while it is asked, and not in between."""

    def __init__(self, library: Path, timeout_s: float = TIMEOUT_S) -> None:
        self.timeout_s = timeout_s
        self._library = _load(library)
        self._handle = self._library.ganglion_open()
        if not self._handle:
            raise TransportError(f"{library}: the simulated accelerator does not start", is_retryable=False)
        self._word = ctypes.c_uint32()

    def read(self, address: int) -> int:
        """Return the word at `address`."""
        self._check(self._library.ganglion_read(self._alive(), address, self._word), address, "read")
        return self._word.value

    def write(self, address: int, value: int) -> None:
        """Write the word `value` to `address`."""
        self._check(self._library.ganglion_write(self._alive(), address, value), address, "write")

    def close(self) -> None:
        """End the simulation."""
        if self._handle:
            self._library.ganglion_close(self._handle)
            self._handle = None

    def _alive(self) -> int:
        if not self._handle:
            raise TransportError("the simulated board is closed", is_retryable=False)
        return self._handle

    @staticmethod
    def _check(response: int, address: int, what: str) -> None:
        if response != _OKAY:
            said = "no answer" if response == _NO_ANSWER else f"AXI response {response}"
            raise TransportError(f"simulated board: {what} at {address:#x}: {said}", is_retryable=False)


def _load(path: Path) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(str(path.resolve()))
    except OSError as error:
        raise TransportError(f"{path}: {error}", is_retryable=False) from None
    handle, word, address = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32
    library.ganglion_open.restype = handle
    library.ganglion_close.argtypes = [handle]
    library.ganglion_read.argtypes = [handle, address, ctypes.POINTER(word)]
    library.ganglion_write.argtypes = [handle, address, word]
    return library
