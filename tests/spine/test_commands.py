"""Every stage can be looked at, and the commands are quick where they need little."""

from __future__ import annotations

import json

import pytest

from tests.spine.command import ENTRY, SPECS, apart, done

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
