"""Bundles of small policies and of shipped ones, with the Verilated shell of each as its board."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ganglion.hw.engines.folded.plan import plan
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.shell.generate import write_shell
from ganglion.hw.shell.library import build_library
from ganglion.models.build.codec import encode
from ganglion.models.build.files import sha256_file
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.policy_folder import JSON_FILE, Policy, load_policy
from ganglion.models.reference import IntNetwork, quantize_observation
from ganglion.models.select_policy import shipped_policy
from ganglion.models.spec.heads import ActionHead
from ganglion.models.spec.policy import Normalizer
from tests.deploy.manifests import HEAD, NORMALIZER, manifest_json
from tests.hw.bare import CACHE, build_bare
from tests.hw.shell.shells import Build, build_shells

OBSERVATION_FEATURES = 5
LIBRARY = "libganglion_shell.so"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """A policy as its bundle tells it: the integers, and what the host does around them."""

    network: IntNetwork
    normalizer: Normalizer
    head: ActionHead
    observation_features: int

    def act(self, observations: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the reference's inputs, outputs and actions for observations [n, observation_features]."""
        inputs = quantize_observation(observations, self.normalizer, self.network.spec.input_type)
        outputs = self.network(inputs)
        return inputs, outputs, self.head.act(outputs)


def write_bundle(
    folder: Path, ends: Ends, shell: dict[str, Any], observations: np.ndarray, **files: Path
) -> Path:
    """Write a bundle whose golden vectors are of `observations`, with more files as name=path; return it."""
    folder.mkdir(parents=True)
    observations = observations.astype(np.float32)
    inputs, outputs, actions = ends.act(observations)
    golden = {"observation": observations, "input": inputs, "output": outputs, "action": actions}
    np.savez_compressed(folder / "golden.npz", **golden)
    for name, source in files.items():
        shutil.copy(source, folder / name)
    manifest = manifest_json(
        ends.normalizer,
        ends.head,
        ends.network.spec.input_type,
        observation_features=ends.observation_features,
    )
    manifest |= {"name": shell["name"], "policy": shell["policy"], "shell": shell, "bitstream": None}
    manifest["files"] = {path.name: sha256_file(path) for path in sorted(folder.iterdir())}
    if LIBRARY in files:
        manifest["transport"] = {"kind": "simulated", "baud": None, "library": LIBRARY}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Toy:
    """A bundle whose board is simulated."""

    folder: Path
    ends: Ends

    @property
    def library(self) -> Path:
        """The simulated board."""
        return self.folder / LIBRARY


def write_toy(root: Path, head: ActionHead | None = None, input_bits: int = 8, output_bits: int = 8) -> Toy:
    """Write a bundle of a network of 3, 9 and 3 values to `root`."""
    build = build_shells(root / "build", (3, 9, 3), input_bits, output_bits)
    ends = Ends(
        network=build.network,
        normalizer=NORMALIZER,
        head=head or HEAD,
        observation_features=OBSERVATION_FEATURES,
    )
    observations = np.random.default_rng(5).normal(0, 2, (100, OBSERVATION_FEATURES))
    return _with_shell(root, ends, build, observations)


def write_shipped(root: Path, env: str) -> tuple[Toy, Policy]:
    """Write a bundle of the policy shipped for an environment, on the folded engine, to `root`."""
    source = shipped_policy(env)
    policy = load_policy(source)
    spec, paths = policy.spec, BuildPaths(root=root / "build")
    design = build_bare(plan(policy.network, FoldedShape.of(8)), paths.root).design
    shell = write_shell(paths, design, sha256_file(source / JSON_FILE))
    build = Build(paths=paths, network=policy.network, design=design, shell=shell)
    ends = Ends(
        network=policy.network,
        normalizer=spec.normalizer,
        head=spec.action,
        observation_features=spec.observation_features,
    )
    return _with_shell(root, ends, build, policy.golden["observation"]), policy


def _with_shell(root: Path, ends: Ends, build: Build, observations: np.ndarray) -> Toy:
    top, target = build.shell.tops["axi_lite"], build.paths.shell_library
    library = build_library(build.design, top, build.shell.sources, target, CACHE)
    shell = encode(build.shell)
    return Toy(
        folder=write_bundle(root / "bundle", ends, shell, observations, **{LIBRARY: library}), ends=ends
    )


def change_manifest(folder: Path, change: dict[str, Any]) -> None:
    """Replace keys of a bundle's manifest."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


def give_bit_file(folder: Path, hwh: str, clock_mhz: float = 100.0) -> None:
    """Give a bundle a bit file, which no board would take, and the .hwh beside it."""
    (folder / "toy.bit").write_bytes(b"bit")
    (folder / "toy.hwh").write_text(hwh)
    files = {name: sha256_file(folder / name) for name in ("toy.bit", "toy.hwh")}
    bitstream = {"clock_mhz": clock_mhz, "resources": {}, "seed": None, "tool": "none"}
    change_manifest(
        folder,
        {
            "clock_mhz": clock_mhz,
            "files": json.loads((folder / "manifest.json").read_text())["files"] | files,
            "transport": {"kind": "pynq", "baud": None, "library": None},
            "bitstream": bitstream | {"files": sorted(files)},
        },
    )
