"""Dead code: nodes, constants and results that nothing depends on."""

from __future__ import annotations

import onnx_ir as ir

from dslc.graph.loops import bodies, every_node
from dslc.graph.operators import signature_of


def remove_dead(graph: ir.Graph) -> None:
    """Remove what no output depends on. Inputs and outputs of the graph stay."""
    dead = []
    for node in reversed(graph):
        if is_alive(node):
            _drop_results(node)
        else:
            forget_operands(node)
            dead.append(node)
    graph.remove(dead)
    for name, value in tuple(graph.initializers.items()):
        if not _is_read(value) and not value.is_graph_input():
            del graph.initializers[name]


def is_alive(node: ir.Node) -> bool:
    """Tell whether a result of a node is read by an output, or by a node."""
    return any(map(_is_read, node.outputs))


def _is_read(value: ir.Value) -> bool:
    return value.is_graph_output() or bool(value.uses())


def forget_operands(node: ir.Node) -> list[ir.Value]:
    """Let a node, and those inside it, read nothing any more; return what they read."""
    forgotten = []
    for reader in (node, *(inner for body in bodies(node) for inner in every_node(body))):
        for index, value in enumerate(reader.inputs):
            if value is not None:
                forgotten.append(value)
                reader.replace_input_with(index, None)
    return forgotten


def _drop_results(node: ir.Node) -> None:
    """Let go of optional results at the end that nobody reads, as the indices of a MaxPool."""
    kept = len(node.outputs)
    if kept == 1:
        return
    results = signature_of(node.op_type).results
    while kept > 1 and not _is_read(node.outputs[kept - 1]) and results[-1].optional:
        kept -= 1
    if kept < len(node.outputs):
        node.resize_outputs(kept)
