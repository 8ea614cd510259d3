"""Losses of embeddings: rows that belong together lie close, others apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.dims import Expression
from dslc.errors import RuleError
from dslc.layers.reduction import Norm
from dslc.layers.rules import axis_of, need_float, same_dtype
from dslc.losses.base import Pull, Reduction, RowLoss, need_pair, same_shape
from dslc.operation import Array, setting
from dslc.reference.run import Run
from dslc.types import DType, Shape, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

SMALL = 1e-12
"""What is added to squared lengths, so that a row of zeros has a direction: none."""


def rows_of(name: str, x: TensorType) -> Shape:
    """Return the shape without the last dimension, in which the rows lie (E0322)."""
    return x.shape[: axis_of(name, -1, x)]


def check_flags(name: str, label: TensorType, rows: Shape, about: int) -> None:
    """Refuse labels that are not one whole number or truth value for each pair (E0401, E0309)."""
    if label.dtype not in (DType.INT64, DType.INT32, DType.BOOL):
        message = f"`{name}` needs whole numbers or truth values as labels"
        edit = str(label.with_dtype(DType.INT64))
        raise RuleError("E0401", message, about=about, text=f"this is {label}", helps=(edit,))
    same_shape(name, TensorType(label.dtype, rows), label, about)


def _is_one(g: Builder, label: ir.Value) -> Any:
    """Append the truth value of each label: whether it is above 0."""
    return label if g.dtype_of(label) is DType.BOOL else g.Greater(label, 0)


@dataclass(frozen=True)
class Cosine(RowLoss):
    """Take 1 minus the cosine of the angle between rows, the last dimension.

    With labels as in PyTorch's `cosine_embedding_loss`: rows of a label 1 shall point the same way,
    those of -1 (or 0) shall not be closer than `margin`, a cosine.

    Shapes: [N, D] and [N, D], and int64 [N] if there are labels -> one number
    Formula: 1 - cos(x, y) for the label 1; max(0, cos(x, y) - margin) for -1, where
        cos(x, y) = x * y / sqrt((|x|^2 + 1e-12) * (|y|^2 + 1e-12))
    Errors: E0309 where the shapes differ.
    Kinks: where a cosine is the margin, the derivative is 0.
    Example:
        input x: float32[N, 16]
        input y: float32[N, 16]
        output l = cosine(x, y)
    """

    margin: float = setting(0.0, minimum=-1, maximum=1)
    reduction: Reduction = "mean"

    def infer(self, x: TensorType, y: TensorType, label: TensorType | None = None) -> TensorType:
        need_pair("cosine", x, y)
        rows = rows_of("cosine", x)
        if label is not None:
            check_flags("cosine", label, rows, 2)
        return self.result(x, rows)

    def emit(self, g: Builder, x: ir.Value, y: ir.Value, label: ir.Value | None = None) -> Any:
        def length(value: ir.Value) -> Any:
            return g.Sqrt(g.Add(g.ReduceSum(g.Mul(value, value), g.axes(-1), keepdims=0), SMALL))

        products = g.ReduceSum(g.Mul(x, y), g.axes(-1), keepdims=0)
        cosine = g.Div(products, g.Mul(length(x), length(y)))
        apart = g.Sub(1, cosine)
        if label is None:
            return apart
        return g.Where(_is_one(g, label), apart, g.Relu(g.Sub(cosine, self.margin)))

    def evaluate(self, run: Run, x: Array, y: Array, *label: Array) -> tuple[Array, Pull]:
        xx, yy = ((a * a).sum(axis=-1, keepdims=True) + SMALL for a in (x, y))
        lengths = np.sqrt(xx * yy)
        cosine = (x * y).sum(axis=-1, keepdims=True) / lengths
        alike = label[0][..., None] > 0 if label else np.ones_like(cosine, dtype=bool)
        near = run.decide(cosine > self.margin)
        losses = np.where(alike, 1 - cosine, np.where(near, cosine - self.margin, 0))

        def pull(dlosses: Array) -> tuple[Array | None, ...]:
            dcosine = dlosses[..., None] * np.where(alike, -1, near)
            dx = dcosine * (y / lengths - cosine * x / xx)
            dy = dcosine * (x / lengths - cosine * y / yy)
            return dx, dy, *(None for _ in label)

        return losses[..., 0], pull


@dataclass(frozen=True)
class Contrastive(RowLoss):
    """Draw alike rows together, and push different ones apart up to a distance of `margin`.

    `different` is 1 for a pair that differs and 0 for one that is alike, as in the paper.

    Shapes: [N, D], [N, D] and int64 [N] -> one number
    Formula: d^2 / 2 for a pair that is alike, max(0, margin - d)^2 / 2 for one that differs, where
        d is the length of x - y
    Errors: E0309 where the shapes differ.
    Kinks: the derivative is 0 where x and y are equal.
    Source: Hadsell, Chopra and LeCun 2006, equation 4.
    Example:
        input x: float32[N, 16]
        input y: float32[N, 16]
        input different: int64[N]
        output l = contrastive(x, y, different)
    """

    margin: float = setting(1.0, above=0)
    reduction: Reduction = "mean"

    def infer(self, x: TensorType, y: TensorType, different: TensorType) -> TensorType:
        need_pair("contrastive", x, y)
        check_flags("contrastive", different, rows_of("contrastive", x), 2)
        return self.result(x, rows_of("contrastive", x))

    def index_limits(self, *types: TensorType) -> Mapping[int, int | Expression]:
        return {} if types[2].dtype is DType.BOOL else {2: 2}

    def emit(self, g: Builder, x: ir.Value, y: ir.Value, different: ir.Value) -> Any:
        difference = g.Sub(x, y)
        squares = g.ReduceSum(g.Mul(difference, difference), g.axes(-1), keepdims=0)
        missing = g.Relu(g.Sub(self.margin, Norm(axis=-1).lower(g, difference)))
        chosen = g.Where(_is_one(g, different), g.Mul(missing, missing), squares)
        return g.Mul(chosen, 0.5)

    def evaluate(self, run: Run, x: Array, y: Array, different: Array) -> tuple[Array, Pull]:
        difference, other = x - y, different[..., None] > 0
        distance = np.sqrt((difference**2).sum(axis=-1, keepdims=True))
        close = run.decide(distance < self.margin)
        missing = np.where(close, self.margin - distance, 0)
        losses = np.where(other, missing**2, distance**2) / 2

        def pull(dlosses: Array) -> tuple[Array | None, ...]:
            push = -missing / np.where(distance == 0, 1, distance)
            dx = dlosses[..., None] * np.where(other, push, 1) * difference
            return dx, -dx, None

        return losses[..., 0], pull


@dataclass(frozen=True)
class Triplet(RowLoss):
    """Keep each anchor closer to its positive row than to its negative one, by `margin`.

    Distances are p-norms. With `swap` the negative row counts from the positive one where that is
    closer to it than the anchor is.

    Shapes: three of [N, D] -> one number
    Formula: max(0, |anchor - positive| - |anchor - negative| + margin)
    Errors: E0309 where the shapes differ.
    Kinks: the derivative of a distance of 0 is 0, and so is that of a loss of 0.
    Source: Balntas et al. 2016; Schroff et al. 2015 (FaceNet), section 3.1.
    Example:
        input anchor: float32[N, 16]
        input positive: float32[N, 16]
        input negative: float32[N, 16]
        output l = triplet(anchor, positive, negative)
    """

    margin: float = setting(1.0, above=0)
    p: float = setting(2.0, minimum=1)
    swap: bool = False
    reduction: Reduction = "mean"

    def infer(self, anchor: TensorType, positive: TensorType, negative: TensorType) -> TensorType:
        need_pair("triplet", anchor, positive)
        need_float("triplet", negative, 2)
        same_dtype("triplet", (anchor, positive, negative))
        same_shape("triplet", anchor, negative, 2)
        return self.result(anchor, rows_of("triplet", anchor))

    def emit(self, g: Builder, anchor: ir.Value, positive: ir.Value, negative: ir.Value) -> Any:
        norm = Norm(axis=-1, p=self.p)
        near = norm.lower(g, g.Sub(anchor, positive))
        far = norm.lower(g, g.Sub(anchor, negative))
        if self.swap:
            far = g.Min(far, norm.lower(g, g.Sub(positive, negative)))
        return g.Relu(g.Add(g.Sub(near, far), self.margin))

    def evaluate(
        self, run: Run, anchor: Array, positive: Array, negative: Array
    ) -> tuple[Array, Pull]:
        norm = Norm(axis=-1, p=self.p)
        near, near_back = norm.reference(run, anchor - positive)
        far, far_back = norm.reference(run, anchor - negative)
        third, third_back = norm.reference(run, positive - negative)
        first = run.decide(np.asarray((far <= third) | (not self.swap)))
        losses = np.asarray(near) - np.where(first, far, third) + self.margin
        counts = run.decide(losses > 0)

        def pull(dlosses: Array) -> tuple[Array | None, ...]:
            active = dlosses * counts
            (dnear,) = near_back(active)
            (dfar,), (dthird,) = far_back(-active * first), third_back(-active * ~first)
            assert dnear is not None and dfar is not None and dthird is not None
            return dnear + dfar, dthird - dnear, -dfar - dthird

        return np.where(counts, losses, 0), pull
