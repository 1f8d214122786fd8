"""Durations are counted to an eighth, in a memory that stays as it is."""

import random

import pytest

from ganglion.deploy.control.histogram import Histogram, duration


def test_percentiles_are_exact_to_a_bin() -> None:
    rng = random.Random(3)
    values = sorted(int(10 ** rng.uniform(0, 11)) for _ in range(5000))
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    for percent in (1, 50, 99, 99.9, 100):
        exact = values[int(len(values) * percent / 100) - 1]
        assert exact <= histogram.percentile(percent) <= exact * 1.125
    assert histogram.largest == values[-1] and histogram.count == 5000


@pytest.mark.parametrize("ns", [-5, 0, 1, 7, 8, 15, 16, 17, (1 << 40) - 1, 1 << 40, 1 << 80])
def test_every_duration_has_a_bin(ns: int) -> None:
    histogram = Histogram()
    histogram.add(ns)
    assert histogram.percentile(50) == histogram.largest == min(max(ns, 0), (1 << 40) - 1)


def test_bars_are_few_rows_that_hold_every_count() -> None:
    histogram = Histogram()
    for ns in (900, 1000, 1000, 1000, 50_000, 3_000_000):
        histogram.add(ns)
    rows = histogram.bars(width=12).splitlines()
    assert len(rows) <= 16
    assert sum(int(row.split()[-1]) for row in rows) == 6
    assert rows[0].count("█") == 12 and rows[-1].count("█") == 3


def test_nothing_counted_is_no_number() -> None:
    assert (str(Histogram()), Histogram().bars(), Histogram().percentile(50)) == ("none", "", 0)


@pytest.mark.parametrize(
    ("ns", "said"),
    [(0, "0 ns"), (999, "999 ns"), (1430, "1.43 µs"), (20_000_000, "20 ms"), (3.5e9, "3.5 s")],
)
def test_durations_are_said_in_their_unit(ns: float, said: str) -> None:
    assert duration(ns) == said
