"""Switching activity as SAIF 2.0, for the power tools of vendors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ganglion.hw.gatelevel.netlist import Netlist
from ganglion.hw.sim.harness import Switching

PS_PER_US = 1_000_000


@dataclass(slots=True)
class _Instance:
    nets: list[str] = field(default_factory=list)
    inner: "dict[str, _Instance]" = field(default_factory=dict)

    def at(self, path: Sequence[str]) -> "_Instance":
        """Return the instance under a path of names, made if need be."""
        here = self
        for name in path:
            here = here.inner.setdefault(name, _Instance())
        return here

    def lines(self) -> Iterator[str]:
        if self.nets:
            yield from ("(NET", *self.nets, ")")
        for name, instance in self.inner.items():
            yield f"(INSTANCE {_escaped(name)}"
            yield from instance.lines()
            yield ")"


def write_saif(netlist: Netlist, counts: Switching, path: Sequence[str], clock: str, clock_mhz: float) -> str:
    """Return what the nets with a name of the RTL did, in the instances that the RTL has.

    path: the instances from the top of the tool's design to the accelerator. clock: the name of its clock's
    net. Nets that synthesis made are left out, since no other tool has them; registers and ports have the
    same names everywhere, and from them a power tool goes on by itself.
    """
    cycle_ps = round(PS_PER_US / clock_mhz)
    duration = counts.cycles * cycle_ps
    root = _Instance()
    for index, net in enumerate(netlist.observed):
        *scopes, leaf = netlist.names[net].split(".")
        if "$" in netlist.names[net]:
            continue
        high, toggles = int(counts.high[index]) * cycle_ps, int(counts.toggles[index])
        if netlist.names[net] == clock:
            high, toggles = duration // 2, 2 * counts.cycles
        states = f"(T0 {duration - high}) (T1 {high}) (TX 0) (TC {toggles})"
        root.at([*path, *scopes]).nets.append(f"({_escaped(leaf)} {states})")
    header = ['(SAIFVERSION "2.0")', '(DIRECTION "backward")', "(DIVIDER /)", "(TIMESCALE 1 ps)"]
    return "\n".join(["(SAIFILE", *header, f"(DURATION {duration})", *root.lines(), ")\n"])


def _escaped(name: str) -> str:
    return name.replace("[", r"\[").replace("]", r"\]")
