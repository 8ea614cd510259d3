"""Functions that change the shape: with the elements in their order, moved, or repeated."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc import dims
from dslc.dims import Expression
from dslc.errors import RuleError
from dslc.layers.rules import axes_of, axis_of
from dslc.operation import Array, Function, Reference, setting
from dslc.reference.run import Run
from dslc.types import Shape, TensorType, broadcast, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Reshaping(Function, ABC):
    """A function whose result has the same elements in the same order: its shape says all."""

    @abstractmethod
    def shape_from(self, shape: Shape) -> Shape:
        """Return the shape of the result for a shape that `infer` accepted."""

    def infer(self, x: TensorType) -> TensorType:
        return x.with_shape(self.shape_from(x.shape))

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.reshape(x, self.shape_from(g.shape_of(x)))

    def reference(self, run: Run, x: Array) -> Reference:
        y = x.reshape(run.shape(self.shape_from(x.shape)))
        return y, lambda dy: (dy.reshape(x.shape),)


@dataclass(frozen=True)
class Reshape(Function):
    """Give the elements another shape, in row-major order.

    Shapes: any -> `shape`, a list of sizes or free dimensions; one -1 stands for what is left.
    Errors: E0314 where the numbers of elements differ.
    Example:
        input x: float32[N, 6]
        output y: reshape([N, 2, 3])
    """

    shape: Shape

    def infer(self, x: TensorType) -> TensorType:
        if sum(dim == -1 for dim in self.shape) > 1:
            raise RuleError("E0314", "`reshape` can work out one -1 only", about="shape")
        known = dims.product(dim for dim in self.shape if dim != -1)
        rest = dims.quotient(x.size, known)
        if rest is None or (rest != 1 and -1 not in self.shape):
            raise self._miscount(x, known)
        return x.with_shape(rest if dim == -1 else dim for dim in self.shape)

    def _miscount(self, x: TensorType, known: int | Expression) -> RuleError:
        wanted = f"{known}" if -1 not in self.shape else f"a multiple of {known}"
        return RuleError(
            "E0314",
            f"`reshape` cannot make {shape_text(self.shape)} of {shape_text(x.shape)}",
            about="shape",
            text=f"this takes {wanted} elements; the value has {x.size}",
            facts=(f"{_times(x.shape)} = {x.size}", f"{_times(self.shape)} = {known}"),
        )

    def lower(self, g: Builder, x: ir.Value) -> Any:
        bound = Reshape(g.bound(self.shape))
        return g.reshape(x, bound.infer(TensorType(g.dtype_of(x), g.shape_of(x))).shape)

    def reference(self, run: Run, x: Array) -> Reference:
        return x.reshape(run.shape(self.shape)), lambda dy: (dy.reshape(x.shape),)


def _times(shape: Shape) -> str:
    return " * ".join(str(dim) for dim in shape if dim != -1) or "1"


@dataclass(frozen=True)
class Flatten(Reshaping):
    """Join the dimensions from `axis` on into one.

    Shapes: [N, C, H, W] -> [N, C*H*W]
    Example:
        input image: float32[N, 3, 8, 8]
        output y: flatten -> Linear(10)
    """

    axis: int = 1

    def infer(self, x: TensorType) -> TensorType:
        axis_of("flatten", self.axis, x)
        return super().infer(x)

    def shape_from(self, shape: Shape) -> Shape:
        axis = self.axis % len(shape)
        return (*shape[:axis], dims.product(shape[axis:]))


@dataclass(frozen=True)
class Squeeze(Reshaping):
    """Leave out dimensions of size 1: those that `axis` names, or all of them.

    Shapes: [N, 1, C] -> [N, C]
    Errors: E0314 where a named dimension has another size.
    Example:
        input x: float32[N, 1, 6]
        output y: squeeze(1)
    """

    axis: int | tuple[int, ...] | None = None

    def infer(self, x: TensorType) -> TensorType:
        for axis in () if self.axis is None else axes_of("squeeze", self.axis, x):
            if x.shape[axis] != 1:
                message = (
                    f"`squeeze` cannot leave out dimension {axis}, whose size is {x.shape[axis]}"
                )
                raise RuleError(
                    "E0314", message, about="axis", text=f"the value is {shape_text(x.shape)}"
                )
        return super().infer(x)

    def shape_from(self, shape: Shape) -> Shape:
        if self.axis is None:
            return tuple(dim for dim in shape if dim != 1)
        wanted = (self.axis,) if isinstance(self.axis, int) else self.axis
        gone = {axis % len(shape) for axis in wanted}
        return tuple(dim for axis, dim in enumerate(shape) if axis not in gone)


@dataclass(frozen=True)
class Unsqueeze(Reshaping):
    """Put in a dimension of size 1 at every place that `axis` names, counted in the result.

    Shapes: [N, C] -> [N, 1, C] with `axis=1`
    Example:
        input x: float32[N, 6]
        output y: unsqueeze(1)
    """

    axis: int | tuple[int, ...]

    def infer(self, x: TensorType) -> TensorType:
        axes_of("unsqueeze", self.axis, x.with_shape((*x.shape, *(1 for _ in self._wanted()))))
        return super().infer(x)

    def shape_from(self, shape: Shape) -> Shape:
        rank = len(shape) + len(self._wanted())
        new = {axis % rank for axis in self._wanted()}
        old = iter(shape)
        return tuple(1 if axis in new else next(old) for axis in range(rank))

    def _wanted(self) -> tuple[int, ...]:
        return (self.axis,) if isinstance(self.axis, int) else self.axis


@dataclass(frozen=True)
class Transpose(Function):
    """Reorder the dimensions: dimension i of the result is dimension `axes[i]` of the value.

    Shapes: [n, m] -> [m, n]; without `axes` the order is reversed.
    Errors: E0322 where `axes` does not name every dimension once.
    Example:
        input words: float32[N, 7, 4]
        output channels: transpose([0, 2, 1])
    """

    axes: tuple[int, ...] | None = None

    def infer(self, x: TensorType) -> TensorType:
        if self.axes is not None:
            named = [axis_of("transpose", axis, x, "axes") for axis in self.axes]
            if sorted(named) != list(range(x.rank)):
                raise RuleError(
                    "E0322",
                    "`transpose` needs every dimension once",
                    about="axes",
                    text=f"the value is {shape_text(x.shape)}: dimensions 0 to {x.rank - 1}",
                )
        return x.with_shape(x.shape[axis] for axis in self.order(x.rank))

    def order(self, rank: int) -> tuple[int, ...]:
        """Return the axes of a value of `rank` in the order of the result."""
        if self.axes is None:
            return tuple(range(rank))[::-1]
        return tuple(axis % rank for axis in self.axes)

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.Transpose(x, perm=list(self.order(len(g.shape_of(x)))))

    def reference(self, run: Run, x: Array) -> Reference:
        order = self.order(x.ndim)
        back = np.argsort(order)
        return np.transpose(x, order), lambda dy: (np.transpose(dy, back),)


@dataclass(frozen=True)
class Expand(Function):
    """Repeat a value along dimensions of size 1, or along new ones in front, without copying it by
    hand.

    Shapes: any -> `shape`, which it must broadcast to.
    Errors: E0308 where it does not.
    Example:
        input x: float32[N, 1, 6]
        output y: expand([N, 4, 6])
    """

    shape: Shape

    def infer(self, x: TensorType) -> TensorType:
        if broadcast(x.shape, self.shape) != self.shape:
            message = f"`expand` cannot stretch {shape_text(x.shape)} to {shape_text(self.shape)}"
            raise RuleError(
                "E0308", message, about="shape", facts=("only a size of 1 can be stretched",)
            )
        return x.with_shape(self.shape)

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.expand(x, self.shape)

    def reference(self, run: Run, x: Array) -> Reference:
        return np.broadcast_to(x, run.shape(self.shape)).copy(), lambda dy: (_fold(dy, x.shape),)


def _fold(dy: Array, shape: tuple[int, ...]) -> Array:
    """Add up what came from one element."""
    front = dy.ndim - len(shape)
    same = [axis + front for axis, size in enumerate(shape) if size != dy.shape[axis + front]]
    return np.asarray(dy.sum(axis=(*range(front), *same)).reshape(shape))


@dataclass(frozen=True)
class Tile(Function):
    """Put copies of a value side by side: `repeats[i]` of them along dimension i.

    Shapes: [n, m] -> [a*n, b*m] with `repeats=[a, b]`
    Errors: E0314 where `repeats` has not one number per dimension.
    Example:
        input x: float32[N, 6]
        output y: tile([1, 2])
    """

    repeats: tuple[int, ...] = setting(minimum=1)

    def infer(self, x: TensorType) -> TensorType:
        if len(self.repeats) != x.rank:
            message = (
                f"`tile` needs {x.rank} numbers for {shape_text(x.shape)}, not {len(self.repeats)}"
            )
            raise RuleError("E0314", message, about="repeats")
        return x.with_shape(dim * times for dim, times in zip(x.shape, self.repeats, strict=True))

    def lower(self, g: Builder, x: ir.Value) -> Any:
        return g.Tile(x, g.axes(*self.repeats))

    def reference(self, run: Run, x: Array) -> Reference:
        pairs = [size for pair in zip(self.repeats, x.shape, strict=True) for size in pair]

        def backward(dy: Array) -> tuple[Array, ...]:
            return (dy.reshape(pairs).sum(axis=tuple(range(0, 2 * x.ndim, 2))),)

        return np.tile(x, self.repeats), backward
