"""Energy of the processor by RAPL, where the machine tells."""

from pathlib import Path

POWERCAP = Path("/sys/class/powercap")


def package_energy_uj(powercap: Path = POWERCAP) -> tuple[int | None, str | None]:
    """Return the microjoules that all packages have taken so far, or None and why nothing is known."""
    if not powercap.is_dir():
        return None, f"{powercap} is missing: no RAPL here, as in most virtual machines"
    domains = sorted(powercap.glob("intel-rapl:[0-9]"))  # psys, of the whole platform, is one too
    try:
        packages = [each for each in domains if (each / "name").read_text().startswith("package-")]
    except OSError as error:
        return None, f"{powercap}: {error.strerror}"
    counters = [each / "energy_uj" for each in packages]
    if not counters:
        return None, f"{powercap} lists no package of the processor"
    try:
        return sum(int(counter.read_text()) for counter in counters), None
    except OSError as error:
        return None, f"{counters[0]}: {error.strerror}; it is root's to read"
