"""A metric that is a table: printed by `dslc train` and `dslc eval`, and no column of the history."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from dslc_runtime import Trainer
from dslc_runtime.weights import read_weights

from tests.spine.command import done

SPEC = """
net Points {
  input x: float32[N, 2]
  output scores: Linear(3)
}
train {
  target label: int64[N]
  loss cross_entropy(scores, label)
  metric confusion_matrix(scores, label)
  metric recall(scores, label)
  optimizer = SGD(lr=0.1)
  validation = 0.3
  batch = 8
  epochs = 2
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("points")
    rng = np.random.default_rng(5)
    x = rng.standard_normal((50, 2)).astype(np.float32)
    np.savez(folder / "points.npz", x=x, label=rng.integers(0, 3, 50))
    (folder / "points.net").write_text(SPEC)
    return folder


def _train(folder: Path) -> str:
    data, run = folder / "points.npz", folder / "run"
    return done("train", folder / "points.net", "--data", data, "-o", run, "--device", "cpu")


def _matrix(printed: str, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    lines = printed.splitlines()
    first = lines.index(f"{name} (rows: true, columns: predicted)")
    rows = [line.split("|")[1].split() for line in lines[first + 2 : first + 5]]
    return np.asarray(rows, np.int64)


def test_training_ends_with_the_table_of_the_validation(folder: Path) -> None:
    matrix = _matrix(_train(folder), "validation.confusion_matrix")
    assert matrix.shape == (3, 3)
    assert matrix.sum() == 15
    with (folder / "run" / "history.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    assert not any("confusion" in name for name in last)
    recalls = np.diagonal(matrix) / matrix.sum(axis=1)
    assert float(last["validation.metric.recall"]) == pytest.approx(recalls.mean(), rel=1e-6)


def test_evaluation_prints_the_table_of_the_data(folder: Path) -> None:
    _train(folder)
    printed = done("eval", folder / "run", "--data", folder / "points.npz", "--device", "cpu")
    with np.load(folder / "points.npz") as data:
        x, label = data["x"], data["label"]
    weights = read_weights(folder / "run" / "weights.safetensors")
    weight, bias = (weights[f"scores.{name}"] for name in ("weight", "bias"))
    expected = np.zeros((3, 3), np.int64)
    np.add.at(expected, (label, (x @ weight.T + bias).argmax(axis=1)), 1)
    assert _matrix(printed, "metric.confusion_matrix").tolist() == expected.tolist()


def test_a_trainer_gives_the_table_as_an_array(folder: Path) -> None:
    done("compile", folder / "points.net", "-o", folder / "build")
    with np.load(folder / "points.npz") as data:
        batch = {name: data[name][:7] for name in ("x", "label")}
    figures = Trainer(folder / "build", device="cpu").evaluate(batch)
    matrix = figures["metric.confusion_matrix"]
    assert isinstance(matrix, np.ndarray)
    assert matrix.sum(axis=1).tolist() == np.bincount(batch["label"], minlength=3).tolist()
