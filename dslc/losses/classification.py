"""Losses that compare scores of classes with the class it should be.

The targets are class numbers, one for each row of scores, or (for `cross_entropy`) probabilities
in the shape of the scores. With the row of scores x, the class y, the weights w (1 where none are
given), the number of classes C and s for `label_smoothing`:

    logp = x - log(sum of exp(x))
    loss = -(1 - s) * w[y] * logp[y] - s / C * sum over c of w[c] * logp[c]

`reduction=mean` divides the sum by the sum of w[y] over the labels that count. A label that is
`ignore_index` does not count; where none does, the loss is 0.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.dims import Expression
from dslc.errors import Edit, RuleError
from dslc.layers.rules import axis_of, need_float, need_index, same_dtype, without_axis
from dslc.losses.base import Loss, Reduction, same_shape
from dslc.operation import Array, Reference, setting
from dslc.reference.run import Run
from dslc.reference.sums import total
from dslc.types import DType, TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

PER_SEQUENCE = "where a sequence has one class, score its last step, x[:, -1], or the mean of all, mean(x, axis=1)"

TINY = 1e-12
"""Less than any sum of weights that counts."""


def check_labels(name: str, scores: TensorType, labels: TensorType, axis: int) -> int:
    """Return the class axis, counted from the front; refuse labels that do not fit (E0321)."""
    need_float(name, scores, 0)
    need_index(name, labels, 1)
    counted = axis_of(name, axis, scores)
    if without_axis(scores.shape, counted) != labels.shape:
        raise _misfit(name, scores, labels, counted)
    return counted


def _misfit(name: str, scores: TensorType, labels: TensorType, axis: int) -> RuleError:
    wanted = shape_text(without_axis(scores.shape, axis))
    fitting = [i for i in range(scores.rank) if without_axis(scores.shape, i) == labels.shape]
    edits = [
        Edit(f"the classes are in dimension {i}; say so:", f"axis={i}", "axis") for i in fitting[:1]
    ]
    if not fitting:
        edits = [Edit("declare one class number per row:", f"{labels.dtype}{wanted}", 1)]
    one_for_each = scores.rank == 3 and labels.shape == scores.shape[:1]
    return RuleError(
        "E0321",
        f"`{name}` needs one class number for each row of scores",
        about=1,
        text=f"the target is {shape_text(labels.shape)}; {wanted} is needed",
        facts=(
            f"the scores are {shape_text(scores.shape)}, with the classes in dimension {axis}",
            "the target has the same shape without that dimension",
        ),
        edits=edits,
        helps=(PER_SEQUENCE,) if one_for_each else (),
    )


def check_classes(
    name: str, classes: int | Expression, weight: tuple[float, ...] | None = None
) -> None:
    """Refuse a free number of classes, or weights for another number of them (E0321)."""
    if not isinstance(classes, int):
        message = f"`{name}` needs a known number of classes; {classes} is free"
        raise RuleError("E0321", message, about=0)
    if weight is not None and len(weight) != classes:
        message = f"`{name}` needs one weight for each of the {classes} classes"
        raise RuleError("E0321", message, about="weight", text=f"these are {len(weight)}")


def counting(labels: Array, ignore_index: int | None) -> Array:
    """Return where labels count."""
    return np.ones(labels.shape, bool) if ignore_index is None else labels != ignore_index


Pull = Callable[[Array], Array]


class LabelLoss(Loss, ABC):
    """A loss of scores and class numbers; its settings are those of the formula above."""

    axis: int
    label_smoothing: float
    ignore_index: int | None
    weight: tuple[float, ...] | None

    @abstractmethod
    def emit_logp(self, g: Builder, scores: ir.Value, axis: int) -> Any:
        """Append the logarithms of the probabilities."""

    @abstractmethod
    def compute_logp(self, scores: Array) -> tuple[Array, Pull]:
        """Return the logarithms of the probabilities, and what leads gradients back."""

    def infer(self, scores: TensorType, target: TensorType) -> TensorType:
        axis = check_labels(self.language_name(), scores, target, self.axis)
        check_classes(self.language_name(), scores.shape[axis], self.weight)
        return scores.with_shape(() if self.reduction else without_axis(scores.shape, axis))

    def index_limits(self, *types: TensorType) -> Mapping[int, int | Expression]:
        scores, target = types
        return {1: scores.shape[self.axis]} if target.dtype.is_integer else {}

    # ---- the graph

    def lower(self, g: Builder, scores: ir.Value, target: ir.Value) -> Any:
        axis = self.axis % len(g.shape_of(scores))
        logp = self.emit_logp(g, scores, axis)
        if g.dtype_of(target).is_float:
            right = self._over_classes(g, g.Mul(logp, target), axis)
        else:
            right = self._of_labels(g, logp, target, axis)
        if self.label_smoothing:
            share = self.label_smoothing / int(str(g.shape_of(scores)[axis]))
            spread = g.Mul(self._over_classes(g, logp, axis), share)
            right = g.Add(g.Mul(right, 1 - self.label_smoothing), spread)
        losses = g.Neg(right)
        if self.ignore_index is not None:
            losses = g.Where(self._counts(g, target), losses, 0)
        return self._reduced(g, losses, self._label_weights(g, target, g.dtype_of(scores)))

    def _reduced(self, g: Builder, losses: ir.Value, weights: ir.Value | None) -> Any:
        if self.reduction is None:
            return losses
        if self.reduction == "mean" and weights is None:
            return g.ReduceMean(losses, keepdims=0)
        total = g.ReduceSum(losses, keepdims=0)
        if self.reduction == "sum":
            return total
        return g.Div(total, g.Max(g.ReduceSum(weights, keepdims=0), TINY))

    def _of_labels(self, g: Builder, logp: ir.Value, target: ir.Value, axis: int) -> Any:
        """Return w[y] * logp[y] for each label."""
        labels = self._labels(g, target)
        right = g.GatherElements(logp, g.Unsqueeze(labels, g.axes(axis)), axis=axis)
        right = g.Squeeze(right, g.axes(axis))
        if self.weight is None:
            return right
        return g.Mul(right, g.Gather(g.constant(self.weight, g.dtype_of(logp)), labels, axis=0))

    def _over_classes(self, g: Builder, x: ir.Value, axis: int) -> Any:
        """Return the sum of w[c] * x[c] over the classes."""
        if self.weight is not None:
            x = g.Mul(x, g.constant(self._beside(len(g.shape_of(x))), g.dtype_of(x)))
        return g.ReduceSum(x, g.axes(axis), keepdims=0)

    def _counts(self, g: Builder, target: ir.Value) -> Any:
        return g.Not(g.Equal(target, self.ignore_index))

    def _labels(self, g: Builder, target: ir.Value) -> Any:
        """Return labels that are classes everywhere, whatever stands where they do not count."""
        if self.ignore_index is None:
            return target
        return g.Where(self._counts(g, target), target, 0)

    def _label_weights(self, g: Builder, target: ir.Value, dtype: DType) -> Any:
        """Return w[y] for each label, 0 where it does not count; None where all are 1."""
        if g.dtype_of(target).is_float or (self.weight is None and self.ignore_index is None):
            return None
        if self.weight is None:
            return g.cast(self._counts(g, target), dtype)
        weights = g.Gather(g.constant(self.weight, dtype), self._labels(g, target), axis=0)
        return (
            weights if self.ignore_index is None else g.Where(self._counts(g, target), weights, 0)
        )

    def lower_weight(self, g: Builder, *values: ir.Value) -> Any:
        scores, target = values
        weights = self._label_weights(g, target, DType.FLOAT32)
        if weights is not None:
            return g.ReduceSum(weights, keepdims=0)
        shape = g.shape_of(scores)
        return g.count(without_axis(shape, self.axis % len(shape)), DType.FLOAT32)

    # ---- the same in NumPy

    def reference(self, run: Run, scores: Array, target: Array) -> Reference:
        logp, pull = self.compute_logp(scores)
        shares = self._shares(logp, target)
        losses = -(shares * logp).sum(axis=self.axis)
        scale = 1.0
        if self.reduction == "mean":
            scale = 1 / max(self.reference_weight(scores, target), TINY)

        def backward(dy: Array) -> tuple[Array | None, ...]:
            rows = np.expand_dims(np.broadcast_to(dy * scale, losses.shape), self.axis)
            by_target = None
            if target.dtype.kind == "f":
                slope = -(1 - self.label_smoothing) * self._beside(logp.ndim) * logp
                by_target = (slope * rows).astype(scores.dtype)
            return pull(-shares * rows), by_target

        return (total(losses).reshape(()) * scale if self.reduction else losses), backward

    def _shares(self, logp: Array, target: Array) -> Array:
        """Return how much each -logp counts."""
        classes = logp.shape[self.axis]
        wanted, counts = target, np.asarray(1.0)
        if target.dtype.kind != "f":
            column = np.expand_dims(target, self.axis)
            wanted = column == _beside(np.arange(classes), logp.ndim, self.axis)
            counts = counting(column, self.ignore_index)
        smooth = (1 - self.label_smoothing) * wanted + self.label_smoothing / classes
        return np.asarray(self._beside(logp.ndim) * smooth * counts, dtype=logp.dtype)

    def reference_weight(self, *values: Array) -> float:
        scores, target = values
        if target.dtype.kind == "f":
            return float(scores.size / scores.shape[self.axis])
        counted = target[counting(target, self.ignore_index)]
        return float(counted.size if self.weight is None else np.sum(np.take(self.weight, counted)))

    def _beside(self, rank: int) -> Array:
        """Return the class weights, to be multiplied with something of `rank` dimensions."""
        return _beside(np.asarray(self.weight or 1.0), rank, self.axis)


def _beside(row: Array, rank: int, axis: int) -> Array:
    """Give a row of numbers dimensions of 1, so that it lies along `axis`."""
    return row.reshape([-1 if i == axis % rank else 1 for i in range(rank)])


@dataclass(frozen=True)
class CrossEntropy(LabelLoss):
    """Take the mean of -log(probability of the right class), from scores (logits).

    Shapes: scores [N, C] and int64 [N] -> one number; images write `axis=1`: [N, C, H, W] and
        [N, H, W]. A float target holds probabilities, in the shape of the scores.
    Formula: log_softmax of the scores, then see the top of this module
    Errors: E0321 where the target is not one class per row, E0309 where probabilities have another
        shape.
    Example:
        input logits: float32[N, 10]
        input digit: int64[N]
        output l = cross_entropy(logits, digit)
    """

    axis: int = -1
    label_smoothing: float = setting(0.0, minimum=0, maximum=1)
    ignore_index: int | None = None
    weight: tuple[float, ...] | None = None
    reduction: Reduction = "mean"

    def infer(self, scores: TensorType, target: TensorType) -> TensorType:
        axis = axis_of("cross_entropy", self.axis, scores)
        if not target.dtype.is_float or target.shape == without_axis(scores.shape, axis):
            return super().infer(scores, target)
        need_float("cross_entropy", scores, 0)
        same_dtype("cross_entropy", (scores, target))
        same_shape("cross_entropy", scores, target)
        check_classes("cross_entropy", scores.shape[axis], self.weight)
        if self.ignore_index is not None:
            message = "`ignore_index` is a class number, and the target holds probabilities"
            raise RuleError("E0321", message, about="ignore_index")
        return scores.with_shape(() if self.reduction else without_axis(scores.shape, axis))

    def emit_logp(self, g: Builder, scores: ir.Value, axis: int) -> Any:
        return g.LogSoftmax(scores, axis=axis)

    def compute_logp(self, scores: Array) -> tuple[Array, Pull]:
        shifted = scores - scores.max(axis=self.axis, keepdims=True)
        logp = shifted - np.log(np.exp(shifted).sum(axis=self.axis, keepdims=True))

        def pull(dlogp: Array) -> Array:
            return np.asarray(dlogp - np.exp(logp) * dlogp.sum(axis=self.axis, keepdims=True))

        return logp, pull


@dataclass(frozen=True)
class Nll(LabelLoss):
    """Take the mean of -logp of the right class, from logarithms of probabilities (`log_softmax`).

    Shapes: logp [N, C] and int64 [N] -> one number; images write `axis=1`: [N, C, H, W] and
        [N, H, W].
    Formula: see the top of this module; s is 0
    Errors: E0321 where the target is not one class per row.
    Example:
        input scores: float32[N, 10]
        input digit: int64[N]
        output l = nll(log_softmax(scores), digit)
    """

    label_smoothing = 0.0
    axis: int = -1
    ignore_index: int | None = None
    weight: tuple[float, ...] | None = None
    reduction: Reduction = "mean"

    def emit_logp(self, g: Builder, scores: ir.Value, axis: int) -> Any:
        return scores

    def compute_logp(self, scores: Array) -> tuple[Array, Pull]:
        return scores, lambda dlogp: dlogp
