"""Functions that pick elements: by fixed places, `x[...]`, or by computed ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import EllipsisType
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.dims import Expression
from dslc.errors import RuleError
from dslc.layers.rules import axis_of, need_index, without_axis
from dslc.operation import Array, Function, Reference, setting
from dslc.reference.run import Run
from dslc.types import DType, TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


Item = int | slice | EllipsisType

ALL = slice(None)

LAST = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Index(Function):
    """Take the part of a value at fixed places; written `x[:, -1]`, `x[1:3]`, `x[..., 0]`.

    There is one item per dimension: a number, which takes the dimension away, or a slice; `...`
    stands for the dimensions not mentioned, as does the end of the list. A free dimension counts
    as long enough.

    Shapes: [N, T, C] -> [N, C] for `x[:, -1]`, [N, 2, C] for `x[:, 1:3]`
    Errors: E0316 where a place is outside.
    Example:
        input words: float32[N, 7, 4]
        output last = words[:, -1]
    """

    items: tuple[Item, ...]

    def infer(self, x: TensorType) -> TensorType:
        if (
            len([item for item in self.items if item is not ...]) > x.rank
            or self.items.count(...) > 1
        ):
            message = f"{shape_text(x.shape)} has {x.rank} dimensions, and the index names more"
            raise RuleError("E0316", message, about="items")
        shape: list[int | Expression] = []
        for axis, item in self.places(x.rank):
            if isinstance(item, int):
                _check_place(x, axis, item)
            else:
                _check_bounds(x, axis, item)
                shape.append(_length(x.shape[axis], item))
        return x.with_shape(shape)

    def places(self, rank: int) -> list[tuple[int, int | slice]]:
        """Return every dimension with its item, the ones not mentioned with all of theirs."""
        items = self.items if ... in self.items else (*self.items, ...)
        at = items.index(...)
        rest = [ALL] * (rank - len(items) + 1)
        spread = [*items[:at], *rest, *items[at + 1 :]]
        return [
            (axis, item) for axis, item in enumerate(spread) if not isinstance(item, EllipsisType)
        ]

    def lower(self, g: Builder, x: ir.Value) -> Any:
        shape = g.shape_of(x)
        places = self.places(len(shape))
        cuts = [(axis, *_ends(item)) for axis, item in places if item != ALL]
        if not cuts:
            return x
        axes, starts, ends = zip(*cuts, strict=True)
        kept = [1 if isinstance(item, int) else _length(shape[axis], item) for axis, item in places]
        part = g.node(
            "Slice",
            [x, g.axes(*starts), g.axes(*ends), g.axes(*axes)],
            type=TensorType(g.dtype_of(x), tuple(kept)),
        )
        gone = [axis for axis, item in places if isinstance(item, int)]
        return g.Squeeze(part, g.axes(*gone)) if gone else part

    def reference(self, run: Run, x: Array) -> Reference:
        key = tuple(item for _, item in self.places(x.ndim))

        def backward(dy: Array) -> tuple[Array, ...]:
            dx = np.zeros_like(x)
            dx[key] = dy
            return (dx,)

        return x[key].copy(), backward


def _ends(item: int | slice) -> tuple[int, int]:
    if isinstance(item, int):
        return item, item + 1 if item != -1 else LAST
    return item.start or 0, LAST if item.stop is None else item.stop


def _length(size: int | Expression, bounds: slice) -> int | Expression:
    """Return how many places `bounds` take; a free dimension counts as long enough."""
    start, end = bounds.start or 0, bounds.stop
    first = size + start if start < 0 else start
    last = size if end is None else size + end if end < 0 else end
    return last - first


def _text(bounds: slice) -> str:
    ends = ("" if end is None else str(end) for end in (bounds.start, bounds.stop))
    return ":".join(ends)


def _check_place(x: TensorType, axis: int, place: int) -> None:
    size = x.shape[axis]
    if isinstance(size, int) and not -size <= place < size:
        raise RuleError(
            "E0316",
            f"there is no place {place} in dimension {axis} of {shape_text(x.shape)}",
            about="items",
            text=f"the places are 0 to {size - 1}, or -{size} to -1 from the end",
        )


def _check_bounds(x: TensorType, axis: int, bounds: slice) -> None:
    size = x.shape[axis]
    length = _length(size, bounds)
    if isinstance(size, int):
        outside = max(abs(bounds.start or 0), abs(bounds.stop or 0)) > size
    else:
        outside = (bounds.start or 0) < 0 < (bounds.stop or 0)
    if outside or (isinstance(length, int) and length < 1):
        raise RuleError(
            "E0316",
            f"`{_text(bounds)}` is not a part of dimension {axis} of {shape_text(x.shape)}",
            about="items",
            text=f"the dimension has {size} places",
        )


@dataclass(frozen=True)
class Gather(Function):
    """Look elements up along one dimension, each by an index of its own.

    Shapes: x and an index whose shape is that of x outside `axis` -> the shape of the index.
    Formula: y[i, j] = x[index[i, j], j] for `axis=0`
    Errors: E0317 where the shapes differ outside `axis`.
    Example:
        input x: float32[N, 6]
        input order: int64[N, 2]
        output y = gather(x, order)
    """

    axis: int = -1

    def infer(self, x: TensorType, index: TensorType) -> TensorType:
        need_index("gather", index, 1)
        axis = axis_of("gather", self.axis, x)
        if index.rank != x.rank or without_axis(index.shape, axis) != without_axis(x.shape, axis):
            like = f"{shape_text(x.shape)}, of any size in dimension {axis}"
            message = f"`gather` needs an index like {like}"
            raise RuleError("E0317", message, about=1, text=f"this is {index}")
        return x.with_shape(index.shape)

    def index_limits(self, *types: TensorType) -> Mapping[int, int | Expression]:
        return {1: types[0].shape[self.axis]}

    def lower(self, g: Builder, x: ir.Value, index: ir.Value) -> Any:
        return g.GatherElements(x, index, axis=self.axis % len(g.shape_of(x)))

    def reference(self, run: Run, x: Array, index: Array) -> Reference:
        places: list[Array] = list(np.indices(index.shape, sparse=True))
        places[self.axis] = index

        def backward(dy: Array) -> tuple[Array | None, ...]:
            dx = np.zeros_like(x)
            np.add.at(dx, tuple(places), dy)
            return dx, None

        return x[tuple(places)], backward


@dataclass(frozen=True)
class Pick(Function):
    """Pick one element of each row by its index, such as the value of the action taken.

    Shapes: x [N, A] and index [N] -> [N]; in general the index has the shape of x without `axis`.
    Formula: y[n] = x[n, index[n]]
    Errors: E0317 where the shapes do not go together.
    Example:
        input values: float32[N, 4]
        input action: int64[N]
        output value = pick(values, action)
    """

    axis: int = -1

    def infer(self, x: TensorType, index: TensorType) -> TensorType:
        need_index("pick", index, 1)
        axis = axis_of("pick", self.axis, x)
        if index.shape != without_axis(x.shape, axis):
            wanted = shape_text(without_axis(x.shape, axis))
            message = f"`pick` needs one index for each row of {shape_text(x.shape)}: {wanted}"
            raise RuleError("E0317", message, about=1, text=f"this is {index}")
        return x.with_shape(index.shape)

    def index_limits(self, *types: TensorType) -> Mapping[int, int | Expression]:
        return {1: types[0].shape[self.axis]}

    def lower(self, g: Builder, x: ir.Value, index: ir.Value) -> Any:
        axis = self.axis % len(g.shape_of(x))
        picked = g.GatherElements(x, g.Unsqueeze(index, g.axes(axis)), axis=axis)
        return g.Squeeze(picked, g.axes(axis))

    def reference(self, run: Run, x: Array, index: Array) -> Reference:
        at = np.expand_dims(index, self.axis)

        def backward(dy: Array) -> tuple[Array | None, ...]:
            dx = np.zeros_like(x)
            np.put_along_axis(dx, at, np.expand_dims(dy, self.axis), axis=self.axis)
            return dx, None

        return np.take_along_axis(x, at, axis=self.axis).squeeze(self.axis), backward


@dataclass(frozen=True)
class OneHot(Function):
    """Turn each index into a row of zeros with a one at its place.

    Shapes: [N, T] -> float32 [N, T, classes]
    Formula: y[..., c] = 1 where c is the index, else 0
    Example:
        input digit: int64[N]
        output y: one_hot(10)
    """

    classes: int = setting(minimum=1)

    def infer(self, index: TensorType) -> TensorType:
        need_index("one_hot", index)
        return TensorType(DType.FLOAT32, (*index.shape, self.classes))

    def index_limits(self, *types: TensorType) -> Mapping[int, int | Expression]:
        return {0: self.classes}

    def lower(self, g: Builder, index: ir.Value) -> Any:
        pair = g.constant([0.0, 1.0], DType.FLOAT32)
        count = g.constant(self.classes, DType.INT64)
        if g.shape_of(index):
            return g.OneHot(g.cast(index, DType.INT64), count, pair, axis=-1)
        row = g.reshape(g.cast(index, DType.INT64), (1,))  # ONNX has no OneHot of a single number
        return g.reshape(g.OneHot(row, count, pair, axis=-1), (self.classes,))

    def reference(self, run: Run, index: Array) -> Reference:
        rows = index[..., None] == np.arange(self.classes)
        return rows.astype(run.dtype), lambda dy: (None,)
