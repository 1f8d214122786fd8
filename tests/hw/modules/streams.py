"""Models of the modules with a handshake, stalled at both ends: loader, queue, FIFO, pipeline, adapters."""

from collections import deque

import numpy as np

from tests.hw.modules.memories import Rows
from tests.hw.modules.probe import Model, packed

N = 1500


def _stalls(rng: np.random.Generator) -> list[int]:
    """Return a ready signal by cycle: free, stalled half and nine tenths of the time, in turn."""
    share = np.repeat([1.0, 0.5, 0.1], 50)
    return (rng.random(N) < np.resize(share, N)).astype(int).tolist()


def loader(rng: np.random.Generator) -> Rows:
    """Three words of two inputs, to addresses 5 to 7; the next waits for what a busy bank cannot take."""
    rows: Rows = []
    offered, word, left, at, is_loaded = _stalls(rng), [0, 0], 0, 0, False
    for valid in offered:
        data, busy = rng.integers(0, 32, 2).tolist(), int(rng.choice([0, 0, 1, 2, 3]))
        releases = int(is_loaded and rng.random() < 0.2)
        ready = int(not is_loaded and not left)
        accept = valid and ready
        we = left or (3 if accept else 0)
        shown = word if left else data
        after = we & busy
        done = int(we > 0 and not after)
        row = {"tvalid": valid, "tdata": packed(data, 5), "releases": releases, "busy": busy}
        out = {"tready": ready, "done": done, "we": we, "addr": 5 + at}
        rows.append((row, out | {"data": packed([value ^ 16 for value in shown], 5)}))
        word, left = (data if accept else word), after
        is_loaded = (is_loaded and not releases) or bool(done and at == 2)
        at = (at + done) % 3
    return rows


def result_queue(rng: np.random.Generator) -> Rows:
    """Room for two vectors of three words; results come for vectors that were started, at any time."""
    rows: Rows = []
    queue: deque[int] = deque()
    reserved = 0
    for ready in _stalls(rng):
        start = int(reserved <= 3 and rng.random() < 0.3)
        push, data = int(len(queue) < reserved and rng.random() < 0.6), int(rng.integers(256))
        out = {"room": int(reserved <= 3), "tvalid": int(bool(queue))}
        if queue:
            out["tdata"] = queue[0] ^ 0x88
        rows.append(({"start": start, "push": push, "data": data, "tready": ready}, out))
        pop = bool(queue) and ready
        reserved += 3 * start - pop
        if pop:
            queue.popleft()
        if push:
            queue.append(data)
    return rows


def output_fifo(rng: np.random.Generator) -> Rows:
    rows: Rows = []
    queue: deque[int] = deque()
    for ready in _stalls(rng):
        push, data = int(len(queue) < 5 and rng.random() < 0.6), int(rng.integers(256))
        out = {"m_valid": int(bool(queue))} | ({"m_data": queue[0]} if queue else {})
        rows.append(({"push": push, "data": data, "m_ready": ready}, out))
        if queue and ready:
            queue.popleft()
        if push:
            queue.append(data)
    return rows


def pipeline_stream(rng: np.random.Generator) -> Rows:
    """Three stages that never stop and five credits, back the cycle after a word left: one vector a cycle."""
    rows: Rows = []
    queue: deque[int] = deque()
    stages, credits = [0, 0, 0], 5
    for ready in _stalls(rng):
        valid, data = int(rng.random() < 0.9), int(rng.integers(256))
        out = {"s_ready": int(credits > 0), "valid": packed(stages, 1), "m_valid": int(bool(queue))}
        rows.append(
            (
                {"s_valid": valid, "data": data, "m_ready": ready},
                out | ({"m_data": queue[0]} if queue else {}),
            )
        )
        accept, leaves = int(valid and credits > 0), bool(queue) and ready
        if leaves:
            queue.popleft()
        if stages[2]:
            queue.append(data)
        stages = [accept, *stages[:2]]
        credits += leaves - accept
    return rows


def widen(rng: np.random.Generator) -> Rows:
    """Five parts of two values: a word of three parts, then one of two whose last lanes stay as they were."""
    rows: Rows = []
    word, at, left, is_full = [0] * 3, 0, 4, False
    for ready in _stalls(rng):
        valid, part = int(rng.random() < 0.8), int(rng.integers(1 << 10))
        s_ready = int(not is_full or ready)
        out = {"s_ready": s_ready, "m_valid": int(is_full)} | (
            {"m_data": packed(word, 10)} if is_full else {}
        )
        rows.append(({"s_valid": valid, "s_data": part, "m_ready": ready}, out))
        if not s_ready:
            continue
        is_full = bool(valid) and (at == 2 or left == 0)
        if valid:
            word[at] = part
            at, left = (0 if is_full else at + 1), (left - 1) % 5
    return rows


def narrow(rng: np.random.Generator) -> Rows:
    """Seven values in words of three, the last filled up with zeros and accepted with the vector."""
    rows: Rows = []
    at = 0
    for ready in _stalls(rng):
        valid, vector = int(rng.random() < 0.8), int(rng.integers(1 << 35))
        out = {"s_ready": int(ready and at == 2), "m_valid": valid}
        row = {"s_valid": valid, "s_data": vector, "m_ready": ready}
        rows.append((row, out | {"m_data": vector >> (15 * at) & 0x7FFF}))
        at = (at + (valid and ready)) % 3
    return rows


MODELS = {
    "loader": Model(
        number=6,
        inputs={"tvalid": 1, "tdata": 10, "releases": 1, "busy": 2},
        outputs={"tready": 1, "done": 1, "we": 2, "addr": 3, "data": 10},
        run=loader,
    ),
    "result_queue": Model(
        number=11,
        inputs={"start": 1, "push": 1, "data": 8, "tready": 1},
        outputs={"room": 1, "tvalid": 1, "tdata": 8},
        run=result_queue,
    ),
    "output_fifo": Model(
        number=12,
        inputs={"push": 1, "data": 8, "m_ready": 1},
        outputs={"m_valid": 1, "m_data": 8},
        run=output_fifo,
    ),
    "pipeline_stream": Model(
        number=13,
        inputs={"s_valid": 1, "data": 8, "m_ready": 1},
        outputs={"s_ready": 1, "valid": 3, "m_valid": 1, "m_data": 8},
        run=pipeline_stream,
    ),
    "widen": Model(
        number=15,
        inputs={"s_valid": 1, "s_data": 10, "m_ready": 1},
        outputs={"s_ready": 1, "m_valid": 1, "m_data": 30},
        run=widen,
    ),
    "narrow": Model(
        number=16,
        inputs={"s_valid": 1, "s_data": 35, "m_ready": 1},
        outputs={"s_ready": 1, "m_valid": 1, "m_data": 15},
        run=narrow,
    ),
}
