"""Common subexpressions: equal constants are one value, equal nodes one node."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from dslc.graph.builder import constant_of, set_type, type_of
from dslc.graph.operators import COMMUTATIVE, OPERATORS
from dslc.simplify.rewriter import Rewriter

LARGEST = 4096
"""Elements up to which constants are compared."""

Key = tuple[Any, ...]


def merge_common(g: Rewriter) -> None:
    """Keep the first of equal constants and nodes. Parameters keep their names, so they stay."""
    _merge_constants(g)
    first: dict[Key, ir.Node] = {}
    g.sweep(lambda g, node: _merge(g, node, first), OPERATORS)


def _merge_constants(g: Rewriter) -> None:
    first: dict[Key, ir.Value] = {}
    for value in tuple(g.graph.initializers.values()):
        size = type_of(value).size
        if value.is_graph_input() or value.is_graph_output() or value.meta.get("named"):
            continue
        held = constant_of(value) if isinstance(size, int) and size <= LARGEST else None
        if held is not None:
            g.replace(value, first.setdefault((held.dtype.char, held.shape, held.tobytes()), value))


def _merge(g: Rewriter, node: ir.Node, first: dict[Key, ir.Node]) -> ir.Value | None:
    key = _key(node)
    earlier = first.setdefault(key, node)
    # A Reshape to -1 can be typed by its builder, so that equal nodes have two types.
    if earlier is node or g.is_dead(earlier) or not _same_type(earlier, node):
        first[key] = node
        return None
    _give_results(g, earlier, node)
    for old, new in zip(node.outputs[1:], earlier.outputs[1:], strict=False):
        g.replace(old, new)
    return earlier.outputs[0]


def _key(node: ir.Node) -> Key:
    """Return what makes two nodes compute the same; how many results they have is no part of it."""
    operands = list(map(id, node.inputs))
    if node.op_type in COMMUTATIVE:
        operands.sort()
    attributes = sorted((name, _plain(item)) for name, item in node.attributes.data.items())
    return node.op_type, *operands, *attributes


def _same_type(one: ir.Node, other: ir.Node) -> bool:
    return type_of(one.outputs[0]) == type_of(other.outputs[0])


def _plain(attribute: ir.Attr) -> Any:
    value = attribute.value
    if attribute.type == ir.AttributeType.TENSOR:
        array = value.numpy()
        return array.dtype.char, array.shape, array.tobytes()
    return tuple(value) if isinstance(value, list) else value


def _give_results(g: Rewriter, earlier: ir.Node, node: ir.Node) -> None:
    """Give the earlier node the optional results (indices of a MaxPool) that the later one has."""
    known = len(earlier.outputs)
    if known >= len(node.outputs):
        return
    earlier.resize_outputs(len(node.outputs))
    for index in range(known, len(node.outputs)):
        earlier.outputs[index].name = g.fresh(f"{earlier.name}:{index}")
        set_type(earlier.outputs[index], type_of(node.outputs[index]))
