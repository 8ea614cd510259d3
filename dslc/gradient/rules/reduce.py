"""Gradients of reductions: sums, means, extremes and products along axes."""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir

from dslc.dims import Expression, product
from dslc.gradient.rule import Gradients, Node, full, rule
from dslc.graph.builder import Builder
from dslc.types import Shape


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
    """Formula: the product of the others, those before times those behind.

    Dividing the whole by each element would fail at 0, and its derivative there even more.
    """
    rows = Rows.of(node)
    x = rows.flat(g, node.input(0))
    size = node.size(x, 1)
    others = g.Mul(_product_before(g, x, size, 1), _product_before(g, x, size, -1))
    return g.Mul(kept(g, node, dy), rows.unfolded(g, others))


def _product_before(g: Builder, x: ir.Value, size: int, direction: int) -> ir.Value:
    """Return for each element of a row the product of those before it (behind it: -1).

    Formula: products of 1, 2, 4, ... neighbours, each from two of the step before.
    """

    def shifted(value: ir.Value, by: int) -> ir.Value:
        result: ir.Value = g.Pad(value, g.axes(0, direction * by, 0, -direction * by), 1)
        return result

    found, reach = shifted(x, 1), 1
    while reach < size:
        found = g.Mul(found, shifted(found, reach))
        reach *= 2
    return found


@dataclass(frozen=True, slots=True)
class Rows:
    """A value as a matrix: one row for each element of a reduction's result."""

    shape: Shape
    order: tuple[int, ...]
    groups: int | Expression
    size: int | Expression

    @classmethod
    def of(cls, node: Node) -> Rows:
        shape, axes = node.dims(0), reduced_axes(node)
        rest = [axis for axis in range(len(shape)) if axis not in axes]
        groups = product(shape[axis] for axis in rest)
        return cls(shape, (*rest, *axes), groups, product(shape[axis] for axis in axes))

    @property
    def turned(self) -> bool:
        """Tell whether the axes change places."""
        return list(self.order) != sorted(self.order)

    def flat(self, g: Builder, x: ir.Value) -> ir.Value:
        """Return x as the matrix."""
        if self.turned:
            x = g.Transpose(x, perm=list(self.order))
        return g.reshape(x, (self.groups, self.size))

    def unfolded(self, g: Builder, matrix: ir.Value) -> ir.Value:
        """Return the matrix in the shape of x."""
        x = g.reshape(matrix, [self.shape[axis] for axis in self.order])
        if self.turned:
            x = g.Transpose(x, perm=[self.order.index(axis) for axis in range(len(self.shape))])
        return x


@rule("ReduceMax", "ReduceMin")
def reduce_extreme(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: the first of equal elements, in row-major order, takes the gradient."""
    if not reduced_axes(node):
        return dy
    rows = Rows.of(node)
    find = g.ArgMax if node.operator == "ReduceMax" else g.ArgMin
    first = find(rows.flat(g, node.input(0)), axis=1, keepdims=1)
    zeros = full(g, (rows.groups, rows.size), 0, node.dtype())
    dx = g.ScatterElements(zeros, first, g.reshape(dy, (rows.groups, 1)), axis=1)
    return rows.unfolded(g, dx)


@rule("CumSum")
def cumulative_sum(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Sum from the other end."""
    backwards = 1 - int(node.attribute("reverse", 0))
    exclusive = node.attribute("exclusive", 0)
    return g.CumSum(dy, node.input(1), exclusive=exclusive, reverse=backwards)
