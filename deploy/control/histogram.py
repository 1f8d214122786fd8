"""A histogram of durations that never grows: eight bins an octave, from a nanosecond to 18 minutes."""

_STEPS = 8
_MAX_NS = (1 << 40) - 1
_BINS = 8 * 38
_ROWS = 16


def duration(ns: float) -> str:
    """Return nanoseconds for people: "1.43 µs", "20.0 ms"."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}" if ns < 1000 * size else f"{ns / size:,.0f} {unit}"
    return f"{ns:.0f} ns"


class Histogram:
    """Counts of durations in nanoseconds; a bin is at most an eighth wider than its lower edge."""

    def __init__(self) -> None:
        self._counts = [0] * _BINS
        self.count = 0
        self.largest = 0

    def add(self, ns: int) -> None:
        """Count one duration; below 0 counts as 0, above 18 minutes as 18 minutes."""
        ns = min(max(ns, 0), _MAX_NS)
        shift = max(ns.bit_length() - 4, 0)
        self._counts[_STEPS * shift + (ns >> shift)] += 1
        self.count += 1
        if ns > self.largest:
            self.largest = ns

    def percentile(self, percent: float) -> int:
        """Return the duration that `percent` of the counted ones do not exceed, to a bin; 0 of none."""
        wanted = self.count * percent / 100
        seen = 0
        for index, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return min(_lower_edge(index + 1) - 1, self.largest)
        return 0

    def __str__(self) -> str:
        """Return the percentiles in one line."""
        if not self.count:
            return "none"
        shown = (f"p{percent:g} {duration(self.percentile(percent))}" for percent in (50, 99, 99.9))
        return f"{', '.join(shown)}, largest {duration(self.largest)}"

    def bars(self, width: int = 40) -> str:
        """Return the histogram as text: at most 16 rows, each a range, a bar and a count."""
        used = [index for index, count in enumerate(self._counts) if count]
        if not used:
            return ""
        group = 1
        while used[-1] // group - used[0] // group >= _ROWS:
            group *= 2
        rows = range(used[0] // group, used[-1] // group + 1)
        counts = [sum(self._counts[row * group : (row + 1) * group]) for row in rows]
        return "\n".join(
            f"{duration(_lower_edge(row * group)):>8} to {duration(_lower_edge((row + 1) * group)):8} "
            f"{'█' * -(-width * count // max(counts)):{width}} {count:,}"
            for row, count in zip(rows, counts, strict=True)
        )


def _lower_edge(index: int) -> int:
    """Return the smallest duration, in nanoseconds, of a bin."""
    if index < 2 * _STEPS:
        return index
    return (_STEPS + index % _STEPS) << (index // _STEPS - 1)
