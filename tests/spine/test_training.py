"""Trained by `dslc train`, by a loop that knows nothing of dslc, and after a kill: the same numbers."""

from __future__ import annotations

import ast
import csv
import hashlib
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dslc_runtime
import numpy as np
import onnxruntime
import pytest
from dslc_runtime.weights import read_weights

from tests.spine.command import PATIENCE, ROOT, SPECS, done, dslc, environment, start

LENET = SPECS / "lenet5.net"
EXAMPLE = ROOT / "examples" / "train_anywhere.py"
SHORT = ("--set", "train.epochs=2")
SAMPLES = 1500

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Run:
    """A training of LeNet-5 on a part of the digits that ship."""

    folder: Path
    data: Path
    held_back: dict[str, Array]

    def history(self) -> list[dict[str, str]]:
        with (self.folder / "history.csv").open() as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("lenet5")
    with np.load(SPECS / "data" / "mnist10k.npz") as file:
        part = {name: file[name][:SAMPLES] for name in ("image", "digit")}
    data = folder / "digits.npz"
    np.savez(data, **part)
    done("train", LENET, *SHORT, "--data", data, "-o", folder / "run", "--device", "cpu")
    first = SAMPLES - round(0.2 * SAMPLES)
    return Run(folder / "run", data, {name: array[first:] for name, array in part.items()})


