"""A builder that edits, for all passes: sweeps over the nodes, new nodes in front of the one looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container
from typing import Any

import numpy as np
import onnx_ir as ir

from dslc.errors import InternalError
from dslc.graph.builder import Builder, constant_of, type_of
from dslc.operation import Array
from dslc.simplify.dead import forget_operands, is_alive, remove_dead

Rule = Callable[["Rewriter", ir.Node], "ir.Value | None"]
"""A simpler form of the first result of a node, or None where there is none."""


class Rewriter(Builder):
    """Replaces results of nodes by simpler values.

    New nodes stand before the node they replace, in its scope and with its doc string.
    """

    def __init__(self, graph: ir.Graph) -> None:
        super().__init__(graph)
        self._anchor: ir.Node | None = None
        self._new: set[ir.Node | None] = set()
        self._dead: set[ir.Node] = set()
        self._results: dict[ir.Value, list[int]] = defaultdict(list)
        for index, value in enumerate(graph.outputs):
            self._results[value].append(index)

    def sweep(self, rule: Rule, operators: Container[str]) -> None:
        """Ask `rule` for a simpler form of the first result of each node of `operators`.

        Operands are simplified already when their node is looked at, so one sweep is enough. Nodes that nobody reads
        any more are removed.
        """
        for node in [node for node in self.graph if node.op_type in operators]:
            if node in self._dead:
                continue
            self._anchor = node
            self._new.clear()
            self._settle(rule, operators, node)
        self.graph.remove(self._dead)
        self._dead.clear()

    def is_dead(self, node: ir.Node) -> bool:
        """Tell whether this sweep is going to remove a node."""
        return node in self._dead

    def remove_dead(self) -> None:
        """Remove what no output depends on: nodes, constants, and results that may be left out."""
        remove_dead(self.graph)
        self._constants = {k: v for k, v in self._constants.items() if v.is_initializer()}

    def _settle(self, rule: Rule, operators: Container[str], node: ir.Node) -> None:
        """Apply `rule` to a node, and to what it puts in place of the node."""
        looked_at: ir.Node | None = node
        while looked_at is not None and looked_at.op_type in operators:
            simpler = rule(self, looked_at)
            if simpler is None:
                return
            self.replace(looked_at.outputs[0], simpler)
            producer = simpler.producer()
            looked_at = producer if producer in self._new else None

    def weight(self, name: str, array: Array) -> ir.Value:
        """Add a constant whose name is `name` or begins with it."""
        return self._hold(self.fresh(name), array)

    def replace(self, old: ir.Value, new: ir.Value) -> None:
        """Let every user of `old` read `new`; an output of the graph keeps its name."""
        if old is new:
            return
        if type_of(old) != type_of(new):
            raise InternalError("simplify", f"{old.name} is {type_of(old)}, not {type_of(new)}")
        if old in self._results:
            new = self._as_output(old, new)
        for user, index in old.uses():
            if user is not new.producer():
                user.replace_input_with(index, new)
        self.release(old)

    def release(self, value: ir.Value) -> None:
        """Let the node that computes a value go, and what it alone reads, where nobody reads them any more."""
        waiting = [value.producer()]
        while waiting:
            node = waiting.pop()
            if node is not None and node not in self._dead and not is_alive(node):
                self._dead.add(node)
                waiting += [value.producer() for value in forget_operands(node)]

    def _as_output(self, old: ir.Value, new: ir.Value) -> ir.Value:
        """Make `new` the output of the graph that `old` was, with its name."""
        taken = new.is_graph_input() or new.is_initializer() or new in self._results
        if taken and _is_operator(old, "Identity"):
            return new
        if taken:
            new = self.Identity(new)
        positions = self._results.pop(old)
        self._results[new] = positions
        for position in positions:
            self.graph.outputs[position] = new
        old.name, new.name = new.name, old.name
        return new

    def node(self, operator: str, *operands: Any, **settings: Any) -> Any:
        """Append a node as the one it stands in front of is: in its scope and part, of its line."""
        anchor = self._anchor
        if anchor is None:
            raise InternalError("simplify", f"{operator} has no place")
        self._scope, self._doc = (anchor.name or "").rpartition("/")[0], anchor.doc_string or ""
        self.segment = anchor.metadata_props.get("segment", "")
        return super().node(operator, *operands, **settings)

    def _place(self, node: ir.Node) -> None:
        assert self._anchor is not None
        self.graph.insert_before(self._anchor, node)
        self._new.add(node)


def _is_operator(value: ir.Value, operator: str) -> bool:
    producer = value.producer()
    return producer is not None and producer.op_type == operator


def produced_by(value: ir.Value | None, *operators: str) -> ir.Node | None:
    """Return the node that computes a value, if it is one of `operators`."""
    producer = None if value is None else value.producer()
    return producer if producer is not None and producer.op_type in operators else None


def operand(node: ir.Node, index: int) -> ir.Value:
    """Return an operand that is there."""
    value = node.inputs[index]
    if value is None:
        raise InternalError("simplify", f"operand {index} of {node.name} is missing")
    return value


def only_user(value: ir.Value) -> ir.Node | None:
    """Return the node that alone reads a value, once, and None where others do; removed nodes do not count."""
    users = (user for user, _ in value.uses() if user.graph is not None)
    first = next(users, None)
    return first if next(users, None) is None and not value.is_graph_output() else None


def only_use(value: ir.Value) -> bool:
    """Tell whether one node reads a value, once, and nobody else does."""
    return only_user(value) is not None


def scalar_of(value: ir.Value | None) -> Array | None:
    """Return the one element of a constant (as a NumPy scalar), or None where it is not that."""
    held = constant_of(value)
    return np.asarray(held.reshape(-1)[0]) if held is not None and held.size == 1 else None


def filled_with(value: ir.Value | None, number: float) -> bool:
    """Tell whether every element of a constant is `number`."""
    held = constant_of(value)
    return held is not None and held.size > 0 and bool(np.all(held == number))
