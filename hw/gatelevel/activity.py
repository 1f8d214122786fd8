"""How often a netlist's nets switch for an action, by what drives them."""

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.gatelevel.netlist import Netlist
from ganglion.hw.sim.harness import Switching
from ganglion.hw.target.family import Cells
from ganglion.models.build.codec import STRICT, Amount, Count

RESOURCES = ("lut", "ff", "carry", "dsp", "bram")
INPUT, OTHER = "input", "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Means over `actions`, one after another: cycles an action, and toggles an action by kind of driver.

    A kind is a resource of the family, "input" for the ports, "other" for cells that are no resource;
    `nets` are how many of each there are.
    """

    __pydantic_config__: ClassVar = STRICT

    actions: Count
    cycles: Amount
    toggles: dict[str, Amount]
    nets: dict[str, Count]

    @property
    def total(self) -> float:
        """Toggles an action of all nets."""
        return sum(self.toggles.values())


def measure_activity(netlist: Netlist, cells: Cells, counts: Switching, actions: int) -> Activity:
    """Return the activity of a netlist whose observed nets did what `counts` says."""
    kinds = [kind_of(netlist.drivers[net], cells) for net in netlist.observed]
    toggles: Counter[str] = Counter()
    for kind, n_toggles in zip(kinds, counts.toggles, strict=True):
        toggles[kind] += int(n_toggles)
    nets = Counter(kinds)
    return Activity(
        actions=actions,
        cycles=round(counts.cycles / actions, 2),
        toggles={kind: round(toggles[kind] / actions, 2) for kind in sorted(nets)},
        nets=dict(sorted(nets.items())),
    )


def kind_of(driver: str, cells: Cells) -> str:
    """Return the kind of net that a cell of this type drives; "" is an input port."""
    if not driver:
        return INPUT
    return next((name for name in RESOURCES if driver in getattr(cells, name)), OTHER)
