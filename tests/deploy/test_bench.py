"""The bench of the driver puts a call's host work beside the reference's, from one run."""

from ganglion.deploy import bench
from ganglion.models.build.files import read_json
from ganglion.models.build.paths import BENCH_FILE, BuildPaths
from ganglion.models.build.settings import BuildSettings


def test_host_work_is_measured_and_kept(build: BuildPaths) -> None:
    settings = BuildSettings(name=build.root.name, build=build.root.parent)
    bench.run(settings)
    found = read_json(build.root.with_name(BENCH_FILE))["driver"][build.root.name]
    assert 0 < found["host_us"] <= found["host_p99_us"]
    assert found["speedup"] == round(found["reference_us"] / found["host_us"], 2)
