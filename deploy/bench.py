"""Stage: what the driver's host work takes a call, beside the reference's own functions in the same run.

It measures the simulated accelerator of a build and adds its section to build/bench.json.
"""

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

import numpy as np

from ganglion.deploy.bundle.make import BundleSettings, make_bundle
from ganglion.deploy.control.histogram import Histogram
from ganglion.deploy.golden import read_golden
from ganglion.deploy.policy import Policy
from ganglion.deploy.self_test import measure
from ganglion.models.build.files import merge_json
from ganglion.models.build.paths import BENCH_FILE
from ganglion.models.build.settings import BuildSettings
from ganglion.models.formats.policy_folder import read_description
from ganglion.models.reference import quantize_observation

CALLS = 2000


def bench(settings: BuildSettings, calls: int = CALLS) -> dict[str, Any]:
    """Return the times of a call's host work and of the reference's, medians in µs, and their ratio."""
    paths = settings.paths
    bundle = make_bundle(BundleSettings(name=paths.root.name, build=settings.build, simulated=True))
    spec = read_description(paths.policy)
    with Policy.load(bundle.folder) as policy:
        golden = read_golden(bundle.folder / policy.manifest.golden, policy.manifest.host)
        times = measure(policy, golden.observation, calls)
    values = golden.output.astype(np.int64)
    reference = _timed(
        lambda index: (
            quantize_observation(golden.observation[index], spec.normalizer, spec.network.input_type),
            spec.action.act(values[index]),
        ),
        len(golden.observation),
        calls,
    )
    host_us, reference_us = (round(each.percentile(50) / 1e3, 2) for each in (times.host, reference))
    return {
        "host_us": host_us,
        "host_p99_us": round(times.host.percentile(99) / 1e3, 2),
        "reference_us": reference_us,
        "speedup": round(reference_us / host_us, 2),
        "calls": calls,
    }


def _timed(call: Callable[[int], object], n: int, calls: int) -> Histogram:
    times = Histogram()
    for index in range(calls):
        begin = perf_counter_ns()
        call(index % n)
        times.add(perf_counter_ns() - begin)
    return times


def run(settings: BuildSettings) -> None:
    """Measure a build's driver, add it to bench.json and print it."""
    found = bench(settings)
    name = settings.paths.root.name
    merge_json(settings.paths.root.with_name(BENCH_FILE), {"driver": {name: found}})
    print(
        f"driver: {found['host_us']} µs of Python a call for {name}, 99 % within {found['host_p99_us']}; "
        f"the reference's functions take {found['reference_us']}, {found['speedup']} times as much"
    )
