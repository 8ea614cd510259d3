"""A net that starts from the weights of another: what matches is taken, from every form of file, and trains on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from dslc_runtime.weights import read_weights, write_weights

from tests.spine.command import done, dslc

Array = np.ndarray[Any, Any]

BASE = """
net Base(classes=5) {
  input x: float32[N, 1, 6, 6]
  stem: Conv(4, 3x3) -> relu
  body: repeat 2 { Conv(4, 3x3, padding=1) -> relu }
  flat: flatten
  output logits: Linear(classes)
}
"""

TUNED = """
import Base from "base.net"

net Tuned(classes=3) {
  input x: float32[N, 1, 6, 6]
  layer backbone = Base(weights="weights.FORM")
  features = backbone(x)
  features.flat
  output y: Linear(classes)
}

train {
  target label: int64[N]
  loss cross_entropy(y, label)
  freeze backbone.stem
  group backbone (lr=1e-5)
  optimizer = SGD(lr=0.1)
  batch = 5
  epochs = 2
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "base.net").write_text(BASE)
    draws = np.random.default_rng(0)
    x = draws.normal(size=(20, 1, 6, 6)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=x, label=draws.integers(0, 3, 20))
    return tmp_path


def base_weights(seed: int = 0) -> dict[str, Array]:
    draws = np.random.default_rng(seed)
    shapes = {
        "stem.weight": (4, 1, 3, 3),
        "stem.bias": (4,),
        "body.0.weight": (4, 4, 3, 3),
        "body.0.bias": (4,),
        "body.1.weight": (4, 4, 3, 3),
        "body.1.bias": (4,),
        "logits.weight": (5, 64),
        "logits.bias": (5,),
    }
    return {name: draws.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def provide(folder: Path, form: str) -> None:
    """Put a file of weights beside the spec."""
    if form == "onnx":
        source = folder / "source.npz"
        write_weights(source, base_weights())
        done("export", folder / "base.net", "--weights", source, "-o", folder / "weights.onnx")
    else:
        write_weights(folder / f"weights.{form}", base_weights())


@pytest.mark.parametrize("form", ["npz", "safetensors", "onnx"])
def test_step_0_has_the_weights_of_the_file(form: str, folder: Path) -> None:
    provide(folder, form)
    spec = folder / "tuned.net"
    spec.write_text(TUNED.replace("FORM", form))
    done("compile", spec, "-o", folder / "out")
    session = onnxruntime.InferenceSession(
        folder / "out" / "tuned.init.onnx", providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    start = dict(zip(names, session.run(names, {"seed": np.array(7)}), strict=True))
    for name, value in base_weights().items():
        assert np.array_equal(start[f"backbone.{name}"], value), name
    assert "passed" in done("check", spec)


def test_training_leaves_what_is_frozen(folder: Path) -> None:
    provide(folder, "safetensors")
    spec, run = folder / "tuned.net", folder / "run"
    spec.write_text(TUNED.replace("FORM", "safetensors"))
    done("train", spec, "--data", folder / "data.npz", "-o", run, "--device", "cpu")
    after, before = read_weights(run / "weights.safetensors"), base_weights()
    assert np.array_equal(after["backbone.stem.weight"], before["stem.weight"])
    moved = np.abs(after["backbone.body.0.weight"] - before["body.0.weight"]).max()
    assert 0 < moved < 0.01


def test_a_half_precision_file_is_taken(folder: Path) -> None:
    halves = {name: value.astype(np.float16) for name, value in base_weights().items()}
    write_weights(folder / "weights.safetensors", halves)
    (folder / "tuned.net").write_text(TUNED.replace("FORM", "safetensors"))
    done("compile", folder / "tuned.net", "-o", folder / "out")


def test_what_does_not_fit_is_told(folder: Path) -> None:
    provide(folder, "npz")
    spec = folder / "tuned.net"
    spec.write_text(TUNED.replace("Base(", "Base(classes=3, ").replace("FORM", "npz"))
    outcome = dslc("compile", spec, "-o", folder / "out")
    assert outcome.code == 0
    assert (
        "W0706" in outcome.err and "logits.weight: [3, 64] here, [5, 64] in the file" in outcome.err
    )
    assert dslc("compile", spec, "-o", folder / "out", "--strict").code == 2


BROKEN = {
    "no file": (None, 2, "E0702"),
    "no weights file": (b"nonsense", 2, "its header claims"),
    "a pickle": ("weights.pt", 2, "never loaded"),
    "outside": ("../weights.npz", 2, "E0704"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_files_that_cannot_be_taken(name: str, folder: Path) -> None:
    content, code, said = BROKEN[name]
    spec = folder / "tuned.net"
    text = TUNED.replace("FORM", "safetensors")
    if isinstance(content, str):
        text = text.replace("weights.safetensors", content)
        (folder / Path(content).name).write_bytes(b"PK")
    elif content is not None:
        (folder / "weights.safetensors").write_bytes(content)
    spec.write_text(text)
    outcome = dslc("compile", spec, "-o", folder / "out")
    assert outcome.code == code
    assert said in outcome.err and "tuned.net:6" in outcome.err
