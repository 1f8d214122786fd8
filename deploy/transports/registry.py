"""The ways to a board by name; a new one is a module here and a function below."""

from collections.abc import Callable
from pathlib import Path

from ganglion.deploy.open_bundle import Bundle
from ganglion.deploy.transports.transport import Transport
from ganglion.models.build.errors import ConfigError


def open_transport(bundle: Bundle, way: str | None, timeout_s: float) -> Transport:
    """Return an open transport to a bundle's board.

    way: "pynq", "serial:<device>" or "simulated:<library>"; None, or a name alone, what the manifest says.
    Raises ConfigError for an unknown name, and what the transport does.
    """
    kind, _, place = (way or bundle.manifest.transport.kind).partition(":")
    if kind not in OPENERS:
        raise ConfigError(f"transport {kind!r:.60} is unknown; known: {', '.join(OPENERS)}")
    return OPENERS[kind](bundle, place, timeout_s)


def _pynq(bundle: Bundle, place: str, timeout_s: float) -> Transport:
    from ganglion.deploy.transports.pynq_board import PynqTransport

    bitstream = bundle.manifest.bitstream
    bit_files = [name for name in bitstream.files if name.endswith(".bit")] if bitstream else []
    if not bit_files:
        raise ConfigError(f"{bundle.folder}: the bundle has no .bit file; make it from a build with one")
    clock_mhz = bundle.manifest.clock_mhz
    return PynqTransport.open(bundle.folder / bit_files[0], clock_mhz, timeout_s)


def _serial(bundle: Bundle, place: str, timeout_s: float) -> Transport:
    if not place:
        raise ConfigError('transport: name the device, as in "serial:/dev/ttyUSB0"')
    baud = bundle.manifest.transport.baud
    if baud is None:
        raise ConfigError(f"{bundle.folder}: its bit file has no serial line")
    from ganglion.deploy.transports.serial import SerialTransport

    return SerialTransport.open(place, baud, timeout_s)


def _simulated(bundle: Bundle, place: str, timeout_s: float) -> Transport:
    from ganglion.deploy.transports.simulated import SimulatedTransport

    library = bundle.manifest.transport.library
    if not place and library is None:
        raise ConfigError('transport: name the simulated shell, as in "simulated:<library>"')
    return SimulatedTransport(Path(place) if place else bundle.folder / str(library), timeout_s)


OPENERS: dict[str, Callable[[Bundle, str, float], Transport]] = {
    "pynq": _pynq,
    "serial": _serial,
    "simulated": _simulated,
}
"""What opens each."""
