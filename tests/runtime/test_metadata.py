"""Metadata is found without loading the model; files that are not ours say so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnx
import pytest
from dslc_runtime import metadata
from dslc_runtime.errors import FileFault, UserFault

from tests.runtime import tiny

NODE = onnx.helper.make_node("Identity", ["x"], ["y"])
TEXT = tiny.metadata("train", tiny.TRAINING)


def saved(path: Path, props: dict[str, str]) -> Path:
    model = onnx.helper.make_model(onnx.helper.make_graph([NODE], "g", [], []))
    onnx.helper.set_model_props(model, props)
    onnx.save(model, path)
    return path


def test_reads_what_was_written(tmp_path: Path) -> None:
    found = metadata.read(saved(tmp_path / "a.onnx", {"other": "1", "dslc": TEXT, "z": "2"}))
    assert found.net == "Tiny"
    assert found.figures == ("loss", "metric.accuracy")
    assert [port.name for port in found.feeds] == ["x", "label"]
    assert found.state[0].shape == (4, 3)
    assert found.state[2].next is None
    assert found.training is not None
    assert found.training.monitor == metadata.Monitor("loss", "min")
    assert found.memory is not None
    assert found.memory.largest == (("fc.weight", 48),)


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff" * 40, b"\x72\xff\xff\xff\x7f", b"PK"])
def test_other_files(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(content)
    with pytest.raises(UserFault, match="not a file that dslc compiled"):
        metadata.read(path)


def test_a_model_of_others(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="not a file that dslc compiled"):
        metadata.read(saved(tmp_path / "a.onnx", {"author": "someone"}))
    with pytest.raises(FileFault):
        metadata.read(tmp_path / "nowhere.onnx")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "format 2"),
        ({"state": [{"name": "w"}]}, "damaged"),
        ({"inputs": [{"name": "x", "dtype": "float99", "shape": []}]}, "damaged"),
        ({"session_options": None}, "damaged"),
        ({"training": 3}, "damaged"),
    ],
)
def test_damaged_metadata(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    text = json.dumps(json.loads(TEXT) | changes)
    with pytest.raises(UserFault, match=message):
        metadata.read(saved(tmp_path / "a.onnx", {"dslc": text}))


def test_every_truncation_of_a_file(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.onnx", {"dslc": TEXT})
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(UserFault):
            metadata.read(path)
