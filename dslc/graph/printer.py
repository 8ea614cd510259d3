"""A graph as text: one node a line, every value with its type.

lenet5
input   image: float32[N, 1, 28, 28]
const   c1.weight: float32[6, 1, 5, 5]
/c1/Conv: float32[N, 6, 24, 24] = Conv(image, c1.weight)    # lenet5.net:5 c1: Conv(6, 5x5)
output  logits: float32[N, 10]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx_ir as ir

from dslc.graph.loops import bodies
from dslc.graph.operators import signature_of
from dslc.graph.values import DTYPES, constant_of, type_of

_SHOWN = 8
"""Elements of a constant that are printed; larger ones are summed up by their type."""

_COMMENT_COLUMN = 72


def print_graph(graph: ir.Graph) -> str:
    """Return a graph as text, in running order.

    Small constants stand in place; attributes that are ONNX's defaults are left out.
    """
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: ir.Graph) -> Iterator[str]:
    yield graph.name or "graph"
    for value in graph.inputs:
        yield f"input   {_typed(value)}"
    for value in graph.initializers.values():
        if not value.is_graph_input() and not _is_short(value):
            yield f"const   {_typed(value)}"
    for node in graph:
        yield _node(node)
        for body in bodies(node):
            yield from (f"    {line}" for line in _lines(body))
    for value in graph.outputs:
        yield f"output  {_typed(value)}"


def _node(node: ir.Node) -> str:
    results = ", ".join(_typed(value) for value in node.outputs)
    operands = [_operand(value) for value in node.inputs]
    defaults = signature_of(node.op_type).defaults
    attributes = [
        f"{name}={_attribute(name, item.value)}"
        for name, item in node.attributes.items()
        if item.value != defaults.get(name)
    ]
    line = f"{results} = {node.op_type}({', '.join(operands + attributes)})"
    return f"{line:<{_COMMENT_COLUMN}}  # {node.doc_string}" if node.doc_string else line


def _typed(value: ir.Value) -> str:
    return f"{value.name}: {type_of(value)}"


def _is_short(value: ir.Value) -> bool:
    """Tell whether a constant stands in place: a small one that has no name of its own."""
    held = constant_of(value)
    return held is not None and held.size <= _SHOWN and not value.meta.get("named")


def _operand(value: ir.Value | None) -> str:
    if value is None:
        return "-"
    held = constant_of(value)
    return str(value.name) if held is None or not _is_short(value) else _numbers(held)


def _numbers(array: np.ndarray[Any, Any]) -> str:
    """Print a small array, each number with the digits that its type needs."""
    if array.ndim:
        return f"[{', '.join(_numbers(part) for part in array)}]"
    return str(array[()])


def _attribute(name: str, value: object) -> str:
    if isinstance(value, int) and name in ("to", "dtype"):
        return str(DTYPES.get(ir.DataType(value), value))
    if isinstance(value, tuple | list):
        return f"[{', '.join(str(item) for item in value)}]"
    if isinstance(value, ir.TensorProtocol):
        return _numbers(value.numpy())
    if isinstance(value, ir.Graph):
        return str(value.name)
    return f"{value:g}" if isinstance(value, float) else str(value)
