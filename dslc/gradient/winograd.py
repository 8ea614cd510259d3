"""Winograd's convolution F(2x2, 3x3) and its gradients: 16 multiplications where the sum has 36.

A tile d of 4x4 gives 2x2 results: Y = A^T [G w G^T * B^T d B] A, element by element, summed over channels. So
dw = G^T [B^T d B * A dY A^T] G, summed over tiles, and dx is a convolution of dY with the kernel backwards.

The products of a band of tiles are one MatMul, batched over the 16 places of a tile. Images stand last: tiles are cut,
and results put together, by gathering rows, and each way in or out is one product with a small matrix.

Source: Lavin and Gray, 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from math import prod

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from dslc import dims
from dslc.gradient.convolution import MEGABYTE, WORK, Convolution, images_last, padding
from dslc.gradient.rules.shape import padded
from dslc.graph.builder import Builder

Matrix = NDArray[np.float64]
Places = NDArray[np.int64]


BAND = 4.0
"""Megabytes of tiles that are worked on at a time, about: they are four times as large as what they are cut from."""

MOST_BANDS = 16
"""Bands of one convolution: each has a dozen nodes of its own."""

DATA = np.array([[1.0, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
"""The paper's B^T, for one dimension."""

KERNEL = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
"""The paper's G."""

RESULT = np.array([[1.0, 1, 1, 0], [0, 1, -1, -1]])
"""The paper's A^T."""


def fits(conv: Convolution) -> bool:
    """Tell whether this is a convolution for which the tiles are made."""
    window = conv.window
    return set(window.strides) == set(window.dilations) == {1} and window.kernel == (3, 3)


def convolve(
    g: Builder, x: ir.Value, weight: ir.Value, bias: ir.Value | None, conv: Convolution
) -> ir.Value:
    """Return the convolution of x."""
    y = _convolved(g, x, _kernels(g, weight, KERNEL, conv.group), conv)
    return y if bias is None else g.Add(y, g.reshape(bias, (conv.features, 1, 1)))


def input_gradient(g: Builder, dy: ir.Value, weight: ir.Value, conv: Convolution) -> ir.Value:
    """Return dX: a convolution of dY."""
    turned = conv.turned
    assert turned is not None
    backwards = _kernels(g, weight, KERNEL[:, ::-1], conv.group)
    return _convolved(g, dy, g.Transpose(backwards, perm=[0, 1, 3, 2]), turned)


