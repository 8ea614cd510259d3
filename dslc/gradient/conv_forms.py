"""The gradient of a convolution's weight: equal forms of one sum, and the choice between them.

The sum is dW[m, c, tap] = sum over images and positions of dY[n, m, p] X[n, c, p * stride + tap *
dilation - pad]. No form is the fastest everywhere, so `choose_form` compares costs, by shape and by
device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from types import MappingProxyType

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from dslc import dims
from dslc.gradient.rule import Tuning
from dslc.gradient.rules.shape import padded
from dslc.gradient.window import Window
from dslc.graph.builder import Builder


@dataclass(frozen=True, slots=True)
class Convolution:
    """The sizes of one: X [batch, channels, *sizes], dY [batch, features, *positions]."""

    batch: int
    channels: int
    features: int
    sizes: tuple[int, ...]
    positions: tuple[int, ...]
    window: Window
    group: int = 1

    @property
    def rank(self) -> int:
        """Number of spatial dimensions."""
        return len(self.sizes)

    @property
    def places(self) -> int:
        """Number of positions of the window in one image."""
        return prod(self.positions)

    @property
    def weight_shape(self) -> tuple[int, ...]:
        return (self.features, self.channels // self.group, *self.window.kernel)

    @property
    def padded_sizes(self) -> tuple[int, ...]:
        """The sizes of X with its padding."""
        window = self.window
        return tuple(
            before + size + after
            for before, size, after in zip(window.before, self.sizes, window.after, strict=True)
        )

    @property
    def turned(self) -> Convolution | None:
        """The convolution of dY with the kernel backwards that gives dX, where the stride is 1."""
        window = self.window
        before = tuple(s - 1 - pad for s, pad in zip(window.spans, window.before, strict=True))
        after = tuple(s - 1 - pad for s, pad in zip(window.spans, window.after, strict=True))
        if set(window.strides) != {1} or min(before + after) < 0:
            return None
        return Convolution(
            self.batch,
            self.features,
            self.channels,
            self.positions,
            self.sizes,
            Window(window.kernel, window.strides, window.dilations, before, after),
            self.group,
        )

    def tap_slices(self) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
        """Yield for each tap, in row-major order, where its positions start and end in padded X."""
        window = self.window
        for tap in product(*[range(size) for size in window.kernel]):
            starts = tuple(t * d for t, d in zip(tap, window.dilations, strict=True))
            ends = tuple(
                start + (count - 1) * stride + 1
                for start, count, stride in zip(starts, self.positions, window.strides, strict=True)
            )
            yield starts, ends


Form = Callable[[Builder, ir.Value, ir.Value, Convolution], ir.Value]


def correlate(g: Builder, x: ir.Value, dy: ir.Value, conv: Convolution) -> ir.Value:
    """Convolve X with dY as the kernel.

    Images are summed like channels; strides and dilations change roles.
    It has one node, whatever the kernel, and every group at once; its products are as narrow as the
    kernel is small.
    """
    channels, group = conv.channels // conv.group, conv.group
    spatial = range(2, 2 + conv.rank)
    if group == 1:
        images = g.Transpose(x, perm=[1, 0, *spatial])
    else:
        split = g.reshape(x, (conv.batch, group, channels, *conv.sizes))
        turned = g.Transpose(split, perm=[2, 1, 0, *[axis + 1 for axis in spatial]])
        images = g.reshape(turned, (channels, group * conv.batch, *conv.sizes))
    kernels = g.Transpose(dy, perm=[1, 0, *spatial])
    result = g.Conv(
        images,
        kernels,
        strides=list(conv.window.dilations),
        dilations=list(conv.window.strides),
        pads=conv.window.pads,
        group=group,
    )
    axes = g.axes(*spatial)
    kept = g.shape_of(result)[2:]
    if kept != conv.window.kernel:
        # Positions that the stride never reached are not part of the kernel.
        result = g.Slice(result, g.axes(*[0] * conv.rank), g.axes(*conv.window.kernel), axes)
    turned_back: ir.Value = g.Transpose(result, perm=[1, 0, *spatial])
    return turned_back


def columns(g: Builder, x: ir.Value, dy: ir.Value, conv: Convolution) -> ir.Value:
    """Put the elements under each tap side by side; then one product per image and group."""
    channels, features = conv.channels // conv.group, conv.features // conv.group
    taps, places = conv.window.taps, conv.places
    parts = list(_under_taps(g, _grouped(g, padded_spatial(g, x, conv), conv), conv))
    stacked = g.Concat(*parts, axis=2) if len(parts) > 1 else parts[0]
    matrix = g.reshape(stacked, (conv.batch, conv.group, taps * channels, places))
    right = g.Transpose(
        g.reshape(dy, (conv.batch, conv.group, features, places)), perm=[0, 1, 3, 2]
    )
    products = g.ReduceSum(g.MatMul(matrix, right), g.axes(0), keepdims=0)
    split = g.reshape(products, (conv.group, taps, channels, features))
    return g.reshape(g.Transpose(split, perm=[0, 3, 2, 1]), conv.weight_shape)


def taps(g: Builder, x: ir.Value, dy: ir.Value, conv: Convolution) -> ir.Value:
    """Take the elements under one tap after the other; one product per tap, image and group.

    No more than what is under one tap is held at a time.
    """
    channels, features = conv.channels // conv.group, conv.features // conv.group
    left = g.reshape(dy, (conv.batch, conv.group, features, conv.places))
    sums = []
    for part in _under_taps(g, _grouped(g, padded_spatial(g, x, conv), conv), conv):
        matrix = g.reshape(part, (conv.batch, conv.group, channels, conv.places))
        products = g.MatMul(left, g.Transpose(matrix, perm=[0, 1, 3, 2]))
        total = g.ReduceSum(products, g.axes(0), keepdims=0)
        sums.append(g.reshape(total, (1, conv.features, channels)))
    stacked = g.Concat(*sums, axis=0) if len(sums) > 1 else sums[0]
    return g.reshape(g.Transpose(stacked, perm=[1, 2, 0]), conv.weight_shape)


def rows(g: Builder, x: ir.Value, dy: ir.Value, conv: Convolution) -> ir.Value:
    """Gather what is under each tap, channels last, for all images; then one product."""
    channels, taps = conv.channels, conv.window.taps
    last = channels_last(g, padded_spatial(g, x, conv), conv)
    sizes = conv.padded_sizes
    flat = g.reshape(last, (conv.batch, prod(sizes), channels))
    picked = g.Gather(flat, tap_places(g, conv, sizes), axis=1)
    matrix = g.reshape(picked, (conv.batch * conv.places, taps * channels))
    product = g.MatMul(_cotangent_rows(g, dy, conv), matrix)
    split = g.reshape(product, (conv.features, taps, channels))
    return g.reshape(g.Transpose(split, perm=[0, 2, 1]), conv.weight_shape)


def gathered(g: Builder, x: ir.Value, dy: ir.Value, conv: Convolution) -> ir.Value:
    """Gather what is under each tap, images last; then one product, which is the gradient as it lies."""
    product = g.Gemm(images_last(g, dy), gathered_columns(g, x, conv), transB=1)
    return g.reshape(product, conv.weight_shape)


def gathered_columns(g: Builder, x: ir.Value, conv: Convolution) -> ir.Value:
    """Return what is under each tap as [C * taps, positions * N]."""
    before, after = conv.window.before, conv.window.after
    spread = g.reshape(images_last(g, x), (conv.channels, *conv.sizes, conv.batch))
    sizes = conv.padded_sizes
    flat = g.reshape(
        padded(g, spread, [0, *before, 0], [0, *after, 0]), (conv.channels, prod(sizes), conv.batch)
    )
    picked = g.Gather(flat, tap_places(g, conv, sizes, taps_first=True), axis=1)
    return g.reshape(picked, (conv.channels * conv.window.taps, conv.places * conv.batch))


def images_last(g: Builder, x: ir.Value) -> ir.Value:
    """Return x [N, C, *sizes] as [C, sizes * N]: a matrix that is turned, which is quick."""
    batch, channels, *sizes = dims.known(g.shape_of(x)) or ()
    turned = g.Transpose(g.reshape(x, (batch, channels * prod(sizes))), perm=[1, 0])
    return g.reshape(turned, (channels, prod(sizes) * batch))


def padded_spatial(g: Builder, x: ir.Value, conv: Convolution) -> ir.Value:
    """Put the padding of the convolution around x."""
    return padded(g, x, [0, 0, *conv.window.before], [0, 0, *conv.window.after])


def _grouped(g: Builder, x: ir.Value, conv: Convolution) -> ir.Value:
    shape = g.shape_of(x)
    return g.reshape(x, (shape[0], conv.group, conv.channels // conv.group, *shape[2:]))


def channels_last(g: Builder, x: ir.Value, conv: Convolution) -> ir.Value:
    """Return x as [N, *sizes, C]."""
    result: ir.Value = g.Transpose(x, perm=[0, *range(2, 2 + conv.rank), 1])
    return result


def _cotangent_rows(g: Builder, dy: ir.Value, conv: Convolution) -> ir.Value:
    """Return dY as one row per feature: all positions of all images."""
    turned = g.Transpose(dy, perm=[1, 0, *range(2, 2 + conv.rank)])
    return g.reshape(turned, (conv.features, conv.batch * conv.places))


def _under_taps(g: Builder, x: ir.Value, conv: Convolution) -> Iterator[ir.Value]:
    """Yield what is under each tap: x [N, group, C, *sizes] -> [N, group, C, *positions] each."""
    if conv.window.taps == 1 and set(conv.window.strides) == {1}:
        yield x
        return
    axes = g.axes(*range(3, 3 + conv.rank))
    steps = g.axes(*conv.window.strides)
    for starts, ends in conv.tap_slices():
        yield g.Slice(x, g.axes(*starts), g.axes(*ends), axes, steps)


def tap_places(
    g: Builder,
    conv: Convolution,
    sizes: Sequence[int],
    *,
    backwards: bool = False,
    taps_first: bool = False,
) -> ir.Value:
    """Return the row of each (position, tap) in the flat image: the sum of two small tables.

    With `backwards` the taps are in reverse order; with `taps_first` the order is that of (tap, position).
    """
    strides = [prod(sizes[axis + 1 :]) for axis in range(conv.rank)]

    def numbers(counts: tuple[int, ...], steps: tuple[int, ...]) -> NDArray[np.int64]:
        grid = np.indices(counts, dtype=np.int64).reshape(conv.rank, -1)
        return np.array([s * step for s, step in zip(strides, steps, strict=True)]) @ grid

    positions = numbers(conv.positions, conv.window.strides)
    taps = numbers(conv.window.kernel, conv.window.dilations)
    outer, inner = (
        (taps, positions) if taps_first else (positions, taps[::-1] if backwards else taps)
    )
    places = g.Add(g.constant(outer[:, None]), g.constant(inner[None, :]))
    return g.reshape(places, (conv.places * conv.window.taps,))


FORMS: Mapping[str, Form] = MappingProxyType(
    {"correlate": correlate, "columns": columns, "taps": taps, "rows": rows, "gathered": gathered}
)

MOST_SLICES = 64
"""Kernels with more taps are not cut into slices: loading takes the square of the nodes in time."""


def weight_gradient(
    g: Builder, x: ir.Value, dy: ir.Value, conv: Convolution, tuning: Tuning
) -> ir.Value:
    """Append the form of dW that costs least."""
    return FORMS[choose_form(conv, tuning)](g, x, dy, conv)


def choose_form(conv: Convolution, tuning: Tuning) -> str:
    """Return the name of the form for this shape and device.

    On a CPU the one with the lowest of `costs`. On CUDA one product over gathered rows, or over
    columns where there are groups: `correlate` has a kernel as large as an image, which convolution
    libraries are not made for.
    """
    possible = costs(conv)
    if tuning == "cuda":
        wanted = ("columns", "rows") if conv.window.is_point else ("rows", "columns")
        return next((form for form in wanted if form in possible), "correlate")
    return min(possible, key=lambda form: possible[form])


def costs(conv: Convolution) -> dict[str, float]:
    """Estimate the time of each form that can be used: about milliseconds on two cores, but only the order counts.

    Fitted to 51 convolutions of LeNet, AlexNet, VGG, GoogLeNet, ResNet and U-Net: products run at
    140 Gflop/s, their rows by the dozen, less where they are narrower than 16; copies at 5 GB/s,
    strided ones slower, those that a product reads at once faster; a gathered row costs 4.5 ns
    besides its bytes, a slice 10 microseconds.
    """
    visits = conv.batch * conv.places * conv.window.taps
    matrix = visits * conv.channels * MEGABYTE
    image = conv.places * conv.features + prod(conv.sizes) * conv.channels
    operands = conv.batch * image * MEGABYTE
    work = WORK * visits * (conv.channels // conv.group) * conv.features
    dozens = work * padding(conv.features // conv.group, 12)
    found = {"correlate": _correlate_cost(conv, work)}
    if conv.window.taps <= MOST_SLICES:
        found["columns"] = dozens + _columns_cost(conv, matrix)
        narrow = padding(conv.channels // conv.group, 16)
        found["taps"] = dozens * narrow + _taps_cost(conv, matrix)
    if conv.group == 1:
        weights = prod(conv.weight_shape) * MEGABYTE
        turned = 0.2 * weights if conv.window.taps > 1 else 0.0
        found["rows"] = dozens + 0.17 * (matrix + operands) + 4.5e-6 * visits + turned
    if conv.group == 1 and conv.window.taps > 1:
        found["gathered"] = dozens + gathering_cost(conv) + 0.12 * operands
    return found


def _columns_cost(conv: Convolution, matrix: float) -> float:
    """Slices are copied side by side, and each image has a product as large as the weight."""
    taps = conv.window.taps
    moved = 0.0 if taps == 1 else matrix
    strided = 0.7 if max(conv.window.strides) > 1 else 0.16
    products = conv.batch * prod(conv.weight_shape) * MEGABYTE
    return strided * moved + 0.4 * products + 1e-3 * conv.batch * conv.group + 1e-2 * taps


def _taps_cost(conv: Convolution, matrix: float) -> float:
    """Slices are copied once; the products of one tap stay in the cache until they are summed."""
    taps = conv.window.taps
    strided = 0.5 if max(conv.window.strides) > 1 else 0.06
    products = conv.batch * prod(conv.weight_shape) * MEGABYTE
    return strided * matrix + 0.2 * products + taps * (2e-3 * conv.batch * conv.group + 2e-2)


def gathering_cost(conv: Convolution) -> float:
    """Estimate `gathered_columns`: its rows are the images of one element, so there are many, and short ones."""
    rows = conv.channels * conv.window.taps * conv.places
    return 0.125 * rows * conv.batch * MEGABYTE + 5e-6 * rows


def _correlate_cost(conv: Convolution, work: float) -> float:
    """Products are as wide as the kernel has taps, and the kernel's rows are copied one by one."""
    taps = conv.window.taps
    rows = conv.batch * conv.places * conv.channels * conv.window.kernel[0]
    return work * padding(taps, 16) + 4.5e-6 * rows


def padding(count: int, unit: int) -> float:
    """Return how much more there is of something that comes by the dozen, say."""
    return -(-count // unit) * unit / count


MEGABYTE = 4e-6
"""Megabytes per float32."""

WORK = 1.4e-8
"""Milliseconds per multiplication with its addition."""
