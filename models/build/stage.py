"""A stage's record: whether its outputs still belong to its inputs, and how long it took."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ganglion.models.build.codec import STRICT, Amount, decode_json, encode_json
from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import check_hashes, digest, sha256_file

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """stages/<stage>.json: the digest of a run's inputs, the hashes of its outputs, and its seconds."""

    __pydantic_config__: ClassVar = STRICT

    inputs: str
    outputs: dict[str, str]
    seconds: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of a build: its record tells whether outputs still belong to inputs, and the time taken."""

    root: Path
    name: str
    inputs: Mapping[str, Any]

    @property
    def record(self) -> Path:
        """The record's path, build/<name>/stages/<stage>.json."""
        return self.root / "stages" / f"{self.name}.json"

    @classmethod
    def at(cls, root: Path, name: str) -> "Stage":
        """Return the stage for reading its record, whatever its inputs were."""
        return cls(root=root, name=name, inputs={})

    def is_current(self) -> bool:
        """Return whether the last run had these inputs and every output of it is still whole."""
        if not self.record.exists():
            return False
        try:
            record = decode_json(Record, self.record)
            if record.inputs != digest(self.inputs):
                return False
            check_hashes(self.root, record.outputs)
        except (ExportError, OSError, ValueError):
            return False
        return True

    @property
    def seconds(self) -> float:
        """How long the last run took; without a record ExportError."""
        return decode_json(Record, self.record).seconds

    def refresh(self, outputs: list[Path], make: Callable[[], object], keep: bool = False) -> None:
        """Unless they are current, make `outputs` (files or folders) by `make` and say what it returns.

        Old files go first, so that none outlives a run that fails; with `keep` they stay until `make`
        replaces them.
        """
        if self.is_current():
            log.info("%s: up to date", self.name)
            return
        for path in outputs:
            if path.is_file() and not keep:
                path.unlink()
        with self.running(outputs):
            said = make()
        log.info("%s: %s", self.name, said)

    @contextmanager
    def running(self, outputs: list[Path]) -> Iterator[None]:
        """Time the block; when it ends well, record inputs and hashes of `outputs` (files or folders)."""
        self.record.unlink(missing_ok=True)
        start = time.monotonic()
        yield
        files = [file for path in outputs for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
        hashes = {str(file.relative_to(self.root)): sha256_file(file) for file in files if file.is_file()}
        seconds = round(time.monotonic() - start, 2)
        encode_json(self.record, Record(inputs=digest(self.inputs), outputs=hashes, seconds=seconds))
