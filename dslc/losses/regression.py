"""Losses that compare each number with the one it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.errors import RuleError
from dslc.losses.base import PairLoss, Reduction
from dslc.operation import Array, setting
from dslc.types import TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Mse(PairLoss):
    """Take the mean of the squared differences.

    Shapes: two of equal shape -> one number.
    Formula: mean of (x - y)^2 over all elements
    Errors: E0309 where the shapes differ.
    Example:
        input x: float32[N, 6]
        input y: float32[N, 6]
        output l = mse(x, y)
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
    Formula: mean of |x - y| over all elements
    Errors: E0309 where the shapes differ.
    Kinks: the derivative at 0 is 0.
    Example:
        input x: float32[N, 6]
        input y: float32[N, 6]
        output l = l1(x, y)
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
    Example:
        input x: float32[N, 6]
        input y: float32[N, 6]
        output l = huber(x, y, delta=0.5)
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
class SmoothL1(PairLoss):
    """Take the mean of absolute values that are rounded off by a square within `beta`.

    It is `huber` with `delta=beta`, divided by `beta`: far out the slope is 1.

    Shapes: two of equal shape -> one number.
    Formula: d^2 / (2 * beta) where |d| <= beta, else |d| - beta / 2
    Errors: E0309 where the shapes differ.
    Source: Girshick 2015 (Fast R-CNN), equation 3.
    Example:
        input box: float32[N, 4]
        input truth: float32[N, 4]
        output l = smooth_l1(box, truth)
    """

    beta: float = setting(1.0, above=0)
    reduction: Reduction = "mean"

    def emit(self, g: Builder, prediction: ir.Value, target: ir.Value) -> Any:
        size = g.Abs(g.Sub(prediction, target))
        near = g.Min(size, self.beta)
        return g.Mul(near, g.Sub(g.Mul(size, 1 / self.beta), g.Mul(near, 0.5 / self.beta)))

    def compute(self, prediction: Array, target: Array) -> Array:
        size = np.abs(prediction - target)
        near, far = size * size / (2 * self.beta), size - self.beta / 2
        return np.asarray(np.where(size <= self.beta, near, far))

    def slopes(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        slope = np.clip((prediction - target) / self.beta, -1, 1)
        return slope, -slope


@dataclass(frozen=True)
class BceWithLogits(PairLoss):
    """Take the mean of the binary cross-entropies of scores: large scores say 1, negative ones 0.

    `pos_weight` (w) is how much a 1 of the target counts beside a 0: one number, or one for each
    place of the last dimension.

    Shapes: two of equal shape -> one number. The target is a probability, mostly 0 or 1.
    Formula: -w * t * log(p) - (1 - t) * log(1 - p), where p = sigmoid(x); without w it is
        log(1 + exp(x)) - x * t
    Errors: E0309 where the shapes differ, or `pos_weight` has not one number for each place.
    Example:
        input scores: float32[N, 3]
        input truth: float32[N, 3]
        output l = bce_with_logits(scores, truth, pos_weight=[1, 2.5, 10])
    """

    pos_weight: float | tuple[float, ...] | None = setting(None, minimum=0)
    reduction: Reduction = "mean"

    def infer(self, prediction: TensorType, target: TensorType) -> TensorType:
        found = super().infer(prediction, target)
        if isinstance(self.pos_weight, tuple) and prediction.shape[-1:] != (len(self.pos_weight),):
            message = "`bce_with_logits` needs one weight for each place of the last dimension"
            text = (
                f"these are {len(self.pos_weight)}; the scores are {shape_text(prediction.shape)}"
            )
            raise RuleError("E0309", message, about="pos_weight", text=text)
        return found

    def emit(self, g: Builder, prediction: ir.Value, target: ir.Value) -> Any:
        if self.pos_weight is None:
            return g.Sub(g.softplus(prediction), g.Mul(prediction, target))
        # -log(1 - p) is softplus(x), and -log(p) is softplus(-x).
        weight = g.constant(self.pos_weight, g.dtype_of(prediction))
        ones = g.Mul(g.Mul(target, weight), g.softplus(g.Neg(prediction)))
        return g.Add(ones, g.Mul(g.Sub(1, target), g.softplus(prediction)))

    def compute(self, prediction: Array, target: Array) -> Array:
        ones = self._weight() * target * np.logaddexp(0, -prediction)
        zeros = (1 - target) * np.logaddexp(0, prediction)
        return np.asarray(ones + zeros, dtype=prediction.dtype)

    def slopes(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        weight, p = self._weight(), np.exp(-np.logaddexp(0, -prediction))
        by_prediction = (1 - target) * p - weight * target * (1 - p)
        by_target = weight * np.logaddexp(0, -prediction) - np.logaddexp(0, prediction)
        dtype = prediction.dtype
        return np.asarray(by_prediction, dtype), np.asarray(by_target, dtype)

    def _weight(self) -> Array:
        return np.asarray(1.0 if self.pos_weight is None else self.pos_weight)
