"""Models of the modules that store: bank, write port, banks, bias memory, sequencer, tap."""

from itertools import pairwise

import numpy as np

from tests.hw.modules.probe import Model, Row, packed

N = 600
BIASES = [int(value) for value in np.random.default_rng(3).integers(-512, 512, 16)]
PROGRAM = [int(value) for value in np.random.default_rng(4).integers(0, 4096, 7)]
# Neurons by bank in the order of their results, a row a bank of 5, surplus ones 0xFFFF: the tap's are 2 to 5.
ORDER = [[0, 4, 2, 7, 0xFFFF], [1, 5, 3, 0xFFFF, 0xFFFF]]
FILES = {
    "bias.dat": "".join(f"{value & 0x3FF:03x}\n" for value in BIASES),
    "program.dat": "".join(f"{value:03x}\n" for value in PROGRAM),
    "order.dat": "".join(f"{value:04x}\n" for bank in ORDER for value in bank),
}

Rows = list[tuple[Row, Row]]


def bank(rng: np.random.Generator) -> Rows:
    memory: dict[int, int] = {}
    rows: Rows = []
    for _ in range(N):
        we, waddr, wdata, raddr = (int(rng.integers(n)) for n in (2, 8, 256, 8))
        out = {"rdata": memory[raddr]} if raddr in memory else {}
        rows.append(({"we": we, "waddr": waddr, "wdata": wdata, "raddr": raddr}, out))
        if we:
            memory[waddr] = wdata
    return rows


def write_port(rng: np.random.Generator) -> Rows:
    """Write at most nine results between restarts, at addresses 0 to 4 in turn."""
    rows: Rows = []
    address = count = 0
    for _ in range(N):
        restart = int(count == 9 or rng.random() < 0.1)
        valid = int(rng.choice([0, 0, 1, 2])) if count < 9 else 0
        results = rng.integers(0, 256, 2)
        load = [int(rng.integers(n)) for n in (2, 8, 256)]
        row = {"restart": restart, "valid": valid, "result": packed(results, 8)}
        row |= dict(zip(("load_we", "load_addr", "load_data"), load, strict=True))
        chosen = [address, int(results[valid - 1])] if valid else load[1:]
        out = {"busy": int(valid > 0), "we": int(valid > 0 or load[0]), "addr": chosen[0], "data": chosen[1]}
        rows.append((row, out))
        count = 0 if restart else count + (valid > 0)
        address = 0 if restart else (address + (valid > 0)) % 5
    return rows


def banks(rng: np.random.Generator) -> Rows:
    """Write lane p's results to bank p mod 3 at addresses 0 to 5, inputs to banks 0 and 1 between them."""
    memory: dict[tuple[int, int], int] = {}
    rows: Rows = []
    count = [0, 0, 0]
    for _ in range(N):
        restart = int(max(count) == 6 or rng.random() < 0.1)
        writers = [[0, 3], [1, 4], [2]]
        lanes = [
            w[rng.integers(len(w))] for b, w in enumerate(writers) if count[b] < 6 and rng.random() < 0.5
        ]
        results, stored = rng.integers(0, 256, 5), int(rng.integers(256))
        free = [b for b in range(3) if count[b] < 6 and all(p % 3 != b for p in lanes)]
        store_bank = int(rng.choice(free)) if free and rng.random() < 0.4 else -1
        load_we, load_addr, load_data = int(rng.integers(4)), int(rng.integers(8)), rng.integers(0, 256, 2)
        address = rng.integers(0, 8, (2, 3))
        written = {p % 3: int(results[p]) for p in lanes} | ({store_bank: stored} if store_bank >= 0 else {})
        row = {"restart": restart, "write": sum(1 << p for p in lanes), "result": packed(results, 8)}
        row |= {"store": int(store_bank >= 0), "store_bank": max(store_bank, 0), "stored": stored}
        row |= {"load_we": load_we, "load_addr": load_addr, "load_data": packed(load_data, 8)}
        row |= {"addr": packed(address.ravel().tolist(), 3)}
        we = sum(1 << b for b in written)
        out = {"busy": we & 3, "we": we}
        read = [memory.get((i % 3, int(a))) for i, a in enumerate(address.ravel())]
        if None not in read:
            out["act"] = packed([value or 0 for value in read], 8)
        rows.append((row, out))
        for b in range(2):
            if load_we >> b & 1 and b not in written:
                memory[b, load_addr] = int(load_data[b])
        for b, value in written.items():
            memory[b, count[b]] = value
        count = [0 if restart else n + (b in written) for b, n in enumerate(count)]
    return rows


