"""Gradients of products of matrices."""

from __future__ import annotations

import onnx_ir as ir

from dslc.dims import product
from dslc.gradient.rule import Gradients, Node, rule
from dslc.graph.builder import Builder, type_of


@rule("MatMul")
def matrix_product(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: da = dy bᵀ, db = aᵀ dy, for each matrix of the batch."""
    a_shape, b_shape = node.dims(0), node.dims(1)
    if len(b_shape) == 2 and len(a_shape) >= 2:
        return _rows_by_matrix(g, node, dy)
    # A vector is a matrix of one row (on the left) or of one column (on the right), which dy lacks.
    a = g.reshape(node.input(0), (1, *a_shape)) if len(a_shape) == 1 else node.input(0)
    b = g.reshape(node.input(1), (*b_shape, 1)) if len(b_shape) == 1 else node.input(1)
    dy = _with_lost_axes(g, node, dy)

    def left() -> ir.Value:
        da: ir.Value = g.MatMul(dy, _transposed(g, b))
        return _without_axis(g, da, -2) if len(a_shape) == 1 else da

    def right() -> ir.Value:
        db: ir.Value = g.MatMul(_transposed(g, a), dy)
        return _without_axis(g, db, -1) if len(b_shape) == 1 else db

    return left, right


def _rows_by_matrix(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Treat all rows of all matrices on the left as one matrix: two plain products, no batch."""
    a, b = node.input(0), node.input(1)
    inner, columns = node.dims(1)
    rows = product(node.dims(0)[:-1])
    flat = g.reshape(dy, (rows, columns))
    return (
        lambda: g.reshape(g.Gemm(flat, b, transB=1), node.dims(0)),
        lambda: g.Gemm(g.reshape(a, (rows, inner)), flat, transA=1),
    )


def _with_lost_axes(g: Builder, node: Node, dy: ir.Value) -> ir.Value:
    """Give dy the row or column of one element back that a vector operand had."""
    shape = list(type_of(dy).shape)
    if node.rank(1) == 1:
        shape.append(1)
    if node.rank(0) == 1:
        shape.insert(len(shape) - 1, 1)
    return g.reshape(dy, shape)


def _without_axis(g: Builder, x: ir.Value, axis: int) -> ir.Value:
    shape = list(type_of(x).shape)
    del shape[axis]
    return g.reshape(x, shape)


def _transposed(g: Builder, x: ir.Value) -> ir.Value:
    rank = len(type_of(x).shape)
    result: ir.Value = g.Transpose(x, perm=[*range(rank - 2), rank - 1, rank - 2])
    return result


@rule("Gemm")
def general_product(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: y = alpha a' b' + beta c, where a' and b' are a and b, or their transposes."""
    a, b = node.input(0), node.input(1)
    turned_a, turned_b = int(node.attribute("transA", 0)), int(node.attribute("transB", 0))
    alpha, beta = node.attribute("alpha", 1.0), node.attribute("beta", 1.0)

    def left() -> ir.Value:
        result: ir.Value = (
            g.Gemm(b, dy, alpha=alpha, transA=turned_b, transB=1)
            if turned_a
            else g.Gemm(dy, b, alpha=alpha, transB=1 - turned_b)
        )
        return result

    def right() -> ir.Value:
        result: ir.Value = (
            g.Gemm(dy, a, alpha=alpha, transA=1, transB=turned_a)
            if turned_b
            else g.Gemm(a, dy, alpha=alpha, transA=1 - turned_a)
        )
        return result

    return left, right, lambda: dy if beta == 1.0 else g.Mul(dy, beta)
