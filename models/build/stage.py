"""A stage's record: whether its outputs still belong to its inputs, and how long it took."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import check_hashes, digest, read_json, sha256_file, write_json


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
            record = read_json(self.record)
            if record["inputs"] != digest(self.inputs):
                return False
            check_hashes(self.root, record["outputs"])
        except (ExportError, KeyError):
            return False
        return True

    @contextmanager
    def running(self, outputs: list[Path]) -> Iterator[None]:
        """Time the block; when it ends well, record inputs and hashes of `outputs` (files or folders)."""
        self.record.unlink(missing_ok=True)
        start = time.monotonic()
        yield
        files = [file for path in outputs for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
        hashes = {str(file.relative_to(self.root)): sha256_file(file) for file in files if file.is_file()}
        seconds = round(time.monotonic() - start, 2)
        write_json(self.record, {"inputs": digest(self.inputs), "outputs": hashes, "seconds": seconds})
