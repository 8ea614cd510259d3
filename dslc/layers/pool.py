"""Pooling over windows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.errors import RuleError
from dslc.layers.rules import refuse_float64
from dslc.layers.sliding import count_windows, crop_spatial, offsets, overhang, pad_spatial
from dslc.layers.windows import ONE, ZERO, Window, check_image, times, window_over
from dslc.operation import Array, Function, Reference, setting
from dslc.reference.run import Run
from dslc.types import DType, Size, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class MaxPool(Function):
    """Take the maximum of every window; padding never wins.

    With `return_indices` the second result says where each maximum stands, counted over the whole
    value in row-major order. Without `stride` the windows stand side by side. With `ceil_mode` the
    last window may hang over the end, if it starts inside the value or the padding before it.

    Shapes: [N, C, *S] -> [N, C, *R], twice with indices, with
        R = floor((S + 2*padding - dilation*(kernel - 1) - 1) / stride) + 1
    Formula: y[n, c, p] = max over q of x[n, c, p*stride - padding + q*dilation]
    Errors: E0303 not an image, E0304 kernel larger than its input,
        E0406 padding as large as the kernel
    Kinks: of equal values the first one, in row-major order, gets the gradient
    Example:
        input image: float32[N, 3, 32, 32]
        output y: max_pool(2x2)                           -> [N, 3, 16, 16]
    """

    kernel: Size = setting(minimum=1)
    stride: Size | None = setting(None, minimum=1)
    padding: Size = setting(ZERO, minimum=0)
    dilation: Size = setting(ONE, minimum=1)
    ceil_mode: bool = False
    return_indices: bool = False

    def infer(self, x: TensorType) -> TensorType | tuple[TensorType, TensorType]:
        check_image("max_pool", x)
        y = pooled_type(self._window(x.rank), x)
        return (y, y.with_dtype(DType.INT64)) if self.return_indices else y

    def lower(self, g: Builder, x: ir.Value) -> ir.Value | tuple[ir.Value, ...]:
        window = self._window(len(g.shape_of(x)))
        attributes = {**pool_attributes(window), "dilations": list(window.dilation)}
        # The gradient needs to know where the maxima stand; the kernel that tells it is slow.
        if not (self.return_indices or g.training):
            alone: ir.Value = g.node("MaxPool", [x], attributes, outputs=1)
            return alone
        y, indices = g.node("MaxPool", [x], attributes, outputs=2)
        return (y, indices) if self.return_indices else y

    def reference(self, run: Run, x: Array) -> Reference:
        window = self._window(x.ndim)
        y, largest = _maximum(window, x)
        place = run.decide(largest)
        if place is not largest:
            y = _at(window, x, place)

        def backward(dy: Array, *_: Array) -> tuple[Array]:
            places = range(math.prod(window.kernel))
            return (spread_back(window, x, [*dy.shape[2:]], (dy * (place == p) for p in places)),)

        return ((y, _positions(window, x, place)) if self.return_indices else y), backward

    def explain(self, inputs: tuple[TensorType, ...]) -> str:
        return self._window(inputs[0].rank).explain(inputs[0].shape[2:])

    def _window(self, rank: int) -> Window:
        stride = self.kernel if self.stride is None else self.stride
        return window_over(
            rank - 2, self.kernel, stride, self.padding, self.dilation, ceil=self.ceil_mode
        )


@dataclass(frozen=True)
class AvgPool(Function):
    """Take the mean of every window.

    Padding counts as zeros, unless `count_include_pad` is false: then the mean is over what lies
    inside the value. What `ceil_mode` lets hang over the end never counts.

    Shapes: [N, C, *S] -> [N, C, *floor((S + 2*padding - kernel) / stride) + 1]
    Formula: y[n, c, p] = mean over q of x[n, c, p*stride - padding + q]
    Errors: E0303 not an image, E0304 kernel larger than its input,
        E0406 padding as large as the kernel, E0590 float64
    Example:
        input image: float32[N, 3, 32, 32]
        output y: avg_pool(3x3, stride=2, padding=1)     -> [N, 3, 16, 16]
    """

    kernel: Size = setting(minimum=1)
    stride: Size | None = setting(None, minimum=1)
    padding: Size = setting(ZERO, minimum=0)
    ceil_mode: bool = False
    count_include_pad: bool = True

    def infer(self, x: TensorType) -> TensorType:
        check_image("avg_pool", x)
        refuse_float64("avg_pool", x)
        return pooled_type(self._window(x.rank), x)

    def lower(self, g: Builder, x: ir.Value) -> ir.Value:
        window = self._window(len(g.shape_of(x)))
        included = self.count_include_pad
        if included and window.end != window.after:
            # Padding counts, what hangs over does not: the padding is made real to tell them apart.
            x = _padded(g, x, window)
            zeros = (0,) * len(window.before)
            beyond = tuple(e - a for e, a in zip(window.end, window.after, strict=True))
            window, included = replace(window, before=zeros, after=beyond, ceil=False), False
        result: ir.Value = g.AveragePool(
            x, **pool_attributes(window), count_include_pad=int(included)
        )
        return result

    def reference(self, run: Run, x: Array) -> Reference:
        window = self._window(x.ndim)
        counts = count_windows(window, x.shape[2:])
        divisor = self._divisor(window, x, counts)
        padded = pad_spatial(x, window.before, overhang(window, x.shape[2:], counts), 0)
        total = np.zeros((*x.shape[:2], *counts), x.dtype)
        for visited in offsets(window, counts):
            total += padded[visited]

        def backward(dy: Array) -> tuple[Array]:
            share = dy / divisor
            return (
                spread_back(window, x, counts, (share for _ in range(math.prod(window.kernel)))),
            )

        return total / divisor, backward

    def explain(self, inputs: tuple[TensorType, ...]) -> str:
        return self._window(inputs[0].rank).explain(inputs[0].shape[2:])

    def _window(self, rank: int) -> Window:
        stride = self.kernel if self.stride is None else self.stride
        return window_over(rank - 2, self.kernel, stride, self.padding, ceil=self.ceil_mode)

    def _divisor(self, window: Window, x: Array, counts: Sequence[int]) -> Array:
        """Return over how many positions each window takes the mean: [1, 1, *counts]."""
        after = overhang(window, x.shape[2:], counts)
        ones = np.ones((1, 1, *x.shape[2:]), x.dtype)
        if self.count_include_pad:
            ones = pad_spatial(ones, window.before, window.after, 1)
            beyond = [a - b for a, b in zip(after, window.after, strict=True)]
            ones = pad_spatial(ones, [0] * len(after), beyond, 0)
        else:
            ones = pad_spatial(ones, window.before, after, 0)
        total: Array = np.sum([ones[visited] for visited in offsets(window, counts)], axis=0)
        return total


def pooled_type(window: Window, x: TensorType) -> TensorType:
    """Return the type of a pooled value, or refuse what no pool can do (E0304, E0406)."""
    sides = zip(window.kernel, window.before, window.after, window.end, strict=True)
    for kernel, before, after, end in sides:
        if max(before, after) >= kernel:
            raise _too_much_padding(window)
        if end >= kernel:
            raise _too_much_overhang(window)
    window.check_fits(x.shape[2:])
    return x.with_shape((*x.shape[:2], *window.outputs(x.shape[2:])))


def _too_much_padding(window: Window) -> RuleError:
    return RuleError(
        "E0406",
        "the padding of a pool must be smaller than its kernel",
        about="padding",
        text=f"the kernel is {times(window.kernel)}",
        facts=("a window that lies in the padding has nothing to pool",),
    )


def _too_much_overhang(window: Window) -> RuleError:
    return RuleError(
        "E0406",
        "with this dilation ceil_mode lets a window hang over the end by more than its kernel",
        about="ceil_mode",
        text=f"a {times(window.kernel)} kernel reaches over {times(window.reach)} positions",
        helps=("use a smaller stride, or leave ceil_mode out",),
    )


def pool_attributes(window: Window) -> dict[str, Any]:
    """Return the attributes by which ONNX's pools know a window."""
    return {
        "kernel_shape": list(window.kernel),
        "strides": list(window.stride),
        "pads": window.pads,
    }


