"""Damaged policy folders: whatever is wrong with a file, one line of ours that names it."""

import io
import json
import pickle
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ganglion.models.build.errors import ExportError, GanglionError
from ganglion.models.build.files import read_arrays, sha256_file
from ganglion.models.formats.policy_folder import GOLDEN_FILE, JSON_FILE, ONNX_FILE, load_policy
from tests.damage import GONE, NESTED, WRONG, changed, json_text, places
from tests.networks import write_random_policy


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("policy")
    write_random_policy(folder, np.random.default_rng(0), (3, 4, 2), n_vectors=5)
    return folder


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "policy"))


def require_one_line(folder: Path, name: str, *, may_load: bool = False) -> None:
    """Load a folder whose file `name` was changed and check the error; none is right if it `may_load`."""
    try:
        load_policy(folder)
    except GanglionError as error:
        text = str(error)
        assert str(folder) in text and name in text and "\n" not in text and len(text) < 600, text
    else:
        assert may_load


def replace_file(folder: Path, name: str, data: bytes) -> None:
    """Replace a file and record its hash, as who wrote it wrongly would have."""
    (folder / name).write_bytes(data)
    described = json.loads((folder / JSON_FILE).read_text())
    described["files"][name] = sha256_file(folder / name)
    (folder / JSON_FILE).write_text(json.dumps(described))


def test_any_key_of_the_description(folder: Path) -> None:
    described = json.loads((folder / JSON_FILE).read_text())
    found = list(places(described))
    assert ("network", "layers", 0, "weight_type") in found and ("files", ONNX_FILE) in found
    for path in found:
        for new in (*WRONG, NESTED, GONE):
            (folder / JSON_FILE).write_text(json_text(changed(described, path, new)))
            may_load = (
                changed(described, path, new) == described
                or path[0] not in ("network", "files")
                or path[-1] in ("source", "residual", "pre_relu", "kind")
            )
            named = "" if path[0] == "files" else JSON_FILE  # a wrong hash names the file that it is of
            require_one_line(folder, named, may_load=may_load)


@pytest.mark.parametrize("text", ["", "[]", "5", "nul", "{" * 5000, '{"name": 1}', "\ud800"])
def test_a_description_that_is_none(folder: Path, text: str) -> None:
    (folder / JSON_FILE).write_bytes(text.encode(errors="surrogatepass"))
    require_one_line(folder, JSON_FILE)


ARRAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "float": lambda a: a.astype(np.float64),
    "text": lambda a: a.astype("U8"),
    "complex": lambda a: a.astype(np.complex64),
    "boolean": lambda a: a > 0,
    "transposed": lambda a: a.T,
    "no rows": lambda a: a[:0],
    "fewer rows": lambda a: a[:-1],
    "fewer columns": lambda a: a[:, 1:],
    "scalar": lambda a: a[0, 0],
    "deeper": lambda a: a[None],
    "not a number": lambda a: np.where(a == a.max(), np.nan, a).astype(np.float32),
    "infinite": lambda a: np.where(a == a.max(), np.inf, a).astype(np.float32),
    "altered": lambda a: a + (np.arange(a.size).reshape(a.shape) == 0).astype(a.dtype),
}


@pytest.mark.parametrize("change", ARRAYS.values(), ids=ARRAYS)
def test_any_array_of_golden(folder: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    arrays = read_arrays(folder / GOLDEN_FILE)
    for name in arrays:
        stream = io.BytesIO()
        np.savez(stream, **{**arrays, name: change(arrays[name])})
        replace_file(folder, GOLDEN_FILE, stream.getvalue())
        # An observation may be altered without altering an integer.
        require_one_line(folder, GOLDEN_FILE, may_load=name == "observation")


def _pickled() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, observation=np.array([{}], dtype=object))
    return stream.getvalue()


def _plain_array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


FOREIGN = {
    "empty": b"",
    "text": b"not a policy",
    "zip's end": b"PK\x05\x06" + bytes(18),
    "pickle": pickle.dumps({"a": 1}),
    "pickled array": _pickled(),
    "array": _plain_array(),
}


@pytest.mark.parametrize("name", [ONNX_FILE, GOLDEN_FILE])
@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN)
def test_a_file_of_another_kind(folder: Path, name: str, data: bytes) -> None:
    replace_file(folder, name, data)
    require_one_line(folder, name)


