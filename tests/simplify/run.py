"""Running a graph, so that what it computes before and after a pass can be compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir
import onnxruntime as ort

from dslc.graph.builder import IR_VERSION, type_of
from dslc.operation import Array

SIZES = {"N": 4, "T": 2}


def feeds_of(graph: ir.Graph, seed: int = 0) -> dict[str, Array]:
    """Return numbers for every input."""
    random = np.random.default_rng(seed)
    feeds = {}
    for value in graph.inputs:
        type = type_of(value).bind(SIZES)
        drawn = random.uniform(-2, 2, type.sizes)
        feeds[str(value.name)] = drawn.astype(type.dtype.numpy)
    return feeds


def run(graph: ir.Graph, feeds: Mapping[str, Array]) -> dict[str, Array]:
    """Run a graph as it is: onnxruntime simplifies nothing of its own."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    model = ir.to_proto(ir.Model(graph, ir_version=IR_VERSION)).SerializeToString()
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [str(value.name) for value in graph.outputs]
    return dict(zip(names, session.run(names, dict(feeds)), strict=True))


def assert_same(before: Mapping[str, Array], after: Mapping[str, Array]) -> None:
    assert list(before) == list(after)
    for name in before:
        assert before[name].dtype == after[name].dtype
        np.testing.assert_allclose(after[name], before[name], rtol=2e-5, atol=1e-5)
