"""Functions of one value that work on each element by itself.

A subclass says three things: the ONNX operator (or a `lower` of its own), the formula, and the
derivative.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dslc.errors import RuleError
from dslc.layers.rules import need_float, need_number, refuse_float64
from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.types import TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Elementwise(Function, ABC):
    """A function of each element: `compute` is the formula, `slope` the derivative."""

    operator: ClassVar[str]
    accepts: ClassVar[Callable[[str, TensorType], None]] = need_float

    def infer(self, x: TensorType) -> TensorType:
        type(self).accepts(self.language_name(), x)
        return x

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.node(self.operator, [x])

    @abstractmethod
    def compute(self, x: Array) -> Array:
        """Return the results for an array of elements."""

    @abstractmethod
    def slope(self, x: Array, y: Array) -> Array:
        """Return dy/dx at each element, where y is the result."""

    def reference(self, run: Run, x: Array) -> Reference:
        y = self.compute(x)
        return y, lambda dy: (dy * self.slope(x, y),)


@dataclass(frozen=True)
class Bent(Elementwise, ABC):
    """A function that is a straight line through 0 on either side of it: y = slope * x."""

    def compute(self, x: Array) -> Array:
        return x * self.slope(x, x)

    def reference(self, run: Run, x: Array) -> Reference:
        slope = run.decide(self.slope(x, x))
        return x * slope, lambda dy: (dy * slope,)


@dataclass(frozen=True)
class Step(Elementwise, ABC):
    """A function that is flat wherever it has a derivative. Kinks: 0 at the steps, too."""

    differentiable = False

    def slope(self, x: Array, y: Array) -> Array:
        return np.zeros_like(x)

    def reference(self, run: Run, x: Array) -> Reference:
        return run.decide(self.compute(x)), lambda dy: (np.zeros_like(x),)


@dataclass(frozen=True)
class Abs(Bent):
    """Take the absolute value of each element.

    Shapes: any -> the same
    Kinks: the derivative at 0 is 0.
    Example:
        input x: float32[N, 6]
        output y: abs
    """

    operator = "Abs"
    accepts = need_number

    def slope(self, x: Array, y: Array) -> Array:
        return np.sign(x)


@dataclass(frozen=True)
class Neg(Elementwise):
    """Change the sign of each element; also written `-x`.

    Shapes: any -> the same
    Example:
        input x: float32[N, 6]
        output y = -x
    """

    operator = "Neg"
    accepts = need_number

    def compute(self, x: Array) -> Array:
        return -x

    def slope(self, x: Array, y: Array) -> Array:
        return np.full_like(x, -1)


@dataclass(frozen=True)
class Square(Elementwise):
    """Multiply each element by itself.

    Shapes: any -> the same
    Formula: y = x^2
    Example:
        input x: float32[N, 6]
        output y: square
    """

    precision = "single"

    accepts = need_number

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.Mul(x, x)

    def compute(self, x: Array) -> Array:
        return x * x

    def slope(self, x: Array, y: Array) -> Array:
        return 2 * x


@dataclass(frozen=True)
class Sqrt(Elementwise):
    """Take the square root of each element.

    Shapes: any -> the same
    Kinks: the derivative at 0 is infinite.
    Example:
        input x: float32[N, 6]
        output length = sqrt(sum(x * x, axis=1))
    """

    precision = "single"

    operator = "Sqrt"

    def compute(self, x: Array) -> Array:
        return np.sqrt(x)

    def slope(self, x: Array, y: Array) -> Array:
        return 0.5 / y


@dataclass(frozen=True)
class Reciprocal(Elementwise):
    """Divide 1 by each element.

    Shapes: any -> the same
    Formula: y = 1 / x
    Example:
        input x: float32[N, 6]
        output y = reciprocal(1 + x * x)
    """

    precision = "single"

    operator = "Reciprocal"

    def compute(self, x: Array) -> Array:
        return 1 / x

    def slope(self, x: Array, y: Array) -> Array:
        return -y * y


@dataclass(frozen=True)
class Exp(Elementwise):
    """Raise e to the power of each element.

    Shapes: any -> the same
    Example:
        input x: float32[N, 6]
        output y: exp
    """

    precision = "single"

    operator = "Exp"

    def compute(self, x: Array) -> Array:
        return np.exp(x)

    def slope(self, x: Array, y: Array) -> Array:
        return y


@dataclass(frozen=True)
class Log(Elementwise):
    """Take the natural logarithm of each element.

    Shapes: any -> the same
    Example:
        input x: float32[N, 6]
        output y = log(1 + x * x)
    """

    precision = "single"

    operator = "Log"

    def compute(self, x: Array) -> Array:
        return np.log(x)

    def slope(self, x: Array, y: Array) -> Array:
        return 1 / x


@dataclass(frozen=True)
class Sin(Elementwise):
    """Take the sine of each element, in radians.

    Shapes: any -> the same
    Example:
        input x: float32[N, 6]
        output y: sin
    """

    operator = "Sin"

    def compute(self, x: Array) -> Array:
        return np.sin(x)

    def slope(self, x: Array, y: Array) -> Array:
        return np.cos(x)


@dataclass(frozen=True)
class Cos(Elementwise):
    """Take the cosine of each element, in radians.

    Shapes: any -> the same
    Example:
        input x: float32[N, 6]
        output y: cos
    """

    operator = "Cos"

    def compute(self, x: Array) -> Array:
        return np.cos(x)

    def slope(self, x: Array, y: Array) -> Array:
        return -np.sin(x)


def erf(x: Array) -> Array:
    """Return the error function of each element, in the precision of `x`."""
    return np.asarray(np.vectorize(math.erf, otypes=[np.float64])(x), dtype=x.dtype)


@dataclass(frozen=True)
class Erf(Elementwise):
    """Take the error function of each element.

    Shapes: any -> the same
    Formula: erf(x) = 2 / sqrt(pi) * the integral of exp(-t^2) from 0 to x
    Errors: E0590 float64
    Example:
        input x: float32[N, 6]
        output y: erf
    """

    operator = "Erf"

    def infer(self, x: TensorType) -> TensorType:
        refuse_float64("erf", x)
        return super().infer(x)

    def compute(self, x: Array) -> Array:
        return erf(x)

    def slope(self, x: Array, y: Array) -> Array:
        return np.asarray(2 / math.sqrt(math.pi) * np.exp(-x * x))


@dataclass(frozen=True)
class Sign(Step):
    """Return -1, 0 or 1 for each element.

    Shapes: any -> the same
    Example:
        input x: float32[N, 6]
        output y: sign
    """

    operator = "Sign"
    accepts = need_number

    def compute(self, x: Array) -> Array:
        return np.sign(x)


@dataclass(frozen=True)
class Floor(Step):
    """Round each element down.

    Shapes: any -> the same
    Example:
        input x: float32[N, 6]
        output y: floor
    """

    operator = "Floor"

    def compute(self, x: Array) -> Array:
        return np.floor(x)


@dataclass(frozen=True)
class Ceil(Step):
    """Round each element up.

    Shapes: any -> the same
    Example:
        input x: float32[N, 6]
        output y: ceil
    """

    operator = "Ceil"

    def compute(self, x: Array) -> Array:
        return np.ceil(x)


@dataclass(frozen=True)
class Round(Step):
    """Round each element to the nearest whole number, halves to the even one.

    Shapes: any -> the same
    Example:
        input x: float32[N, 6]
        output y: round
    """

    operator = "Round"

    def compute(self, x: Array) -> Array:
        return np.rint(x)


@dataclass(frozen=True)
class Clip(Elementwise):
    """Limit each element to the range from `min` to `max`; a limit that is `none` does not hold.

    Shapes: any -> the same
    Formula: y = max(min, x), then y = min(y, max)
    Errors: E0406 where the limits exclude each other, or those of whole numbers are not whole.
    Kinks: the derivative at a limit is 1.
    Example:
        input x: float32[N, 6]
        output y: clip(-1, 1)
    """

    accepts = need_number
    min: float | None = None
    max: float | None = None

    def infer(self, x: TensorType) -> TensorType:
        if self.min is not None and self.max is not None and self.min > self.max:
            message = f"`clip` cannot keep values above {self.min} and below {self.max}"
            raise RuleError("E0406", message, about="max")
        if not x.dtype.is_float:
            self._need_whole(x)
        return super().infer(x)

    def _need_whole(self, x: TensorType) -> None:
        """Refuse limits that whole numbers cannot have: the result would be none."""
        for name in ("min", "max"):
            limit = getattr(self, name)
            if limit is not None and limit % 1:
                raise RuleError(
                    "E0406",
                    f"`clip` of whole numbers needs whole limits, not {limit:g}",
                    about=name,
                    text=f"the value is {x}",
                    helps=(f"write {math.floor(limit)} or {math.ceil(limit)}",),
                )

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.Clip(x, self.min, self.max)

    def compute(self, x: Array) -> Array:
        return self._placed(x, self._places(x))

    def slope(self, x: Array, y: Array) -> Array:
        return np.asarray(self._places(x) == 0, x.dtype)

    def reference(self, run: Run, x: Array) -> Reference:
        places = run.decide(self._places(x))
        return self._placed(x, places), lambda dy: (dy * (places == 0),)

    def _places(self, x: Array) -> Array:
        """Return -1 below the limits, 1 above, 0 at and between them."""
        below = False if self.min is None else x < self.min
        above = False if self.max is None else x > self.max
        return np.where(above, 1, np.where(below, -1, np.zeros(x.shape, np.int8)))

    def _placed(self, x: Array, places: Array) -> Array:
        limits = np.where(places < 0, self.min or 0, self.max or 0).astype(x.dtype)
        return np.asarray(np.where(places == 0, x, limits))
