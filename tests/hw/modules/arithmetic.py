"""Models of the modules that compute: adder tree, lane, lanes, reduction, collector."""

import numpy as np

from ganglion.hw.engines.folded.lower import Requantization
from tests.hw.modules.memories import BIASES, Rows
from tests.hw.modules.probe import Model, Row, packed

N = 1500
MODES = (Requantization(shift=2, bits=6), Requantization(shift=4, bits=4))
OUTPUT = Requantization(shift=3, bits=5)
GROUPS = (slice(0, 3), slice(3, 5))


def adder_tree(rng: np.random.Generator) -> Rows:
    terms = rng.choice([-2048, -1, 0, 2047, *range(-400, 400)], (N, 5))
    return [({"term": packed(row, 12)}, {"sum": int(row.sum()) % 4096}) for row in terms]


def reduction(rng: np.random.Generator) -> Rows:
    rows: Rows = []
    held, out = np.zeros(5, dtype=np.int64), {"valid": 0}
    for _ in range(N):
        reduce, capture = int(rng.random() < 0.3), rng.random(5) < 0.3
        acc = rng.choice([-1600, -1, 0, 1600, *range(-900, 900)], 5)
        rows.append(({"reduce": reduce, "capture": packed(capture, 1), "acc": packed(acc, 14)}, out))
        groups = [int(held[group].sum()) for group in GROUPS]
        out = {"valid": reduce, "group": packed(groups, 14), "total": packed([sum(groups)], 14)}
        held = np.where(capture, acc, 0 if reduce else held)
    return rows


def collector(rng: np.random.Generator) -> Rows:
    """Reduce for a word what was captured up to three cycles after it; the result is out after five."""
    rows: Rows = []
    held, words = np.zeros(5, dtype=np.int64), [(0, 0, 0)] * 5
    groups = [0, 0]
    for _ in range(N):
        run, last, reduce, bank = (int(value) for value in (rng.random(4) < (0.8, 0.2, 0, 0)))
        reduce, bank = int(rng.choice([0, 0, 1, 2, 3])), int(rng.integers(4))
        capture, acc = rng.random(5) < 0.3, rng.choice([-1600, -1, 0, 1600, *range(-900, 900)], 5)
        words.append((run * reduce, bank, run * last))
        action, store_bank, _ = words[-6]
        out = {"restart": words[-4][2], "emits": int(action == 1), "store": int(action >= 2)}
        if action == 1:
            out["emitted"] = packed(OUTPUT.apply(np.array(groups)), 5)
        if action >= 2:
            stored = MODES[action - 2].apply(np.array([sum(groups)]))
            out |= {"bank": store_bank, "stored": int(stored[0])}
        row = {"run": run, "last": last, "reduce": reduce, "bank": bank}
        rows.append((row | {"capture": packed(capture, 1), "acc": packed(acc, 14)}, out))
        groups = [int(held[group].sum()) for group in GROUPS]
        held = np.where(capture, acc, 0 if words[-5][0] else held)
    return rows


class _Lane:
    """The sums of a lane, a word a cycle; `index` is that of the bias which the running segment needs."""

    def __init__(self) -> None:
        self.is_first, self.total, self.index, self.out = True, 0, 0, {}

    def step(self, run: int, last: int, action: int, product: int, bias: int) -> Row:
        """Return what comes out three cycles after this word: capture, acc, write, result."""
        self.total = (bias if self.is_first else self.total) + product * run
        out = {"capture": int(run and action == 1), "write": int(run and action > 1)}
        out["acc"] = self.total % (1 << 18)
        if out["write"]:
            out["result"] = int(MODES[action - 2].apply(np.array([self.total]))[0])
        if run:
            self.is_first = bool(action or last)
            self.index = 0 if last else (self.index + (action > 0)) % 8
        return out


def _stimuli(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return ports of two lanes: run, last [N]; action, weight, select [N, 2]; act [N, 2, 3]."""
    return {
        "run": rng.random(N) < 0.85,
        "last": rng.random(N) < 0.03,
        "action": rng.choice([0, 0, 0, 0, 0, 1, 2, 3], (N, 2)),
        "weight": rng.choice([-16, -1, 0, 15, *range(-16, 16)], (N, 2)),
        "select": rng.integers(0, 3, (N, 2)),
        "act": rng.choice([0, 63, *range(64)], (N, 2, 3)),
    }


def lane(rng: np.random.Generator) -> Rows:
    """Bring the bias of the segment that begins with a word together with the word after."""
    ports, model = _stimuli(rng), _Lane()
    biases = rng.integers(-512, 512, N + 1).tolist()
    rows: Rows = []
    outs: list[Row] = [{}, {}, {}]
    for t in range(N):
        run, last, action, weight, select = (int(ports[name][t].flat[0]) for name in list(ports)[:5])
        act = ports["act"][t, 0]
        row = {"run": run, "last": last, "action": action, "weight": packed([weight], 5), "select": select}
        row |= {"act": packed(act, 6), "bias": packed([biases[t]], 10)}
        rows.append((row, outs[t] | {"index": model.index}))
        outs.append(model.step(run, last, action, int(act[select]) * weight, biases[t + 1]))
    return rows


def lanes(rng: np.random.Generator) -> Rows:
    """Two lanes with biases of their own, in the order of their segments."""
    ports, models = _stimuli(rng), (_Lane(), _Lane())
    rows: Rows = []
    outs: list[list[Row]] = [[{}, {}]] * 3
    for t in range(N):
        run, last = int(ports["run"][t]), int(ports["last"][t])
        fields = list(zip(*(ports[name][t].tolist() for name in ("action", "weight", "select")), strict=True))
        words = [action | (weight & 31) << 2 | select << 7 for action, weight, select in fields]
        row = {"run": run, "last": last, "word": packed(words, 9), "act": packed(ports["act"][t].ravel(), 6)}
        first, second = outs[t]
        widths = {"capture": 1, "acc": 18, "write": 1, "result": 6}
        both = {name for name in widths if name in first and name in second}
        rows.append((row, {name: packed([first[name], second[name]], widths[name]) for name in both}))
        out = []
        for i, (model, (action, weight, select)) in enumerate(zip(models, fields, strict=True)):
            product = int(ports["act"][t, i, select]) * weight
            out.append(model.step(run, last, action, product, BIASES[8 * i + model.index]))
        outs.append(out)
    return rows


MODELS = {
    "adder_tree": Model(number=0, inputs={"term": 60}, outputs={"sum": 12}, run=adder_tree),
    "reduction": Model(
        number=7,
        inputs={"reduce": 1, "capture": 5, "acc": 70},
        outputs={"valid": 1, "group": 28, "total": 14},
        run=reduction,
    ),
    "collector": Model(
        number=8,
        inputs={"run": 1, "last": 1, "reduce": 2, "bank": 2, "capture": 5, "acc": 70},
        outputs={"restart": 1, "emits": 1, "emitted": 10, "store": 1, "bank": 2, "stored": 6},
        run=collector,
    ),
    "lane": Model(
        number=9,
        inputs={"run": 1, "last": 1, "action": 2, "weight": 5, "select": 2, "act": 18, "bias": 10},
        outputs={"index": 3, "capture": 1, "acc": 18, "write": 1, "result": 6},
        run=lane,
    ),
    "lanes": Model(
        number=10,
        inputs={"run": 1, "last": 1, "word": 18, "act": 36},
        outputs={"capture": 2, "acc": 36, "write": 2, "result": 12},
        run=lanes,
    ),
}
