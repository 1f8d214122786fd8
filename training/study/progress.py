"""How far a study is, said as it goes: what is measured now, of how much, and the time that is left."""

import logging
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


def counted(what: str, names: Sequence[tuple[str, T]]) -> Iterator[T]:
    """Yield what is named, each behind a line that says which of how many it is and how long all take yet."""
    start = time.monotonic()
    for done, (name, item) in enumerate(names):
        left = time_left(start, done, len(names))
        log.info("study: %s, %d of %d%s: %s", what, done + 1, len(names), left, name)
        yield item


def time_left(start: float, done: int, total: int) -> str:
    """Return ", about 12 min left" from what `done` of `total` took since `start`; "" with none or all."""
    if done in (0, total):
        return ""
    seconds = (time.monotonic() - start) / done * (total - done)
    return f", about {seconds / 60:.0f} min left" if seconds >= 60 else f", about {seconds:.0f} s left"
