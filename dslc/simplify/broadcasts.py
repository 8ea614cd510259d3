"""Broadcasts: those written out although the operator after them broadcasts by itself, and those that are slow."""

from __future__ import annotations

import onnx_ir as ir

from dslc.graph.attributes import attributes_of
from dslc.graph.builder import constant_of, type_of
from dslc.graph.operators import BROADCAST
from dslc.simplify.rewriter import Rewriter, produced_by
from dslc.types import Shape, broadcast


def remove_broadcasts(g: Rewriter) -> None:
    """Let element-wise operators read what an Expand reads, and expand the result where that needs it."""
    g.sweep(_shorten_all, BROADCAST)


def _shorten_all(g: Rewriter, node: ir.Node) -> ir.Value | None:
    for index, value in enumerate(node.inputs):
        _shorten(g, node, index, value)
    return _expanded_later(g, node)


def _shorten(g: Rewriter, node: ir.Node, index: int, value: ir.Value | None) -> None:
    expand = produced_by(value, "Expand")
    if expand is None or expand.inputs[0] is None:
        return
    narrow = expand.inputs[0]
    if _stays(node, index, narrow, type_of(node.outputs[0]).shape):
        node.replace_input_with(index, narrow)
        g.release(expand.outputs[0])


def _expanded_later(g: Rewriter, node: ir.Node) -> ir.Value | None:
    """Compute with what an Expand reads, where all else is as narrow; then the result is expanded."""
    for index, value in enumerate(node.inputs):
        expand = produced_by(value, "Expand")
        if expand is None or expand.inputs[0] is None:
            continue
        narrow, wide = expand.inputs[0], type_of(expand.outputs[0]).shape
        wanted = type_of(node.outputs[0])
        if wanted.shape == wide and _stays(node, index, narrow, type_of(narrow).shape):
            operands = [*node.inputs[:index], narrow, *node.inputs[index + 1 :]]
            small = g.node(node.op_type, operands, attributes_of(node))
            found: ir.Value = g.node("Expand", [small, expand.inputs[1]], type=wanted)
            return found
    return None


def _stays(node: ir.Node, index: int, narrow: ir.Value, wanted: Shape) -> bool:
    """Tell whether the result is of the shape `wanted` with `narrow` as the operand at `index`."""
    shapes = [type_of(other).shape for other in node.inputs if other is not None]
    shapes[index] = type_of(narrow).shape
    return broadcast(*shapes) == wanted


def widen_scalars(g: Rewriter) -> None:
    """Give single elements the rank of what they are combined with, where the last dimension of that is 1.

    onnxruntime takes such a tensor and a scalar element by element: 384 x 832 x 1 times a scalar is 3.2 ms, and 0.04
    times 1 x 1 x 1.
    """
    g.sweep(_widen_all, BROADCAST)


def _widen_all(g: Rewriter, node: ir.Node) -> None:
    shape = type_of(node.outputs[0]).shape
    if len(shape) < 2 or shape[-1] != 1 or set(shape) == {1}:
        return
    for index, value in enumerate(node.inputs):
        if value is None or g.shape_of(value) not in ((), (1,)):
            continue
        ones = (1,) * len(shape)
        held = constant_of(value)
        wide = (
            g.reshape(value, ones)
            if held is None
            else g.constant(held.reshape(ones), g.dtype_of(value))
        )
        node.replace_input_with(index, wide)
        g.release(value)
