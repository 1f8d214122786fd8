"""Damaged float weights beside a policy: one line of ours."""

import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import read_arrays
from ganglion.models.nets.quant_network import FLOATS_FILE, SCALES_FILE, QuantNetwork
from ganglion.models.spec.policy import Normalizer
from tests.damage import GONE, WRONG, changed, places
from tests.networks import random_network


def test_float_weights_beside_the_policy(tmp_path: Path) -> None:
    QuantNetwork.from_integers(
        Normalizer(features=(0, 1, 2), offset=(0.0,) * 3, gain=(1.0,) * 3),
        random_network(np.random.default_rng(0), (3, 4, 2)),
    ).save(tmp_path)
    described = json.loads((tmp_path / SCALES_FILE).read_text())
    for path in places(described):
        for new in (*WRONG, GONE):
            (tmp_path / SCALES_FILE).write_text(json.dumps(changed(described, path, new)))
            with suppress(ExportError):  # any other is a bug; a scale may be another
                QuantNetwork.load(tmp_path)
    (tmp_path / SCALES_FILE).write_text(json.dumps(described))
    arrays = read_arrays(tmp_path / FLOATS_FILE)
    for change in (
        lambda a: a[1:],
        lambda a: a.astype(np.float64),
        lambda a: a.astype("U8"),
        lambda a: a[None],
    ):
        np.savez(tmp_path / FLOATS_FILE, **arrays | {"fc2.weight": change(arrays["fc2.weight"])})
        with pytest.raises(ExportError, match=r"actor.npz: expected fc2.weight of \[2, 4\] float32"):
            QuantNetwork.load(tmp_path)
