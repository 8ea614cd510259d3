"""Whole trainings: history, resuming after every kind of end, and the same figures elsewhere."""

from __future__ import annotations

import csv
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import dslc_runtime
import numpy as np
import pytest
from dslc_runtime import evaluate, train
from dslc_runtime.errors import DivergedFault, Interrupted, UserFault
from dslc_runtime.loop import TrainingResult
from dslc_runtime.progress import LiveProgress, PlainProgress, Progress, epoch_line
from dslc_runtime.weights import read_weights

from tests.runtime.tiny import TRAINING, compile_tiny, samples, save_samples

ROOT = Path(__file__).parents[2]
STEPS = 4 * (75 // 8)


class StopAt(Progress):
    """Sends a signal to this process after a step."""

    def __init__(self, step: int, number: int) -> None:
        self._step, self._number = step, number

    def step(self, done: int, figures: Any) -> None:
        if done == self._step:
            os.kill(os.getpid(), self._number)


def go(folder: Path, **settings: Any) -> TrainingResult:
    settings = {"device": "cpu", "progress": Progress(), "report": lambda line: None} | settings
    return train(folder, folder / "data.npz", **settings)


def tiny(folder: Path, count: int = 100, **settings: Any) -> Path:
    compile_tiny(folder, **settings)
    save_samples(folder / "data.npz", count)
    return folder


def fingerprint(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every tensor of the last checkpoint, and of the history."""
    last = max((folder / "checkpoints").glob("*.safetensors"))
    found = {k: hashlib.sha256(v.tobytes()).hexdigest() for k, v in read_weights(last).items()}
    return found | {"history": (folder / "history.csv").read_text(), "name": last.name}


def child(code: str, folder: Path) -> list[str]:
    prelude = (
        "import os, signal, sys, time\nfrom pathlib import Path\n"
        "from dslc_runtime import train\nfrom dslc_runtime.progress import Progress\n"
        "from dslc_runtime.errors import RuntimeFault\nfolder = Path(sys.argv[1])\n"
    )
    return [sys.executable, "-c", prelude + code, str(folder)]


ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "runtime")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tiny(tmp_path_factory.mktemp("whole"))
    go(folder)
    return fingerprint(folder)


def test_history_holds_the_means_of_the_steps(tmp_path: Path) -> None:
    folder = tiny(tmp_path)
    seen: list[float] = []

    class Listen(Progress):
        def step(self, done: int, figures: Any) -> None:
            seen.append(figures["loss"])

    result = go(folder, progress=Listen())
    with open(folder / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(seen) == STEPS == result.steps
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["step"] for row in rows] == ["9", "18", "27", "36"]
    for number, row in enumerate(rows):
        total = 0.0
        for value in seen[number * 9 : number * 9 + 9]:
            total += value
        assert float(row["loss"]) == total / 9
        assert {k: float(v) for k, v in row.items()} == result.history[number]
    losses = [float(row["validation.loss"]) for row in rows]
    assert result.best == min(losses)
    assert losses[-1] < 0.5 * losses[0]


def test_weights_are_those_of_the_last_step(tmp_path: Path) -> None:
    folder = tiny(tmp_path)
    result = go(folder)
    weights = read_weights(folder / "weights.safetensors")
    assert weights.keys() == result.weights.keys() == {"fc.weight", "fc.bias", "scale"}
    held_back = {name: array[75:] for name, array in samples(100).items()}
    np.savez(folder / "rest.npz", **held_back)
    figures = evaluate(folder, folder / "rest.npz", device="cpu")
    for name, value in figures.items():
        assert value == result.history[-1][f"validation.{name}"]
    zeros = {name: value * 0 for name, value in weights.items()}
    assert evaluate(folder, folder / "rest.npz", weights=zeros, device="cpu")[
        "loss"
    ] == pytest.approx(np.log(3), rel=1e-6)


def test_two_runs_are_alike(whole: dict[str, str], tmp_path: Path) -> None:
    go(tiny(tmp_path), threads=1)
    assert fingerprint(tmp_path) == whole


@pytest.mark.parametrize("step", [1, 8, 9, 10, 17, 35, 36])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_and_resumed(
    step: int, number: int, whole: dict[str, str], tmp_path: Path
) -> None:
    folder = tiny(tmp_path)
    before = signal.getsignal(signal.SIGINT)  # ignored, if a shell runs this in the background
    with pytest.raises(Interrupted, match=f"after step {step} of 36") as caught:
        go(folder, progress=StopAt(step, number))
    assert caught.value.exit_code == 130
    assert signal.getsignal(signal.SIGINT) is before
    go(folder, resume=True)
    assert fingerprint(folder) == whole


@pytest.mark.parametrize("step", [3, 9, 20, 36])
def test_killed_and_resumed(step: int, whole: dict[str, str], tmp_path: Path) -> None:
    folder = tiny(tmp_path)
    code = (
        "class Kill(Progress):\n    def step(self, done, figures):\n"
        f"        if done == {step}:\n            os.kill(os.getpid(), signal.SIGKILL)\n"
        "train(folder, folder / 'data.npz', device='cpu', progress=Kill())\n"
    )
    done = subprocess.run(child(code, folder), env=ENVIRONMENT, check=False)
    assert done.returncode == -signal.SIGKILL
    go(folder, resume=True)
    assert fingerprint(folder) == whole


def test_killed_again_and_again(whole: dict[str, str], tmp_path: Path) -> None:
    """The child kills itself before its n-th operation on files, n = 7, 14, 21, then resumes."""
    folder = tiny(tmp_path)
    code = """
left = int(os.environ["OPERATIONS"])
def counted(real):
    def call(*arguments, **others):
        global left
        left -= sys._getframe(1).f_code.co_filename.endswith("files.py")
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **others)
    return call
for name in ("open", "write", "fsync", "replace"):
    setattr(os, name, counted(getattr(os, name)))
train(folder, folder / "data.npz", device="cpu", progress=Progress(), resume=True)
"""
    ends = []
    for operations in (7, 14, 21, 1000):
        environment = ENVIRONMENT | {"OPERATIONS": str(operations)}
        ends.append(subprocess.run(child(code, folder), env=environment, check=False).returncode)
    assert ends == [-signal.SIGKILL] * 3 + [0]
    assert fingerprint(folder) == whole
    assert not [path for path in folder.rglob("*") if ".tmp-" in path.name]


def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    folder = tiny(tmp_path)
    code = (
        "class Slow(Progress):\n    def step(self, done, figures):\n"
        "        print('step', flush=True)\n        time.sleep(600)\n"
        "train(folder, folder / 'data.npz', device='cpu', progress=Slow())\n"
    )
    with subprocess.Popen(child(code, folder), stdout=subprocess.PIPE, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"step\n"
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 130
    assert not (folder / "checkpoints").exists()


def test_a_shell_sees_exit_code_130(whole: dict[str, str], tmp_path: Path) -> None:
    folder = tiny(tmp_path)
    code = (
        "class Tell(Progress):\n    def step(self, done, figures):\n"
        "        if done == 5:\n            print('step', flush=True)\n            time.sleep(1)\n"
        "try:\n    train(folder, folder / 'data.npz', device='cpu', progress=Tell())\n"
        "except RuntimeFault as fault:\n    sys.exit(fault.exit_code)\n"
    )
    with subprocess.Popen(child(code, folder), stdout=subprocess.PIPE, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    go(folder, resume=True)
    assert fingerprint(folder) == whole


def test_damaged_checkpoint_costs_one_epoch(whole: dict[str, str], tmp_path: Path) -> None:
    folder = tiny(tmp_path)
    go(folder)
    last = folder / "checkpoints" / "step-000000036.safetensors"
    last.write_bytes(last.read_bytes()[:-5])
    said: list[str] = []
    go(folder, resume=True, report=said.append)
    assert fingerprint(folder) == whole
    assert "bytes instead of" in said[0]
    assert "going on from step 27 of 36" in said[1]


def test_resume_of_a_finished_run_changes_nothing(whole: dict[str, str], tmp_path: Path) -> None:
    folder = tiny(tmp_path)
    first = go(folder)
    assert go(folder, resume=True).history == first.history
    assert fingerprint(folder) == whole


def test_a_finished_run_can_be_made_longer(tmp_path: Path) -> None:
    longer, at_once = tiny(tmp_path / "a"), tiny(tmp_path / "b")
    go(longer, epochs=2)
    go(longer, epochs=5, resume=True)
    go(at_once, epochs=5)
    assert fingerprint(longer) == fingerprint(at_once)


def test_a_fresh_start_replaces_an_earlier_run(whole: dict[str, str], tmp_path: Path) -> None:
    folder = tiny(tmp_path)
    go(folder, epochs=6)
    said: list[str] = []
    go(folder, report=said.append)
    assert "earlier run are replaced" in said[0]
    assert fingerprint(folder) == whole


def test_steps_end_within_an_epoch(tmp_path: Path) -> None:
    folder = tiny(tmp_path)
    result = go(folder, steps=12)
    assert [row["step"] for row in result.history] == [9, 12]
    assert go(folder, steps=12, resume=True).history == result.history


def test_divergence_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    folder = tiny(tmp_path, bad_step=20)
    with pytest.raises(DivergedFault, match="step 20") as caught:
        go(folder)
    assert "step-000000018.json" in str(caught.value)
    assert "the batch holds the samples" in str(caught.value)
    assert max((folder / "checkpoints").glob("*.json")).name == "step-000000018.json"
    assert len((folder / "history.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("training", "settings", "message"),
    [
        ({"epochs": None}, {}, "neither `epochs` nor `steps`"),
        ({"batch": 80}, {}, "75 samples are for training, and a batch takes 80"),
        ({"validation": 0.001}, {}, "validation = 0.001 of 100 samples leaves 100"),
        ({}, {"mapping": {"y": "x"}}, "`y`, which is no input or target"),
    ],
)
def test_trainings_that_cannot_start(
    training: dict[str, Any], settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserFault, match=message):
        go(tiny(tmp_path, **training), **settings)
    assert not (tmp_path / "checkpoints").exists()


def test_no_data_named(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="names no data"):
        train(compile_tiny(tmp_path), device="cpu", progress=Progress())


def test_validation_from_a_file_or_none(tmp_path: Path) -> None:
    folder = tiny(tmp_path, 24, validation=None)
    row = go(folder).history[-1]
    assert not [name for name in row if name.startswith("validation")]
    np.savez(folder / "other.npz", **samples(10, seed=1))
    row = go(folder, validation=folder / "other.npz").history[-1]
    assert row["validation.loss"] == evaluate(folder, folder / "other.npz", device="cpu")["loss"]


def test_resume_wants_the_same_training(tmp_path: Path) -> None:
    folder = tiny(tmp_path)
    go(folder, epochs=1)
    with pytest.raises(UserFault, match="with another seed"):
        go(folder, resume=True, seed=99)
    save_samples(folder / "data.npz", 96)
    with pytest.raises(UserFault, match="with another number of samples"):
        go(folder, resume=True)


def test_results_go_where_they_are_asked_to(tmp_path: Path) -> None:
    folder = tiny(tmp_path / "build")
    before = sorted(folder.iterdir())
    go(folder, run=tmp_path / "run", epochs=1)
    assert sorted(folder.iterdir()) == before
    assert (tmp_path / "run" / "history.csv").exists()


def test_the_example_reproduces_the_losses(tmp_path: Path) -> None:
    folder = tiny(tmp_path)
    example = ROOT / "examples" / "train_anywhere.py"
    assert len(example.read_text().splitlines()) <= 30
    done = subprocess.run(
        [sys.executable, str(example), str(folder / "tiny"), str(folder / "data.npz")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    losses = [line.split()[1] for line in done.stdout.splitlines()]
    assert losses == [repr(row["loss"]) for row in go(folder).history]
    assert len(losses) == TRAINING["epochs"]


LINES: list[tuple[dict[str, float], str]] = [
    ({"loss": 0.25, "metric.accuracy": 0.5}, "loss 0.2500  accuracy 0.5000"),
    ({"loss": 2e-7, "validation.loss": 123456.0}, "loss 2.000e-07  validation.loss 1.235e+05"),
    ({"loss": 1.0, "loss.a": 1.0, "validation.loss.a": 2.0}, "loss 1.0000"),
    ({"loss": 3.0, "loss.a": 1.0, "loss.b": 2.0}, "loss 3.0000  loss.a 1.0000  loss.b 2.0000"),
    ({"loss": float("nan")}, "loss nan"),
]


@pytest.mark.parametrize(("figures", "text"), LINES)
def test_epoch_lines(
    figures: dict[str, float], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"epoch": 3, "step": 9} | figures
    PlainProgress().epoch(row)
    assert capsys.readouterr().out == f"epoch 3  {text}\n" == f"{epoch_line(row)}\n"


def test_live_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    go(tiny(tmp_path), progress=LiveProgress(), epochs=2)
    out = capsys.readouterr().out
    assert "epoch 1  loss" in out
    assert "18/18" in out


def test_importing_the_package_imports_no_onnxruntime() -> None:
    code = (
        "import sys, dslc_runtime, dslc_runtime.data, dslc_runtime.loop\n"
        "assert 'onnxruntime' not in sys.modules and 'onnx' not in sys.modules\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'dslc']\n"
    )
    subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, check=True)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = dslc_runtime.Nothing
