"""What the driver uses of the library pynq, over a simulated board: a thin stand-in for it."""

from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

from ganglion.deploy.transports.simulated import SimulatedTransport

VLNV = "ganglion:policy:ganglion:1.0"


class Registers:
    """`MMIO.array`: a word an index."""

    def __init__(self, board: SimulatedTransport) -> None:
        self.board = board

    def __getitem__(self, index: int) -> int:
        return self.board.read(4 * index)

    def __setitem__(self, index: int, value: int) -> None:
        self.board.write(4 * index, value)


class DefaultIP:
    """A driver, bound to the blocks that it names, as pynq binds them."""

    drivers: ClassVar[dict[str, type["DefaultIP"]]] = {}
    bindto: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        DefaultIP.drivers |= dict.fromkeys(cls.bindto, cls)

    def __init__(self, board: SimulatedTransport) -> None:
        self.mmio = SimpleNamespace(array=Registers(board))


class Clocks:
    """A clock that is a PLL divided by a whole number: the nearest to the one asked for."""

    def __init__(self, pll_mhz: float) -> None:
        self._pll_mhz = pll_mhz
        self._divisor = 1

    @property
    def fclk0_mhz(self) -> float:
        return self._pll_mhz / self._divisor

    @fclk0_mhz.setter
    def fclk0_mhz(self, wanted_mhz: float) -> None:
        self._divisor = min(63 * 63, max(1, round(self._pll_mhz / wanted_mhz)))


def stand_in(library: Path, blocks: tuple[str, ...] = (VLNV,), pll_mhz: float = 1000.0) -> ModuleType:
    """Return a module in place of pynq, on a board that holds blocks of these names."""

    class Overlay:
        def __init__(self, bitfile_name: str) -> None:
            if not Path(bitfile_name).with_suffix(".hwh").exists():
                raise RuntimeError("Unable to find metadata for bitstream")
            self.ip_dict = {f"block_{index}": {"type": name} for index, name in enumerate(blocks)}

        def __getattr__(self, name: str) -> Any:
            return DefaultIP.drivers[self.ip_dict[name]["type"]](SimulatedTransport(library))

    module: Any = ModuleType("pynq")
    module.Overlay, module.DefaultIP, module.Clocks = Overlay, DefaultIP, Clocks(pll_mhz)
    return module
