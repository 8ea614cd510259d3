"""Metrics of numbers against the numbers they should be; the sums are float64."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from dslc.layers.rules import need_float, same_dtype
from dslc.losses.base import same_shape
from dslc.metrics.base import Metric
from dslc.metrics.classification import COUNT, SUM, ratio
from dslc.operation import Array
from dslc.reference.run import Run
from dslc.types import DType, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


class PairMetric(Metric, ABC):
    """A metric of two values of equal shape."""

    better: ClassVar[Literal["min", "max"]] = "min"

    def infer(self, prediction: TensorType, target: TensorType) -> tuple[TensorType, ...]:
        name = self.language_name()
        need_float(name, prediction, 0)
        need_float(name, target, 1)
        same_dtype(name, (prediction, target))
        same_shape(name, prediction, target)
        return tuple(COUNT if item == "count" else SUM for item in self.accumulators)


def _sum(g: Builder, value: ir.Value) -> Any:
    return g.ReduceSum(g.cast(value, DType.FLOAT64), keepdims=0)


def _difference(g: Builder, prediction: ir.Value, target: ir.Value) -> Any:
    return g.Sub(g.cast(prediction, DType.FLOAT64), g.cast(target, DType.FLOAT64))


@dataclass(frozen=True)
class Mae(PairMetric):
    """Take the mean of the absolute differences.

    Shapes: two of equal shape.
    Formula: mean of |x - y|
    Errors: E0309 where the shapes differ.
    Example:
        input x: float32[N]
        target t: float32[N]
        metric mae(x, t)
    """

    accumulators = ("sum", "count")

    def lower(self, g: Builder, prediction: ir.Value, target: ir.Value) -> tuple[Any, ...]:
        return _sum(g, g.Abs(_difference(g, prediction, target))), g.count(
            g.shape_of(prediction), DType.INT64
        )

    def lower_value(self, g: Builder, total: ir.Value, count: ir.Value) -> Any:
        return ratio(g, total, count)

    def reference(self, run: Run, prediction: Array, target: Array) -> tuple[Array, ...]:
        return np.asarray(np.abs(prediction - target).sum()), np.asarray(prediction.size)

    def reference_value(self, total: Array, count: Array) -> float:
        return float(total / count)


@dataclass(frozen=True)
class Rmse(PairMetric):
    """Take the square root of the mean of the squared differences, over the whole data set.

    Shapes: two of equal shape.
    Formula: sqrt(mean of (x - y)^2)
    Errors: E0309 where the shapes differ.
    Example:
        input x: float32[N]
        target t: float32[N]
        metric rmse(x, t)
    """

    accumulators = ("sum", "count")

    def lower(self, g: Builder, prediction: ir.Value, target: ir.Value) -> tuple[Any, ...]:
        difference = _difference(g, prediction, target)
        return _sum(g, g.Mul(difference, difference)), g.count(g.shape_of(prediction), DType.INT64)

    def lower_value(self, g: Builder, total: ir.Value, count: ir.Value) -> Any:
        return g.Sqrt(ratio(g, total, count))

    def reference(self, run: Run, prediction: Array, target: Array) -> tuple[Array, ...]:
        return np.asarray(((prediction - target) ** 2).sum()), np.asarray(prediction.size)

    def reference_value(self, total: Array, count: Array) -> float:
        return float(np.sqrt(total / count))


@dataclass(frozen=True)
class R2(PairMetric):
    """Take the share of the target's variance that the prediction explains, 1 at best.

    Shapes: two of equal shape.
    Formula: 1 - sum of (prediction - target)^2 / sum of (target - mean of the targets)^2
    Errors: E0309 where the shapes differ.
    Example:
        input x: float32[N]
        target t: float32[N]
        metric r2(x, t)
    """

    better: ClassVar[Literal["min", "max"]] = "max"
    accumulators = ("residual", "targets", "squares", "count")

    def lower(self, g: Builder, prediction: ir.Value, target: ir.Value) -> tuple[Any, ...]:
        difference = _difference(g, prediction, target)
        exact = g.cast(target, DType.FLOAT64)
        residual, squares = _sum(g, g.Mul(difference, difference)), _sum(g, g.Mul(exact, exact))
        return residual, _sum(g, exact), squares, g.count(g.shape_of(target), DType.INT64)

    def lower_value(
        self, g: Builder, residual: ir.Value, targets: ir.Value, squares: ir.Value, count: ir.Value
    ) -> Any:
        mean_square = g.Div(g.Mul(targets, targets), g.cast(count, DType.FLOAT64))
        return g.Sub(1, ratio(g, residual, g.Sub(squares, mean_square)))

    def reference(self, run: Run, prediction: Array, target: Array) -> tuple[Array, ...]:
        residual = ((prediction - target) ** 2).sum()
        found = (residual, target.sum(), (target**2).sum(), target.size)
        return tuple(np.asarray(item) for item in found)

    def reference_value(
        self, residual: Array, targets: Array, squares: Array, count: Array
    ) -> float:
        return float(1 - residual / (squares - targets**2 / count))
