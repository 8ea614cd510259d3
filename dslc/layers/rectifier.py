"""The family of `relu`: the positive side is a line, the negative one is turned down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dslc.initializers.base import Initializer
from dslc.initializers.constant import Constant
from dslc.layers.channels import channels_of
from dslc.layers.elementwise import Bent, Elementwise
from dslc.layers.rules import need_float
from dslc.operation import Array, Layer, ParameterSpec, Reference, setting
from dslc.reference.run import Run
from dslc.types import TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Relu(Bent):
    """Set negative elements to 0.

    Shapes: any -> the same
    Formula: y = max(x, 0)
    Kinks: the derivative at 0 is 0.

    Example:
        input x: float32[N, 8]
        output y: Linear(4) -> relu
    """

    operator = "Relu"

    def slope(self, x: Array, y: Array) -> Array:
        return x > 0


@dataclass(frozen=True)
class LeakyRelu(Bent):
    """Scale negative elements down.

    Shapes: any -> the same
    Formula: y = x where x > 0, else negative_slope * x
    Kinks: the derivative at 0 is `negative_slope`.

    Example:
        input x: float32[N, 8]
        output y: Linear(4) -> leaky_relu(0.2)
    """

    negative_slope: float = 0.01

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.LeakyRelu(x, alpha=float(self.negative_slope))

    def slope(self, x: Array, y: Array) -> Array:
        return np.where(x > 0, 1, self.negative_slope).astype(x.dtype)


@dataclass(frozen=True)
class Elu(Elementwise):
    """Bend negative elements towards `-alpha`.

    Shapes: any -> the same
    Formula: y = x where x > 0, else alpha * (exp(x) - 1)
    Kinks: the derivative at 0 is `alpha`.
    Source: Clevert, Unterthiner and Hochreiter 2016, equation 15.

    Example:
        input x: float32[N, 8]
        output y: Linear(4) -> elu
    """

    alpha: float = 1.0

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.Elu(x, alpha=float(self.alpha))

    def compute(self, x: Array) -> Array:
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))

    def slope(self, x: Array, y: Array) -> Array:
        return np.where(x > 0, 1, self.alpha * np.exp(np.minimum(x, 0)))


@dataclass(frozen=True)
class Selu(Elementwise):
    """Bend negative elements so that a deep net of them keeps mean 0 and variance 1.

    Shapes: any -> the same
    Formula: y = 1.0507 * x where x > 0, else 1.0507 * 1.6733 * (exp(x) - 1)
    Kinks: the derivative at 0 is that of the negative side, 1.7581.
    Source: Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks" (2017),
        equation 2

    Example:
        input x: float32[N, 8]
        output y: Linear(4, init=kaiming_normal(nonlinearity=linear)) -> selu
    """

    operator = "Selu"

    ALPHA: ClassVar[float] = 1.6732632423543772
    GAMMA: ClassVar[float] = 1.0507009873554805

    def compute(self, x: Array) -> Array:
        return np.where(x > 0, x, self.ALPHA * np.expm1(np.minimum(x, 0))) * self.GAMMA

    def slope(self, x: Array, y: Array) -> Array:
        return np.where(x > 0, 1, self.ALPHA * np.exp(np.minimum(x, 0))) * self.GAMMA


@dataclass(frozen=True)
class Celu(Elementwise):
    """Bend negative elements towards `-alpha`; smooth for every `alpha`.

    Shapes: any -> the same
    Formula: y = x where x > 0, else alpha * (exp(x / alpha) - 1)
    Source: Barron, "Continuously differentiable exponential linear units" (2017), equation 2

    Example:
        input x: float32[N, 8]
        output y: Linear(4) -> celu(alpha=0.5)
    """

    alpha: float = setting(1.0, above=0.0)

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.Mul(g.Elu(g.Mul(x, 1 / self.alpha), alpha=1.0), float(self.alpha))

    def compute(self, x: Array) -> Array:
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0) / self.alpha))

    def slope(self, x: Array, y: Array) -> Array:
        return np.exp(np.minimum(x, 0) / self.alpha)


@dataclass(frozen=True)
class PReLU(Layer):
    """Scale negative elements down by a trained slope: one for all, or one per channel.

    The slopes start at 0.25 unless `init` says otherwise.

    Shapes: any -> the same; weight [1], or [C] with `per_channel`, which needs [N, C, ...]
    Formula: y = x where x > 0, else weight * x
    Errors: E0303 channels that are not there, or of unknown number
    Kinks: the derivative at 0 is `weight`.
    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015), equation 1

    Example:
        input image: float32[N, 3, 32, 32]
        output y: Conv(16, 3x3) -> PReLU(per_channel=true)
    """

    per_channel: bool = False
    init: Initializer | None = None

    def infer(self, x: TensorType) -> TensorType:
        need_float("PReLU", x)
        if self.per_channel:
            channels_of("PReLU", x)
        return x

    def parameters(self, *types: TensorType) -> tuple[ParameterSpec, ...]:
        (x,) = types
        size = channels_of("PReLU", x) if self.per_channel else 1
        return (ParameterSpec("weight", x.with_shape((size,)), self.init or Constant(0.25)),)

    def lower(self, g: Builder, x: ir.Value, weight: ir.Value) -> Any:
        rank = len(g.shape_of(x))
        along = (*g.shape_of(weight), *[1] * (rank - 2)) if self.per_channel else [1] * rank
        return g.PRelu(x, g.reshape(weight, along))

    def reference(self, run: Run, x: Array, weight: Array) -> Reference:
        positive = run.decide(x > 0)
        along = [-1 if axis == 1 and self.per_channel else 1 for axis in range(x.ndim)]
        slope = np.where(positive, 1, weight.reshape(along))

        def backward(dy: Array) -> tuple[Array, ...]:
            below = np.where(positive, 0, x * dy)
            rest = tuple(axis for axis, size in enumerate(along) if size == 1)
            return dy * slope, below.sum(axis=rest).reshape(weight.shape)

        return x * slope, backward