def weight_gradient(g: Builder, x: ir.Value, dy: ir.Value, conv: Convolution) -> ir.Value:
    """Return dW: the sum over tiles, band by band."""
    results, data = _Tiling(2, conv), _Tiling(4, conv)
    # Padded before it is turned: else these were the tiles of the forward pass, and kept from there to here.
    before = conv.window.before
    after = data.after(before, conv.sizes)
    left, right = results.rows(g, dy), data.rows(g, padded(g, x, [0, 0, *before], [0, 0, *after]))
    sums = []
    for band in _bands(conv):
        slopes = _transformed(g, RESULT.T, results.cut(g, left, band), conv.group)
        tiles = _transformed(g, DATA, data.cut(g, right, band), conv.group)
        sums.append(g.MatMul(slopes, g.Transpose(tiles, perm=[0, 1, 3, 2])))
    pairs = g.reshape(reduce(g.Add, sums), (16, prod(conv.weight_shape) // 9))
    product = g.Gemm(pairs, _squared(g, KERNEL, dy), transA=1)
    return g.reshape(product, conv.weight_shape)


def _convolved(g: Builder, x: ir.Value, kernels: ir.Value, conv: Convolution) -> ir.Value:
    """Return the convolution of x with kernels that are in the domain of the products."""
    data = _Tiling(4, conv)
    rows = data.rows(g, x, conv.window.before)
    parts = []
    for band in _bands(conv):
        tiles = _transformed(g, DATA, data.cut(g, rows, band), conv.group)
        products = g.MatMul(kernels, tiles)
        flat = g.reshape(products, (16, dims.count(g.shape_of(products)) // 16))
        parts.append(_put_together(g, g.MatMul(_squared(g, RESULT, x), flat), band, conv))
    whole = g.Concat(*parts, axis=1) if len(parts) > 1 else parts[0]
    turned = g.Transpose(g.reshape(whole, (conv.features * conv.places, conv.batch)), perm=[1, 0])
    return g.reshape(turned, (conv.batch, conv.features, *conv.positions))


def _kernels(g: Builder, weight: ir.Value, kernel: Matrix, group: int) -> ir.Value:
    """Return G w G^T as [16, group, features, channels]."""
    features, channels, *_ = dims.known(g.shape_of(weight)) or ()
    flat = g.reshape(weight, (features * channels, 9))
    product = g.Gemm(_squared(g, kernel, weight), flat, transB=1)
    return g.reshape(product, (16, group, features // group, channels))


def _transformed(g: Builder, matrix: Matrix, tiles: ir.Value, group: int) -> ir.Value:
    """Return tiles [places, C, tiles * N] in the domain of the products: [16, group, C / group, tiles * N]."""
    places, channels, columns = dims.known(g.shape_of(tiles)) or ()
    flat = g.reshape(tiles, (places, channels * columns))
    product = g.MatMul(_squared(g, matrix, tiles), flat)
    return g.reshape(product, (16, group, channels // group, columns))


def _squared(g: Builder, matrix: Matrix, like: ir.Value) -> ir.Value:
    """Return the matrix for both dimensions at once."""
    return g.constant(np.kron(matrix, matrix), g.dtype_of(like))


def _counts(conv: Convolution) -> tuple[int, int]:
    """Return how many tiles cover the result in each dimension; the last ones may stick out."""
    rows, columns = (-(-count // 2) for count in conv.positions)
    return rows, columns


def _bands(conv: Convolution) -> Iterator[range]:
    """Divide the rows of tiles into bands."""
    rows, columns = _counts(conv)
    row = 16 * columns * conv.batch * max(conv.channels, conv.features) * MEGABYTE
    height = min(rows, max(int(BAND / row), -(-rows // MOST_BANDS)))
    return (range(start, min(start + height, rows)) for start in range(0, rows, height))


class _Tiling:
    """Tiles at every second place of an image: of 4x4, which overlap, or of 2x2, as results are."""

    def __init__(self, size: int, conv: Convolution) -> None:
        self.size, self.counts, self.batch = size, _counts(conv), conv.batch
        self.whole = tuple(2 * (count - 1) + size for count in self.counts)

    def rows(self, g: Builder, x: ir.Value, before: tuple[int, ...] = (0, 0)) -> ir.Value:
        """Return x [N, C, *sizes] with zeros around it, a row for each place: [C * places, N]."""
        batch, channels, *sizes = dims.known(g.shape_of(x)) or ()
        after = self.after(before, sizes)
        spread = g.reshape(images_last(g, x), (channels, *sizes, batch))
        whole = padded(g, spread, [0, *before, 0], [0, *after, 0])
        return g.reshape(whole, (channels * prod(self.whole), batch))

    def after(self, before: Sequence[int], sizes: Sequence[int]) -> list[int]:
        """Return how many zeros stand behind an image, so that tiles cover it."""
        triples = zip(self.whole, before, sizes, strict=True)
        return [whole - pad - size for whole, pad, size in triples]

    def cut(self, g: Builder, rows: ir.Value, band: range) -> ir.Value:
        """Return the tiles of a band, as [places, C, tiles * N]."""
        width, area = self.whole[1], prod(self.whole)
        channels = dims.count(g.shape_of(rows)) // (area * self.batch)
        corners = _grid(np.array(band) * 2 * width, np.arange(self.counts[1]) * 2)
        places = _grid(np.arange(self.size) * width, np.arange(self.size))
        starts = _grid(places, np.arange(channels) * area)
        shape = (self.size**2, channels, corners.size * self.batch)
        return g.reshape(_gathered(g, rows, starts, corners), shape)


def _put_together(g: Builder, tiles: ir.Value, band: range, conv: Convolution) -> ir.Value:
    """Return a band's tiles of results [4, M * tiles * N] as images: [M, rows * columns, N]."""
    columns, count = _counts(conv)[1], len(band) * _counts(conv)[1]
    flat = g.reshape(tiles, (4 * conv.features * count, conv.batch))
    row = np.arange(2 * band.start, min(2 * band.stop, conv.positions[0])) - 2 * band.start
    column = np.arange(conv.positions[1])
    within = _grid(row % 2 * 2, column % 2) * conv.features * count
    corners = _grid(row // 2 * columns, column // 2)
    picked = _gathered(g, flat, np.arange(conv.features) * count, within + corners)
    return g.reshape(picked, (conv.features, corners.size, conv.batch))


def _grid(outer: Places, inner: Places) -> Places:
    """Return all sums of an outer and an inner place."""
    return (outer[:, None] + inner).reshape(-1)


def _gathered(g: Builder, rows: ir.Value, outer: Places, inner: Places) -> ir.Value:
    """Return the rows at all sums of an outer and an inner place. The file holds the two, not the sums."""
    table = g.constant(outer.astype(np.int32)[:, None]), g.constant(inner.astype(np.int32))
    places = g.reshape(g.Add(*table), (outer.size * inner.size,))
    result: ir.Value = g.Gather(rows, places, axis=0)
    return result


def cost(conv: Convolution) -> float:
    """Estimate the convolution or the gradient of its weight, in the units of `conv_forms`; dX is one of dY.

    Fitted to 54 of VGG, AlexNet, GoogLeNet, ResNet and U-Net. What costs besides the products is the way into tiles
    of 4x4.
    """
    tiles = prod(_counts(conv))
    rows, results = 16 * tiles * conv.channels, 16 * tiles * conv.batch * conv.features
    depth, features = conv.channels // conv.group, conv.features // conv.group
    products = 0.93 * WORK * results * depth * padding(features, 12)
    moved = 0.34 * rows * conv.batch + 0.045 * results
    return products + moved * MEGABYTE + 4.5e-6 * rows + 1e-5 * conv.features * depth
