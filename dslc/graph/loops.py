"""Graphs inside nodes: the body of a Scan, and what it reads from around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import onnx_ir as ir

from dslc.graph.values import type_of

if TYPE_CHECKING:
    from dslc.graph.builder import Builder


def scan(
    g: Builder, xs: ir.Value, starts: Sequence[ir.Value], step: Callable[..., Sequence[ir.Value]]
) -> tuple[ir.Value, ...]:
    """Append a Scan over dimension 1; return the results of all steps, without the last carries."""
    inner = g.nested("body")
    carries = [inner.argument("carry", type_of(start)) for start in starts]
    batch, _, *rest = g.shape_of(xs)
    x = inner.argument("step", type_of(xs).with_shape((batch, *rest)))
    results = step(inner, x, *carries)
    # Each is made by a node of the body: a carry that is a result as well has two names.
    outputs = [inner.Identity(y) for y in (*results[: len(starts)], *results)]
    inner.graph.outputs.extend(outputs)
    attributes = {
        "body": inner.graph,
        "num_scan_inputs": 1,
        "scan_input_axes": [1],
        "scan_output_axes": [1] * len(results),
    }
    found: tuple[ir.Value, ...] | ir.Value = g.node("Scan", [*starts, xs], attributes)
    return (found if isinstance(found, tuple) else (found,))[len(starts) :]


def each(g: Builder, columns: Sequence[ir.Value], row: Callable[..., ir.Value]) -> ir.Value:
    """Append a Scan over dimension 0 of several values without carries; return what all rows gave, stacked there."""
    inner = g.nested("body")
    cells = [inner.argument("cell", type_of(c).with_shape(g.shape_of(c)[1:])) for c in columns]
    inner.graph.outputs.append(row(inner, *cells))
    attributes = {"body": inner.graph, "num_scan_inputs": len(columns)}
    results: tuple[ir.Value, ...] | ir.Value = g.node("Scan", columns, attributes)
    return results[0] if isinstance(results, tuple) else results


HOLDING = frozenset({"If", "Loop", "Scan"})
"""The operators that hold graphs."""


def bodies(node: ir.Node) -> tuple[ir.Graph, ...]:
    """Return the graphs inside a node."""
    if node.op_type not in HOLDING:
        return ()
    attributes = node.attributes.values()
    return tuple(a.as_graph() for a in attributes if a.type == ir.AttributeType.GRAPH)


def every_node(graph: ir.Graph) -> Iterator[ir.Node]:
    """Yield the nodes of a graph, each followed by those inside it."""
    for node in graph:
        yield node
        for body in bodies(node):
            yield from every_node(body)


def captured(node: ir.Node) -> tuple[ir.Value, ...]:
    """Return the values that the graphs inside a node read, those from around it among them."""
    if node.op_type not in HOLDING:
        return ()
    inner = (node for body in bodies(node) for node in every_node(body))
    return tuple(value for node in inner for value in node.inputs if value is not None)
