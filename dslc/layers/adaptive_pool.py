"""Pooling to a fixed size."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.errors import RuleError
from dslc.layers.windows import check_image, spread
from dslc.operation import Array, Function, Reference, setting
from dslc.reference.run import Run
from dslc.types import DType, Size, TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Adaptive(Function, ABC):
    """A pool that brings every value to `size`, with windows as equal as whole numbers allow."""

    size: Size = setting(minimum=1)

    def infer(self, x: TensorType) -> TensorType:
        name = self.language_name()
        check_image(name, x)
        sizes = spread(self.size, x.rank - 2, "size")
        if not all(isinstance(dim, int) for dim in x.shape[2:]):
            raise RuleError(
                "E0313",
                f"`{name}` needs to know the size of what it pools",
                about=0,
                text=f"this is {shape_text(x.shape)}",
                facts=("where the windows begin and end depends on it",),
                helps=(
                    "over all places at once, of any number:  global_avg_pool, global_max_pool",
                ),
            )
        return x.with_shape((*x.shape[:2], *sizes))

    def explain(self, inputs: tuple[TensorType, ...]) -> str:
        return f"size={self.size}"


@dataclass(frozen=True)
class AdaptiveAvgPool(Adaptive):
    """Take means over windows that divide the value into `size` parts.

    Window i of k covers the places from floor(i*S/k) up to, and without, ceil((i + 1)*S/k): all
    alike where k divides S, else some of them overlap.

    Shapes: [N, C, *S] -> [N, C, *size]; S is known
    Errors: E0303 not an image, E0313 a size that is free
    Example:
        input image: float32[N, 3, 20, 20]
        output y: adaptive_avg_pool(7x7)
    """

    def lower(self, g: Builder, x: ir.Value) -> ir.Value:
        shape = g.shape_of(x)
        sizes = _whole(shape[2:])
        targets = spread(self.size, len(sizes), "size")
        form = _even(sizes, targets)
        if form is not None and g.dtype_of(x) is not DType.FLOAT64:  # for which it has no kernel
            result: ir.Value = g.AveragePool(x, **form)
            return result
        # A mean over a box is a mean along one axis after the other: a product with a matrix each.
        for axis, (size, target) in enumerate(zip(sizes, targets, strict=True), start=2):
            if size != target:
                x = _averaged(g, x, axis, _means(size, target))
        return x

    def reference(self, run: Run, x: Array) -> Reference:
        targets = self.size.of(x.ndim - 2)
        y = np.empty((*x.shape[:2], *targets), x.dtype)
        axes = tuple(range(2, x.ndim))
        for place, box in _boxes(x.shape[2:], targets):
            y[place] = x[box].mean(axis=axes)

        def backward(dy: Array) -> tuple[Array]:
            dx = np.zeros(x.shape, dy.dtype)
            for place, box in _boxes(x.shape[2:], targets):
                count = math.prod(side.stop - side.start for side in box[1:])
                share = dy[place] / count
                dx[box] += share.reshape(*share.shape, *(1 for _ in targets))
            return (dx,)

        return y, backward


@dataclass(frozen=True)
class AdaptiveMaxPool(Adaptive):
    """Take maxima over windows that divide the value into `size` parts.

    Window i of k covers the places from floor(i*S/k) up to, and without, ceil((i + 1)*S/k): all
    alike where k divides S, else some of them overlap.

    Shapes: [N, C, *S] -> [N, C, *size]; S is known
    Errors: E0303 not an image, E0313 a size that is free
    Kinks: of equal values the first one, in row-major order, gets the gradient
    Example:
        input image: float32[N, 3, 20, 20]
        output y: adaptive_max_pool(7x7)
    """

    def lower(self, g: Builder, x: ir.Value) -> ir.Value:
        sizes = _whole(g.shape_of(x)[2:])
        targets = spread(self.size, len(sizes), "size")
        form = _even(sizes, targets)
        if form is not None:
            # The gradient needs to know where the maxima stand; the kernel that tells it is slow.
            outputs = 2 if g.differentiated else 1
            found = g.node("MaxPool", [x], form, outputs=outputs)
            result: ir.Value = found[0] if g.differentiated else found
            return result
        # The last axis goes first: of equal values the first in row-major order is then the one
        # that every step takes.
        for axis in range(len(sizes) + 1, 1, -1):
            size, target = sizes[axis - 2], targets[axis - 2]
            if size != target:
                windows = g.Gather(x, g.constant(_members(size, target)), axis=axis)
                x = g.ReduceMax(windows, g.axes(axis + 1), keepdims=0)
        return x

    def reference(self, run: Run, x: Array) -> Reference:
        targets = self.size.of(x.ndim - 2)
        boxes = list(_boxes(x.shape[2:], targets))
        flat = x.reshape(*x.shape[:2], -1)
        numbers = np.arange(flat.shape[2]).reshape(x.shape[2:])
        where = np.empty((*x.shape[:2], *targets), np.int64)
        for place, box in boxes:
            inside = x[box].reshape(*x.shape[:2], -1)
            where[place] = numbers[box[1:]].reshape(-1)[inside.argmax(axis=2)]
        rows = run.decide(where).reshape(*x.shape[:2], -1)

        def backward(dy: Array) -> tuple[Array]:
            dx = np.zeros(flat.shape, dy.dtype)
            n, c, _ = np.indices(rows.shape)
            np.add.at(dx, (n, c, rows), dy.reshape(rows.shape))
            return (dx.reshape(x.shape),)

        return np.take_along_axis(flat, rows, axis=2).reshape(where.shape), backward


def _whole(sizes: Sequence[Any]) -> tuple[int, ...]:
    return tuple(int(size) for size in sizes)


def _even(sizes: Sequence[int], targets: Sequence[int]) -> dict[str, list[int]] | None:
    """Return the ordinary pool that does the same, where the windows are all alike."""
    if any(size % target for size, target in zip(sizes, targets, strict=True)):
        return None
    kernel = [size // target for size, target in zip(sizes, targets, strict=True)]
    return {"kernel_shape": kernel, "strides": kernel}


def _edges(size: int, target: int) -> tuple[Array, Array]:
    """Return where each window begins, and where it ends (exclusive)."""
    number = np.arange(target)
    return number * size // target, -(-(number + 1) * size // target)


def _means(size: int, target: int) -> Array:
    """Return the matrix [target, size] of the means along one axis."""
    start, end = (edge[:, None] for edge in _edges(size, target))
    at = np.arange(size)
    return np.asarray(((at >= start) & (at < end)) / (end - start))


def _members(size: int, target: int) -> Array:
    """Return the places of each window; shorter ones repeat their last place: [target, longest]."""
    start, end = (edge[:, None] for edge in _edges(size, target))
    longest = int((end - start).max())
    return np.asarray(np.minimum(start + np.arange(longest), end - 1), np.int64)


def _averaged(g: Builder, x: ir.Value, axis: int, matrix: Array) -> ir.Value:
    """Multiply every line of `x` along an axis by the matrix [target, size]."""
    shape = g.bound(g.shape_of(x))
    dtype = g.dtype_of(x)
    if axis == len(shape) - 1:
        result: ir.Value = g.MatMul(x, g.constant(matrix.T, dtype))
        return result
    outer, inner = _whole(shape[2:axis]), _whole(shape[axis + 1 :])
    lines = (shape[0], shape[1] * math.prod(outer), shape[axis], math.prod(inner))
    product = g.MatMul(g.constant(matrix, dtype), g.reshape(x, lines))
    return g.reshape(product, (*shape[:axis], len(matrix), *shape[axis + 1 :]))


def _boxes(sizes: Sequence[int], targets: Sequence[int]) -> Iterator[tuple[Any, Any]]:
    """Yield each place of the result and the box that it is pooled from, as indices into all
    channels (NumPy's side).
    """
    for place in product(*(range(target) for target in targets)):
        box = [
            slice(math.floor(i * size / k), math.ceil((i + 1) * size / k))
            for i, size, k in zip(place, sizes, targets, strict=True)
        ]
        yield (..., *place), (..., *box)
