"""Initial values drawn from a normal distribution."""

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
from dslc.initializers.quantile import (
    SMALLEST_TAIL,
    lower_quantile,
    lower_quantile_apart,
    quantile,
)
from dslc.operation import Array, setting

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class _Quantile:
    """The points of the normal distribution at scale * k + offset above the middle."""

    scale: float
    offset: float

    def __call__(self, g: Builder, x: ir.Value) -> ir.Value:
        return lower_quantile_apart(g, g.Add(g.Mul(x, self.scale), self.offset))


class _Bell(Initializer, ABC):
    """Normal, with a mean and a standard deviation that may depend on the shape.

    Formula: mean + std Q(low + (high - low) (k + 1/2) / 2^32), k a random whole number below 2^32,
    Q the inverse of the normal distribution function, (low, high) = (0, 1) unless the tails are cut
    off.
    """

    @abstractmethod
    def moments(self, shape: tuple[int, ...]) -> tuple[float, float]:
        """Return mean and standard deviation."""

    def area(self) -> tuple[float, float]:
        """Return the probabilities between which the numbers are drawn."""
        return 0.0, 1.0

    def for_stack_of(self, shape: tuple[int, ...]) -> Initializer:
        self.check(shape)
        return Normal(*self.moments(shape))

    def sample(self, shape: tuple[int, ...], key: int) -> Array:
        (mean, std), (scale, offset) = self.moments(shape), self._line()

        def transform(k: Doubles) -> Doubles:
            k *= scale
            k += offset
            result = quantile(k)
            result *= std
            result += mean
            return result

        return draw.sample(shape, key, transform)

    def stages(self, shape: tuple[int, ...]) -> Stages:
        mean, std = self.moments(shape)
        return Stages(_Quantile(*self._line()), std, mean)

    def lower(self, g: Builder, shape: tuple[int, ...], key: ir.Value) -> ir.Value:
        (mean, std), (scale, offset) = self.moments(shape), self._line()

        def transform(k: ir.Value) -> ir.Value:
            normal = lower_quantile(g, g.Add(g.Mul(k, scale), offset))
            result: ir.Value = g.Add(g.Mul(normal, std), mean)
            return result

        return draw.lower(g, shape, key, transform)

    def _line(self) -> tuple[float, float]:
        low, high = self.area()
        scale = (high - low) / draw.RANGE
        return scale, low - 0.5 + scale / 2


@dataclass(frozen=True)
class Normal(_Bell):
    """Draw from a normal distribution.

    Example:
        input image: float32[N, 3, 32, 32]
        output y: Conv(8, 3x3, init=normal(std=0.01))
    """

    mean: float = 0.0
    std: float = setting(1.0, minimum=0.0)

    def moments(self, shape: tuple[int, ...]) -> tuple[float, float]:
        return self.mean, self.std


@dataclass(frozen=True)
class TruncatedNormal(_Bell):
    """Draw from a normal distribution cut off at the values a and b.

    Formula: Q is taken between the probabilities of values below a and below b; nothing is drawn
    twice.

    Errors: E0406 unless a < b, and where less than a millionth of the distribution lies between
    them.
    Example:
        input x: float32[N, 64]
        output y: Linear(32, init=truncated_normal(std=0.02))
    """

    mean: float = 0.0
    std: float = setting(1.0, above=0.0)
    a: float = -2.0
    b: float = 2.0

    def __post_init__(self) -> None:
        if not self.a < self.b:
            raise RuleError("E0406", f"a={self.a} must be less than b={self.b}", about="a")
        low, high = self.area()
        if high - low < 1e-6:
            message = f"hardly any value of this distribution lies between {self.a} and {self.b}"
            raise RuleError("E0406", message, about="a", helps=["choose a and b around the mean"])

    def moments(self, shape: tuple[int, ...]) -> tuple[float, float]:
        return self.mean, self.std

    def for_stack_of(self, shape: tuple[int, ...]) -> Initializer:
        return self

    def area(self) -> tuple[float, float]:
        low, high = (self._below(bound) for bound in (self.a, self.b))
        return max(low, SMALLEST_TAIL), min(high, 1 - SMALLEST_TAIL)

    def _below(self, bound: float) -> float:
        return math.erfc((self.mean - bound) / (self.std * math.sqrt(2))) / 2


@dataclass(frozen=True)
class XavierNormal(_Bell):
    """Draw from a normal distribution that keeps the variance of values and of gradients.

    Formula: std = gain sqrt(2 / (fan_in + fan_out)).

    Errors: E0319 for fewer than 2 dimensions.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks" (2010), equation 12.
    Example:
        input x: float32[N, 64]
        output y: Linear(32, init=xavier_normal)
    """

    gain: float = setting(1.0, above=0.0)

    def check(self, shape: tuple[int, ...]) -> None:
        check_matrix("xavier_normal", shape)

    def moments(self, shape: tuple[int, ...]) -> tuple[float, float]:
        return 0.0, self.gain * math.sqrt(2 / sum(fans(shape)))


@dataclass(frozen=True)
class KaimingNormal(_Bell):
    """Draw from a normal distribution that keeps the variance through a nonlinearity.

    `a` is the slope of leaky_relu; `fan_in` keeps the variance of values, `fan_out` of gradients.

    Formula: std = gain / sqrt(fan); gain of leaky_relu = sqrt(2 / (1 + a^2)).

    Errors: E0319 for fewer than 2 dimensions.

    Source: He, Zhang, Ren, Sun, "Delving Deep into Rectifiers" (2015), equations 10 and 14.
    Example:
        input image: float32[N, 3, 32, 32]
        output y: Conv(8, 3x3, init=kaiming_normal(mode=fan_out))
    """

    a: float = 0.0
    mode: Mode = "fan_in"
    nonlinearity: Nonlinearity = "leaky_relu"

    def check(self, shape: tuple[int, ...]) -> None:
        check_matrix("kaiming_normal", shape)

    def moments(self, shape: tuple[int, ...]) -> tuple[float, float]:
        fan_in, fan_out = fans(shape)
        fan = fan_in if self.mode == "fan_in" else fan_out
        return 0.0, gain(self.nonlinearity, self.a) / math.sqrt(fan)
