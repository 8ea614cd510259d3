"""Noise from a normal distribution, drawn anew in each step of training."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dslc import dims
from dslc.initializers.quantile import lower_quantile, quantile
from dslc.layers.rules import need_float
from dslc.operation import Array, Layer, Reference, setting
from dslc.reference.run import Run
from dslc.types import DType, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

LOWER = np.uint64(2**32 - 1)
HALF = np.uint64(32)


@dataclass(frozen=True)
class _Gaussian(Layer, ABC):
    """One normal number for each element, in training; in inference the value passes.

    Each word gives two: with k its upper half, then its lower one, Q((k + 1/2) / 2^32), where Q is
    the inverse of the normal distribution function. The numbers of all upper halves come first.
    They are computed in float64 and rounded to float32, so that they are the same everywhere.
    """

    random: ClassVar[bool] = True

    @abstractmethod
    def moments(self) -> tuple[float, float]:
        """Return mean and standard deviation of the numbers."""

    def infer(self, x: TensorType) -> TensorType:
        need_float(self.language_name(), x)
        return x

    def drawn(self, g: Builder, x: ir.Value) -> ir.Value:
        """Return the numbers as a value of the shape of x."""
        mean, std = self.moments()
        shape = g.bound(g.shape_of(x))
        size = dims.count(shape)
        both = np.array([[1], [2**32]], np.uint64)
        halves = g.Div(g.Mul(g.random_words(-(-size // 2)), both), np.uint64(2**32))
        places = g.Add(g.Mul(g.cast(halves, DType.FLOAT64), 2.0**-32), 2.0**-33 - 0.5)
        numbers = g.Add(g.Mul(lower_quantile(g, places), std), mean)
        flat = g.reshape(g.cast(numbers, DType.FLOAT32), (size + size % 2,))
        if size % 2:
            flat = g.Slice(flat, g.axes(0), g.axes(size), g.axes(0))
        return g.cast(g.reshape(flat, shape), g.dtype_of(x))

    def sample(self, run: Run, x: Array) -> Array:
        """Return the same numbers as an array."""
        mean, std = self.moments()
        words = run.words(-(-x.size // 2))
        halves = np.concatenate([words >> HALF, words & LOWER]).astype(np.float64)
        numbers = quantile((halves + 0.5) / 2.0**32 - 0.5) * std + mean
        return numbers[: x.size].reshape(x.shape).astype(np.float32).astype(x.dtype)


@dataclass(frozen=True)
class GaussianNoise(_Gaussian):
    """In training, add to each element a number from a normal distribution with mean 0.

    Shapes: any -> the same
    Formula: y = x + std * z, z normal with mean 0 and variance 1

    Example:
        input image: float32[N, 3, 32, 32]
        output y: GaussianNoise(0.1) -> Conv(16, 3x3)
    """

    std: float = setting(minimum=0.0)

    def moments(self) -> tuple[float, float]:
        return 0.0, self.std

    def lower(self, g: Builder, x: ir.Value) -> ir.Value:
        if not g.training:
            return x
        result: ir.Value = g.Add(x, self.drawn(g, x))
        return result

    def reference(self, run: Run, x: Array) -> Reference:
        y = x + self.sample(run, x) if run.training else x
        return y, lambda dy: (dy,)


@dataclass(frozen=True)
class GaussianDropout(_Gaussian):
    """In training, multiply each element by a number from a normal distribution with mean 1.

    Its variance, p / (1 - p), is that of `Dropout(p)`.

    Shapes: any -> the same
    Formula: y = x * (1 + sqrt(p / (1 - p)) * z), z normal with mean 0 and variance 1
    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting"
        (2014), section 10

    Example:
        input x: float32[N, 64]
        output y: Linear(128) -> relu -> GaussianDropout(0.2) -> Linear(10)
    """

    p: float = setting(0.5, minimum=0.0, below=1.0)

    def moments(self) -> tuple[float, float]:
        return 1.0, math.sqrt(self.p / (1 - self.p))

    def lower(self, g: Builder, x: ir.Value) -> ir.Value:
        if not g.training:
            return x
        result: ir.Value = g.Mul(x, self.drawn(g, x))
        return result

    def reference(self, run: Run, x: Array) -> Reference:
        if not run.training:
            return x, lambda dy: (dy,)
        factor = self.sample(run, x)
        return x * factor, lambda dy: (dy * factor,)
