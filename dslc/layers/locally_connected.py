"""A convolution whose filters are not shared: every position has its own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np

from dslc import dims
from dslc.dims import Expression
from dslc.initializers.base import Initializer
from dslc.layers.defaults import weight_and_bias, weight_initializer
from dslc.layers.sliding import count_windows, crop_spatial, offsets, pad_spatial
from dslc.layers.windows import (
    ONE,
    ZERO,
    Window,
    check_image,
    known_size,
    window_over,
)
from dslc.operation import Array, Layer, ParameterSpec, Reference, setting
from dslc.reference.run import Run
from dslc.types import Shape, Size, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class LocallyConnected(Layer):
    """Slide `channels` filters over the value that differ from position to position.

    For images whose parts always stand at the same place, such as aligned faces. It has as many
    multiply-adds as `Conv`, and as many weights as multiply-adds, so the sizes must be known.
    `padding` is as that of `Conv`. Without `init` and `bias_init` the initial values are those of
    `Conv`; an initializer that counts inputs counts those of one position.

    Shapes: [N, C, *S] -> [N, channels, *R] with R = floor((S + 2*padding - kernel) / stride) + 1;
        weight [*R, channels, *kernel, C], bias [*R, channels]
    Formula: y[n, m, p] = bias[p, m] +
        sum over q, c of weight[p, m, q, c] * x[n, c, p*stride - padding + q]
    Errors: E0303 not an image, or of unknown size, E0304 kernel larger than its input, E0319 an `init`
        that arranges the values of one weight
    Source: Taigman, Yang, Ranzato and Wolf, "DeepFace: Closing the gap to human-level performance in
        face verification" (2014), section 3
    Example:
        input face: float32[N, 3, 32, 32]
        l1: LocallyConnected(4, 5x5, stride=3) -> relu  -> [N, 4, 10, 10]
        output y: flatten -> Linear(7)
    """

    precision = "half"

    channels: int = setting(minimum=1)
    kernel: Size = setting(minimum=1)
    stride: Size = setting(ONE, minimum=1)
    padding: Size | Literal["same", "causal"] = setting(ZERO, minimum=0)
    bias: bool = True
    init: Initializer | None = None
    bias_init: Initializer | None = None
    trainable: bool = True

    def infer(self, x: TensorType) -> TensorType:
        check_image("LocallyConnected", x)
        known_size("LocallyConnected", x, 1, "channels")
        for axis in range(2, x.rank):
            known_size("LocallyConnected", x, axis, "positions")
        window = self._window(x.rank)
        window.check_fits(x.shape[2:])
        return x.with_shape((x.shape[0], self.channels, *window.outputs(x.shape[2:])))

    def parameters(self, *types: TensorType) -> tuple[ParameterSpec, ...]:
        (x,) = types
        positions, kernel = self.infer(x).shape[2:], self._window(x.rank).kernel
        depth = known_size("LocallyConnected", x, 1, "channels")
        one_filter_bank = (self.channels, depth, *kernel)
        initializer = weight_initializer(self.init).for_stack_of(one_filter_bank)
        weight = x.with_shape((*positions, self.channels, *kernel, depth))
        bias = x.with_shape((*positions, self.channels))
        return weight_and_bias(self, weight, bias, math.prod(one_filter_bank[1:]), initializer)

    def lower(
        self, g: Builder, x: ir.Value, weight: ir.Value, bias: ir.Value | None = None
    ) -> ir.Value:
        """Append one product per position of its filters with what is under them in all images.

        Positions are one dimension here: onnxruntime turns matrices of a stack for free, but not
        those of a stack of stacks.
        """
        shape = g.shape_of(x)
        window = self._window(len(shape))
        positions, inputs = window.outputs(shape[2:]), self._inputs(shape)
        count = dims.product(positions)
        patches = g.reshape(_patches(g, x, window, positions), (count, inputs, shape[0]))
        y = g.MatMul(g.reshape(weight, (count, self.channels, inputs)), patches)
        if bias is not None:
            y = g.Add(y, g.reshape(bias, (count, self.channels, 1)))
        return g.reshape(g.Transpose(y, perm=[2, 1, 0]), (shape[0], self.channels, *positions))

    def reference(self, run: Run, x: Array, weight: Array, *bias: Array) -> Reference:
        window = self._window(x.ndim)
        counts = count_windows(window, x.shape[2:])
        padded = pad_spatial(x, window.before, window.after, 0)
        rows = np.zeros((*counts, x.shape[0], self.channels), x.dtype)
        for filters, visited in _taps(window, counts):
            rows += _inside(padded[visited]) @ weight[filters].swapaxes(-1, -2)
        for numbers in bias:
            rows += numbers[..., None, :]
        y = _outside(rows)

        def backward(dy: Array) -> tuple[Array, ...]:
            drows, dweight, dpadded = _inside(dy), np.empty_like(weight), np.zeros_like(padded)
            for filters, visited in _taps(window, counts):
                dweight[filters] = drows.swapaxes(-1, -2) @ _inside(padded[visited])
                dpadded[visited] += _outside(drows @ weight[filters])
            dx = crop_spatial(dpadded, window.before, x.shape[2:])
            return dx, dweight, *(drows.sum(axis=-2) for _ in bias)

        return y, backward

    def multiply_adds(
        self, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]
    ) -> int | Expression:
        return outputs[0].size * self._inputs(inputs[0].shape)

    def explain(self, inputs: tuple[TensorType, ...]) -> str:
        return self._window(inputs[0].rank).explain(inputs[0].shape[2:], show_zero=True)

    def _window(self, rank: int) -> Window:
        return window_over(rank - 2, self.kernel, self.stride, self.padding)

    def _inputs(self, shape: Shape) -> int | Expression:
        """Return how many inputs one filter has."""
        return shape[1] * math.prod(self._window(len(shape)).kernel)


MOST_SLICES = 64
"""Longer kernels are not cut into slices: loading takes the square of the nodes in time."""


def _patches(g: Builder, x: ir.Value, window: Window, positions: Shape) -> ir.Value:
    """Return what is under the filters: [N, C, *S] -> [*positions, taps * C, N].

    One dimension is cut after the other, so there are as many slices as the kernel is long, not as
    many as it has taps; all images lie side by side, so each slice copies long rows.
    """
    rank = len(positions)
    pads = [0, 0, *window.before, 0, 0, *window.after]
    if any(pads):
        x = g.Pad(x, g.axes(*pads))
    patches: ir.Value = g.Transpose(x, perm=[*range(2, 2 + rank), 1, 0])
    for axis in reversed(range(rank)):
        count, kernel, stride = positions[axis], window.kernel[axis], window.stride[axis]
        assert isinstance(count, int)
        starts = range(0, count * stride, stride)
        unfold = _sliced if kernel <= MOST_SLICES else _gathered
        patches = unfold(g, patches, axis, starts, kernel)
    return patches


def _sliced(g: Builder, x: ir.Value, axis: int, starts: range, kernel: int) -> ir.Value:
    """Put what each place of the kernel sees along an axis of [*S, C, N] side by side, as channels."""
    steps, ends = g.axes(starts.step), starts[-1] + 1
    cuts = [
        g.Slice(x, g.axes(place), g.axes(place + ends), g.axes(axis), steps)
        for place in range(kernel)
    ]
    result: ir.Value = g.Concat(*cuts, axis=-2) if kernel > 1 else cuts[0]
    return result


def _gathered(g: Builder, x: ir.Value, axis: int, starts: range, kernel: int) -> ir.Value:
    """Do the same by a Gather: one node, but the sum that is its gradient goes element by element."""
    *sizes, channels, images = g.shape_of(x)
    rank = len(sizes)
    places = np.add.outer(starts, range(kernel))
    seen = g.Gather(x, g.constant(places), axis=axis)
    order = [*(i for i in range(rank + 1) if i != axis + 1), axis + 1, rank + 1, rank + 2]
    sizes[axis] = len(starts)
    return g.reshape(g.Transpose(seen, perm=order), (*sizes, kernel * channels, images))


def _taps(
    window: Window, counts: tuple[int, ...]
) -> Iterator[tuple[tuple[slice | int, ...], tuple[slice, ...]]]:
    """Yield where the filters of each place of the kernel stand in the weight, and what they visit."""
    places = product(*(range(k) for k in window.kernel))
    everywhere = (slice(None),) * (len(counts) + 1)
    for place, visited in zip(places, offsets(window, counts), strict=True):
        yield (*everywhere, *place), visited


def _inside(x: Array) -> Array:
    """[N, C, ...] -> [..., N, C]: a matrix for every position."""
    return np.moveaxis(x, (0, 1), (-2, -1))


def _outside(x: Array) -> Array:
    """[..., N, C] -> [N, C, ...]."""
    return np.moveaxis(x, (-2, -1), (0, 1))
