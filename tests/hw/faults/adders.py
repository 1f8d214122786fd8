"""Faults of an unrolled engine's adders and clips in one simulator; mem/fault.dat says which there is."""

import re
from collections.abc import Iterator
from pathlib import Path

INSTANCE = re.compile(r"  ganglion_(add3|clip) #\((.*)\) u_(n\d+) \((.*)\(\3\)\);")
PARAMETER = re.compile(r"\.(\w+)\(([^()]*)\)")
FAULT_FILE = "mem/fault.dat"


def with_faults(core: Path) -> list[str]:
    """Rewrite a core so that each fault of `faults_of` can be chosen when simulation starts; return them.

    Fault k + 1 is the k-th of the list, 0 is none.
    """
    lines, faults = [], []
    for line in core.read_text().splitlines():
        match = INSTANCE.fullmatch(line)
        lines.append(line)
        if match is None:
            continue
        module, parameters, node, pins = match.groups()
        chosen = f"{node}_0"
        lines[-1] = f"  ganglion_{module} #({parameters}) u_{node} ({pins}({node}_0));"
        for what, changed in _changes(module, dict(PARAMETER.findall(parameters))):
            faults.append(f"{node}: {what}")
            name = f"{node}_{len(faults)}"
            values = ", ".join(f".{key}({value})" for key, value in changed.items())
            lines.append(f"  ganglion_{module} #({values}) u_{name} ({pins}({name}));")
            chosen = f"fault[0] == {len(faults)} ? {name} : {chosen}"
        lines.append(f"  assign {node} = {chosen};")
    text = "\n".join(lines)
    names = sorted(set(re.findall(r"\bn\d+_\d+\b", text)))
    declared = [f"  logic [$bits({name.partition('_')[0]})-1:0] {name};" for name in names]
    memory = ["  logic [31:0] fault [1];", f'  initial $readmemh("{FAULT_FILE}", fault);']
    head, tail = text.split(");\n", maxsplit=1)
    widths = [line for line in tail.splitlines() if re.fullmatch(r"  logic \[\d+:0\] n\d+;", line)]
    rest = [line for line in tail.splitlines() if line not in widths]
    core.write_text("\n".join([head + ");", *widths, *memory, *declared, *rest]) + "\n")
    return faults


def _changes(module: str, parameters: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield a module's parameters with one of them wrong."""
    if module == "clip":
        for name, step in (("Shift", 1), ("Shift", -1), ("Top", -1), ("OutBits", -1)):
            value = int(parameters[name]) + step
            changed = parameters | {name: str(value)}
            low, top, bits = (int(changed[key]) for key in ("Shift", "Top", "OutBits"))
            if value >= 0 and bits >= 1 and top + 1 - low >= bits:
                yield f"{name} {value}", changed
        return
    for letter in "ABC"[: int(parameters["Addends"])]:
        inverted = parameters.get(f"Invert{letter}", "0")
        yield f"Invert{letter}", parameters | {f"Invert{letter}": str(1 - int(inverted))}
        yield (
            f"Shift{letter}",
            parameters | {f"Shift{letter}": str(int(parameters.get(f"Shift{letter}", "0")) + 1)},
        )
        if int(parameters[f"Bits{letter}"]) > 1:
            yield f"Bits{letter}", parameters | {f"Bits{letter}": str(int(parameters[f"Bits{letter}"]) - 1)}
    if int(parameters["Addends"]) < 3:
        width = int(parameters["Width"])
        _, _, digits = parameters.get("Constant", f"{width}'h0").partition("'h")
        for bit in range(width):
            yield f"Constant bit {bit}", parameters | {"Constant": f"{width}'h{int(digits, 16) ^ 1 << bit:x}"}
