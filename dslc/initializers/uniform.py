"""Initial values drawn evenly from an interval."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dslc.errors import RuleError
from dslc.initializers import draw
from dslc.initializers.base import Initializer
from dslc.initializers.draw import Doubles
from dslc.initializers.fans import Mode, Nonlinearity, check_matrix, fans, gain
from dslc.initializers.pieces import Stages
from dslc.operation import Array, setting

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


def _as_they_are(g: Builder, x: ir.Value) -> ir.Value:
    return x


class _Even(Initializer, ABC):
    """Even over an interval that may depend on the shape.

    Formula: low + (high - low) (k + 1/2) / 2^32, k a random whole number below 2^32.
    """

    @abstractmethod
    def interval(self, shape: tuple[int, ...]) -> tuple[float, float]:
        """Return low and high."""

    def for_stack_of(self, shape: tuple[int, ...]) -> Initializer:
        self.check(shape)
        return Uniform(*self.interval(shape))

    def sample(self, shape: tuple[int, ...], key: int) -> Array:
        scale, offset = self._line(shape)

        def transform(k: Doubles) -> Doubles:
            k *= scale
            k += offset
            return k

        return draw.sample(shape, key, transform)

    def stages(self, shape: tuple[int, ...]) -> Stages:
        return Stages(_as_they_are, *self._line(shape))

    def lower(self, g: Builder, shape: tuple[int, ...], key: ir.Value) -> ir.Value:
        scale, offset = self._line(shape)
        return draw.lower(g, shape, key, lambda k: g.Add(g.Mul(k, scale), offset))

    def _line(self, shape: tuple[int, ...]) -> tuple[float, float]:
        low, high = self.interval(shape)
        scale = (high - low) / draw.RANGE
        return scale, low + scale / 2


@dataclass(frozen=True)
class Uniform(_Even):
    """Draw evenly between a and b.

    Errors: E0406 unless a < b.
    Example:
        input x: float32[N, 64]
        output y: Linear(32, init=uniform(-0.1, 0.1))
    """

    a: float = 0.0
    b: float = 1.0

    def __post_init__(self) -> None:
        if not self.a < self.b:
            raise RuleError("E0406", f"a={self.a} must be less than b={self.b}", about="a")

    def interval(self, shape: tuple[int, ...]) -> tuple[float, float]:
        return self.a, self.b


@dataclass(frozen=True)
class XavierUniform(_Even):
    """Draw evenly, from an interval that keeps the variance of values and of gradients.

    Formula: bound = gain sqrt(6 / (fan_in + fan_out)); fan_in = in / groups * kernel, fan_out = out
    * kernel.

    Errors: E0319 for fewer than 2 dimensions.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks" (2010), equation 16.
    Example:
        input x: float32[N, 64]
        output y: Linear(32, init=xavier_uniform)
    """

    gain: float = setting(1.0, above=0.0)

    def check(self, shape: tuple[int, ...]) -> None:
        check_matrix("xavier_uniform", shape)

    def interval(self, shape: tuple[int, ...]) -> tuple[float, float]:
        bound = self.gain * math.sqrt(6 / sum(fans(shape)))
        return -bound, bound


@dataclass(frozen=True)
class KaimingUniform(_Even):
    """Draw evenly, from an interval that keeps the variance through a nonlinearity.

    `a` is the slope of leaky_relu; `fan_in` keeps the variance of values, `fan_out` of gradients.

    Formula: bound = gain sqrt(3 / fan); gain of leaky_relu = sqrt(2 / (1 + a^2)).

    Errors: E0319 for fewer than 2 dimensions.

    Source: He, Zhang, Ren, Sun, "Delving Deep into Rectifiers" (2015), equations 10 and 14.
    Example:
        input image: float32[N, 3, 32, 32]
        output y: Conv(8, 3x3, init=kaiming_uniform)
    """

    a: float = 0.0
    mode: Mode = "fan_in"
    nonlinearity: Nonlinearity = "leaky_relu"

    def check(self, shape: tuple[int, ...]) -> None:
        check_matrix("kaiming_uniform", shape)

    def interval(self, shape: tuple[int, ...]) -> tuple[float, float]:
        fan_in, fan_out = fans(shape)
        fan = fan_in if self.mode == "fan_in" else fan_out
        bound = gain(self.nonlinearity, self.a) * math.sqrt(3 / fan)
        return -bound, bound