def _padded(g: Builder, x: ir.Value, window: Window) -> ir.Value:
    """Pad with zeros; the value itself where there is nothing to pad."""
    pads = [0, 0, *window.before, 0, 0, *window.after]
    if not any(pads):
        return x
    result: ir.Value = g.Pad(x, g.axes(*pads), 0.0)
    return result


def _maximum(window: Window, x: Array) -> tuple[Array, Array]:
    """Return the maximum of every window, and the number of its place in the kernel.

    Of equal values the first one counts.
    """
    counts = count_windows(window, x.shape[2:])
    after = overhang(window, x.shape[2:], counts)
    padded = pad_spatial(x, window.before, after, -np.inf)
    y = np.full((*x.shape[:2], *counts), -np.inf, x.dtype)
    place = np.zeros(y.shape, np.int32)
    for number, visited in enumerate(offsets(window, counts)):
        better = padded[visited] > y
        np.copyto(y, padded[visited], where=better)
        place[better] = number
    return y, place


def _at(window: Window, x: Array, place: Array) -> Array:
    """Return what stands at the given place of every window."""
    counts = count_windows(window, x.shape[2:])
    padded = pad_spatial(x, window.before, overhang(window, x.shape[2:], counts), -np.inf)
    y = np.empty(place.shape, x.dtype)
    for number, visited in enumerate(offsets(window, counts)):
        np.copyto(y, padded[visited], where=place == number)
    return y


def _positions(window: Window, x: Array, place: Array) -> Array:
    """Return where the places stand in the value as a whole, in row-major order."""
    flat = np.arange(math.prod(x.shape[:2])).reshape(*x.shape[:2], *(1,) * (x.ndim - 2))
    inside = np.unravel_index(place, window.kernel)
    for axis, size in enumerate(x.shape[2:]):
        start = np.arange(place.shape[2 + axis]) * window.stride[axis] - window.before[axis]
        start = start.reshape(-1, *(1,) * (x.ndim - 3 - axis))
        flat = flat * size + start + inside[axis] * window.dilation[axis]
    return flat.astype(np.int64)


def spread_back(window: Window, x: Array, counts: Sequence[int], parts: Iterable[Array]) -> Array:
    """Return the gradient of `x`: the parts, one per place in the kernel, go where that visits."""
    after = overhang(window, x.shape[2:], counts)
    padded = pad_spatial(np.zeros_like(x), window.before, after, 0)
    for visited, part in zip(offsets(window, counts), parts, strict=True):
        padded[visited] += part
    return crop_spatial(padded, window.before, x.shape[2:])
