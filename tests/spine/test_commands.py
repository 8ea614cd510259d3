"""Every stage can be looked at, and the commands are quick where they need little."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from tests.spine.command import ENTRY, SPECS, apart, done, dslc

STAGES = [
    # stage, what its text holds for LeNet-5
    ("tree", ["net LeNet5(classes=10) {", "c1: Conv(6, 5x5) -> tanh", "optimizer = SGD(lr=0.1"]),
    ("network", ["input image: uint8[N, 1, 28, 28]", "c1.tanh: tanh() on c1.conv", "sizes N = 32"]),
    ("graph", ["/c1/Conv: float32[N, 6, 28, 28] = Conv(", "lenet5.net:5", "output"]),
    (
        "gradient",
        ["/grad/c1/Conv/", "/update/c1/weight/", "c1.weight.next", "float32[32, 6, 28, 28]"],
    ),
    ("onnx", ["LeNet5", "/grad/c1/Conv/", "c1.weight.next", "finite"]),
]


@pytest.mark.parametrize(("stage", "holds"), STAGES)
def test_every_stage_has_a_text(stage: str, holds: list[str]) -> None:
    text = done("show", SPECS / "lenet5.net", "--stage", stage)
    for part in holds:
        assert part in text


def test_every_stage_is_tried() -> None:
    choices = done("show", "--help")
    assert "|".join(stage for stage, _ in STAGES) in choices.replace("\n", "").replace(" ", "")


def test_simplifying_takes_nodes_away() -> None:
    before, after = (
        len(done("show", SPECS / "lenet5.net", "--stage", stage).splitlines())
        for stage in ("gradient", "onnx")
    )
    assert after < before


@pytest.mark.parametrize(
    "command", ["compile", "check", "train", "eval", "run", "export", "summary", "show"]
)
def test_help_names_every_command(command: str) -> None:
    assert f"\n  {command} " in done("--help")
    assert f"dslc {command}" in done(command, "--help")


NEEDED = [
    # arguments, which of the heavy modules they may not load
    (("--help",), ["lark", "onnx", "onnx_ir", "onnxruntime"]),
    (("--version",), ["lark", "onnx", "onnx_ir", "onnxruntime"]),
    (("summary", "specs/lenet5.net"), ["onnx", "onnx_ir", "onnxruntime"]),
]

LOADED = f"""
import json, sys
try:
    {ENTRY}
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize(("arguments", "left_out"), NEEDED)
def test_commands_load_only_what_they_need(arguments: tuple[str, ...], left_out: list[str]) -> None:
    outcome = apart(*arguments, program=LOADED)
    assert outcome.code == 0
    loaded = json.loads(outcome.err.splitlines()[-1])
    assert "dslc.cli.commands" in loaded
    assert not set(left_out) & set(loaded)


SMALL = """
net Small {
  input x: float32[N, 4]
  output y: Linear(3)
}

train {
  target t: int64[N]
  loss cross_entropy(y, t)
  optimizer = SGD(lr=0.1)
  data = "small.npz"
  batch = 4
  epochs = 1
}
"""


@pytest.mark.parametrize("threads", [None, 1])
@pytest.mark.parametrize("command", ["check", "train"])
def test_threads_reach_every_session(
    command: str, threads: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []

    class Session(onnxruntime.InferenceSession):  # type: ignore[misc]  # it has no types
        def __init__(
            self, model: object, options: onnxruntime.SessionOptions, *more: Any, **named: Any
        ) -> None:
            given.append(options.intra_op_num_threads)
            super().__init__(model, options, *more, **named)

    (tmp_path / "small.net").write_text(SMALL)
    np.savez(tmp_path / "small.npz", x=np.ones((8, 4), np.float32), t=np.arange(8) % 3)
    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    monkeypatch.chdir(tmp_path)
    said = () if threads is None else ("--threads", threads)
    done(command, "small.net", "--device", "cpu", *said)
    assert set(given) == {threads or 0}


def test_there_is_at_least_one_thread() -> None:
    outcome = dslc("train", SPECS / "lenet5.net", "--threads", 0)
    assert outcome.code == 2
    assert "--threads" in outcome.err
