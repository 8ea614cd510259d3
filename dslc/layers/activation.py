"""Smooth activations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dslc.layers.elementwise import Elementwise, erf
from dslc.layers.rules import need_float, refuse_float64
from dslc.operation import Array
from dslc.types import TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


def _sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)) without an overflow on either side."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


@dataclass(frozen=True)
class Sigmoid(Elementwise):
    """Squeeze each element into the range from 0 to 1.

    Shapes: any -> the same
    Formula: y = 1 / (1 + exp(-x))

    Example:
        input x: float32[N, 8]
        output y: Linear(1) -> sigmoid
    """

    operator = "Sigmoid"

    def compute(self, x: Array) -> Array:
        return _sigmoid(x)

    def slope(self, x: Array, y: Array) -> Array:
        return np.asarray(y * (1 - y))


@dataclass(frozen=True)
class Tanh(Elementwise):
    """Squeeze each element into the range from -1 to 1 by the hyperbolic tangent.

    Shapes: any -> the same
    Formula: y = (e^x - e^-x) / (e^x + e^-x)
    Example:
        input x: float32[N, 8]
        output y: Linear(4) -> tanh
    """

    operator = "Tanh"

    def compute(self, x: Array) -> Array:
        return np.tanh(x)

    def slope(self, x: Array, y: Array) -> Array:
        return 1 - y * y


@dataclass(frozen=True)
class Softplus(Elementwise):
    """Smooth the bend of `relu`.

    Shapes: any -> the same
    Formula: y = log(1 + exp(x))

    Example:
        input x: float32[N, 8]
        output y: Linear(1) -> softplus
    """

    precision = "single"

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.softplus(x)

    def compute(self, x: Array) -> Array:
        return np.asarray(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))

    def slope(self, x: Array, y: Array) -> Array:
        return _sigmoid(x)


@dataclass(frozen=True)
class Silu(Elementwise):
    """Multiply each element by its sigmoid (also called swish).

    Shapes: any -> the same
    Formula: y = x / (1 + exp(-x))

    Example:
        input x: float32[N, 8]
        output y: Linear(4) -> silu
    """

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.Mul(x, g.Sigmoid(x))

    def compute(self, x: Array) -> Array:
        return x * _sigmoid(x)

    def slope(self, x: Array, y: Array) -> Array:
        gate = _sigmoid(x)
        return np.asarray(gate + y * (1 - gate))


@dataclass(frozen=True)
class Gelu(Elementwise):
    """Multiply each element by the normal distribution function at it.

    Shapes: any -> the same
    Formula: y = x * (1 + erf(x / sqrt(2))) / 2; with `approximate=tanh` the error function is
        replaced by tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)), and y differs by up to 5e-4
    Errors: E0590 float64 without `approximate=tanh`
    Source: Hendrycks and Gimpel 2016, section 2.

    Example:
        input x: float32[N, 8]
        output y: Linear(4) -> gelu
    """

    approximate: Literal["tanh"] | None = None

    def infer(self, x: TensorType) -> TensorType:
        need_float("gelu", x)
        if self.approximate is None:
            refuse_float64("gelu", x, "gelu(approximate=tanh)")
        return x

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.Mul(g.Mul(x, 0.5), g.Add(self._lower_bend(g, x), 1.0))

    def _lower_bend(self, g: Builder, x: ir.Value) -> Any:
        if self.approximate is None:
            # By a division onnxruntime knows it, and makes one node of all of it where no gradient is taken.
            return g.Erf(g.Div(x, math.sqrt(2.0)))
        cube = g.Mul(g.Mul(x, x), x)
        return g.Tanh(g.Mul(g.Add(x, g.Mul(cube, 0.044715)), math.sqrt(2 / math.pi)))

    def compute(self, x: Array) -> Array:
        return np.asarray(0.5 * x * (1 + self._bend(x)))

    def slope(self, x: Array, y: Array) -> Array:
        bend = self._bend(x)
        if self.approximate is None:
            steepness = math.sqrt(2 / math.pi) * np.exp(-x * x / 2)
        else:
            inner = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
            steepness = (1 - bend * bend) * inner
        return np.asarray(0.5 * (1 + bend) + 0.5 * x * steepness)

    def _bend(self, x: Array) -> Array:
        if self.approximate is None:
            return erf(x * math.sqrt(0.5))
        return np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))


@dataclass(frozen=True)
class Mish(Elementwise):
    """Multiply each element by the hyperbolic tangent of its softplus.

    Shapes: any -> the same
    Formula: y = x * tanh(log(1 + exp(x)))
    Source: Misra, "Mish: a self regularized non-monotonic activation function" (2019), equation 1

    Example:
        input image: float32[N, 3, 32, 32]
        output y: Conv(16, 3x3) -> mish
    """

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.Mul(x, g.Tanh(g.softplus(x)))

    def compute(self, x: Array) -> Array:
        return np.asarray(x * self._gate(x))

    def slope(self, x: Array, y: Array) -> Array:
        gate = self._gate(x)
        return np.asarray(gate + x * _sigmoid(x) * (1 - gate * gate))

    def _gate(self, x: Array) -> Array:
        return np.asarray(np.tanh(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))))


@dataclass(frozen=True)
class Softsign(Elementwise):
    """Squeeze each element into the range from -1 to 1, more slowly than `tanh`.

    Shapes: any -> the same
    Formula: y = x / (1 + |x|)

    Example:
        input x: float32[N, 8]
        output y: Linear(4) -> softsign
    """

    operator = "Softsign"

    def compute(self, x: Array) -> Array:
        return np.asarray(x / (1 + np.abs(x)))

    def slope(self, x: Array, y: Array) -> Array:
        return np.asarray(1 / np.square(1 + np.abs(x)))


@dataclass(frozen=True)
class LogSigmoid(Elementwise):
    """Take the logarithm of the sigmoid of each element.

    Shapes: any -> the same
    Formula: y = -log(1 + exp(-x))

    Example:
        input x: float32[N, 8]
        output y: Linear(1) -> log_sigmoid
    """

    precision = "single"

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.Neg(g.softplus(g.Neg(x)))

    def compute(self, x: Array) -> Array:
        return np.asarray(np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))))

    def slope(self, x: Array, y: Array) -> Array:
        return _sigmoid(-x)
