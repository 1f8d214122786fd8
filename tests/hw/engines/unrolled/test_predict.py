"""The cost model of ENGINE=auto is near what is built."""

import numpy as np
import pytest

from ganglion.hw.engines.unrolled.cost import cost, plain_cost
from ganglion.hw.engines.unrolled.lower import lower
from ganglion.hw.engines.unrolled.predict import predict
from ganglion.hw.engines.unrolled.schedule import schedule
from ganglion.hw.engines.unrolled.shape import UnrolledShape
from ganglion.models.liveness import live_part
from tests.networks import random_network


@pytest.mark.parametrize(("weight_bits", "activation_bits"), [(8, 8), (4, 8), (4, 4)])
@pytest.mark.parametrize(("adder_inputs", "primitives"), [(2, ""), (3, "xc7")])
def test_prediction_is_near_what_is_built(
    weight_bits: int, activation_bits: int, adder_inputs: int, primitives: str
) -> None:
    options = {"density": 0.15, "weight_bits": weight_bits, "activation_bits": activation_bits}
    network = live_part(random_network(np.random.default_rng(6), [11, 48, 32, 3], **options)).network
    graph = lower(network, adder_inputs)
    for adders_per_stage, pipelining in ((1, 0), (2, 0), (1, 1)):
        shape = UnrolledShape(
            adders_per_stage=adders_per_stage,
            adder_inputs=adder_inputs,
            primitives=primitives,
            pipelining=pipelining,
        )
        stages, promised = schedule(graph, adders_per_stage, pipelining), predict(network, shape)
        built = cost(graph, stages) if shape.xc7 else plain_cost(graph, stages)
        assert promised.resources.lut == pytest.approx(built.lut, rel=0.25 if shape.xc7 else 0.15)
        assert promised.resources.ff == pytest.approx(built.ff, rel=0.4)
        assert promised.latency_cycles == pytest.approx(
            stages.latency_cycles, abs=3 if adder_inputs > 2 else 5
        )
        assert (promised.resources.dsp, promised.resources.bram) == (0, 0)
