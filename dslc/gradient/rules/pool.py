"""Gradients of pools."""

from __future__ import annotations

from math import prod

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from dslc.dims import product
from dslc.gradient.rule import Gradients, Node, full, rule
from dslc.gradient.window import Window, spread, window_of
from dslc.graph.builder import Builder, type_of


@rule("MaxPool")
def max_pool(
    g: Builder, node: Node, dy: ir.Value | None, _indices: ir.Value | None = None
) -> Gradients:
    """Add dy up where the maxima stood. A pool that does not tell where that was is asked once
    more.

    Kinks: the first maximum of a window, in row-major order, takes the gradient (on CUDA a tie may
    go to another one).
    """
    if dy is None:
        return None
    window = window_of(node, node.attribute("kernel_shape"))
    count = product(type_of(dy).shape)
    zeros = full(g, (product(node.dims(0)),), 0, node.dtype())
    operands = zeros, g.reshape(_places(g, node), (count,)), g.reshape(dy, (count,))
    # Windows that share no element have no maximum in common: nothing is added, and the order does
    # not matter.
    flat = (
        g.scatter_add(*operands, axis=0)
        if window.overlaps
        else g.ScatterElements(*operands, axis=0)
    )
    return g.reshape(flat, node.dims(0))


def _places(g: Builder, node: Node) -> ir.Value:
    """Return where each maximum stands among all elements of x, in row-major order."""
    told = len(node.outputs) > 1 and not node.attribute("storage_order", 0)
    if told:
        return node.outputs[1]
    form = {name: value for name, value in node.attributes.items() if name != "storage_order"}
    _, places = g.node("MaxPool", [node.input(0)], form, outputs=2)
    result: ir.Value = places
    return result


@rule("AveragePool")
def average_pool(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Give every element of a window the same share of dy."""
    window = window_of(node, node.attribute("kernel_shape"))
    sizes, positions = node.shape(0, 2), node.sizes(dy, 2)
    counts = _counts(node, window, positions)
    weight = float(1 / counts.flat[0]) if np.all(counts == counts.flat[0]) else None
    share = g.Mul(dy, weight if weight is not None else g.constant(1 / counts, node.dtype()))
    tiles = window.strides == window.spans and window.covered(positions) == list(sizes)
    if tiles and not any(window.pads):
        return _repeated(g, node, share, window)
    batch, channels = node.dims(0)[:2]
    planes = g.reshape(share, (batch * channels, 1, *positions))
    ones = full(g, (1, 1, *window.kernel), 1, node.dtype())
    return g.reshape(spread(g, planes, ones, window, sizes, positions), node.dims(0))


def _counts(node: Node, window: Window, positions: tuple[int, ...]) -> NDArray[np.float64]:
    """Return how many elements each window averages over: [*positions].

    With `count_include_pad` the padding counts, but not what a last window of `ceil_mode` reaches
    beyond it.
    """
    padding_counts = bool(node.attribute("count_include_pad", 0))
    counts = np.ones((), dtype=np.float64)
    for axis, size in enumerate(node.shape(0, 2)):
        before, after = window.before[axis], window.after[axis]
        low, high = (-before, size + after) if padding_counts else (0, size)
        starts = np.arange(positions[axis]) * window.strides[axis] - before
        taps = starts[:, None] + np.arange(window.kernel[axis]) * window.dilations[axis]
        inside = ((taps >= low) & (taps < high)).sum(axis=1)
        counts = counts[..., None] * inside
    return counts


def _repeated(g: Builder, node: Node, share: ir.Value, window: Window) -> ir.Value:
    """Repeat each element over its own window, where the windows tile x.

    Resize repeats within the last two dimensions: Expand, which copies whole planes well, copies
    single elements six to twenty times slower.
    """
    *outer, rows, columns = type_of(share).shape
    factors = (1, *window.kernel)[-2:]
    planes = g.Resize(
        g.reshape(share, (1, product(outer), rows, columns)),
        None,
        g.constant(np.array((1, 1, *factors), np.float32)),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    narrow = wide = node.dims(0)[: min(2, len(outer))]
    for count, size in zip(outer[2:], window.kernel[:-2], strict=True):
        narrow, wide = (*narrow, count, 1), (*wide, count, size)
    inner = node.dims(0)[-2:]
    return g.reshape(g.expand(g.reshape(planes, (*narrow, *inner)), (*wide, *inner)), node.dims(0))


@rule("GlobalAveragePool")
def global_average_pool(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy / number of positions."""
    return g.Mul(dy, 1 / prod(node.shape(0, 2)))


@rule("GlobalMaxPool")
def global_max_pool(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: the first maximum, in row-major order, takes the gradient."""
    batch, channels, *sizes = node.dims(0)
    rows = (batch, channels, product(sizes))
    first = g.ArgMax(g.reshape(node.input(0), rows), axis=2, keepdims=1)
    zeros = full(g, rows, 0, node.dtype())
    dx = g.ScatterElements(zeros, first, g.reshape(dy, (batch, channels, 1)), axis=2)
    return g.reshape(dx, node.dims(0))
