"""Winograd's convolution F(2x2, 3x3): 16 multiplications for four results where the sum has 36.

Tiles of 4x4 overlap by two. The products are one batched MatMul over the 16 places of a tile; images stand last, so
that tiles are cut by slices, and what is turned are matrices.

Source: Lavin and Gray, 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import onnx_ir as ir

from dslc.gradient.conv_forms import Convolution, images_last
from dslc.gradient.rules.shape import padded
from dslc.graph.builder import Builder

KERNEL = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
"""The paper's G, for one dimension."""

Values = Sequence[ir.Value]


def fits(conv: Convolution) -> bool:
    """Tell whether this is a convolution for which the tiles are made."""
    window = conv.window
    simple = set(window.strides) == set(window.dilations) == {1}
    return simple and window.kernel == (3, 3) and conv.group == 1


def _tiles(conv: Convolution) -> tuple[int, int]:
    """Return how many tiles of 2x2 cover the result; the last ones may stick out."""
    rows, columns = (-(-count // 2) for count in conv.positions)
    return rows, columns


def winograd(
    g: Builder, x: ir.Value, weight: ir.Value, bias: ir.Value | None, conv: Convolution
) -> ir.Value:
    """Multiply tiles of x with the weight in the paper's domain, and come back."""
    products = g.MatMul(_weights(g, weight, conv), _tiles_of(g, x, conv))
    y = _results(g, products, conv)
    if _whole(conv) != conv.positions:
        y = g.Slice(y, g.axes(0, 0), g.axes(*conv.positions), g.axes(1, 2))
    if bias is not None:
        y = g.Add(y, g.reshape(bias, (conv.features, 1, 1, 1)))
    turned = g.Transpose(g.reshape(y, (conv.features * conv.places, conv.batch)), perm=[1, 0])
    return g.reshape(turned, (conv.batch, conv.features, *conv.positions))


def _whole(conv: Convolution) -> tuple[int, int]:
    """Return the sizes of a result of whole tiles."""
    rows, columns = _tiles(conv)
    return 2 * rows, 2 * columns


def _weights(g: Builder, weight: ir.Value, conv: Convolution) -> ir.Value:
    """Return G w G^T as [16, M, C]."""
    pairs = conv.features * conv.channels
    both = g.constant(np.kron(KERNEL, KERNEL), g.dtype_of(weight))
    product = g.Gemm(both, g.reshape(weight, (pairs, 9)), transB=1)
    return g.reshape(product, (16, conv.features, conv.channels))


def _tiles_of(g: Builder, x: ir.Value, conv: Convolution) -> ir.Value:
    """Return B^T d B as [16, C, tiles * N]."""
    spread = g.reshape(images_last(g, x), (conv.channels, *conv.sizes, conv.batch))
    before = conv.window.before
    after = [
        count + 2 - pad - size
        for count, pad, size in zip(_whole(conv), before, conv.sizes, strict=True)
    ]
    spread = padded(g, spread, [0, *before, 0], [0, *after, 0])
    rows, columns = _tiles(conv)
    shape = (1, conv.channels, rows * columns * conv.batch)
    parts = [
        g.reshape(part, shape)
        for row in _into_tiles(g, spread, 1, rows)
        for part in _into_tiles(g, row, 2, columns)
    ]
    result: ir.Value = g.Concat(*parts, axis=0)
    return result


def _into_tiles(g: Builder, x: ir.Value, axis: int, count: int) -> Values:
    """Return the four rows of B^T d along one axis."""
    d = [
        g.Slice(x, g.axes(start), g.axes(start + 2 * count - 1), g.axes(axis), g.axes(2))
        for start in range(4)
    ]
    return g.Sub(d[0], d[2]), g.Add(d[1], d[2]), g.Sub(d[2], d[1]), g.Sub(d[1], d[3])


def _results(g: Builder, products: ir.Value, conv: Convolution) -> ir.Value:
    """Return A^T m A of products [16, M, tiles * N] as [M, *sizes, N]."""
    rows, columns = _tiles(conv)
    parts = g.Split(products, g.axes(*[1] * 16), axis=0)
    halves = [_out_of_tiles(g, parts[4 * i : 4 * i + 4]) for i in range(4)]
    quarters = [_out_of_tiles(g, [half[j] for half in halves]) for j in range(2)]
    lines = []
    for i in range(2):
        shape = (conv.features, rows, columns, 1, conv.batch)
        line = g.Concat(*(g.reshape(quarters[j][i], shape) for j in range(2)), axis=3)
        lines.append(g.reshape(line, (conv.features, rows, 1, 2 * columns, conv.batch)))
    return g.reshape(g.Concat(*lines, axis=2), (conv.features, *_whole(conv), conv.batch))


def _out_of_tiles(g: Builder, m: Values) -> Values:
    """Return the two rows of A^T m along one axis."""
    return g.Add(m[0], g.Add(m[1], m[2])), g.Sub(g.Sub(m[1], m[2]), m[3])


def moved(conv: Convolution) -> tuple[int, int, int]:
    """Return how many elements of tiles, of results and of the weight go to the domain or come back."""
    count = prod(_whole(conv)) * conv.batch
    return count * conv.channels, count * conv.features, conv.features * conv.channels
