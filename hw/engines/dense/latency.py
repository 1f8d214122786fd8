"""When FINN's units answer: maps stream, so a convolution works while its input still arrives."""

from collections.abc import Sequence

from ganglion.hw.engines.dense.cost import Folding
from ganglion.hw.engines.dense.shape import Window

# Measured: what a layer adds to its multiplying cycles, in pipelines, queues and converters.
LAYER_CYCLES = 19


def latency(foldings: Sequence[Folding]) -> int:
    """Return the predicted cycles from a vector's first word to its last result, alone and without stalls."""
    first = foldings[0].shape.window
    arrivals = [0]
    if first:
        words = first.channels // foldings[0].window_simd
        arrivals = [words * (index + 1) for index in range(first.height * first.width)]
    for folding in foldings:
        arrivals = [cycle + LAYER_CYCLES for cycle in _results(folding, arrivals)]
    return arrivals[-1]


def _results(folding: Folding, arrivals: list[int]) -> list[int]:
    """Return when the multipliers are done with each position of a layer whose input's come at `arrivals`."""
    window = folding.shape.window
    if window is None:
        # The first pass over a map's values is done as they arrive.
        arrived = folding.shape.in_features // folding.simd - 1 if len(arrivals) > 1 else 0
        return [arrivals[-1] + folding.weight_depth - arrived]
    busy = max(folding.weight_depth, window.kernel**2 * (window.channels // folding.window_simd))
    results, done = [], 0
    for complete in _windows(window, folding.window_simd, arrivals):
        done = max(done, complete) + busy
        results.append(done)
    return results


def _windows(window: Window, simd: int, arrivals: list[int]) -> list[int]:
    """Return when the last value of each window is there, of the padded map."""
    padded = _padded(window, window.channels // simd, arrivals)
    edge = window.kernel - 1
    return [
        padded[row * window.stride + edge][column * window.stride + edge]
        for row in range(window.rows)
        for column in range(window.columns)
    ]


def _padded(window: Window, words: int, arrivals: list[int]) -> list[list[int]]:
    """Return when each position of the padded map comes, row by row, in `words` words."""
    rows, columns = window.padded
    padded, now = [], 0
    for y in range(-window.padding, rows - window.padding):
        row = []
        for x in range(-window.padding, columns - window.padding):
            is_inside = 0 <= y < window.height and 0 <= x < window.width
            arrival = arrivals[y * window.width + x] if is_inside else 0
            now = max(now + words if window.padding else 0, arrival)
            row.append(now)
        padded.append(row)
    return padded
