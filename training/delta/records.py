"""Measurements on disk, a line each, so that a run that was killed goes on from the last one."""

import json
import logging
from pathlib import Path

from ganglion.models.build.codec import decode, encode
from ganglion.models.build.errors import ExportError
from ganglion.models.formats.policy_folder import Policy
from ganglion.training.delta.measure import Measured, Thresholds, measure
from ganglion.training.statistics import mean_and_std

log = logging.getLogger(__name__)


class Records:
    """Measures a policy; what `path` holds under the same `key`, of policy and code, is not done again."""

    def __init__(self, policy: Policy, path: Path, key: str) -> None:
        self._policy, self._path = policy, path
        self._known: dict[tuple[Thresholds, int, int], Measured] = {}
        first, *lines = (path.read_text().splitlines() if path.exists() else []) or [""]
        if first == key:
            self._read(lines)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{key}\n")

    def _read(self, lines: list[str]) -> None:
        for line in lines:
            try:
                self._keep(decode(Measured, json.loads(line), str(self._path)))
            except (ExportError, ValueError):  # cut short by a kill: measured again
                log.debug("%s: left out %s", self._path, line)

    def _keep(self, found: Measured) -> None:
        self._known[found.thresholds, found.episodes, found.first_seed] = found

    def __call__(self, thresholds: Thresholds, n_episodes: int, first_seed: int) -> Measured:
        """Return what was measured, now or before."""
        key = (thresholds, n_episodes, first_seed)
        if key not in self._known:
            found = measure(self._policy, thresholds, n_episodes, first_seed)
            with self._path.open("a") as file:
                file.write(f"{json.dumps(encode(found))}\n")
            self._keep(found)
            log.info(
                "delta: %s: %.0f multiplications, return %s",
                thresholds,
                found.total,
                mean_and_std(found.return_mean, found.return_std),
            )
        return self._known[key]
