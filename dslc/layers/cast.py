"""Conversions, and what passes a value on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.types import DType, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Cast(Function):
    """Convert the elements to another type.

    Fractions are cut off towards 0. Between floating-point types the derivative is 1, elsewhere
    there is none.

    Shapes: any -> the same, of type `dtype`
    Example:
        input image: uint8[N, 1, 28, 28]
        output y: cast(float32) -> mul(1/255)
    """

    dtype: DType

    def infer(self, x: TensorType) -> TensorType:
        return x.with_dtype(self.dtype)

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.cast(x, self.dtype)

    def reference(self, run: Run, x: Array) -> Reference:
        if self.dtype.is_float:
            # The precision is the interpreter's own, not the one of the spec.
            y = x if x.dtype.kind == "f" else x.astype(run.dtype)
            return y, lambda dy: (dy if x.dtype.kind == "f" else None,)
        return x.astype(self.dtype.numpy), lambda dy: (None,)


@dataclass(frozen=True)
class Identity(Function):
    """Pass a value on as it is.

    Shapes: any -> the same
    Example:
        input x: float32[N, 6]
        output y: identity
    """

    def infer(self, x: TensorType) -> TensorType:
        return x

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return x

    def reference(self, run: Run, x: Array) -> Reference:
        return x, lambda dy: (dy,)


@dataclass(frozen=True)
class StopGradient(Function):
    """Pass a value on as a constant: no gradient flows back through it.

    Shapes: any -> the same
    Example:
        input x: float32[N, 6]
        features = x -> Linear(4)
        output y = stop_gradient(features) -> Linear(2)
    """

    differentiable = False

    def infer(self, x: TensorType) -> TensorType:
        return x

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.stop_gradient(x)

    def reference(self, run: Run, x: Array) -> Reference:
        return x, lambda dy: (None,)
