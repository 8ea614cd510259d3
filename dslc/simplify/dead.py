"""Dead code: nodes, constants and results that nothing depends on."""

from __future__ import annotations

import onnx_ir as ir

from dslc.graph.loops import bodies, every_node
from dslc.graph.operators import signature_of


def remove_dead(graph: ir.Graph) -> None:
    """Remove what no output depends on. Inputs and outputs of the graph stay."""
    dead = []
    for node in reversed(graph):
        if any(map(_is_read, node.outputs)):
            _drop_results(node)
        else:
            _forget_operands(node)
            dead.append(node)
    graph.remove(dead)
    for name, value in tuple(graph.initializers.items()):
        if not _is_read(value) and not value.is_graph_input():
            del graph.initializers[name]


def _is_read(value: ir.Value) -> bool:
    """Tell whether an output or a node that is alive reads a value: its readers were looked at before."""
    return value.is_graph_output() or bool(value.uses())


def _forget_operands(node: ir.Node) -> None:
    """Let a node, and those inside it, read nothing any more."""
    for reader in (node, *(inner for body in bodies(node) for inner in every_node(body))):
        for index in range(len(reader.inputs)):
            reader.replace_input_with(index, None)


def _drop_results(node: ir.Node) -> None:
    """Let go of optional results at the end that nobody reads, as the indices of a MaxPool."""
    results = signature_of(node.op_type).results
    kept = len(node.outputs)
    while kept > 1 and not _is_read(node.outputs[kept - 1]) and results[-1].optional:
        kept -= 1
    if kept < len(node.outputs):
        node.resize_outputs(kept)
