"""Functions that compare the elements along one dimension: where the largest are, and what they are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dslc.errors import RuleError
from dslc.layers.rules import axis_of, need_float, need_number, without_axis
from dslc.operation import Array, Function, Reference, setting
from dslc.reference.run import Run
from dslc.types import DType, TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class _Place(Function, ABC):
    """The place of one element along `axis`, a whole number: no gradient flows through it."""

    axis: int = -1
    keepdims: bool = False
    operator: ClassVar[str]

    def infer(self, x: TensorType) -> TensorType:
        need_float(self.language_name(), x)
        axis = axis_of(self.language_name(), self.axis, x)
        kept = x.with_axis(axis, 1).shape if self.keepdims else without_axis(x.shape, axis)
        return TensorType(DType.INT64, kept)

    def lower(self, g: Builder, x: ir.Value) -> Any:
        axis = self.axis % len(g.shape_of(x))
        return g.node(self.operator, [x], {"axis": axis, "keepdims": int(self.keepdims)})

    @abstractmethod
    def compute(self, x: Array) -> Array:
        """Return the places."""

    def reference(self, run: Run, x: Array) -> Reference:
        return run.decide(self.compute(x)), lambda dy: (None,)


@dataclass(frozen=True)
class Argmax(_Place):
    """Return the place of the largest element along `axis`; of equal ones the first.

    Shapes: any -> int64 without `axis`; with `keepdims` it stays as 1.
    Example:
        input logits: float32[N, 10]
        output digit: argmax
    """

    operator = "ArgMax"

    def compute(self, x: Array) -> Array:
        return np.asarray(x.argmax(axis=self.axis, keepdims=self.keepdims))


@dataclass(frozen=True)
class Argmin(_Place):
    """Return the place of the smallest element along `axis`; of equal ones the first.

    Shapes: any -> int64 without `axis`; with `keepdims` it stays as 1.
    Example:
        input distances: float32[N, 10]
        output nearest: argmin
    """

    operator = "ArgMin"

    def compute(self, x: Array) -> Array:
        return np.asarray(x.argmin(axis=self.axis, keepdims=self.keepdims))


@dataclass(frozen=True)
class Topk(Function):
    """Take the k largest elements along `axis`, in falling order, and their places.

    With `largest=false` the k smallest, in rising order.

    Shapes: [N, C] -> [N, k] and int64 [N, k]
    Errors: E0316 where there are fewer than k.
    Kinks: of equal elements the first in row-major order is the larger one; on CUDA it may be
        another.
    Example:
        input logits: float32[N, 10]
        best, places: topk(3)
        output best, places
    """

    k: int = setting(minimum=1)
    axis: int = -1
    largest: bool = True

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        need_number("topk", x)
        axis = axis_of("topk", self.axis, x)
        size = x.shape[axis]
        if isinstance(size, int) and size < self.k:
            message = f"`topk` cannot take {self.k} elements of the {size} in dimension {axis}"
            text = f"the value is {shape_text(x.shape)}"
            raise RuleError("E0316", message, about="k", text=text)
        best = x.with_axis(axis, self.k)
        return best, best.with_dtype(DType.INT64)

    def lower(self, g: Builder, x: ir.Value) -> Any:
        axis = self.axis % len(g.shape_of(x))
        return g.TopK(x, g.axes(self.k), axis=axis, largest=int(self.largest), sorted=1)

    def reference(self, run: Run, x: Array) -> Reference:
        order = np.argsort(-x if self.largest else x, axis=self.axis, kind="stable")
        places = run.decide(np.take(order, np.arange(self.k), axis=self.axis))

        def backward(dbest: Array, dplaces: Array) -> tuple[Array, ...]:
            dx = np.zeros_like(x)
            np.put_along_axis(dx, places, dbest, axis=self.axis)
            return (dx,)

        return (np.take_along_axis(x, places, axis=self.axis), places), backward
