"""Gradients of reductions: sums, means, extremes and products along axes."""

from __future__ import annotations

import onnx_ir as ir

from dslc.dims import product
from dslc.gradient.rule import Gradients, Node, full, rule
from dslc.graph.builder import Builder, type_of


def reduced_axes(node: Node) -> tuple[int, ...]:
    """Return the axes that a reduction takes together (an input since opset 18, an attribute
    before).
    """
    rank = node.rank(0)
    given = node.attribute("axes") or node.integers(1)
    if not given:
        return () if node.attribute("noop_with_empty_axes", 0) else tuple(range(rank))
    return tuple(sorted(axis % rank for axis in given))


def kept(g: Builder, node: Node, value: ir.Value) -> ir.Value:
    """Give `value`, of the shape of the result, the reduced axes back with size 1."""
    axes = reduced_axes(node)
    return g.reshape(value, [1 if i in axes else dim for i, dim in enumerate(node.dims(0))])


@rule("ReduceSum")
def reduce_sum(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Give every element dy."""
    return kept(g, node, dy)


@rule("ReduceMean")
def reduce_mean(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy / number of elements."""
    taken = [node.dims(0)[axis] for axis in reduced_axes(node)]
    size = product(taken)
    if isinstance(size, int):
        return g.Mul(kept(g, node, dy), 1 / size)
    return g.Div(kept(g, node, dy), g.count(taken, node.dtype()))


@rule("ReduceSumSquare")
def reduce_sum_square(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: 2 dy x."""
    return g.Mul(g.Mul(kept(g, node, dy), 2), node.input(0))


@rule("ReduceL1")
def reduce_l1(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: 0 where an element is 0."""
    return g.Mul(kept(g, node, dy), g.Sign(node.input(0)))


@rule("ReduceL2")
def reduce_l2(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: 0 where all elements are 0."""
    y = node.outputs[0]
    share = g.Div(dy, g.Where(g.Equal(y, 0), 1, y))
    return g.Mul(kept(g, node, share), node.input(0))


@rule("ReduceLogSum")
def reduce_log_sum(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy / sum of x, which is exp(-y)."""
    return kept(g, node, g.Mul(dy, g.Exp(g.Neg(node.outputs[0]))))


@rule("ReduceLogSumExp")
def reduce_log_sum_exp(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: exp(x - y), which is the softmax; that one is also exact where x is large, and y
    coarsely rounded.
    """
    axes = reduced_axes(node)
    if len(axes) == 1:
        return g.Mul(kept(g, node, dy), g.Softmax(node.input(0), axis=axes[0]))
    share = g.Exp(g.Sub(node.input(0), kept(g, node, node.outputs[0])))
    return g.Mul(kept(g, node, dy), share)


@rule("ReduceProd")
def reduce_product(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: the product of the others: all / x where no element is 0; with one 0 among them,
    only that element's gradient is not 0; with several, none is. Second derivatives hold where no
    element is 0.
    """
    x, axes = node.input(0), g.axes(*reduced_axes(node))
    zero = g.Equal(x, 0)
    without = g.Where(zero, 1, x)
    product = g.ReduceProd(without, axes, keepdims=1)
    zeros = g.ReduceSum(g.cast(zero, type_of(x).dtype), axes, keepdims=1)
    if_none = g.Where(g.Equal(zeros, 0), g.Div(product, without), 0)
    others = g.Where(g.And(zero, g.Equal(zeros, 1)), product, if_none)
    return g.Mul(kept(g, node, dy), others)


@rule("ReduceMax", "ReduceMin")
def reduce_extreme(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: the first of equal elements, in row-major order, takes the gradient."""
    shape, axes = node.dims(0), reduced_axes(node)
    if not axes:
        return dy
    rest = [axis for axis in range(len(shape)) if axis not in axes]
    order = [*rest, *axes]
    groups = product(shape[axis] for axis in rest)
    size = product(shape[axis] for axis in axes)
    x = node.input(0)
    if order != sorted(order):
        x = g.Transpose(x, perm=order)
    rows = g.reshape(x, (groups, size))
    find = g.ArgMax if node.operator == "ReduceMax" else g.ArgMin
    first = find(rows, axis=1, keepdims=1)
    zeros = full(g, (groups, size), 0, node.dtype())
    dx = g.ScatterElements(zeros, first, g.reshape(dy, (groups, 1)), axis=1)
    dx = g.reshape(dx, [shape[axis] for axis in order])
    if order != sorted(order):
        dx = g.Transpose(dx, perm=[order.index(axis) for axis in range(len(shape))])
    return dx


@rule("CumSum")
def cumulative_sum(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Sum from the other end."""
    backwards = 1 - int(node.attribute("reverse", 0))
    exclusive = node.attribute("exclusive", 0)
    return g.CumSum(dy, node.input(1), exclusive=exclusive, reverse=backwards)
