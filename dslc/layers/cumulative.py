"""Sums of the elements so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.layers.rules import axis_of, need_number
from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.types import DType, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Cumsum(Function):
    """Add up the elements along `axis`: each result is the sum of those up to its place.

    `exclusive` leaves the element at the place itself out; `reverse` counts from the end.

    Shapes: any -> the same
    Formula: y[i] = x[0] + ... + x[i]
    Example:
        input speed: float32[N, 24, 2]
        output way: cumsum(1)
    """

    precision = "single"

    axis: int
    exclusive: bool = False
    reverse: bool = False

    def infer(self, x: TensorType) -> TensorType:
        need_number("cumsum", x)
        axis_of("cumsum", self.axis, x)
        return x

    def lower(self, g: Builder, x: ir.Value) -> Any:
        axis = g.constant(self.axis % len(g.shape_of(x)), DType.INT64)
        return g.CumSum(x, axis, exclusive=int(self.exclusive), reverse=int(self.reverse))

    def reference(self, run: Run, x: Array) -> Reference:
        # Both directions are products with the same matrix of zeros and ones.
        counts = np.tri(x.shape[self.axis], k=-int(self.exclusive), dtype=x.dtype)
        counts = counts.T if self.reverse else counts
        return _along(counts, x, self.axis), lambda dy: (_along(counts.T, dy, self.axis),)


def _along(matrix: Array, x: Array, axis: int) -> Array:
    """Multiply every row of `x` along `axis` by a matrix."""
    return np.moveaxis(np.tensordot(matrix, x, axes=(1, axis)), 0, axis)
