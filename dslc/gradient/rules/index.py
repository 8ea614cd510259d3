"""Gradients of operators that pick elements by index: they go back to where those came from."""

from __future__ import annotations

from math import prod

import numpy as np
import onnx_ir as ir

from dslc.dims import Expression, product
from dslc.gradient.rule import Gradients, Node, full, rule
from dslc.graph.builder import Builder, type_of
from dslc.types import DType


@rule("Gather")
def gather(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Add up the slices of dy that were taken from one place (rows of an embedding, say).

    ScatterND would take whole slices, but onnxruntime's adds race on a CPU: ScatterElements gets an
    index per element. Of one dimension it takes half the time.
    """
    shape = node.dims(0)
    axis, picked = node.axis(0), product(node.dims(1))
    width = product(shape[axis + 1 :])
    if axis == 0 and isinstance(width, int):
        return _add_rows(g, node, dy, picked, width)
    slices = g.reshape(dy, (*shape[:axis], picked, *shape[axis + 1 :]))
    places = g.reshape(node.input(1), (picked, *[1] * (len(shape) - axis - 1)))
    return _scatter_add(g, node, g.expand(places, type_of(slices).shape), slices, axis)


def _add_rows(
    g: Builder, node: Node, dy: ir.Value, picked: int | Expression, width: int
) -> ir.Value:
    """Add up rows as one long list of elements; negative indices count from the end of that, too."""
    rows = g.cast(g.reshape(node.input(1), (picked, 1)), DType.INT64)
    places = g.Add(g.Mul(rows, width), np.arange(width, dtype=np.int64))
    zeros = full(g, (product(node.dims(0)),), 0, node.dtype())
    updates = g.reshape(dy, (picked * width,))
    added = g.scatter_add(zeros, g.reshape(places, (picked * width,)), updates, axis=0)
    return g.reshape(added, node.dims(0))


@rule("GatherElements")
def gather_elements(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Add up the elements of dy that were taken from one place."""
    return _scatter_add(g, node, node.input(1), dy, node.axis(0))


def _scatter_add(g: Builder, node: Node, places: ir.Value, dy: ir.Value, axis: int) -> ir.Value:
    zeros = full(g, node.dims(0), 0, node.dtype())
    return g.scatter_add(zeros, places, dy, axis)


@rule("GatherND")
def gather_nd(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Number the rows that the indices name in row-major order; add the slices of dy up there."""
    shape, depth = node.shape(0), node.shape(1)[-1]
    batch = int(node.attribute("batch_dims", 0))
    groups, named = prod(shape[:batch]), prod(shape[batch : batch + depth])
    width = prod(shape[batch + depth :])
    picked = prod(node.shape(1)[:-1])
    rows = g.reshape(
        _row_numbers(g, node, shape[batch : batch + depth]), (groups, picked // groups)
    )
    if groups > 1:
        rows = g.Add(rows, g.constant(np.arange(groups, dtype=np.int64)[:, None] * named))
    places = g.expand(g.reshape(rows, (picked, 1)), (picked, width))
    zeros = full(g, (groups * named, width), 0, node.dtype())
    slices = g.reshape(dy, (picked, width))
    return g.reshape(g.scatter_add(zeros, places, slices, axis=0), shape)


def _row_numbers(g: Builder, node: Node, sizes: tuple[int, ...]) -> ir.Value:
    """Return the place of each index vector in row-major order; negative ones count backwards."""
    indices = node.input(1)
    counted = g.Where(g.Less(indices, 0), g.Add(indices, g.axes(*sizes)), indices)
    strides = [prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
    numbers: ir.Value = g.ReduceSum(g.Mul(counted, g.axes(*strides)), g.axes(-1), keepdims=0)
    return numbers


@rule("ScatterElements")
def scatter_elements(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: of updates that overwrite each other, each gets the gradient of the result."""
    indices, axis = node.input(1), node.axis(0)
    reduction = node.attribute("reduction", "none")

    def data() -> ir.Value:
        if reduction == "add":
            return dy
        zeros = full(g, node.dims(2), 0, node.dtype(2))
        result: ir.Value = g.ScatterElements(dy, indices, zeros, axis=axis)
        return result

    _expect_none_or_add(node, reduction)
    return data, None, lambda: g.GatherElements(dy, indices, axis=axis)


@rule("ScatterND")
def scatter_nd(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: of updates that overwrite each other, each gets the gradient of the result."""
    indices = node.input(1)
    reduction = node.attribute("reduction", "none")

    def data() -> ir.Value:
        if reduction == "add":
            return dy
        zeros = full(g, node.dims(2), 0, node.dtype(2))
        result: ir.Value = g.ScatterND(dy, indices, zeros)
        return result

    _expect_none_or_add(node, reduction)
    return data, None, lambda: g.GatherND(dy, indices)


def _expect_none_or_add(node: Node, reduction: str) -> None:
    if reduction not in ("none", "add"):
        raise node.refuse(f"the reduction {reduction} has no rule")


@rule("TopK")
def top_k(
    g: Builder, node: Node, dy: ir.Value | None, _indices: ir.Value | None = None
) -> Gradients:
    """Put the gradients of the values back where they stood; no place is taken twice."""
    if dy is None:
        return None
    zeros = full(g, node.dims(0), 0, node.dtype())
    return g.ScatterElements(zeros, node.outputs[1], dy, axis=node.axis(-1))
