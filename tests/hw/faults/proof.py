"""What hw.simulate drives through a build, and all that could be: the judges of a fault."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ganglion.hw.sim.equality import Vectors
from ganglion.hw.sim.harness import Bench, Traffic
from ganglion.hw.sim.vectors import proof_inputs
from ganglion.hw.simulate import verify
from ganglion.models.build.errors import MismatchError
from ganglion.models.reference import IntNetwork

# A fault that shows in fewer than one of so many inputs may escape: needles that no search is sure to find.
RARE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A network's vectors: those of hw.simulate, and every input there is."""

    simulated: Vectors
    every: Vectors

    @classmethod
    def of(cls, network: IntNetwork) -> "Proof":
        """Return both for a network of two inputs of up to 8 bits.

        In random order: a faulty word that should multiply nothing takes what the vector before has left, and
        is rarely seen or not by which vector that was.
        """
        kind = network.spec.input_type
        values = np.arange(kind.low, kind.high + 1)
        every = np.stack(np.meshgrid(values, values), axis=-1).reshape(-1, 2)
        golden = np.random.default_rng(1).choice(every, 50)
        every = np.random.default_rng(2).permutation(every)
        simulated = Vectors.of(network, proof_inputs(network, golden))
        return cls(simulated=simulated, every=Vectors.of(network, every))

    def misses(self, bench: Bench, scratch: Path) -> bool:
        """Return whether hw.simulate passes a build whose answers are wrong, and not just rarely."""
        return self.passes(bench) and self.n_wrong(bench, scratch) * RARE >= len(self.every.inputs)

    def passes(self, bench: Bench) -> bool:
        """Return whether hw.simulate finds no fault."""
        try:
            verify(bench, self.simulated, workers=1)
        except MismatchError:
            return False
        return True

    def n_wrong(self, bench: Bench, scratch: Path) -> int:
        """Return how many of all inputs have a wrong answer in some layer; all, where answers are missing."""
        result = bench.run(self.every.inputs, Traffic(), scratch)
        last = list(self.every.layers)[-1]
        wrong = np.zeros(len(self.every.inputs), dtype=np.bool_)
        for port in (*bench.design.taps, replace(bench.design.output, layer=last)):
            got, want = port.format.unpack(result.words[port.prefix]), self.every.layers[port.layer]
            if result.failure or len(got) != len(want):
                return len(want)
            wrong |= (got != want).any(axis=1)
        return int(wrong.sum())