@pytest.mark.parametrize("name", [ONNX_FILE, GOLDEN_FILE])
def test_a_file_cut_off_or_with_flipped_bits(folder: Path, name: str) -> None:
    whole, rng = (folder / name).read_bytes(), np.random.default_rng(1)
    for size in np.linspace(0, len(whole) - 1, 40).astype(int):
        replace_file(folder, name, whole[:size])
        require_one_line(folder, name)
    for _ in range(150):
        data = bytearray(whole)
        for at in rng.integers(0, len(whole), rng.integers(1, 5)):
            data[at] ^= 1 << rng.integers(8)
        replace_file(folder, name, bytes(data))
        require_one_line(folder, name, may_load=True)  # a bit of a name or a comment matters to nobody


@pytest.mark.parametrize("name", [ONNX_FILE, JSON_FILE, GOLDEN_FILE])
def test_a_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ExportError, match=f"{name} is missing"):
        load_policy(folder)


@pytest.mark.parametrize("name", [ONNX_FILE, JSON_FILE, GOLDEN_FILE])
def test_a_folder_in_place_of_a_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).mkdir()
    require_one_line(folder, name)


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    other = onnx.ModelProto()
    other.CopyFrom(model)
    return other


def _other_nodes(model: onnx.ModelProto) -> Iterator[onnx.ModelProto]:
    """Yield the model without a node, with a node twice, of another operator, input or attribute."""
    copy = partial(_copy, model)
    for index, node in enumerate(model.graph.node):
        for operator in ("Sigmoid", "Add", "Quant", "Gemm", "Conv", "Constant"):
            (other := copy()).graph.node[index].op_type = operator
            yield other
        (other := copy()).graph.node.pop(index)
        yield other
        (other := copy()).graph.node.insert(index, node)
        yield other
        (other := copy()).graph.node[index].domain = "somebody.else"
        yield other
        for place in range(len(node.input)):
            for name in ("", "fc1", "observation", "fc1.weight.values"):
                (other := copy()).graph.node[index].input[place] = name
                yield other
            (other := copy()).graph.node[index].input.pop(place)
            yield other
        for place, attribute in enumerate(node.attribute):
            (other := copy()).graph.node[index].attribute.pop(place)
            yield other
            for value in (-1, 2.5, "x", [1, 2], []):
                (other := copy()).graph.node[index].attribute[place].CopyFrom(
                    helper.make_attribute(attribute.name, value, attr_type=None if value != [] else 7)
                )
                yield other


def _other_tensors(model: onnx.ModelProto) -> Iterator[onnx.ModelProto]:
    """Yield the model with a constant of other values, types and shapes, or held elsewhere."""
    copy = partial(_copy, model)
    for index, tensor in enumerate(model.graph.initializer):
        held = numpy_helper.to_array(tensor)
        for value in (np.nan, np.inf, -np.inf, 0.0, 3.0, -1.0, 1e38, 1e-45):
            (other := copy()).graph.initializer[index].CopyFrom(
                numpy_helper.from_array(np.full_like(held, value), tensor.name)
            )
            yield other
        for array in (
            held.astype(np.int64),
            held.astype(bool),
            held[None],
            held.ravel()[:0],
            np.array(["a"]),
        ):
            (other := copy()).graph.initializer[index].CopyFrom(numpy_helper.from_array(array, tensor.name))
            yield other
        (other := copy()).graph.initializer[index].data_location = TensorProto.EXTERNAL
        yield other


def _other_ends(model: onnx.ModelProto) -> Iterator[onnx.ModelProto]:
    """Yield the model without inputs, outputs, nodes or constants, with more ends than one, and nothing."""
    copy = partial(_copy, model)
    for field in ("input", "output", "node", "initializer"):
        del getattr((other := copy()).graph, field)[:]
        yield other
        if field in ("input", "output"):
            ends = getattr((other := copy()).graph, field)
            ends.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1, 2]))
            yield other
    yield onnx.ModelProto()


@pytest.mark.parametrize("others", [_other_nodes, _other_tensors, _other_ends])
def test_any_part_of_the_graph(
    folder: Path, others: Callable[[onnx.ModelProto], Iterator[onnx.ModelProto]]
) -> None:
    for number, other in enumerate(others(onnx.load(folder / ONNX_FILE))):
        replace_file(folder, ONNX_FILE, other.SerializeToString())
        try:
            require_one_line(folder, ONNX_FILE, may_load=True)
        except Exception as error:
            raise AssertionError(f"change {number}") from error
