"""Softmax and its logarithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.layers.rules import axis_of, need_float
from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.types import TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Softmax(Function):
    """Turn scores into probabilities that add up to 1 along `axis`.

    Shapes: any -> the same; the numbers along `axis` belong together
    Formula: y = exp(x) / sum of exp(x)

    Example:
        input x: float32[N, 8]
        output y: Linear(10) -> softmax
    """

    precision = "single"

    axis: int = -1

    def infer(self, x: TensorType) -> TensorType:
        need_float("softmax", x)
        axis_of("softmax", self.axis, x)
        return x

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.Softmax(x, axis=self.axis % len(g.shape_of(x)))

    def reference(self, run: Run, x: Array) -> Reference:
        y = np.exp(x - x.max(axis=self.axis, keepdims=True))
        y = y / y.sum(axis=self.axis, keepdims=True)
        return y, lambda dy: (y * (dy - (dy * y).sum(axis=self.axis, keepdims=True)),)


@dataclass(frozen=True)
class LogSoftmax(Function):
    """Turn scores into the logarithms of probabilities along `axis`.

    Shapes: any -> the same; the numbers along `axis` belong together
    Formula: y = x - log(sum of exp(x))

    Example:
        input x: float32[N, 8]
        output y: Linear(10) -> log_softmax
    """

    precision = "single"

    axis: int = -1

    def infer(self, x: TensorType) -> TensorType:
        need_float("log_softmax", x)
        axis_of("log_softmax", self.axis, x)
        return x

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.LogSoftmax(x, axis=self.axis % len(g.shape_of(x)))

    def reference(self, run: Run, x: Array) -> Reference:
        shifted = x - x.max(axis=self.axis, keepdims=True)
        y = shifted - np.log(np.exp(shifted).sum(axis=self.axis, keepdims=True))
        return y, lambda dy: (dy - np.exp(y) * dy.sum(axis=self.axis, keepdims=True),)
