"""Initial values of which a part is zero."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dslc.errors import RuleError
from dslc.initializers import draw
from dslc.initializers.base import Initializer
from dslc.initializers.quantile import lower_quantile, quantile
from dslc.operation import Array, setting
from dslc.types import DType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Sparse(Initializer):
    """Draw a matrix from a normal distribution and set a part of every column to zero.

    Shapes: [rows, columns].

    Formula: each element has two random whole numbers below 2^32; those of a column whose first
    number is among its ceil(sparsity * rows) smallest are 0, the others std Q((second + 1/2) /
    2^32), Q the inverse of the normal distribution function.

    Errors: E0319 unless the parameter has 2 dimensions.

    Source: Martens, "Deep learning via Hessian-free optimization" (2010), section 5, in the form of
    torch.nn.init.sparse_.
    Example:
        input x: float32[N, 64]
        output y: Linear(32, init=sparse(0.9))
    """

    sparsity: float = setting(minimum=0.0, below=1.0)
    std: float = setting(0.01, minimum=0.0)

    def check(self, shape: tuple[int, ...]) -> None:
        if len(shape) != 2:
            raise RuleError(
                "E0319",
                "`sparse` needs a matrix",
                text=f"this one is {shape_text(shape)}",
                helps=["for a convolution use kaiming_normal or normal(std=s)"],
            )

    def sample(self, shape: tuple[int, ...], key: int) -> Array:
        chances, second = draw.sample((2, *shape), key, lambda k: k, DType.FLOAT64)
        normal = quantile(((second + 0.5) / draw.RANGE - 0.5).reshape(-1)).reshape(shape)
        values = self.std * normal
        count = self._zeros(shape)
        if count == 0:
            return values.astype(np.float32)
        largest = np.partition(chances, count - 1, axis=0)[count - 1]
        return np.where(chances > largest, values, 0).astype(np.float32)

    def lower(self, g: Builder, shape: tuple[int, ...], key: ir.Value) -> ir.Value:
        both = draw.lower(g, (2, *shape), key, lambda k: k, DType.FLOAT64)
        halves = g.node("Split", [both], {"axis": 0, "num_outputs": 2}, outputs=2)
        chances, second = (g.Squeeze(half, g.axes(0)) for half in halves)
        normal = lower_quantile(g, g.Sub(g.Div(g.Add(second, 0.5), draw.RANGE), 0.5))
        values = g.Mul(normal, self.std)
        count = self._zeros(shape)
        if count:
            smallest, _ = g.TopK(chances, g.axes(count), axis=0, largest=0, sorted=1)
            largest = g.ReduceMax(smallest, g.axes(0), keepdims=1)
            values = g.Where(g.Greater(chances, largest), values, 0.0)
        return g.cast(values, DType.FLOAT32)

    def _zeros(self, shape: tuple[int, ...]) -> int:
        return math.ceil(self.sparsity * shape[0])
