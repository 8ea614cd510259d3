"""Broadcasts that are written out although the operator after them broadcasts by itself."""

from __future__ import annotations

import onnx_ir as ir

from dslc.graph.builder import type_of
from dslc.graph.operators import BROADCAST
from dslc.simplify.rewriter import Rewriter, produced_by
from dslc.types import broadcast


def remove_broadcasts(g: Rewriter) -> None:
    """Let element-wise operators read what an Expand reads, where the result keeps its shape."""
    g.sweep(_shorten_all, BROADCAST)


def _shorten_all(g: Rewriter, node: ir.Node) -> None:
    for index, value in enumerate(node.inputs):
        _shorten(g, node, index, value)


def _shorten(g: Rewriter, node: ir.Node, index: int, value: ir.Value | None) -> None:
    expand = produced_by(value, "Expand")
    if expand is None or expand.inputs[0] is None:
        return
    narrow = expand.inputs[0]
    shapes = [type_of(other).shape for other in node.inputs if other is not None]
    shapes[index] = type_of(narrow).shape
    if broadcast(*shapes) == type_of(node.outputs[0]).shape:
        node.replace_input_with(index, narrow)
        g.release(expand.outputs[0])
