"""The driver on a shell whose action head is on chip: what the action window holds is the action."""

import json
from pathlib import Path

import numpy as np
import pytest

from ganglion.deploy.policy import Policy
from ganglion.hw.shell.library import build_library
from ganglion.models.build.codec import encode
from ganglion.models.build.errors import ExportError
from ganglion.models.spec.heads import ActionHead
from ganglion.models.spec.policy import Normalizer
from tests.deploy.bundles import LIBRARY, Ends, change_manifest, write_bundle
from tests.hw.bare import CACHE
from tests.hw.shell.test_head import ARGMAX, DIFFERENT, build_with

OBSERVATIONS = np.random.default_rng(3).normal(0, 1, (50, 11))


def _bundle(head: ActionHead, root: Path) -> tuple[Path, Ends]:
    build = build_with(head, root / "build")
    top, target = build.shell.tops["axi_lite"], build.paths.shell_library
    library = build_library(build.design, top, build.shell.sources, target, CACHE)
    ends = Ends(
        network=build.network,
        normalizer=Normalizer(features=tuple(range(11)), offset=(0.0,) * 11, gain=(40.0,) * 11),
        head=head,
        observation_features=11,
    )
    shell = encode(build.shell)
    return write_bundle(root / "bundle", ends, shell, OBSERVATIONS, **{LIBRARY: library}), ends


@pytest.mark.parametrize("head", [DIFFERENT, ARGMAX], ids=["tanh", "argmax"])
def test_actions_equal_the_reference(head: ActionHead, tmp_path: Path) -> None:
    bundle, ends = _bundle(head, tmp_path)
    observations = OBSERVATIONS.astype(np.float32)
    with Policy.load(bundle) as policy:
        got = [np.array(policy(observation)) for observation in observations]
    assert np.array_equal(got, ends.act(observations)[2])


def test_a_window_that_does_not_fit_the_head_is_refused(tmp_path: Path) -> None:
    bundle, _ = _bundle(DIFFERENT, tmp_path)
    change_manifest(bundle, {"host": {**_host(bundle), "action": encode(ARGMAX)}})
    with pytest.raises(ExportError, match="host.action: shell answers with float32"):
        Policy.load(bundle)


def _host(bundle: Path) -> dict[str, object]:
    return json.loads((bundle / "manifest.json").read_text())["host"]
