"""Run a few nodes on onnxruntime, node by node as they were written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime as ort
from numpy.typing import NDArray

from dslc.graph.builder import IR_VERSION, Builder
from dslc.types import DType, TensorType

Array = NDArray[Any]
Values = Mapping[str, ir.Value]
Build = Callable[[Builder, Values], Values]


class Program:
    """A graph of the values that `build` returns, with inputs of the types of `example`."""

    def __init__(self, build: Build, example: Mapping[str, Array]) -> None:
        g = Builder()
        inputs = {name: g.input(name, type_of(array)) for name, array in example.items()}
        for name, value in build(g, inputs).items():
            g.output(name, value)
        self.graph = g.graph
        self.bytes = ir.to_proto(ir.Model(g.graph, ir_version=IR_VERSION)).SerializeToString()
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        providers = ["CPUExecutionProvider"]
        self._session = ort.InferenceSession(self.bytes, options, providers=providers)

    def __call__(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        names = [output.name for output in self._session.get_outputs()]
        used = {item.name for item in self._session.get_inputs()}
        arrays = {name: np.asarray(array) for name, array in feeds.items() if name in used}
        return dict(zip(names, self._session.run(names, arrays), strict=True))


def run(build: Build, feeds: Mapping[str, Array]) -> dict[str, Array]:
    """Build, load and run once."""
    return Program(build, feeds)(feeds)


def type_of(array: Array) -> TensorType:
    return TensorType(DType(str(array.dtype)), array.shape)
