"""Every way of going wrong has its exit code and a message; none has a traceback."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from dslc.checking.situation import Situation
from dslc.gradient.registry import RULES
from dslc.gradient.rule import Node
from tests.spine.command import PATIENCE, ROOT, SPECS, Outcome, apart, done, dslc, start

LENET = SPECS / "lenet5.net"

GOOD = """\
net Small {
  input x: float32[N, 4]
  hidden: Linear(8) -> relu
  output y: Linear(1)
}
train {
  target t: float32[N, 1]
  loss mse(y, t)
  optimizer = SGD(lr=0.1)
  batch = 8
  epochs = 3
}
"""
MISTAKEN = GOOD.replace("Linear(8) -> relu", "Linear(8) -> relo -> [N, 9]")
TWICE = GOOD.replace("relu", "relo").replace("mse(y, t)", "mse(y, u)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    for name, text in (("good", GOOD), ("mistaken", MISTAKEN), ("twice", TWICE)):
        (folder / f"{name}.net").write_text(text)
    (folder / "empty.net").write_text("")
    (folder / "binary.net").write_bytes(b"net A {\n  input x: float32[N]\n  caf\xc3\xa9\xff\n}\n")
    (folder / "large.net").write_bytes(b"#" * (2 << 20))
    (folder / "folder.net").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.net")
    x = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
    np.savez(folder / "data.npz", x=x, t=2 * x[:, :1])
    np.savez(folder / "other.npz", x=x)
    return folder


TRAIN = ("train", "{folder}/good.net", "-o", "{folder}/run", "--device", "cpu")
DATA = ("--data", "{folder}/data.npz")

ROWS = [
    # arguments, exit code, what the message says
    ((), 2, ["Usage:", "compile"]),
    (("nonsense",), 2, ["nonsense"]),
    (("summary",), 2, ["SPEC"]),
    (("summary", "{folder}/mistaken.net"), 2, ["error[E0", "{folder}/mistaken.net:3:", "`relu`"]),
    (("compile", "{folder}/mistaken.net", "-o", "{folder}/out"), 2, ["error[E0"]),
    (("summary", "{folder}/twice.net"), 2, ["`relo`", "`u`", "2 errors"]),
    (("summary", "{folder}/empty.net"), 2, ["this file has no net"]),
    (("summary", "{folder}/good.net", "--net", "Other"), 2, ["`Other`", "Small"]),
    (("summary", LENET, "--set", "classes"), 2, ["--set classes", "name=value"]),
    (("summary", LENET, "--set", "colours=3"), 2, ["`colours`", "classes"]),
    (("summary", LENET, "--set", "epochs=3"), 2, ["`epochs`", "--set train.epochs=3"]),
    (("summary", LENET, "--set", "batch_size=8"), 2, ["--set train.batch=8"]),
    (("summary", LENET, "--set", "lr=0.3"), 2, ["--set train.optimizer='SGD(lr=0.3)'"]),
    (("summary", LENET, "--set", "train.lr=0.3"), 2, ["--set train.optimizer='SGD(lr=0.3)'"]),
    (("summary", "{folder}/good"), 4, ["did you mean {folder}/good.net?"]),
    ((*TRAIN, *DATA, "--epochs", "3"), 2, ["--epochs", "--set train.epochs=3"]),
    ((*TRAIN, *DATA, "--batch-size", "8"), 2, ["--set train.batch=8"]),
    ((*TRAIN, *DATA, "--lr", "0.3"), 2, ["--set train.optimizer='SGD(lr=0.3)'"]),
    ((*TRAIN, "{folder}/data.npz"), 2, ["--data {folder}/data.npz"]),
    (("summary", LENET, "--set", "classes=x"), 2, ["`x`"]),
    (("summary", LENET, "--set", "train.batch=0"), 2, ["`batch`"]),
    (("summary", LENET, "--set", "train.speed=3"), 2, ["`speed`", "batch"]),
    ((*TRAIN, *DATA, "--device", "gpu"), 2, ["`gpu` is no device", "cuda"]),
    ((*TRAIN, *DATA, "--map", "x"), 2, ["--map x", "name=array"]),
    (TRAIN, 2, ["names no data", "--data FILE"]),
    ((*TRAIN, "--data", "{folder}/other.npz"), 2, ["`t`"]),
    (("train", SPECS / "graph_xyz.net"), 2, ["no train section"]),
    (("eval", SPECS / "graph_xyz.net"), 2, ["no train section"]),
    (("show", SPECS / "graph_xyz.net", "--stage", "gradient"), 2, ["no train section"]),
    (("run", "{folder}/data.npz", "{folder}/data.npz"), 2, ["not a file that dslc compiled"]),
    (("summary", "{folder}/binary.net"), 2, ["0xff", "offset 37", "binary.net:3:7"]),
    (("summary", "{folder}/large.net"), 3, ["large.net", "1 MiB"]),
    (("summary", "{folder}/missing.net"), 4, ["missing.net", "o such file"]),
    (("summary", "{folder}/folder.net"), 4, ["folder.net"]),
    (("summary", "{folder}/good.net/x.net"), 4, ["x.net"]),
    ((*TRAIN, "--data", "{folder}/missing.npz"), 4, ["missing.npz", "no such file"]),
    (("compile", "{folder}/good.net", "-o", "{folder}/data.npz/out"), 4, ["data.npz/out"]),
    (("compile", LENET, "-o", "{folder}/o", "--weights", "{folder}/no.npz"), 4, ["no.npz"]),
    ((*TRAIN, *DATA, "--device", "cuda:999"), 6, ["CUDA was asked for", "--device cpu"]),
]


def filled(argument: object, folder: Path) -> str:
    return str(argument).replace("{folder}", str(folder))


def tell(outcome: Outcome, code: int, said: list[str], folder: Path) -> None:
    assert outcome.code == code, outcome.err
    for words in said:
        assert filled(words, folder) in outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""


@pytest.mark.parametrize(("arguments", "code", "said"), ROWS)
def test_exit_codes(
    arguments: tuple[object, ...], code: int, said: list[str], folder: Path
) -> None:
    tell(dslc(*(filled(argument, folder) for argument in arguments)), code, said, folder)


def test_a_net_says_which_array_it_lacks(folder: Path) -> None:
    done("compile", folder / "good.net", "-o", folder / "built")
    np.savez(folder / "pictures.npz", pictures=np.zeros((3, 4), np.float32))
    outcome = dslc("run", folder / "built" / "good.onnx", folder / "pictures.npz")
    said = ["no array `x`, which good.onnx takes", 'np.savez("pictures.npz", x=pictures)']
    tell(outcome, 2, said, folder)


NOT_FILES = [
    ("{folder}/pipe.net", "not a regular file"),
    ("/dev/zero", "not a regular file"),
    ("/dev/null", "not a regular file"),
]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize(("path", "said"), NOT_FILES)
def test_what_is_no_file_is_refused_without_waiting(path: str, said: str, folder: Path) -> None:
    """In a process of its own: who waits for a pipe waits for ever."""
    tell(apart("summary", filled(path, folder)), 4, [said], folder)


def test_a_diverging_training_names_the_tensor_and_its_line(folder: Path) -> None:
    arguments = (*TRAIN, *DATA, "--set", "train.optimizer=SGD(lr=1e6)")
    outcome = dslc(*(filled(argument, folder) for argument in arguments))
    said = [
        "training diverged at step 2",
        "`/y/Gemm` is not finite",
        "good.net:4  output y: Linear",
    ]
    tell(outcome, 5, [*said, "the batch holds the samples", "no checkpoint"], folder)


def test_a_failing_check_leaves_with_1(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def doubled(g: Any, node: Node, dy: Any) -> Any:
        return g.Mul(RULES["Relu"](g, node, dy), 2.0)

    spec = folder / "good.net"
    assert "check passed" in done("check", spec, "--device", "cpu")
    wrong = partial(Situation, rules={**RULES, "Relu": doubled})
    monkeypatch.setattr("dslc.tasks.checking.Situation", wrong)
    outcome = dslc("check", spec, "--device", "cpu")
    assert outcome.code == 1
    assert "the first layer that disagrees: `hidden.relu`" in outcome.out
    assert "good.net:3:24" in outcome.out


def test_a_fault_of_ours_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any, **settings: Any) -> NoReturn:
        raise ZeroDivisionError("division by zero")

    monkeypatch.delenv("DSLC_TRACEBACK", raising=False)
    monkeypatch.setattr("dslc.compile.network_of", broken)
    outcome = dslc("summary", LENET)
    said = ["this is a fault of dslc, not of your file", "division by zero", "DSLC_TRACEBACK"]
    tell(outcome, 70, said, ROOT)
    monkeypatch.setenv("DSLC_TRACEBACK", "1")
    assert "Traceback" in dslc("summary", LENET).err


def test_a_reader_that_has_seen_enough_is_no_fault() -> None:
    """As with `| head -1`: the output is larger than a pipe holds."""
    program = "from dslc.cli import main; main()"
    process = start(program, "show", "specs/googlenet.net", "--stage", "gradient")
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline() == "graph\n"
    process.stdout.close()
    try:
        assert process.wait(timeout=PATIENCE) in (0, 141)
        assert process.stderr.read() == ""
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    finally:
        process.stderr.close()
