"""Arithmetic on two values, or more, of shapes that broadcast."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dslc.layers.rules import broadcast_shape, need_float, need_number, same_dtype
from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.types import TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


def sum_to(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Add a gradient up over the dimensions along which a value of `shape` was repeated."""
    extra = tuple(range(gradient.ndim - len(shape)))
    stretched = tuple(
        axis + len(extra)
        for axis, size in enumerate(shape)
        if size == 1 and gradient.shape[axis + len(extra)] != 1
    )
    return np.asarray(gradient.sum(axis=(*extra, *stretched)).reshape(shape))


@dataclass(frozen=True)
class Binary(Function, ABC):
    """A function of two values, element by element.

    `sign` is its operator in the language; `slopes` are the derivatives by x and y, where z is the
    result.
    """

    operator: ClassVar[str]
    sign: ClassVar[str]

    def infer(self, x: TensorType, y: TensorType) -> TensorType:
        for about, value in enumerate((x, y)):
            self.check(value, about)
        dtype = same_dtype(self.sign, (x, y))
        return TensorType(dtype, broadcast_shape(self.sign, (x, y)))

    def check(self, value: TensorType, about: int) -> None:
        need_number(self.sign, value, about)

    def lower(self, g: Builder, x: ir.Value, y: ir.Value) -> Any:
        return g.node(self.operator, [x, y])

    @abstractmethod
    def compute(self, x: Array, y: Array) -> Array:
        """Return the results for two arrays."""

    @abstractmethod
    def slopes(self, x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        """Return dz/dx and dz/dy at each element."""

    def reference(self, run: Run, x: Array, y: Array) -> Reference:
        z = self.compute(x, y)

        def backward(dz: Array) -> tuple[Array, ...]:
            dx, dy = self.slopes(x, y, z)
            return sum_to(dz * dx, x.shape), sum_to(dz * dy, y.shape)

        return z, backward


@dataclass(frozen=True)
class Sub(Binary):
    """Subtract, element by element; also written `x - y`.

    Shapes: two that broadcast.
    Example:
        input image: float32[N, 3, 8, 8]
        output y = image - 0.5
    """

    operator = "Sub"
    sign = "-"

    def compute(self, x: Array, y: Array) -> Array:
        return x - y

    def slopes(self, x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        return np.ones_like(z), np.full_like(z, -1)


@dataclass(frozen=True)
class Div(Binary):
    """Divide, element by element; also written `x / y`.

    Shapes: two that broadcast.
    Errors: E0401 for whole numbers, whose quotient is `x // y`.
    Example:
        input x: float32[N, 6]
        output share = x / sum(x, axis=1, keepdims=true)
    """

    operator = "Div"
    sign = "/"

    def check(self, value: TensorType, about: int) -> None:
        need_float(self.sign, value, about)

    def compute(self, x: Array, y: Array) -> Array:
        return x / y

    def slopes(self, x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        return 1 / y, -z / y


@dataclass(frozen=True)
class Floordiv(Binary):
    """Divide and round down, element by element; also written `x // y`.

    Shapes: two that broadcast.
    Kinks: the derivative is 0, at the steps too.
    Example:
        input place: int64[N]
        output row = place // 28
    """

    differentiable = False
    sign = "//"

    def lower(self, g: Builder, x: ir.Value, y: ir.Value) -> Any:
        if g.dtype_of(x).is_float:
            return g.Floor(g.Div(x, y))
        # Div rounds whole numbers towards 0, and Mod has the sign of y: without the rest, nothing
        # is left to round.
        return g.Div(g.Sub(x, g.Mod(x, y)), y)

    def compute(self, x: Array, y: Array) -> Array:
        return np.floor_divide(x, y)

    def slopes(self, x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        return np.zeros_like(z), np.zeros_like(z)


@dataclass(frozen=True)
class Mod(Binary):
    """Take the rest of `x // y`, element by element; also written `x % y`. It has the sign of y.

    Shapes: two that broadcast.
    Formula: z = x - y * floor(x / y), which is not a number where y is 0 or infinite
    Kinks: where the rest is 0 the derivatives are those beside it.
    Example:
        input place: int64[N]
        output column = place % 28
    """

    sign = "%"

    def lower(self, g: Builder, x: ir.Value, y: ir.Value) -> Any:
        if g.dtype_of(x).is_float:
            return g.Sub(x, g.Mul(g.Floor(g.Div(x, y)), y))
        return g.Mod(x, y)

    def compute(self, x: Array, y: Array) -> Array:
        return np.mod(x, y)

    def slopes(self, x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        return np.ones_like(z), -np.floor(x / y)


@dataclass(frozen=True)
class Pow(Binary):
    """Raise x to the power y, element by element; also written `x ** y`.

    Shapes: two that broadcast.
    Kinks: where x is not above 0, the derivative by y is 0.
    Example:
        input x: float32[N, 6]
        input y: float32[N, 6]
        output distance = (x - y) ** 2
    """

    precision = "single"

    operator = "Pow"
    sign = "**"

    def check(self, value: TensorType, about: int) -> None:
        need_float(self.sign, value, about)

    def compute(self, x: Array, y: Array) -> Array:
        return x**y

    def slopes(self, x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        safe = np.where(y == 0, 1, x)
        logarithm = np.log(np.where(x > 0, x, 1))
        return y * safe ** (y - 1), z * logarithm


@dataclass(frozen=True)
class Variadic(Function, ABC):
    """A function of one or more values, element by element, from left to right.

    Its values broadcast; the branches of a merge group must not (E0301).
    """

    broadcasts: ClassVar[bool] = True
    operator: ClassVar[str]
    sign: ClassVar[str]

    def infer(self, *values: TensorType) -> TensorType:
        for about, value in enumerate(values):
            need_number(self.sign, value, about)
        dtype = same_dtype(self.sign, values)
        return TensorType(dtype, broadcast_shape(self.sign, values))

    def lower(self, g: Builder, *values: ir.Value) -> Any:
        return reduce(lambda x, y: g.node(self.operator, [x, y]), values)


@dataclass(frozen=True)
class Smooth(Variadic, ABC):
    """One that has a derivative everywhere."""

    @abstractmethod
    def compute(self, values: tuple[Array, ...]) -> Array:
        """Return the results for the arrays."""

    @abstractmethod
    def slope(self, values: tuple[Array, ...], index: int, y: Array) -> Array:
        """Return dy by the value at `index`, at each element."""

    def reference(self, run: Run, *values: Array) -> Reference:
        y = self.compute(values)

        def backward(dy: Array) -> tuple[Array, ...]:
            return tuple(
                sum_to(dy * self.slope(values, index, y), value.shape)
                for index, value in enumerate(values)
            )

        return y, backward


@dataclass(frozen=True)
class Add(Smooth):
    """Add values, element by element; also written `x + y`.

    `add { | ... | ... }` adds branches of one shape.

    Shapes: any that broadcast.
    Example:
        input image: float32[N, 3, 8, 8]
        a: Conv(4, 3x3, padding=1)
        output y: Conv(4, 3x3, padding=1) -> add(a)
    """

    operator = "Add"
    sign = "+"

    def compute(self, values: tuple[Array, ...]) -> Array:
        return np.asarray(sum(values[1:], start=values[0]))

    def slope(self, values: tuple[Array, ...], index: int, y: Array) -> Array:
        return np.ones_like(y)


@dataclass(frozen=True)
class Mul(Smooth):
    """Multiply values, element by element; also written `x * y`.

    `mul { | ... | ... }` multiplies branches of one shape.

    Shapes: any that broadcast.
    Example:
        input x: float32[N, 6]
        gate = x -> Linear(6) -> sigmoid
        output y = x * gate
    """

    operator = "Mul"
    sign = "*"

    def compute(self, values: tuple[Array, ...]) -> Array:
        return np.asarray(reduce(np.multiply, values))

    def slope(self, values: tuple[Array, ...], index: int, y: Array) -> Array:
        others = [*values[:index], *values[index + 1 :]]
        return np.asarray(reduce(np.multiply, others, np.ones_like(y)))


@dataclass(frozen=True)
class Extreme(Variadic, ABC):
    """One of the values at each element, by comparing them; of equal ones the first is it."""

    first: ClassVar[Callable[..., Array]]

    def reference(self, run: Run, *values: Array) -> Reference:
        apart = np.stack(np.broadcast_arrays(*values))
        place = run.decide(type(self).first(apart, axis=0, keepdims=True))

        def backward(dy: Array) -> tuple[Array, ...]:
            return tuple(
                sum_to(dy * (place[0] == index), value.shape) for index, value in enumerate(values)
            )

        return np.take_along_axis(apart, place, axis=0)[0], backward


@dataclass(frozen=True)
class Maximum(Extreme):
    """Take the largest of the values, element by element; also written `max(x, y)`.

    `max { | ... | ... }` does it with branches of one shape.

    Shapes: any that broadcast.
    Kinks: of equal operands the first has the derivative.
    Example:
        input x: float32[N, 6]
        output y: max { | Linear(4) | Linear(4) }
    """

    operator = "Max"
    sign = "maximum"
    first = np.argmax


@dataclass(frozen=True)
class Minimum(Extreme):
    """Take the smallest of the values, element by element; also written `min(x, y)`.

    `min { | ... | ... }` does it with branches of one shape.

    Shapes: any that broadcast.
    Kinks: of equal operands the first has the derivative.
    Example:
        input x: float32[N, 6]
        input y: float32[N, 6]
        output z = min(x, y)
    """

    operator = "Min"
    sign = "minimum"
    first = np.argmin
