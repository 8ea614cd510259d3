"""Losses that compare probabilities with those they should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.layers.rules import axes_of, axis_of, without_axis
from dslc.losses.base import Pull, Reduction, RowLoss, need_pair
from dslc.operation import Array, setting
from dslc.reference.run import Run
from dslc.types import TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class KlDiv(RowLoss):
    """Take the Kullback-Leibler divergence of the probabilities from those of the target.

    The prediction is logarithms of probabilities (`log_softmax`); the target is probabilities, or
    with `log_target` their logarithms, too. `mean` is over the rows (PyTorch's `batchmean`), and
    without a reduction each row has one loss.

    Shapes: two of [N, C] -> one number; images write `axis=1`.
    Formula: sum over c of t[c] * (log(t[c]) - logp[c]), where t * log(t) is 0 for t = 0
    Errors: E0309 where the shapes differ.
    Kinks: where the target is 0, its own derivative leaves out the infinite log(t).
    Example:
        input scores: float32[N, 10]
        input teacher: float32[N, 10]
        output l = kl_div(log_softmax(scores), softmax(teacher))
    """

    axis: int = -1
    log_target: bool = False
    reduction: Reduction = "mean"

    def infer(self, logp: TensorType, target: TensorType) -> TensorType:
        need_pair("kl_div", logp, target)
        return self.result(logp, without_axis(logp.shape, axis_of("kl_div", self.axis, logp)))

    def emit(self, g: Builder, logp: ir.Value, target: ir.Value) -> Any:
        if self.log_target:
            products = g.Mul(g.Exp(target), g.Sub(target, logp))
        else:
            logarithm = g.Log(g.Where(g.Greater(target, 0), target, 1))
            products = g.Mul(target, g.Sub(logarithm, logp))
        axis = self.axis % len(g.shape_of(logp))
        return g.ReduceSum(products, g.axes(axis), keepdims=0)

    def evaluate(self, run: Run, logp: Array, target: Array) -> tuple[Array, Pull]:
        t = np.exp(target) if self.log_target else target
        some = t > 0
        log = target if self.log_target else np.log(np.where(some, t, 1))

        def pull(dlosses: Array) -> tuple[Array | None, ...]:
            rows = np.expand_dims(dlosses, self.axis)
            by_target = log - logp + some
            return -t * rows, by_target * (t if self.log_target else 1) * rows

        return (t * (log - logp)).sum(axis=self.axis), pull


@dataclass(frozen=True)
class Dice(RowLoss):
    """Take 1 minus the overlap of two soft sets: how much of both they have in common.

    The prediction is probabilities (`sigmoid` or `softmax` of scores), the target is 0 or 1. The
    sums are over `axis`: without it over everything but the first dimension, so each sample has one
    overlap. To weigh classes alike, sum over the pixels alone: `axis=[2, 3]`.

    Shapes: two of [N, ...] -> one number
    Formula: 1 - (2 * sum of p * t + smooth) / (sum of p^2 + sum of t^2 + smooth)
    Errors: E0309 where the shapes differ.
    Source: Milletari et al. 2016 (V-Net), section 3; `smooth` is for two empty sets.
    Example:
        input scores: float32[N, 1, 8, 8]
        input mask: float32[N, 1, 8, 8]
        output l = dice(sigmoid(scores), mask)
    """

    axis: int | tuple[int, ...] | None = None
    smooth: float = setting(1e-5, above=0)
    reduction: Reduction = "mean"

    def infer(self, prediction: TensorType, target: TensorType) -> TensorType:
        need_pair("dice", prediction, target)
        axes_of("dice", self.axis, prediction)
        axes = self.axes(prediction.rank)
        kept = [dim for axis, dim in enumerate(prediction.shape) if axis not in axes]
        return self.result(prediction, tuple(kept))

    def axes(self, rank: int) -> tuple[int, ...]:
        """Return the dimensions that are added up, of values that `infer` accepted."""
        if self.axis is None:
            return tuple(range(1, rank))
        axes = (self.axis,) if isinstance(self.axis, int) else self.axis
        return tuple(sorted(axis % rank for axis in axes))

    def emit(self, g: Builder, prediction: ir.Value, target: ir.Value) -> Any:
        axes = g.axes(*self.axes(len(g.shape_of(prediction))))
        # Of rows of one element there is nothing to add up, and no axes would mean all of them.
        noop = {"keepdims": 0, "noop_with_empty_axes": 1}
        common = g.ReduceSum(g.Mul(prediction, target), axes, **noop)
        both = g.Add(g.Mul(prediction, prediction), g.Mul(target, target))
        overlap = g.Add(g.Mul(common, 2), self.smooth)
        return g.Sub(1, g.Div(overlap, g.Add(g.ReduceSum(both, axes, **noop), self.smooth)))

    def evaluate(self, run: Run, prediction: Array, target: Array) -> tuple[Array, Pull]:
        axes = self.axes(prediction.ndim)
        overlap = 2 * (prediction * target).sum(axis=axes, keepdims=True) + self.smooth
        both = (prediction**2 + target**2).sum(axis=axes, keepdims=True) + self.smooth
        losses = (1 - overlap / both).squeeze(axes)

        def pull(dlosses: Array) -> tuple[Array | None, ...]:
            scale = 2 * dlosses.reshape(both.shape) / both
            share = overlap / both
            return scale * (share * prediction - target), scale * (share * target - prediction)

        return losses, pull