def bias_rom(rng: np.random.Generator) -> Rows:
    index = rng.integers(0, 8, (N, 2))
    stimuli = [{"index": packed(row, 3)} for row in index]
    biases = [{"bias": packed([BIASES[i], BIASES[8 + j]], 10)} for i, j in index.tolist()]
    return list(zip(stimuli, [{}, *biases[:-1]], strict=True))


def sequencer(rng: np.random.Generator) -> Rows:
    """Run seven words; the first three take an arrival each, which come up to three ahead of a vector."""
    rows: Rows = []
    at = waiting = arrived = 0
    for _ in range(N):
        ready, arrives = int(rng.random() < 0.7), int(arrived < 3 and rng.random() < 0.4)
        goes = waiting > 0 or at >= 3
        start = int(at == 0 and ready and goes)
        run = int(goes) if at else start
        out = {"start": start, "run": run, "word": PROGRAM[at]} | ({"last": int(at == 6)} if run else {})
        rows.append(({"ready": ready, "arrived": arrives}, out))
        waiting += arrives - (run and at < 3)
        arrived += arrives
        if run and at == 6:
            arrived = 0
        at = (at + run) % 7
    return rows


def tap(rng: np.random.Generator) -> Rows:
    """Two vectors' worth of results and more; a word, offset binary made signed, follows its last result."""
    rows: Rows = []
    seen, word, is_valid = [0, 0], {}, False
    for _ in range(N):
        we = [int(rng.random() < 0.4) for _ in range(2)]
        # No bank is a vector ahead of the other.
        for b, other in pairwise((0, 1, 0)):
            if seen[b] // len(_neurons(b)) > seen[other] // len(_neurons(other)):
                we[b] = 0
        data = rng.integers(0, 32, 2)
        out = {"tvalid": int(is_valid), "tready": 1}
        if is_valid:
            out["tdata"] = packed([word[neuron] ^ 16 for neuron in range(2, 6)], 5)
            word = {}
        rows.append(({"we": packed(we, 1), "data": packed(data, 6)}, out))
        for b in range(2):
            if we[b]:
                neuron = _neurons(b)[seen[b] % len(_neurons(b))]
                seen[b] += 1
                if 2 <= neuron < 6:
                    word[neuron] = int(data[b])
        is_valid = len(word) == 4
    return rows


def _neurons(number: int) -> list[int]:
    return [neuron for neuron in ORDER[number] if neuron != 0xFFFF]


MODELS = {
    "bank": Model(
        number=1, inputs={"we": 1, "waddr": 3, "wdata": 8, "raddr": 3}, outputs={"rdata": 8}, run=bank
    ),
    "write_port": Model(
        number=2,
        inputs={"restart": 1, "valid": 2, "result": 16, "load_we": 1, "load_addr": 3, "load_data": 8},
        outputs={"busy": 1, "we": 1, "addr": 3, "data": 8},
        run=write_port,
    ),
    "banks": Model(
        number=3,
        inputs={
            "restart": 1,
            "write": 5,
            "result": 40,
            "store": 1,
            "store_bank": 2,
            "stored": 8,
            "load_we": 2,
        }
        | {"load_addr": 3, "load_data": 16, "addr": 18},
        outputs={"busy": 2, "act": 48, "we": 3, "data": 24},
        run=banks,
    ),
    "bias_rom": Model(number=4, inputs={"index": 6}, outputs={"bias": 20}, run=bias_rom),
    "sequencer": Model(
        number=5,
        inputs={"ready": 1, "arrived": 1},
        outputs={"start": 1, "run": 1, "last": 1, "word": 12},
        run=sequencer,
    ),
    "tap": Model(
        number=14,
        inputs={"we": 2, "data": 12},
        outputs={"tvalid": 1, "tready": 1, "unused": 4, "tdata": 20},
        run=tap,
    ),
}
