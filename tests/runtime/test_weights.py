"""Weights are read from files that anyone may have made, and never executed."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dslc_runtime import Trainer, evaluate
from dslc_runtime.errors import FileFault, RuntimeFault, UserFault
from dslc_runtime.metadata import State
from dslc_runtime.weights import encode, read_weights, write_weights

from tests.runtime.tiny import compile_tiny, save_samples

GOOD = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array(2.5, np.float32)}
STATES = [State(name, None, "parameter", v.dtype, v.shape) for name, v in GOOD.items()]


def made(header: Any, content: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content


def tensor(start: Any, end: Any, shape: Any, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


BAD: dict[str, bytes] = {
    "empty": b"",
    "short": b"\x08\x00\x00",
    "header beyond the file": (1 << 40).to_bytes(8, "little") + b"{}",
    "header beyond the limit": (1 << 25).to_bytes(8, "little") + bytes(1 << 25),
    "not JSON": made(b"{hello}"),
    "overlap": made({"a": tensor(0, 8, [2]), "b": tensor(4, 12, [2])}, bytes(12)),
    "hole": made({"a": tensor(0, 4, [1]), "b": tensor(8, 12, [1])}, bytes(12)),
    "trailing bytes": made({"a": tensor(0, 4, [1])}, bytes(9)),
    "missing bytes": made({"a": tensor(0, 4, [1])}, bytes(3)),
    "size and shape": made({"a": tensor(0, 4, [2])}, bytes(4)),
    "negative offset": made({"a": tensor(-4, 0, [1])}, bytes(4)),
    "float offset": made({"a": tensor(0, 4.5, [1])}, bytes(4)),
    "negative shape": made({"a": tensor(0, 4, [-1])}, bytes(4)),
    "huge shape": made({"a": tensor(0, 4, [2**62, 2**62])}, bytes(4)),
    "unknown type": made({"a": tensor(0, 4, [1], "X9")}, bytes(4)),
    "duplicate key": made(
        b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
        b'"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
        bytes(8),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_safetensors(case: str, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(BAD[case])
    with pytest.raises(UserFault) as caught:
        read_weights(path)
    assert str(path) in str(caught.value)


def test_every_truncation(tmp_path: Path) -> None:
    path, content = tmp_path / "w.safetensors", encode(GOOD)
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(UserFault):
            read_weights(path)


@pytest.mark.parametrize("ending", ["safetensors", "npz"])
def test_round_trip(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"w.{ending}"
    write_weights(path, GOOD)
    found = read_weights(path, STATES)
    assert found.keys() == GOOD.keys()
    for name, value in GOOD.items():
        assert found[name].shape == value.shape
        assert found[name].dtype == value.dtype
        assert np.array_equal(found[name], value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"w": None}, "w: it is missing"),
        ({"extra": np.zeros(1)}, "extra: the net has no such value"),
        ({"w": GOOD["w"].T}, r"w: \[3, 2\] instead of \[2, 3\], which is its transpose"),
        ({"w": GOOD["w"][:1]}, r"w: \[1, 3\] instead of \[2, 3\]$"),
        ({"b": GOOD["b"].astype("f8")}, "b: float64 instead of float32"),
        ({f"x{i}": np.zeros(1) for i in range(15)}, "and 5 more"),
        ({"b": np.array(np.nan, np.float32)}, "`b` holds values that are not finite"),
    ],
)
def test_weights_of_another_net(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    values = {name: value for name, value in (GOOD | changes).items() if value is not None}
    write_weights(tmp_path / "w.npz", values)
    with pytest.raises(UserFault, match=f"(?m){message}"):
        read_weights(tmp_path / "w.npz", STATES)


def test_nan_is_read_where_it_is_allowed(tmp_path: Path) -> None:
    write_weights(tmp_path / "w.npz", {"b": np.array(np.nan)})
    assert np.isnan(read_weights(tmp_path / "w.npz", allow_nonfinite=True)["b"])


class Canary:
    """Leaves a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("name", ["w.pt", "w.pkl", "w.h5", "w.safetensors", "w.npz"])
def test_pickles_are_never_loaded(name: str, tmp_path: Path) -> None:
    path, canary = tmp_path / name, tmp_path / "executed"
    path.write_bytes(pickle.dumps(Canary(canary)))
    with pytest.raises(UserFault):
        read_weights(path)
    objects = np.array([Canary(canary)], object)
    np.savez(tmp_path / "objects.npz", w=objects)
    with pytest.raises(UserFault, match="pickles are never loaded"):
        read_weights(tmp_path / "objects.npz")
    assert not canary.exists()


def test_files_that_are_not_there(tmp_path: Path) -> None:
    for name in ("w.safetensors", "w.npz"):
        with pytest.raises(FileFault):
            read_weights(tmp_path / name)
    with pytest.raises(RuntimeFault):
        write_weights(tmp_path / "w.pt", GOOD)


def test_evaluation_needs_every_weight(tmp_path: Path) -> None:
    folder = compile_tiny(tmp_path)
    data = save_samples(folder / "data.npz")
    weights = Trainer(folder, device="cpu").weights()
    figures = evaluate(folder, data, weights=weights | {"slot": np.zeros(3)}, device="cpu")
    assert figures.keys() == {"loss", "metric.accuracy"}
    del weights["fc.bias"]
    with pytest.raises(UserFault, match="not the weights of this net") as caught:
        evaluate(folder, data, weights=weights, device="cpu")
    assert "fc.bias: it is missing" in str(caught.value)
