"""Comparisons and logic: truth values from values, and `where`, which chooses by them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dslc.layers.arithmetic import sum_to
from dslc.layers.rules import broadcast_shape, need_bool, need_number, same_dtype
from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.types import DType, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Comparison(Function, ABC):
    """A question about two values, element by element; `sign` is its operator in the language."""

    operator: ClassVar[str]
    sign: ClassVar[str]

    def infer(self, x: TensorType, y: TensorType) -> TensorType:
        for about, value in enumerate((x, y)):
            self.check(value, about)
        same_dtype(self.sign, (x, y))
        return TensorType(DType.BOOL, broadcast_shape(self.sign, (x, y)))

    def check(self, value: TensorType, about: int) -> None:
        need_number(self.sign, value, about)

    def lower(self, g: Builder, x: ir.Value, y: ir.Value) -> Any:
        return g.node(self.operator, [x, y])

    @abstractmethod
    def compute(self, x: Array, y: Array) -> Array:
        """Return the answers for two arrays."""

    def reference(self, run: Run, x: Array, y: Array) -> Reference:
        return run.decide(self.compute(x, y)), lambda dz: (None, None)


@dataclass(frozen=True)
class Equal(Comparison):
    """Tell where two values are equal; also written `x == y`.

    Shapes: two that broadcast -> bool of their common shape
    Example:
        input word: int64[N, 7]
        output gap = word == 0
    """

    operator = "Equal"
    sign = "=="

    def compute(self, x: Array, y: Array) -> Array:
        return np.equal(x, y)


@dataclass(frozen=True)
class NotEqual(Comparison):
    """Tell where two values differ; also written `x != y`.

    Shapes: two that broadcast -> bool of their common shape
    Example:
        input word: int64[N, 7]
        output known = word != 0
    """

    sign = "!="

    def lower(self, g: Builder, x: ir.Value, y: ir.Value) -> Any:
        return g.Not(g.Equal(x, y))

    def compute(self, x: Array, y: Array) -> Array:
        return np.not_equal(x, y)


@dataclass(frozen=True)
class Less(Comparison):
    """Tell where x is below y; also written `x < y`.

    Shapes: two that broadcast -> bool of their common shape
    Example:
        input x: float32[N, 6]
        input y: float32[N, 6]
        output z = x < y
    """

    operator = "Less"
    sign = "<"

    def compute(self, x: Array, y: Array) -> Array:
        return x < y


@dataclass(frozen=True)
class LessEqual(Comparison):
    """Tell where x is not above y; also written `x <= y`.

    Shapes: two that broadcast -> bool of their common shape
    Example:
        input x: float32[N, 6]
        input y: float32[N, 6]
        output z = x <= y
    """

    operator = "LessOrEqual"
    sign = "<="

    def compute(self, x: Array, y: Array) -> Array:
        return x <= y


@dataclass(frozen=True)
class Greater(Comparison):
    """Tell where x is above y; also written `x > y`.

    Shapes: two that broadcast -> bool of their common shape
    Example:
        input x: float32[N, 6]
        output positive = x > 0
    """

    operator = "Greater"
    sign = ">"

    def compute(self, x: Array, y: Array) -> Array:
        return x > y


@dataclass(frozen=True)
class GreaterEqual(Comparison):
    """Tell where x is not below y; also written `x >= y`.

    Shapes: two that broadcast -> bool of their common shape
    Example:
        input x: float32[N, 6]
        output y = x >= 0.5
    """

    operator = "GreaterOrEqual"
    sign = ">="

    def compute(self, x: Array, y: Array) -> Array:
        return x >= y


@dataclass(frozen=True)
class Logical(Comparison, ABC):
    """A question about two truth values."""

    def check(self, value: TensorType, about: int) -> None:
        need_bool(self.sign, value, about)


@dataclass(frozen=True)
class LogicalAnd(Logical):
    """Tell where both values are true; also written `x and y`.

    Shapes: two that broadcast -> bool of their common shape
    Example:
        input x: float32[N, 6]
        output inside = x > -1 and x < 1
    """

    operator = "And"
    sign = "and"

    def compute(self, x: Array, y: Array) -> Array:
        return x & y


@dataclass(frozen=True)
class LogicalOr(Logical):
    """Tell where one value is true, or both; also written `x or y`.

    Shapes: two that broadcast -> bool of their common shape
    Example:
        input x: float32[N, 6]
        output outside = x < -1 or x > 1
    """

    operator = "Or"
    sign = "or"

    def compute(self, x: Array, y: Array) -> Array:
        return x | y


@dataclass(frozen=True)
class LogicalNot(Function):
    """Tell where the value is false; also written `not x`.

    Shapes: any -> the same, bool
    Example:
        input x: float32[N, 6]
        output y = not (x > 0)
    """

    def infer(self, x: TensorType) -> TensorType:
        need_bool("not", x)
        return x

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.Not(x)

    def reference(self, run: Run, x: Array) -> Reference:
        return ~x, lambda dy: (None,)


@dataclass(frozen=True)
class Where(Function):
    """Choose x where the condition is true, y where it is false.

    Shapes: three that broadcast.
    Formula: z[i] = x[i] if condition[i] else y[i]
    Example:
        input x: float32[N, 6]
        input y: float32[N, 6]
        output z = where(x > y, x, 0.5 * y)
    """

    def infer(self, condition: TensorType, x: TensorType, y: TensorType) -> TensorType:
        need_bool("where", condition)
        dtype = same_dtype("where", (x, y))
        return TensorType(dtype, broadcast_shape("where", (condition, x, y)))

    def lower(self, g: Builder, condition: ir.Value, x: ir.Value, y: ir.Value) -> Any:
        if g.dtype_of(x) is DType.BOOL:
            return g.Or(g.And(condition, x), g.And(g.Not(condition), y))
        if g.dtype_of(x) is DType.UINT64:  # has no kernel; whole numbers wrap, so nothing is lost
            return g.Add(y, g.Mul(g.Sub(x, y), g.cast(condition, DType.UINT64)))
        return g.Where(condition, x, y)

    def reference(self, run: Run, condition: Array, x: Array, y: Array) -> Reference:
        def backward(dz: Array) -> tuple[Array | None, ...]:
            kept = np.where(condition, dz, 0)
            return None, sum_to(kept, x.shape), sum_to(dz - kept, y.shape)

        return np.where(condition, x, y), backward
