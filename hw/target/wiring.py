"""How a board without a processor is wired: its oscillator, its serial line, the pins that these use."""

from dataclasses import dataclass, field
from typing import ClassVar

from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import ConfigError

NEEDED_PINS = ("clock", "rx", "tx")
OPTIONAL_PINS = ("reset", "ready", "answer", "done", "error")
LEAST_CLOCKS_PER_BIT = 8
MOST_BAUD_ERROR = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A pin of the package, its bank's standard, and whether it is low when it means what it is called."""

    __pydantic_config__: ClassVar = STRICT

    site: str
    standard: str = "LVCMOS33"
    active_low: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the open flow needs to know of a board.

    `device` are nextpnr's arguments that name the part, `pack` the packer's, `baud` the serial line's rate.
    Pins, as the logic sees them: `clock` of the oscillator; `rx` and `tx`; and where the board has them
    `reset`, a button, and LEDs: `ready` says that the accelerator has its clock, `answer` flashes with every
    answer, `done` and `error` are bits of the status, of all its errors the latter.
    """

    __pydantic_config__: ClassVar = STRICT

    oscillator_mhz: float
    baud: int
    device: tuple[str, ...]
    pack: tuple[str, ...] = ()
    pins: dict[str, Pin] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, low, high in (("oscillator_mhz", 1, 500), ("baud", 1200, 12_000_000)):
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"wiring.{name} = {getattr(self, name)} is outside {low} to {high}")
        for name in NEEDED_PINS:
            if name not in self.pins:
                raise ConfigError(f"wiring.pins: {name} is missing")
        for name in self.pins:
            if name not in NEEDED_PINS + OPTIONAL_PINS:
                known = ", ".join(NEEDED_PINS + OPTIONAL_PINS)
                raise ConfigError(f"wiring.pins: {name} is unknown; known: {known}")
        sites = [pin.site for pin in self.pins.values()]
        for site in sites:
            if sites.count(site) > 1:
                raise ConfigError(f"wiring.pins: {site} is two pins")

    def carries(self, clock_mhz: float) -> bool:
        """Return whether the serial line runs at this clock: by docs/serial.md, and close to `baud`."""
        clocks = clock_mhz * 1e6 / self.baud
        return clocks >= LEAST_CLOCKS_PER_BIT and abs(clocks / round(clocks) - 1) <= MOST_BAUD_ERROR

    def clocks_per_bit(self, clock_mhz: float) -> int:
        """Return the cycles that a bit of the serial line takes."""
        return round(clock_mhz * 1e6 / self.baud)