def test_a_loop_without_dslc_gives_the_same_losses(run: Run, tmp_path: Path) -> None:
    done("compile", LENET, *SHORT, "-o", tmp_path)
    printed = subprocess.run(
        [sys.executable, EXAMPLE, tmp_path / "lenet5", run.data],
        env={**environment(), "PYTHONPATH": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    ).stdout
    expected = [f"{row['epoch']} {row['loss']}" for row in run.history()]
    assert printed.splitlines() == expected
    assert len(expected) == 2


def test_that_loop_is_short_and_needs_only_onnxruntime_and_numpy() -> None:
    text = EXAMPLE.read_text()
    assert len(text.splitlines()) <= 30
    imported = {
        (alias.name if isinstance(node, ast.Import) else node.module or "").split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert {"numpy", "onnxruntime"} <= imported
    assert imported - {"numpy", "onnxruntime"} <= sys.stdlib_module_names


def test_both_losses_fall(run: Run) -> None:
    first, last = run.history()
    for name in ("loss", "validation.loss"):
        assert float(last[name]) < float(first[name])


def test_the_network_predicts_the_same_without_dslc(run: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "image.npy", run.held_back["image"])
    model = run.folder / "lenet5.onnx"
    done("run", model, tmp_path / "image.npy", "-o", tmp_path / "out.npz", "--device", "cpu")
    ours = np.load(tmp_path / "out.npz")["logits"]
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    plain = session.run(["logits"], {"image": run.held_back["image"]})[0]
    assert (ours.argmax(1) == plain.argmax(1)).all()
    np.testing.assert_allclose(ours, plain, rtol=1e-5, atol=1e-5)
    accuracy = (plain.argmax(1) == run.held_back["digit"]).mean()
    assert accuracy == pytest.approx(
        float(run.history()[-1]["validation.metric.accuracy"]), abs=1e-7
    )


def figures(run: Run) -> dict[str, float]:
    """Return what the history says of the held-back part after the last epoch."""
    start = "validation."
    last = run.history()[-1]
    return {
        name.removeprefix(start): float(v) for name, v in last.items() if name.startswith(start)
    }


def test_evaluating_agrees_with_the_history(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "held.npz"
    np.savez(data, image=run.held_back["image"], digit=run.held_back["digit"])
    weights = run.folder / "weights.safetensors"
    printed = "".join(f"{name} {value:.6g}\n" for name, value in figures(run).items())
    assert done("eval", run.folder, "--data", data, "--device", "cpu") == printed
    given = ("--data", data, "--weights", weights, "--device", "cpu")
    assert done("eval", LENET, *given) == printed
    assert dslc_runtime.evaluate(run.folder, data, device="cpu") == figures(run)
    assert "as they start" in dslc("eval", LENET, "--data", data, "--device", "cpu").err
    assert "as they start" not in dslc("eval", LENET, *given).err


def test_exporting_the_trained_weights_gives_the_same_file(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "again.onnx"
    done("export", LENET, *SHORT, "--weights", run.folder / "weights.safetensors", "-o", target)
    assert target.read_bytes() == (run.folder / "lenet5.onnx").read_bytes()


SMALL = """
net Small {
  input x: float32[N, 2, 6, 6]
  stem: Conv(4, 3x3) -> BatchNorm -> relu -> flatten -> Dropout(0.3)
  output y: Linear(3)
}
train {
  target label: int64[N]
  loss cross_entropy(y, label)
  optimizer = SGD(lr=0.1, momentum=0.9)
  schedule = plateau(factor=0.5, patience=1 epochs)
  validation = 0.2
  batch = 16
  epochs = 4
  seed = 3
}
"""
STEPS_PER_EPOCH = 160 // 16

KILLED = """
import os, signal, sys
from dslc_runtime.trainer import Trainer
from dslc.cli import main
step, last = Trainer.run_step, int(sys.argv.pop())

def run_step(trainer, samples=None):
    if trainer.step_number == last:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(trainer, samples)

Trainer.run_step = run_step
main()
"""


def fingerprint(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every tensor that a training leaves, and of its files."""
    found = {
        path.name: path.read_bytes() for path in (folder / "history.csv", folder / "small.onnx")
    }
    last = max((folder / "checkpoints").glob("*.safetensors"))
    for path in (folder / "weights.safetensors", last):
        found |= {f"{path.name}: {k}": v.tobytes() for k, v in read_weights(path).items()}
    return {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}


RECIPES = {
    "momentum": (),
    "adam": ("optimizer = Adam(lr=1e-2)", "clip_grad_norm = 1"),
    "averaged": ("optimizer = Adadelta()", "ema = 0.9", "schedule = one_cycle"),
    # 20 batches are behind the checkpoint: the third of a group of three is still to come.
    "accumulating": ("accumulate = 3", "optimizer = Lion(lr=1e-3)", "ema = 0.5"),
    "augmented": (
        "augment x: float32[N, 2, 6, 6] = random_crop(6, padding=1) -> random_flip -> random_rotation(20) -> "
        "random_noise(0.1)",
    ),
}


def small(recipe: str) -> str:
    """Return the spec with the lines of a recipe in place of its own settings of the same name."""
    words = [line.partition(" = ")[0] for line in RECIPES[recipe]]
    kept = [line for line in SMALL.splitlines() if line.strip().partition(" = ")[0] not in words]
    return "\n".join([*kept[:-1], *RECIPES[recipe], "}"])


@pytest.mark.parametrize(
    ("recipe", "step"),
    [(recipe, 2 * STEPS_PER_EPOCH + 7) for recipe in RECIPES] + [("momentum", 2 * STEPS_PER_EPOCH)],
)
def test_a_killed_training_resumes_to_the_same_bits(recipe: str, step: int, tmp_path: Path) -> None:
    """Killed right after the checkpoint of the second epoch, and in the middle of the third."""
    spec, data = tmp_path / "small.net", tmp_path / "data.npz"
    spec.write_text(small(recipe))
    draws = np.random.default_rng(0)
    x = draws.normal(size=(200, 2, 6, 6)).astype(np.float32)
    np.savez(data, x=x, label=x[:, 0, 0, :3].argmax(1))
    through, killed = tmp_path / "through", tmp_path / "killed"
    train = ("train", spec, "--data", data, "--device", "cpu")
    done(*train, "-o", through)

    process = start(KILLED, *train, "-o", killed, step)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL, err
    checkpoints = sorted(path.name for path in (killed / "checkpoints").glob("*.json"))
    assert checkpoints == ["step-000000010.json", "step-000000020.json"]
    assert not (killed / "weights.safetensors").exists()

    done(*train, "-o", killed, "--resume")
    whole = fingerprint(through)
    assert {"weights.safetensors: stem.conv1.weight", "history.csv"} <= whole.keys()
    assert fingerprint(killed) == whole
