"""Stage: the policy to build, shipped or a user's folder, verified and copied to build/<name>/policy/.

Its policy.onnx is written anew in the one form that the compiler reads, whatever equal form it came in.
"""

import shutil
import tomllib
from pathlib import Path

from ganglion.models.build.closure import code_hash
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import atomic_path, sha256_file
from ganglion.models.build.lock import locked
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.settings import BuildSettings
from ganglion.models.build.spelling import spelled
from ganglion.models.build.stage import Stage
from ganglion.models.formats.policy_folder import (
    GOLDEN_FILE,
    JSON_FILE,
    ONNX_FILE,
    load_policy,
    read_description,
    write_description,
)
from ganglion.models.formats.qonnx_writer import write_qonnx
from ganglion.models.spec.policy import PolicySpec
from ganglion.models.zoo import ZOO


def shipped_policies() -> dict[str, Path]:
    """Return the folder of the policy that is shipped for each environment."""
    with (ZOO / "defaults.toml").open("rb") as file:
        defaults: dict[str, str] = tomllib.load(file)
    return {env: ZOO / env / name for env, name in sorted(defaults.items())}


def shipped_policy(env: str) -> Path:
    """Return the folder of the policy shipped for `env`; ConfigError lists what is shipped."""
    shipped = shipped_policies()
    if env not in shipped:
        raise ConfigError(
            f"no policy is shipped for {env!r} (shipped: {', '.join(shipped)}); "
            f"train and export one, or give its folder with {spelled('policy')}"
        )
    return shipped[env]


def policy_folder(settings: BuildSettings) -> Path:
    """Return the folder that is asked for, or the one shipped for an environment.

    ConfigError without either, ExportError for a folder that holds no policy.
    """
    folder = shipped_policy(settings.name or "") if settings.policy is None else settings.policy
    read_description(folder)
    return folder


def select(paths: BuildPaths, source: Path) -> None:
    """Copy the policy in folder `source` once proved consistent."""
    files = [ONNX_FILE, JSON_FILE, GOLDEN_FILE]
    hashes = {file: sha256_file(source / file) for file in files}
    with locked(paths.root):
        stage = Stage(root=paths.root, name="policy", inputs={"files": hashes, "code": code_hash(__name__)})
        outputs = [paths.policy / file for file in files]
        stage.refresh(outputs, lambda: _copy(source, paths.policy), keep=True)


def _copy(source: Path, target: Path) -> str:
    """Copy a policy folder once proved consistent; return what it is."""
    policy = load_policy(source)
    _require_fits_environment(policy.spec)
    write_qonnx(policy.network, target / ONNX_FILE)
    with atomic_path(target / GOLDEN_FILE) as temporary:
        shutil.copyfile(source / GOLDEN_FILE, temporary)
    write_description(target, policy.spec)
    n_vectors = len(policy.golden["observation"])
    return f"{policy.spec.name} for {policy.spec.env}, {n_vectors} golden vectors verified"


def _require_fits_environment(spec: PolicySpec) -> None:
    """Raise ConfigError unless the policy fits its environment, if Gymnasium knows that here."""
    from ganglion.models.environments import is_known, make_shown, require_fits

    if is_known(spec.env):
        env = make_shown(spec.env)
        require_fits(spec, env)
        env.close()
