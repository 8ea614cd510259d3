"""The gradient of a convolution's weight: equal forms of one sum, and the choice between them.

The sum is dW[m, c, tap] = sum over images and positions of dY[n, m, p] X[n, c, p * stride + tap *
dilation - pad]. No form is the fastest everywhere, so `choose_form` compares costs, by shape and by
device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import prod
from types import MappingProxyType

import onnx_ir as ir

from dslc.gradient import winograd
from dslc.gradient.convolution import (
    MEGABYTE,
    WORK,
    Convolution,
    channels_last,
    cheapest,
    gathered_columns,
    gathering_cost,
    images_last,
    padded_spatial,
    padding,
    tap_places,
)
from dslc.gradient.rule import Tuning
from dslc.graph.builder import Builder
from dslc.types import DType

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
    """Gather what is under each tap, images last; then one product a group, which is the gradient as it lies."""
    group, wide = conv.group, conv.batch * conv.places
    slopes = g.reshape(images_last(g, dy), (group, conv.features // group, wide))
    under = conv.channels // group * conv.window.taps
    matrix = g.reshape(gathered_columns(g, x, conv), (group, under, wide))
    if group == 1:  # a Gemm may add what an optimizer adds
        product = g.Gemm(
            g.reshape(slopes, (conv.features, wide)), g.reshape(matrix, (under, wide)), transB=1
        )
    else:
        product = g.MatMul(slopes, g.Transpose(matrix, perm=[0, 2, 1]))
    return g.reshape(product, conv.weight_shape)


def _grouped(g: Builder, x: ir.Value, conv: Convolution) -> ir.Value:
    shape = g.shape_of(x)
    return g.reshape(x, (shape[0], conv.group, conv.channels // conv.group, *shape[2:]))


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


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "correlate": correlate,
        "columns": columns,
        "taps": taps,
        "rows": rows,
        "gathered": gathered,
        "winograd": winograd.weight_gradient,
    }
)

MOST_SLICES = 64
"""Kernels with more taps are not cut into slices: loading takes the square of the nodes in time."""


def weight_gradient(
    g: Builder, x: ir.Value, dy: ir.Value, conv: Convolution, tuning: Tuning
) -> ir.Value:
    """Append the form of dW that costs least."""
    return FORMS[choose_form(conv, tuning, g.dtype_of(dy))](g, x, dy, conv)


def choose_form(conv: Convolution, tuning: Tuning, dtype: DType = DType.FLOAT32) -> str:
    """Return the name of the form for this shape and device.

    On a CPU the one with the lowest of `costs`. On CUDA one product over gathered rows, or over
    columns where there are groups: `correlate` has a kernel as large as an image, which convolution
    libraries are not made for.
    """
    possible = costs(conv)
    if tuning == "cuda":
        wanted = ("columns", "rows") if conv.window.is_point else ("rows", "columns")
        return next((form for form in wanted if form in possible), "correlate")
    return cheapest(possible, dtype)


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
    if conv.window.taps > 1:
        found["gathered"] = dozens + gathering_cost(conv) + 0.12 * operands
    if winograd.fits(conv):
        found["winograd"] = winograd.cost(conv)
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


def _correlate_cost(conv: Convolution, work: float) -> float:
    """Products are as wide as the kernel has taps, and the kernel's rows are copied one by one."""
    taps = conv.window.taps
    rows = conv.batch * conv.places * conv.channels * conv.window.kernel[0]
    return work * padding(taps, 16) + 4.5e-6 * rows
