"""Losses that compare each number with the one it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.losses.base import PairLoss, Reduction
from dslc.operation import Array, setting

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Mse(PairLoss):
    """Take the mean of the squared differences.

    Shapes: two of equal shape -> one number.
    Errors: E0309 where the shapes differ.
    """

    reduction: Reduction = "mean"

    def emit(self, g: Builder, prediction: ir.Value, target: ir.Value) -> Any:
        difference = g.Sub(prediction, target)
        return g.Mul(difference, difference)

    def compute(self, prediction: Array, target: Array) -> Array:
        return np.asarray(np.square(prediction - target))

    def slopes(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        slope = 2 * (prediction - target)
        return slope, -slope


@dataclass(frozen=True)
class L1(PairLoss):
    """Take the mean of the absolute differences.

    Shapes: two of equal shape -> one number.
    Errors: E0309 where the shapes differ.
    Kinks: the derivative at 0 is 0.
    """

    reduction: Reduction = "mean"

    def emit(self, g: Builder, prediction: ir.Value, target: ir.Value) -> Any:
        return g.Abs(g.Sub(prediction, target))

    def compute(self, prediction: Array, target: Array) -> Array:
        return np.asarray(np.abs(prediction - target))

    def slopes(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        slope = np.sign(prediction - target)
        return slope, -slope


@dataclass(frozen=True)
class Huber(PairLoss):
    """Take the mean of squares near 0 and of absolute values beyond `delta`: outliers count less.

    Shapes: two of equal shape -> one number.
    Formula: d^2 / 2 where |d| <= delta, else delta * (|d| - delta / 2)
    Errors: E0309 where the shapes differ.
    Source: Huber 1964.
    """

    delta: float = setting(1.0, above=0)
    reduction: Reduction = "mean"

    def emit(self, g: Builder, prediction: ir.Value, target: ir.Value) -> Any:
        size = g.Abs(g.Sub(prediction, target))
        near = g.Min(size, self.delta)
        return g.Mul(near, g.Sub(size, g.Mul(near, 0.5)))

    def compute(self, prediction: Array, target: Array) -> Array:
        size = np.abs(prediction - target)
        near, far = size * size / 2, self.delta * (size - self.delta / 2)
        return np.asarray(np.where(size <= self.delta, near, far))

    def slopes(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        slope = np.clip(prediction - target, -self.delta, self.delta)
        return slope, -slope


@dataclass(frozen=True)
class BceWithLogits(PairLoss):
    """Take the mean of the binary cross-entropies of scores: large scores say 1, negative ones 0.

    Shapes: two of equal shape -> one number. The target is a probability, mostly 0 or 1.
    Formula: log(1 + exp(x)) - x * t = -t * log(p) - (1 - t) * log(1 - p), where p = sigmoid(x)
    Errors: E0309 where the shapes differ.
    """

    reduction: Reduction = "mean"

    def emit(self, g: Builder, prediction: ir.Value, target: ir.Value) -> Any:
        return g.Sub(g.Softplus(prediction), g.Mul(prediction, target))

    def compute(self, prediction: Array, target: Array) -> Array:
        return np.asarray(np.logaddexp(0, prediction) - prediction * target)

    def slopes(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        probability = np.exp(-np.logaddexp(0, -prediction))
        return probability - target, -prediction
