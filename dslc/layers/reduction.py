"""Reductions: a value without some of its dimensions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dslc import dims
from dslc.errors import RuleError
from dslc.layers.rules import axes_of, need_float, need_number
from dslc.operation import Array, Function, Precision, Reference, setting
from dslc.reference.run import Run
from dslc.reference.sums import total
from dslc.types import Shape, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Reduction(Function, ABC):
    """A function over the dimensions `axis` (one, a list, or all), which stay as 1 with `keepdims`.

    `compute` keeps the dimensions; `slope` is the derivative of y by each element of x.
    """

    precision: ClassVar[Precision] = "single"

    axis: int | tuple[int, ...] | None = None
    keepdims: bool = False
    operator: ClassVar[str]

    def infer(self, x: TensorType) -> TensorType:
        self.check(x)
        axes = axes_of(self.language_name(), self.axis, x)
        return x.with_shape(_reduced(x.shape, axes, self.keepdims))

    def check(self, x: TensorType) -> None:
        need_float(self.language_name(), x)

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return self.emit(g, x, self.axes(len(g.shape_of(x))), keepdims=int(self.keepdims))

    def emit(self, g: Builder, x: ir.Value, axes: tuple[int, ...], keepdims: int) -> Any:
        """Append the reduction over `axes`."""
        return g.node(self.operator, [x, g.axes(*axes)], {"keepdims": keepdims})

    @abstractmethod
    def compute(self, x: Array, axes: tuple[int, ...]) -> Array:
        """Return the result with the dimensions `axes` kept as 1."""

    @abstractmethod
    def slope(self, x: Array, y: Array, axes: tuple[int, ...]) -> Array:
        """Return dy/dx at each element of x."""

    def reference(self, run: Run, x: Array) -> Reference:
        axes = self.axes(x.ndim)
        y = self.compute(x, axes)

        def backward(dy: Array) -> tuple[Array, ...]:
            return (dy.reshape(y.shape) * self.slope(x, y, axes),)

        return y if self.keepdims else y.squeeze(axes), backward

    def axes(self, rank: int) -> tuple[int, ...]:
        """Return the dimensions to reduce, of a value that `infer` accepted."""
        if self.axis is None:
            return tuple(range(rank))
        axes = (self.axis,) if isinstance(self.axis, int) else self.axis
        return tuple(sorted(axis % rank for axis in axes))


def _reduced(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    if keepdims:
        return tuple(1 if axis in axes else dim for axis, dim in enumerate(shape))
    return tuple(dim for axis, dim in enumerate(shape) if axis not in axes)


@dataclass(frozen=True)
class Sum(Reduction):
    """Add up the elements along `axis`.

    Shapes: any -> without `axis`; with `keepdims` it stays as 1.
    Example:
        input x: float32[N, 6]
        output total: sum(axis=1)
    """

    operator = "ReduceSum"

    def check(self, x: TensorType) -> None:
        need_number("sum", x)

    def compute(self, x: Array, axes: tuple[int, ...]) -> Array:
        return total(x, axes)

    def slope(self, x: Array, y: Array, axes: tuple[int, ...]) -> Array:
        return np.ones_like(x)


@dataclass(frozen=True)
class Mean(Reduction):
    """Take the mean of the elements along `axis`.

    Shapes: any -> without `axis`; with `keepdims` it stays as 1.
    Example:
        input image: float32[N, 3, 8, 8]
        output brightness: mean(axis=[1, 2, 3])
    """

    operator = "ReduceMean"

    def compute(self, x: Array, axes: tuple[int, ...]) -> Array:
        y = total(x, axes)
        return np.asarray(y * (y.size / x.size), dtype=x.dtype)

    def slope(self, x: Array, y: Array, axes: tuple[int, ...]) -> Array:
        return np.full_like(x, y.size / x.size)


@dataclass(frozen=True)
class Extreme(Reduction, ABC):
    """The largest or the smallest element: `compute` says which; of equal ones the first is it."""

    precision = "follow"

    def slope(self, x: Array, y: Array, axes: tuple[int, ...]) -> Array:
        """Return 1 at the first element along `axes` that equals the result, 0 elsewhere."""
        kept = [axis for axis in range(x.ndim) if axis not in axes]
        order = (*kept, *axes)
        hits = np.transpose((x == y) | np.isnan(x), order)
        count = int(np.prod([x.shape[axis] for axis in axes], dtype=np.int64))
        rows = hits.reshape(-1, max(1, count))
        first = np.zeros(rows.shape, x.dtype)
        first[np.arange(len(rows)), rows.argmax(axis=1)] = 1
        return np.transpose(first.reshape(hits.shape), np.argsort(order))

    def reference(self, run: Run, x: Array) -> Reference:
        axes = self.axes(x.ndim)
        first = run.decide(self.slope(x, self.compute(x, axes), axes))
        y = np.where(first == 1, x, 0).sum(axis=axes, keepdims=True)
        result = y if self.keepdims else y.squeeze(axes)
        return result, lambda dy: (dy.reshape(y.shape) * first,)


@dataclass(frozen=True)
class Max(Extreme):
    """Take the largest element along `axis`.

    Shapes: any -> without `axis`; with `keepdims` it stays as 1.
    Kinks: of equal elements the first in row-major order has the derivative.
    Example:
        input words: float32[N, 7, 4]
        output strongest: max(axis=1)
    """

    operator = "ReduceMax"

    def compute(self, x: Array, axes: tuple[int, ...]) -> Array:
        return np.asarray(x.max(axis=axes, keepdims=True))


@dataclass(frozen=True)
class Min(Extreme):
    """Take the smallest element along `axis`.

    Shapes: any -> without `axis`; with `keepdims` it stays as 1.
    Kinks: of equal elements the first in row-major order has the derivative.
    Example:
        input x: float32[N, 6]
        output y: min(axis=1, keepdims=true)
    """

    operator = "ReduceMin"

    def compute(self, x: Array, axes: tuple[int, ...]) -> Array:
        return np.asarray(x.min(axis=axes, keepdims=True))


@dataclass(frozen=True)
class Prod(Reduction):
    """Multiply the elements along `axis`.

    Shapes: any -> without `axis`; with `keepdims` it stays as 1.
    Example:
        input x: float32[N, 6]
        output y: prod(axis=1)
    """

    operator = "ReduceProd"

    def compute(self, x: Array, axes: tuple[int, ...]) -> Array:
        return np.asarray(x.prod(axis=axes, keepdims=True))

    def slope(self, x: Array, y: Array, axes: tuple[int, ...]) -> Array:
        """Multiply the others: all where nothing is 0, the rest at a single 0, none beside it."""
        zeros = x == 0
        count = zeros.sum(axis=axes, keepdims=True)
        others = np.where(zeros, 1, x).prod(axis=axes, keepdims=True)
        beside = np.where(count == 0, others / np.where(zeros, 1, x), 0)
        return np.where(zeros & (count == 1), others, beside)


@dataclass(frozen=True)
class Var(Reduction):
    """Take the variance of the elements along `axis`: first the mean, then the squares around it.

    Shapes: any -> without `axis`; with `keepdims` it stays as 1.
    Formula: sum of (x - mean)^2 / (n - 1); with `unbiased=false` the divisor is n
    Errors: E0323 for the unbiased variance of one element.
    Example:
        input image: float32[N, 3, 8, 8]
        output contrast: var(axis=[2, 3], unbiased=false)
    """

    unbiased: bool = True

    def infer(self, x: TensorType) -> TensorType:
        found = super().infer(x)
        if self.unbiased and dims.product(x.shape[axis] for axis in self.axes(x.rank)) == 1:
            raise RuleError(
                "E0323",
                f"`{self.language_name()}` of one element divides by 0",
                about="axis",
                facts=("the unbiased variance of n elements divides by n - 1",),
                helps=("divide by n:  unbiased=false",),
            )
        return found

    def emit(self, g: Builder, x: ir.Value, axes: tuple[int, ...], keepdims: int) -> Any:
        centred = g.Sub(x, g.ReduceMean(x, g.axes(*axes), keepdims=1))
        squares = g.Mul(centred, centred)
        if not self.unbiased:
            return g.ReduceMean(squares, g.axes(*axes), keepdims=keepdims)
        total = g.ReduceSum(squares, g.axes(*axes), keepdims=keepdims)
        count = g.count([g.shape_of(x)[axis] for axis in axes], g.dtype_of(x))
        return g.Div(total, g.Sub(count, 1))

    def compute(self, x: Array, axes: tuple[int, ...]) -> Array:
        return np.asarray(x.var(axis=axes, ddof=int(self.unbiased), keepdims=True))

    def slope(self, x: Array, y: Array, axes: tuple[int, ...]) -> Array:
        divisor = x.size // y.size - int(self.unbiased)
        return np.asarray(2 * (x - x.mean(axis=axes, keepdims=True)) / divisor)


@dataclass(frozen=True)
class Std(Var):
    """Take the standard deviation of the elements along `axis`: the square root of `var`.

    Shapes: any -> without `axis`; with `keepdims` it stays as 1.
    Formula: sqrt(sum of (x - mean)^2 / (n - 1)); with `unbiased=false` the divisor is n
    Errors: E0323 for the unbiased deviation of one element.
    Kinks: the derivative is 0 where all elements are equal.
    Example:
        input x: float32[N, 4, 16]
        output spread: std(axis=[1, 2])
    """

    def emit(self, g: Builder, x: ir.Value, axes: tuple[int, ...], keepdims: int) -> Any:
        return root(g, super().emit(g, x, axes, keepdims))

    def compute(self, x: Array, axes: tuple[int, ...]) -> Array:
        return np.sqrt(super().compute(x, axes))

    def slope(self, x: Array, y: Array, axes: tuple[int, ...]) -> Array:
        return super().slope(x, y, axes) / np.where(y == 0, 1, 2 * y)


def root(g: Builder, squares: ir.Value) -> Any:
    """Append the square root of sums of squares, with a derivative of 0 where all of them are 0.

    Not Sqrt alone: its derivative at 0 is infinite, and infinity times 0 is no number.
    """
    return g.Div(squares, g.Sqrt(g.Max(squares, float(np.finfo(np.float32).tiny))))


@dataclass(frozen=True)
class Norm(Reduction):
    """Take the p-norm of the elements along `axis`: their length for p = 2.

    Shapes: any -> without `axis`; with `keepdims` it stays as 1.
    Formula: (sum of |x|^p)^(1/p)
    Kinks: the derivative at 0 is 0.
    Example:
        input x: float32[N, 6]
        output length: norm(axis=1)
    """

    p: float = setting(2.0, minimum=1)

    def emit(self, g: Builder, x: ir.Value, axes: tuple[int, ...], keepdims: int) -> Any:
        if self.p == 1:
            return g.ReduceSum(g.Abs(x), g.axes(*axes), keepdims=keepdims)
        if self.p == 2:
            return root(g, g.ReduceSum(g.Mul(x, x), g.axes(*axes), keepdims=keepdims))
        total = g.ReduceSum(g.Pow(g.Abs(x), self.p), g.axes(*axes), keepdims=keepdims)
        nothing = g.Equal(total, 0)
        return g.Where(nothing, 0, g.Pow(g.Where(nothing, 1, total), 1 / self.p))

    def compute(self, x: Array, axes: tuple[int, ...]) -> Array:
        total = np.asarray((np.abs(x) ** self.p).sum(axis=axes, keepdims=True))
        return total ** (1 / self.p)

    def slope(self, x: Array, y: Array, axes: tuple[int, ...]) -> Array:
        length = np.where(y == 0, 1, y)
        return np.asarray(np.sign(x) * (np.abs(x) / length) ** (self.p - 1))


@dataclass(frozen=True)
class Logsumexp(Reduction):
    """Take the logarithm of the sum of the exponentials along `axis`, without an overflow.

    Shapes: any -> without `axis`; with `keepdims` it stays as 1.
    Formula: m + log(sum of exp(x - m)), where m is the largest element
    Example:
        input x: float32[N, 6]
        output y: logsumexp(axis=1)
    """

    def emit(self, g: Builder, x: ir.Value, axes: tuple[int, ...], keepdims: int) -> Any:
        # y does not depend on what is taken out and put back, so no gradient need flow there.
        top = g.stop_gradient(g.ReduceMax(x, g.axes(*axes), keepdims=1))
        total = g.ReduceSum(g.Exp(g.Sub(x, top)), g.axes(*axes), keepdims=1)
        y = g.Add(g.Log(total), top)
        return y if keepdims else g.Squeeze(y, g.axes(*axes))

    def compute(self, x: Array, axes: tuple[int, ...]) -> Array:
        top = x.max(axis=axes, keepdims=True)
        return np.asarray(top + np.log(np.exp(x - top).sum(axis=axes, keepdims=True)))

    def slope(self, x: Array, y: Array, axes: tuple[int, ...]) -> Array:
        return np.asarray(np.exp(x - y))
