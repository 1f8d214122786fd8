"""The networks that the latency rule is held on: `python -m tests.hw.engines.folded.family` prints a table.

Layers are as sparse as the name says, first and last up to five times denser (Erdős–Rényi-like, as trained
networks turn out), and every hidden neuron reads and is read.
"""

import sys
import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ganglion.hw.engines.folded.cost import estimate
from ganglion.hw.engines.folded.fit import allowed_cycles, fit
from ganglion.models.reference import IntNetwork
from tests.hw.engines.folded.nets import live_network

HOPPER, HALF_CHEETAH, ANT = (11, 256, 256, 3), (17, 256, 256, 6), (27, 256, 256, 8)
HUMANOID = (376, 256, 256, 17)
# Name: widths, density of the hidden layers.
FAMILY: dict[str, tuple[tuple[int, ...], float]] = {
    "Hopper 80%": (HOPPER, 0.20),
    "Hopper 90%": (HOPPER, 0.10),
    "Hopper 95%": (HOPPER, 0.05),
    "Hopper 98%": (HOPPER, 0.02),
    "Hopper 99%": (HOPPER, 0.01),
    "HalfCheetah 98%": (HALF_CHEETAH, 0.02),
    "Ant 98%": (ANT, 0.02),
    "Humanoid 98%": (HUMANOID, 0.02),
    "64 outputs, 95%": ((27, 128, 128, 64), 0.05),
    "64 outputs, 90%": ((20, 64, 64, 64), 0.10),
    "four layers, 97%": ((27, 128, 128, 128, 8), 0.03),
    "one layer": ((120, 40), 0.2),
    "narrow, dense": ((11, 32, 32, 3), 1.0),
    "narrow, 70%": ((11, 64, 64, 3), 0.3),
}
LANES = (1, 2, 4, 8, 16, 32, 64)


def counts(widths: Sequence[int], density: float) -> list[int]:
    """Return the nonzeros of each layer."""
    layers = list(pairwise(widths))
    inner = max(widths[1:-1], default=1)
    result = []
    for index, (n_in, n_out) in enumerate(layers):
        outer = index in (0, len(layers) - 1)
        share = (1 / n_in + 1 / n_out) / (2 / inner) if outer else 1.0
        wanted = round(n_in * n_out * min(1.0, density * min(5.0, max(1.0, share))))
        result.append(max(wanted, n_in, n_out))
    return result


def network_of(name: str) -> IntNetwork:
    """Return a network of the family."""
    widths, density = FAMILY[name]
    return live_network(np.random.default_rng(0), widths, counts(widths, density))


def main(names: Sequence[str]) -> None:
    """Print a line for each network and number of lanes."""
    print(f"{'network':18} lanes    ideal  allowed cycles   over banks replicas outputs   LUT seconds")
    for name in names or FAMILY:
        network = network_of(name)
        for lanes in (n for n in LANES if n <= network.nnz):
            start = time.process_time()
            program = fit(network, lanes)
            seconds = time.process_time() - start
            cycles, shape = program.latency_cycles, program.shape
            most = allowed_cycles(network, shape)
            over = f"{cycles - most:+.1f}" if cycles > most else ""
            print(
                f"{name:18} {lanes:5} {network.nnz / lanes:8.1f} {most:8.1f} {cycles:6} {over:>6} "
                f"{shape.banks:5} {shape.replicas:6} {shape.out_values:7} {estimate(program).lut:5} "
                f"{seconds:7.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
