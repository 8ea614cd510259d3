"""The loss of the support vector machine, for several classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.dims import Expression
from dslc.layers.rules import without_axis
from dslc.losses.base import Pull, Reduction, RowLoss
from dslc.losses.classification import check_classes, check_labels
from dslc.operation import Array, setting
from dslc.reference.run import Run
from dslc.types import DType, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Hinge(RowLoss):
    """Take how far the scores of the other classes come within `margin` of the right class's score.

    `weight` counts each class by a number of its own. As PyTorch's `multi_margin_loss` it divides
    by the number of classes C; the sum of a lecture is `C * hinge(...)`.

    Shapes: scores [N, C] and int64 [N] -> one number; images write `axis=1`: [N, C, H, W] and
        [N, H, W].
    Formula: w[y] / C * sum over c != y of max(0, margin - x[y] + x[c])^p
    Errors: E0321 where the target is not one class per row.
    Kinks: where a score is at the margin, the derivative is 0.
    Source: Weston and Watkins 1999; Crammer and Singer 2001.
    Example:
        input scores: float32[N, 10]
        input digit: int64[N]
        output l = hinge(scores, digit)
    """

    margin: float = 1.0
    p: int = setting(1, minimum=1, maximum=2)
    axis: int = -1
    weight: tuple[float, ...] | None = None
    reduction: Reduction = "mean"

    def infer(self, scores: TensorType, target: TensorType) -> TensorType:
        axis = check_labels("hinge", scores, target, self.axis)
        check_classes("hinge", scores.shape[axis], self.weight)
        return self.result(scores, without_axis(scores.shape, axis))

    def index_limits(self, *types: TensorType) -> Mapping[int, int | Expression]:
        return {1: types[0].shape[self.axis]}

    def emit(self, g: Builder, scores: ir.Value, target: ir.Value) -> Any:
        shape, dtype = g.shape_of(scores), g.dtype_of(scores)
        axis = self.axis % len(shape)
        beside = [1] * len(shape)
        beside[axis] = classes = int(str(shape[axis]))
        labels = g.cast(g.Unsqueeze(target, g.axes(axis)), DType.INT64)
        right = g.Equal(labels, g.constant(np.arange(classes).reshape(beside), DType.INT64))
        score = g.ReduceSum(g.Where(right, scores, 0), g.axes(axis), keepdims=1)
        short = g.Where(right, 0, g.Relu(g.Add(g.Sub(scores, score), self.margin)))
        short = g.Mul(short, short) if self.p == 2 else short
        losses = g.ReduceMean(short, g.axes(axis), keepdims=0)
        if self.weight is None:
            return losses
        return g.Mul(losses, g.Gather(g.constant(self.weight, dtype), target, axis=0))

    def evaluate(self, run: Run, scores: Array, target: Array) -> tuple[Array, Pull]:
        column = np.expand_dims(target, self.axis)
        short = scores - np.take_along_axis(scores, column, self.axis) + self.margin
        inside = run.decide(short > 0).astype(scores.dtype)
        np.put_along_axis(inside, column, 0, self.axis)
        weight = np.ones(target.shape) if self.weight is None else np.take(self.weight, target)
        share = (np.expand_dims(weight, self.axis) / scores.shape[self.axis]).astype(scores.dtype)
        losses = (share * inside * short**self.p).sum(axis=self.axis)

        def pull(dlosses: Array) -> tuple[Array | None, ...]:
            slope = share * inside * self.p * short ** (self.p - 1)
            dscores = np.expand_dims(dlosses, self.axis) * slope
            others = dscores.sum(axis=self.axis, keepdims=True)
            np.put_along_axis(dscores, column, -others, self.axis)
            return dscores, None

        return losses, pull
