"""Blocks that are computed again in the backward pass: `recompute=true`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest

from dslc.artifact.memory import estimate
from dslc.compile import Options, network_of, sections_of, training_models
from dslc.errors import CompileError
from dslc.source import Source

SPEC = """
block Inner(x: [N, C, H, W], width) {
  Conv(width, 3x3, padding=1) -> BatchNorm -> relu -> Dropout(0.3)
  Conv(width, 3x3, padding=1) -> relu
}

block Outer(x: [N, C, H, W]) {
  Inner(6, recompute=AGAIN)
  Inner(5)
}

net Deep {
  input x: float32[N, 3, 8, 8]
  layer shared = Inner(3, recompute=AGAIN)
  first: Outer(recompute=AGAIN)
  Conv(3, 1x1)
  shared
  shared
  flatten
  output y: Linear(3)
}

train {
  target t: int64[N]
  loss cross_entropy(y, t)
  optimizer = SGD(lr=0.1, momentum=0.9)
  batch = 4
  epochs = 1
}
"""

PART = """
block Part(x: [SIZES]) {
  ROWS
}

net Parted {
  input x: TYPE
  part: Part(recompute=AGAIN)
  output y: Linear(1)
  MORE
}

train {
  target t: float32[N, 1]
  loss mse(y, t)
  optimizer = SGD(lr=0.1)
  batch = 4
  epochs = 1
  SETTING
}
"""

PARTS = {
    "several results": {
        "ROWS": """Linear(6) -> tanh
          left, right: split(parts=2)
          product = mul(left, right)
          product -> Linear(3) -> tanh"""
    },
    "frozen statistics": {
        "ROWS": "Linear(6)\n normed: BatchNorm\n tanh -> Linear(3)",
        "SETTING": "freeze part.normed",
    },
    "whole numbers": {
        "TYPE": "int64[N, 5]",
        "ROWS": "Embedding(7, 4) -> flatten -> tanh -> Linear(6)",
    },
    "bytes": {"TYPE": "uint8[N, 5]", "ROWS": "cast(float32) -> tanh -> Linear(6)"},
    "truth values": {"TYPE": "bool[N, 5]", "ROWS": "cast(float32) -> tanh -> Linear(6)"},
    "what is held fast under a gradient": {
        "ROWS": """a: Linear(3) -> tanh
          stop_gradient
          fixed: Linear(3) -> tanh
          product = mul(fixed, a)
          product -> tanh""",
        "MORE": "slope = grad(y, x)\n penalty = sum(square(slope))",
        "SETTING": "loss penalty",
    },
    "a recurrence inside": {
        "TYPE": "float32[N, 3, 5]",
        "SIZES": "N, T, C",
        "ROWS": """scan word in x, h = x[:, 0, 0:4] {
            own: word -> Linear(4)
            past = h -> Linear(4)
            total = add(own, past)
            output next: total -> tanh
          }
          mean(axis=1) -> tanh -> Linear(2)""",
    },
    "a gradient inside": {
        "ROWS": """fixed: Linear(6) -> tanh -> stop_gradient -> Linear(6) -> tanh
          moved = add(fixed, x[:, 0:1])
          h: moved -> tanh
          slope = grad(h, x)
          tilt: slope -> Linear(6) -> tanh
          output both = add(tilt, moved)"""
    },
}


def part(row: str, again: str) -> str:
    usual = {"TYPE": "float32[N, 5]", "SIZES": "N, C", "MORE": "", "SETTING": ""}
    words = {**usual, **PARTS[row], "AGAIN": again}
    spec = PART
    for word, text in words.items():
        spec = spec.replace(word, text)
    return spec


def graph(spec: str) -> ir.Model:
    return training_models(sections_of(Source("deep.net", spec), Options({})))["train"]


def model(again: str) -> bytes:
    return bytes(ir.to_proto(graph(SPEC.replace("AGAIN", again))).SerializeToString())


DTYPES = {"tensor(int64)": np.int64, "tensor(uint8)": np.uint8, "tensor(bool)": np.bool_}


def session(data: bytes, path: Path) -> onnxruntime.InferenceSession:
    """Return a session, and leave the graph that onnxruntime makes of the model at `path`."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(path)
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def feeds(session: onnxruntime.InferenceSession) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    drawn = {}
    for port in session.get_inputs():
        real = port.type == "tensor(float)"
        values = rng.uniform(0.1, 1, port.shape) if real else rng.integers(0, 2, port.shape)
        drawn[port.name] = np.asarray(values, DTYPES.get(port.type, np.float32))
    return drawn


def operators(path: Path) -> Counter[str]:
    return Counter(node.op_type for node in ir.load(path).graph)


def same_step(one: bytes, other: bytes, path: Path) -> None:
    plain, again = session(one, path / "plain.onnx"), session(other, path / "again.onnx")
    given = feeds(plain)
    names = [port.name for port in plain.get_outputs()]
    assert names == [port.name for port in again.get_outputs()]
    for name, one_array, other_array in zip(
        names, plain.run(names, given), again.run(names, given), strict=True
    ):
        np.testing.assert_array_equal(one_array, other_array, err_msg=name)


