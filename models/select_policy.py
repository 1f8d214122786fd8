"""Stage: the policy to build, shipped or a user's folder, verified and copied to build/<name>/policy/."""

import argparse
import shutil
import tomllib
from pathlib import Path

from ganglion.models.build.closure import code_hash
from ganglion.models.build.command import run_stage
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import atomic_path, sha256_file
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.stage import Stage
from ganglion.models.formats.policy_folder import GOLDEN_FILE, JSON_FILE, ONNX_FILE, load_policy
from ganglion.models.zoo import ZOO


def shipped_policy(env: str) -> Path:
    """Return the folder of the policy shipped for `env`; ConfigError lists what is shipped."""
    with (ZOO / "defaults.toml").open("rb") as file:
        defaults: dict[str, str] = tomllib.load(file)
    if env not in defaults:
        raise ConfigError(
            f"no policy is shipped for {env!r} (shipped: {', '.join(sorted(defaults))}); "
            f"make train ENV={env}, then make export, or give POLICY=<folder>"
        )
    return ZOO / env / defaults[env]


def select(name: str, folder: Path | None) -> None:
    """Copy the policy in `folder`, or the one shipped for environment `name`, once proved consistent."""
    source = folder if folder is not None else shipped_policy(name)
    paths = BuildPaths.of(name)
    files = [ONNX_FILE, JSON_FILE, GOLDEN_FILE]
    hashes = {file: sha256_file(source / file) for file in files}
    stage = Stage(
        root=paths.root,
        name="policy",
        inputs={"files": hashes, "code": code_hash("ganglion.models.select_policy")},
    )
    if stage.is_current():
        print("policy: up to date")
        return
    with stage.running(outputs=[paths.policy / file for file in files]):
        policy = load_policy(source)
        for file in files:
            with atomic_path(paths.policy / file) as temporary:
                shutil.copyfile(source / file, temporary)
    n_vectors = len(policy.golden["observation"])
    print(f"policy: {policy.spec.name} for {policy.spec.env}, {n_vectors} golden vectors verified")


def main() -> None:
    """Parse the command line and select."""
    parser = argparse.ArgumentParser(prog="ganglion.models.select_policy", description=__doc__)
    parser.add_argument("name", help="environment, and the build's name under build/")
    parser.add_argument("--policy", type=Path, help="a policy folder instead of the shipped one")
    arguments = parser.parse_args()
    select(arguments.name, arguments.policy)


if __name__ == "__main__":
    run_stage(main)
