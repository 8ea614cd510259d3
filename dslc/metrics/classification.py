"""Metrics of class scores against class numbers. A label that is `ignore_index` does not count."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.dims import Expression
from dslc.errors import RuleError
from dslc.losses.classification import CrossEntropy, check_labels, counting
from dslc.metrics.base import Metric
from dslc.operation import Array, setting
from dslc.reference.run import Run
from dslc.types import DType, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

COUNT = TensorType(DType.INT64, ())
SUM = TensorType(DType.FLOAT64, ())


class LabelMetric(Metric, ABC):
    """A metric of scores and class numbers."""

    axis: int
    ignore_index: int | None

    def index_limits(self, *types: TensorType) -> Mapping[int, int | Expression]:
        return {1: types[0].shape[self.axis]}

    def lower_count(self, g: Builder, target: ir.Value) -> Any:
        """Return how many labels count."""
        if self.ignore_index is not None:
            return total(g, self.lower_counted(g, target))
        return g.count(g.shape_of(target), DType.INT64)

    def lower_counted(self, g: Builder, target: ir.Value) -> Any:
        """Return where labels count."""
        return g.Not(g.Equal(target, self.ignore_index))

    def counted(self, target: Array) -> Array:
        """Return where labels count."""
        return counting(target, self.ignore_index)


def total(g: Builder, flags: ir.Value) -> Any:
    """Return how many of `flags` are true."""
    return g.ReduceSum(g.cast(flags, DType.INT64), keepdims=0)


def ratio(g: Builder, part: ir.Value, whole: ir.Value) -> Any:
    """Return part / whole as float32, divided in float64."""
    return g.cast(g.Div(g.cast(part, DType.FLOAT64), g.cast(whole, DType.FLOAT64)), DType.FLOAT32)


@dataclass(frozen=True)
class Accuracy(LabelMetric):
    """Count how often the right class has the largest score, or is among the `k` largest.

    Shapes: scores [N, C] and int64 [N]; images write `axis=1`: [N, C, H, W] and [N, H, W].
    Formula: rows whose class is among the k with the largest scores / rows that count
    Kinks: of equal scores the class with the smaller number counts as larger.
    Errors: E0321 where the target is not one class per row.
    Example:
        input logits: float32[N, 10]
        target digit: int64[N]
        metric accuracy(logits, digit, k=5)
    """

    axis: int = -1
    k: int = setting(1, minimum=1)
    ignore_index: int | None = None
    accumulators = ("correct", "count")

    def infer(self, scores: TensorType, target: TensorType) -> tuple[TensorType, ...]:
        axis = check_labels("accuracy", scores, target, self.axis)
        classes = scores.shape[axis]
        if isinstance(classes, int) and self.k > classes:
            message = f"`accuracy` cannot take the {self.k} largest of {classes} scores"
            raise RuleError("E0321", message, about="k")
        return COUNT, COUNT

    def lower(self, g: Builder, scores: ir.Value, target: ir.Value) -> tuple[Any, ...]:
        axis = self.axis % len(g.shape_of(scores))
        if self.k == 1:
            hits = g.Equal(g.ArgMax(scores, axis=axis, keepdims=0), g.cast(target, DType.INT64))
        else:
            _, best = g.TopK(scores, g.axes(self.k), axis=axis, largest=1, sorted=1)
            right = g.Equal(best, g.Unsqueeze(g.cast(target, DType.INT64), g.axes(axis)))
            hits = g.ReduceSum(g.cast(right, DType.INT64), g.axes(axis), keepdims=0)
            hits = g.cast(hits, DType.BOOL)
        if self.ignore_index is not None:
            hits = g.And(hits, self.lower_counted(g, target))
        return total(g, hits), self.lower_count(g, target)

    def lower_value(self, g: Builder, correct: ir.Value, count: ir.Value) -> Any:
        return ratio(g, correct, count)

    def reference(self, run: Run, scores: Array, target: Array) -> tuple[Array, ...]:
        rows = np.moveaxis(scores, self.axis, -1)
        best = np.argsort(-rows, axis=-1, kind="stable")[..., : self.k]
        hits = (best == target[..., None]).any(axis=-1) & self.counted(target)
        return np.asarray(hits.sum()), np.asarray(self.counted(target).sum())

    def reference_value(self, correct: Array, count: Array) -> float:
        return float(correct / count)


@dataclass(frozen=True)
class Perplexity(LabelMetric):
    """Take e to the mean cross-entropy: how many equally likely words the model hesitates between.

    Shapes: scores [N, T, C] and int64 [N, T].
    Formula: exp(-mean of log_softmax(scores)[target])
    Errors: E0321 where the target is not one class per row.
    Example:
        input logits: float32[N, 7, 50]
        target word: int64[N, 7]
        metric perplexity(logits, word, ignore_index=0)
    """

    axis: int = -1
    ignore_index: int | None = None
    better = "min"
    accumulators = ("nll", "count")

    def infer(self, scores: TensorType, target: TensorType) -> tuple[TensorType, ...]:
        check_labels("perplexity", scores, target, self.axis)
        return SUM, COUNT

    def lower(self, g: Builder, scores: ir.Value, target: ir.Value) -> tuple[Any, ...]:
        losses = self._loss().lower(g, scores, target)
        nll = g.ReduceSum(g.cast(losses, DType.FLOAT64), keepdims=0)
        return nll, self.lower_count(g, target)

    def lower_value(self, g: Builder, nll: ir.Value, count: ir.Value) -> Any:
        return g.Exp(ratio(g, nll, count))

    def reference(self, run: Run, scores: Array, target: Array) -> tuple[Array, ...]:
        losses, _ = self._loss().reference(run, scores, target)
        return np.asarray(np.sum(losses)), np.asarray(self.counted(target).sum())

    def reference_value(self, nll: Array, count: Array) -> float:
        return float(np.exp(nll / count))

    def _loss(self) -> CrossEntropy:
        return CrossEntropy(axis=self.axis, ignore_index=self.ignore_index, reduction=None)