@pytest.mark.parametrize("row", PARTS)
def test_nothing_inside_is_kept_and_the_step_is_the_same(row: str, tmp_path: Path) -> None:
    """Behind the forward pass only what leaves the part is read, by the layer that takes it."""
    plain, again = (graph(part(row, flag)) for flag in ("false", "true"))
    same_step(*(bytes(ir.to_proto(m).SerializeToString()) for m in (plain, again)), tmp_path)
    kept = [
        value
        for node in again.graph
        if (node.name or "").startswith("/part/") and "/grad" not in (node.name or "")
        for value in node.outputs
        if any(name.startswith("/grad/part/") for name in readers(value))
    ]
    assert not kept
    assert any("/again/" in (node.name or "") for node in again.graph)


def readers(value: ir.Value) -> list[str]:
    return [user.name or "" for user, _ in value.uses()]


def test_the_step_is_the_same_and_the_part_is_computed_twice(tmp_path: Path) -> None:
    """Dropout draws the same numbers again, and running statistics move once."""
    same_step(model("false"), model("true"), tmp_path)

    def forward(path: Path) -> int:
        return sum(
            node.op_type in ("Conv", "FusedConv") and "first" in (node.name or "")
            for node in ir.load(path).graph
        )

    assert forward(tmp_path / "again.onnx") > forward(tmp_path / "plain.onnx")
    random = operators(tmp_path / "plain.onnx"), operators(tmp_path / "again.onnx")
    assert random[0]["Mod"] == random[1]["Mod"] and random[0]["Div"] == random[1]["Div"]


def test_a_block_inside_belongs_to_the_one_around_and_each_call_is_a_part_of_its_own() -> None:
    network = network_of(Source("deep.net", SPEC.replace("AGAIN", "true")), Options({}))
    parts = {call.segment for call in network.calls if call.segment}
    assert len(parts) == 3
    assert len({c.segment for c in network.calls if c.name.startswith("first.")}) == 1


ROUNDS = """
block Part(x: [N, C]) { Linear(5) -> tanh -> Linear(4) }

net Steps {
  input x: float32[N, 3, 4]
  scan word in x, h = zeros([N, 4]) {
    total = add(word, h)
    output next: total -> Part(recompute=true)
  }
  mean(axis=1)
  Part(recompute=true)
  output y: Linear(1)
}

train {
  target t: float32[N, 1]
  loss mse(y, t)
  optimizer = SGD(lr=0.1)
  batch = 4
  epochs = 1
}
"""


def test_each_round_of_a_recurrence_is_a_part_of_its_own() -> None:
    """Each waits for a gradient of its own; the block behind is another part."""
    waiting = [node for node in graph(ROUNDS).graph if node.op_type == "Less"]
    assert len({node.inputs[0] for node in waiting}) == 3 + 1


def test_the_estimate_of_memory_knows_it() -> None:
    """Between the passes 4 images of 5 channels leave the first block, and of 3 each shared one."""
    plain, again = (
        estimate(network_of(Source("deep.net", SPEC.replace("AGAIN", flag)), Options({})))
        for flag in ("false", "true")
    )
    calls = network_of(Source("deep.net", SPEC.replace("AGAIN", "true")), Options({})).calls
    inside = [call for call in calls if call.segment]
    places = 4 * 8 * 8 * 4
    sizes = sum(places * int(str(v.type.shape[1])) for call in inside for v in call.outputs)
    assert plain.activations - again.activations == sizes - places * (5 + 3 + 3)


def test_it_is_true_or_false() -> None:
    with pytest.raises(CompileError) as caught:
        network_of(Source("deep.net", SPEC.replace("AGAIN", "3")), Options({}))
    assert {found.code for found in caught.value.diagnostics} == {"E0402"}


def test_a_hyper_parameter_of_that_name_is_the_block_s_own() -> None:
    block = "block B(x: [N, C], recompute=4) { Linear(recompute) }"
    spec = block + "\nnet M { input x: float32[N, 3]\n output y: B(recompute=7) }"
    network = network_of(Source("m.net", spec), Options({}))
    assert network.outputs["y"].type.shape[1] == 7
    assert not any(call.segment for call in network.calls)


@pytest.mark.parametrize("said, parts", [("recompute=true", 2), ("recompute=false", 0)])
def test_a_default_of_the_file_says_it_for_every_call(said: str, parts: int) -> None:
    block = f"default B({said})\nblock B(x: [N, C]) {{ Linear(4) -> tanh }}"
    spec = block + "\nnet M { input x: float32[N, 3]\n layer shared = B\n shared\n output y: B }"
    network = network_of(Source("m.net", spec), Options({}))
    assert len({call.segment for call in network.calls if call.segment}) == parts
