"""Metrics that follow from how often each class was taken for which other one.

All of them add up one table over the data set: its rows are the true classes, its columns the
predicted ones. For a class, `both` is its place on the diagonal, `true` the sum of its row and
`predicted` the sum of its column.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from dslc import dims
from dslc.dims import Expression
from dslc.errors import Edit, RuleError
from dslc.layers.rules import need_float
from dslc.losses.base import same_shape
from dslc.losses.classification import check_classes, check_labels
from dslc.metrics.classification import LabelMetric, ratio, total
from dslc.operation import Array
from dslc.reference.run import Run
from dslc.types import DType, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

Average = Literal["macro", "micro", "binary"]


class Confused(LabelMetric, ABC):
    """A metric whose only sum is the table."""

    accumulators = ("confusion",)

    def infer(self, scores: TensorType, target: TensorType) -> tuple[TensorType, ...]:
        classes = scores.shape[check_labels(self.language_name(), scores, target, self.axis)]
        check_classes(self.language_name(), classes)
        return (TensorType(DType.INT64, (classes, classes)),)

    def lower(self, g: Builder, scores: ir.Value, target: ir.Value) -> tuple[Any, ...]:
        axis = self.axis % len(g.shape_of(scores))
        found = g.ArgMax(scores, axis=axis, keepdims=0)
        return (self.tally(g, found, target, int(str(g.shape_of(scores)[axis]))),)

    def tally(self, g: Builder, found: ir.Value, target: ir.Value, classes: int) -> Any:
        """Count the pairs (true, predicted), each as one number, true * C + predicted."""
        labels = g.cast(target, DType.INT64)
        ones = g.expand(g.constant(1, DType.INT64), g.shape_of(target))
        if self.ignore_index is not None:
            counted = self.lower_counted(g, labels)
            labels, ones = g.Where(counted, labels, 0), g.cast(counted, DType.INT64)
        pairs = g.Add(g.Mul(labels, classes), found)
        size = dims.product(g.shape_of(target))
        empty = g.expand(g.constant(0, DType.INT64), (classes * classes,))
        places, counts = g.reshape(pairs, (size,)), g.reshape(ones, (size,))
        table = g.ScatterElements(empty, places, counts, axis=0, reduction="add")
        return g.reshape(table, (classes, classes))

    def reference(self, run: Run, scores: Array, target: Array) -> tuple[Array, ...]:
        classes = scores.shape[self.axis]
        counted = self.counted(target)
        return (_counts(target[counted], scores.argmax(axis=self.axis)[counted], classes),)


def _counts(true: Array, predicted: Array, classes: int) -> Array:
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (true, predicted), 1)
    return table


@dataclass(frozen=True)
class ConfusionMatrix(Confused):
    """Count how often each class was taken for which: rows are the true classes, columns the
    predicted ones.

    It is a table [C, C], printed by `dslc eval`, and by `dslc train` for the validation data.

    Shapes: scores [N, C] and int64 [N]; images write `axis=1`: [N, C, H, W] and [N, H, W].
    Formula: m[i, j] = number of rows of class i whose largest score is that of class j
    Errors: E0321 where the target is not one class per row.
    Example:
        input scores: float32[N, 10]
        target digit: int64[N]
        metric confusion_matrix(scores, digit)
    """

    table = True
    axis: int = -1
    ignore_index: int | None = None

    def lower_value(self, g: Builder, confusion: ir.Value) -> Any:
        return confusion

    def reference_value(self, confusion: Array) -> Array:
        return confusion


class Share(Confused, ABC):
    """A metric that is a share for each class, put together by `average`."""

    average: Average

    @abstractmethod
    def emit_parts(self, g: Builder, both: ir.Value, true: ir.Value, predicted: ir.Value) -> Any:
        """Append what is divided and by what, for each class."""

    @abstractmethod
    def parts(self, both: Array, true: Array, predicted: Array) -> tuple[Array, Array]:
        """Return what is divided and by what, for each class."""

    def lower_value(self, g: Builder, confusion: ir.Value) -> Any:
        exact = g.cast(confusion, DType.FLOAT64)
        diagonal = g.constant(np.eye(int(str(g.shape_of(confusion)[0]))), DType.FLOAT64)
        both = g.ReduceSum(g.Mul(exact, diagonal), g.axes(1), keepdims=0)
        true = g.ReduceSum(exact, g.axes(1), keepdims=0)
        predicted = g.ReduceSum(exact, g.axes(0), keepdims=0)
        part, whole = self.emit_parts(g, both, true, predicted)
        if self.average == "macro":
            shares = g.ReduceSum(g.Div(part, g.Max(whole, 1)), keepdims=0)
            return ratio(g, shares, total(g, g.Greater(g.Add(true, predicted), 0)))
        if self.average == "micro":
            part, whole = g.ReduceSum(part, keepdims=0), g.ReduceSum(whole, keepdims=0)
        else:
            part, whole = (g.Gather(x, g.constant(1, DType.INT64), axis=0) for x in (part, whole))
        return ratio(g, part, g.Max(whole, 1))

    def reference_value(self, confusion: Array) -> float:
        true, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
        part, whole = self.parts(np.diagonal(confusion), true, predicted)
        if self.average == "micro":
            part, whole = part.sum(keepdims=True), whole.sum(keepdims=True)
        shares = np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)
        if self.average == "macro":
            shares = shares[true + predicted > 0]
        return float(shares[1] if self.average == "binary" else np.mean(shares))


@dataclass(frozen=True)
class MeanIou(Share):
    """Take the mean over classes of intersection over union of the predicted and the true places.

    Shapes: scores [N, C, H, W] and int64 [N, H, W] with `axis=1`.
    Formula: IoU of a class = both / (predicted + true - both); a class that is neither is left out
    Errors: E0321 where the target is not one class per row.
    Source: Everingham et al. 2010 (PASCAL VOC), section 4.1.
    Example:
        input scores: float32[N, 5, 8, 8]
        target label: int64[N, 8, 8]
        metric mean_iou(scores, label, axis=1)
    """

    average = "macro"
    axis: int = -1
    ignore_index: int | None = None

    def emit_parts(self, g: Builder, both: ir.Value, true: ir.Value, predicted: ir.Value) -> Any:
        return both, g.Sub(g.Add(true, predicted), both)

    def parts(self, both: Array, true: Array, predicted: Array) -> tuple[Array, Array]:
        return both, true + predicted - both


@dataclass(frozen=True)
class Averaged(Share, ABC):
    """A share whose `average` is a setting, as scikit-learn has it.

    With `binary` there are two classes, and the figure is that of class 1; instead of two scores a
    sample may then have one, which says 1 where it is above `threshold`.
    """

    average: Average = "macro"
    axis: int = -1
    ignore_index: int | None = None
    threshold: float = 0.0
    pair: ClassVar[TensorType] = TensorType(DType.INT64, (2, 2))

    def infer(self, scores: TensorType, target: TensorType) -> tuple[TensorType, ...]:
        name = self.language_name()
        if self._single(scores.rank, target.rank):
            need_float(name, scores, 0)
            same_shape(name, scores, target)
            if self.ignore_index is not None and not target.dtype.is_integer:
                message = f"`ignore_index` is a whole number, and the target is {target.dtype}"
                raise RuleError("E0321", message, about="ignore_index")
            return (self.pair,)
        if scores.shape == target.shape:
            message = f"`{name}` needs a score for each class, or two classes"
            edit = Edit("with one score for each sample, say so:", "average=binary", "average")
            raise RuleError("E0321", message, about=0, edits=(edit,))
        found = super().infer(scores, target)
        if self.average == "binary" and found != (self.pair,):
            classes = found[0].shape[0]
            message = f"`{name}` with `average=binary` is for two classes; these are {classes}"
            helps = ("of all classes:  average=macro",)
            raise RuleError("E0321", message, about="average", helps=helps)
        return found

    def _single(self, scores: int, target: int) -> bool:
        """Tell whether each sample has one score, from how many dimensions there are."""
        return self.average == "binary" and scores == target

    def index_limits(self, *types: TensorType) -> Mapping[int, int | Expression]:
        scores, target = types
        if self._single(scores.rank, target.rank):
            return {1: 2} if target.dtype.is_integer else {}
        return super().index_limits(*types)

    def lower(self, g: Builder, scores: ir.Value, target: ir.Value) -> tuple[Any, ...]:
        if not self._single(len(g.shape_of(scores)), len(g.shape_of(target))):
            return super().lower(g, scores, target)
        if g.dtype_of(target).is_float:
            target = g.Greater(target, 0.5)
        found = g.cast(g.Greater(scores, self.threshold), DType.INT64)
        return (self.tally(g, found, target, 2),)

    def reference(self, run: Run, scores: Array, target: Array) -> tuple[Array, ...]:
        if not self._single(scores.ndim, target.ndim):
            return super().reference(run, scores, target)
        counted = self.counted(target)
        labels = target[counted] > 0.5 if target.dtype.kind == "f" else target[counted]
        found = scores[counted] > self.threshold
        return (_counts(labels.astype(np.int64), found.astype(np.int64), 2),)


@dataclass(frozen=True)
class Precision(Averaged):
    """Take the share of the places called a class that are of it.

    `average=macro` is the mean over the classes that occur, `micro` counts all places together, and
    `binary` is the figure of class 1 of two: there a score for each place is enough, which says 1
    above `threshold`.

    Shapes: scores [N, C] and int64 [N]; images write `axis=1`. With `binary` also two of equal
        shape.
    Formula: both / predicted, and 0 for a class that is never predicted
    Errors: E0321 where the target is not one class per row, or `binary` has other classes.
    Source: scikit-learn, `precision_score`.
    Example:
        input scores: float32[N, 10]
        target digit: int64[N]
        metric precision(scores, digit)
    """

    def emit_parts(self, g: Builder, both: ir.Value, true: ir.Value, predicted: ir.Value) -> Any:
        return both, predicted

    def parts(self, both: Array, true: Array, predicted: Array) -> tuple[Array, Array]:
        return both, predicted


@dataclass(frozen=True)
class Recall(Averaged):
    """Take the share of the places of a class that are called so; the settings are `precision`'s.

    Shapes: scores [N, C] and int64 [N]; images write `axis=1`. With `binary` also two of equal
        shape.
    Formula: both / true, and 0 for a class that does not occur but is predicted
    Errors: E0321 where the target is not one class per row, or `binary` has other classes.
    Source: scikit-learn, `recall_score`.
    Example:
        input score: float32[N]
        target ill: int64[N]
        metric recall(score, ill, average=binary)
    """

    def emit_parts(self, g: Builder, both: ir.Value, true: ir.Value, predicted: ir.Value) -> Any:
        return both, true

    def parts(self, both: Array, true: Array, predicted: Array) -> tuple[Array, Array]:
        return both, true


@dataclass(frozen=True)
class F1(Averaged):
    """Take the harmonic mean of precision and recall; the settings are `precision`'s.

    Shapes: scores [N, C] and int64 [N]; images write `axis=1`. With `binary` also two of equal
        shape.
    Formula: 2 * both / (predicted + true)
    Errors: E0321 where the target is not one class per row, or `binary` has other classes.
    Source: scikit-learn, `f1_score`.
    Example:
        input scores: float32[N, 10]
        target digit: int64[N]
        metric f1(scores, digit, average=micro)
    """

    def emit_parts(self, g: Builder, both: ir.Value, true: ir.Value, predicted: ir.Value) -> Any:
        return g.Mul(both, 2), g.Add(true, predicted)

    def parts(self, both: Array, true: Array, predicted: Array) -> tuple[Array, Array]:
        return 2 * both, true + predicted
