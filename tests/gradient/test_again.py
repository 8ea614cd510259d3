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


def model(again: str) -> bytes:
    source = Source("deep.net", SPEC.replace("AGAIN", again))
    found = training_models(sections_of(source, Options({})))["train"]
    return bytes(ir.to_proto(found).SerializeToString())


def session(data: bytes, path: Path) -> onnxruntime.InferenceSession:
    """Return a session, and leave the graph that onnxruntime makes of the model at `path`."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(path)
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def feeds(session: onnxruntime.InferenceSession) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    drawn = {}
    for port in session.get_inputs():
        whole = port.type == "tensor(int64)"
        values = rng.integers(0, 3, port.shape) if whole else rng.uniform(0.1, 1, port.shape)
        drawn[port.name] = np.asarray(values, np.int64 if whole else np.float32)
    return drawn


def operators(path: Path) -> Counter[str]:
    return Counter(node.op_type for node in ir.load(path).graph)


def test_the_step_is_the_same_and_the_part_is_computed_twice(tmp_path: Path) -> None:
    """Dropout draws the same numbers again, and running statistics move once."""
    plain = session(model("false"), tmp_path / "plain.onnx")
    again = session(model("true"), tmp_path / "again.onnx")
    given = feeds(plain)
    names = [port.name for port in plain.get_outputs()]
    assert names == [port.name for port in again.get_outputs()]
    for name, one, other in zip(
        names, plain.run(names, given), again.run(names, given), strict=True
    ):
        np.testing.assert_array_equal(one, other, err_msg=name)

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
