"""Dead code: nodes, constants and results that nothing depends on."""

from __future__ import annotations

import onnx_ir as ir

from dslc.graph.loops import bodies, captured
from dslc.graph.operators import signature_of


def remove_dead(graph: ir.Graph) -> None:
    """Remove what no output depends on. Inputs and outputs of the graph stay."""
    alive: set[ir.Value] = set(graph.outputs)
    dead = []
    for node in reversed(graph):
        if alive.isdisjoint(node.outputs):
            dead.append(node)
        else:
            alive.update(value for value in node.inputs if value is not None)
            alive.update(captured(node))
            _drop_results(node, alive)
    for node in dead:
        for body in bodies(node):
            for inner in body.all_nodes():
                for index in range(len(inner.inputs)):
                    inner.replace_input_with(index, None)
        for index in range(len(node.inputs)):
            node.replace_input_with(index, None)
    graph.remove(dead)
    for name, value in tuple(graph.initializers.items()):
        if value not in alive and not value.is_graph_input():
            del graph.initializers[name]


def _drop_results(node: ir.Node, alive: set[ir.Value]) -> None:
    """Let go of optional results at the end that nobody reads, as the indices of a MaxPool."""
    results = signature_of(node.op_type).results
    kept = len(node.outputs)
    while kept > 1 and node.outputs[kept - 1] not in alive and results[-1].optional:
        kept -= 1
    if kept < len(node.outputs):
        for value in node.outputs[kept:]:
            _forget_uses(value)
        node.resize_outputs(kept)


def _forget_uses(value: ir.Value) -> None:
    """Detach a value from dead nodes that still name it."""
    for user, index in value.uses():
        user.replace_input_with(index, None)
