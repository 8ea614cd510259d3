"""The gated linear unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.errors import RuleError
from dslc.layers.rules import axis_of, need_float
from dslc.layers.windows import known_size
from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.types import TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Glu(Function):
    """Cut a value into halves along `axis`; the second one gates the first.

    Shapes: any -> half as many along `axis`
    Formula: y = a / (1 + exp(-b)), where x holds a, then b
    Errors: E0303 a dimension of odd or unknown size
    Source: Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks"
        (2017), equation 1

    Example:
        input image: float32[N, 3, 32, 32]
        output y: Conv(32, 3x3) -> glu(axis=1)    -> [N, 16, 30, 30]
    """

    axis: int = -1

    def infer(self, x: TensorType) -> TensorType:
        need_float("glu", x)
        axis = axis_of("glu", self.axis, x)
        size = known_size("glu", x, axis, "values and gates")
        if size % 2:
            raise RuleError(
                "E0303",
                f"`glu` cuts dimension {axis} into halves, and its size {size} is odd",
                about=0,
                text=f"this is {shape_text(x.shape)}",
                helps=("the layer before it gives twice what you want: values, then gates",),
            )
        return x.with_axis(axis, size // 2)

    def lower(self, g: Builder, x: ir.Value) -> Any:
        value, gate = g.Split(x, axis=self.axis % len(g.shape_of(x)), num_outputs=2)
        return g.Mul(value, g.Sigmoid(gate))

    def reference(self, run: Run, x: Array) -> Reference:
        value, gate = np.split(x, 2, axis=self.axis)
        small = np.exp(-np.abs(gate))
        gate = np.where(gate >= 0, 1, small) / (1 + small)

        def backward(dy: Array) -> tuple[Array, ...]:
            shares = (dy * gate, dy * value * gate * (1 - gate))
            return (np.concatenate(shares, axis=self.axis),)

        return value * gate, backward
