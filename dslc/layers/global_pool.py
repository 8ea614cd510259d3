"""Pooling over all places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dslc.layers.windows import check_image
from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.types import TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class GlobalAvgPool(Function):
    """Take the mean of every channel over all places.

    Shapes: [N, C, *S] -> [N, C]
    Formula: y[n, c] = mean over p of x[n, c, p]
    Example:
        input image: float32[N, 3, 32, 32]
        output y: global_avg_pool     -> [N, 3]
    """

    def infer(self, x: TensorType) -> TensorType:
        check_image("global_avg_pool", x)
        return x.with_shape(x.shape[:2])

    def lower(self, g: Builder, x: ir.Value) -> ir.Value:
        result: ir.Value = g.ReduceMean(x, g.axes(*range(2, len(g.shape_of(x)))), keepdims=0)
        return result

    def reference(self, run: Run, x: Array) -> Reference:
        flat = x.reshape(*x.shape[:2], -1)

        def backward(dy: Array) -> tuple[Array]:
            return (np.repeat(dy[..., None] / flat.shape[2], flat.shape[2], 2).reshape(x.shape),)

        return flat.mean(axis=2), backward


@dataclass(frozen=True)
class GlobalMaxPool(Function):
    """Take the maximum of every channel over all places.

    Shapes: [N, C, *S] -> [N, C]
    Formula: y[n, c] = max over p of x[n, c, p]
    Kinks: of equal values the first one, in row-major order, gets the gradient
    Example:
        input image: float32[N, 3, 32, 32]
        output y: global_max_pool     -> [N, 3]
    """

    def infer(self, x: TensorType) -> TensorType:
        check_image("global_max_pool", x)
        return x.with_shape(x.shape[:2])

    def lower(self, g: Builder, x: ir.Value) -> ir.Value:
        result: ir.Value = g.ReduceMax(x, g.axes(*range(2, len(g.shape_of(x)))), keepdims=0)
        return result

    def reference(self, run: Run, x: Array) -> Reference:
        flat = x.reshape(*x.shape[:2], -1)
        first = run.decide(flat.argmax(axis=2)[..., None])

        def backward(dy: Array) -> tuple[Array]:
            dx = np.zeros_like(flat)
            np.put_along_axis(dx, first, dy[..., None], axis=2)
            return (dx.reshape(x.shape),)

        return np.take_along_axis(flat, first, axis=2)[..., 0], backward
