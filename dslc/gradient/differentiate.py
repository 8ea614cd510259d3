"""The gradient of a value in a graph, as more nodes of the same graph.

A reverse walk over the nodes, which stand in topological order: every node on a path from a `wrt`
value to `of` is handed to the rule of its operator (`dslc/gradient/rules`), with the sum of the
cotangents of its results. What the rules append are ordinary nodes, named `/grad/<name of the
forward node>/<operator>` below where the gradient is asked for: they print, check, simplify and
differentiate again.

The walk alone has to know of broadcasting, and of values with several uses. Whole numbers and truth
values carry no gradient. The graph is static: rules may ask for shapes as plain numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import onnx_ir as ir

from dslc.gradient.again import Again
from dslc.gradient.registry import NOT_DIFFERENTIABLE, RULES
from dslc.gradient.rule import (
    Gradient,
    GradientError,
    Gradients,
    Node,
    Rule,
    Tuning,
    full,
    unbroadcast,
    view,
)
from dslc.graph.builder import Builder, is_stopped, type_of
from dslc.graph.loops import captured


def differentiate(
    g: Builder,
    of: ir.Value,
    wrt: Sequence[ir.Value],
    *,
    rules: Mapping[str, Rule] = RULES,
    cotangent: ir.Value | None = None,
    zeros: bool = False,
    tuning: Tuning = "cpu",
) -> dict[ir.Value, ir.Value]:
    """Append the gradient of `of` to the graph of `g`; return it for every value in `wrt`.

    A value that `of` does not depend on is missing from the result; with `zeros` it is zero.

    Shapes: each gradient has the type of its value, `cotangent` (ones if not given) that of `of`.
    Formula: result[x] = the sum over the elements of `of` of cotangent * d of / d x.
    Errors: GradientError where a node on the way has no rule.
    """
    if not type_of(of).dtype.is_float:
        raise GradientError(
            f"{of.name} is {type_of(of).dtype}, and only float values have a gradient"
        )
    steps = _on_the_way(g.graph, of, wrt)
    walk = _Walk(g, rules, tuning, f"{g.scope}/grad")
    if steps or of in wrt:
        with g.at(walk.scope, g.doc):
            walk.add(of, cotangent if cotangent is not None else _like(g, of, 1.0))
    for step in reversed(steps):
        walk.through(step)
    with g.at(walk.scope, g.doc):
        found = {x: walk.whole(x) for x in wrt if x in walk.sums}
        if zeros:
            rest = [x for x in wrt if x not in found and type_of(x).dtype.is_float]
            found |= {x: _like(g, x, 0.0) for x in rest}
    return found


def _like(g: Builder, value: ir.Value, number: float) -> ir.Value:
    return full(g, type_of(value).shape, number, type_of(value).dtype)


@dataclass(frozen=True, slots=True)
class _Step:
    """A node that the gradient flows through, and which of its inputs it flows on to."""

    node: ir.Node
    wanted: tuple[bool, ...]


def _on_the_way(graph: ir.Graph, of: ir.Value, wrt: Sequence[ir.Value]) -> list[_Step]:
    """Return the nodes on float paths from `wrt` to `of`, in the order of the graph."""
    reached = {x for x in wrt if type_of(x).dtype.is_float}
    forward: list[_Step] = []
    for node in graph:
        if node.op_type in NOT_DIFFERENTIABLE or is_stopped(node):
            continue
        wanted = tuple(value in reached for value in node.inputs)
        if any(wanted) or any(value in reached for value in captured(node)):
            forward.append(_Step(node, wanted))
            reached.update(value for value in node.outputs if type_of(value).dtype.is_float)
    needed = {of}
    kept: list[_Step] = []
    for step in reversed(forward):
        if any(value in needed for value in step.node.outputs):
            kept.append(step)
            needed.update(value for value in step.node.inputs if value is not None)
            needed.update(captured(step.node))
    kept.reverse()
    return kept


@dataclass(slots=True)
class _Walk:
    """The sums of cotangents so far; a sum may still be narrow, one number for equal rows."""

    g: Builder
    rules: Mapping[str, Rule]
    tuning: Tuning
    scope: str
    sums: dict[ir.Value, ir.Value] = field(default_factory=dict)
    again: dict[str, Again] = field(default_factory=dict)

    def add(self, value: ir.Value, gradient: ir.Value) -> None:
        """Add the share of one use to the sum for `value`; no share outlives the next."""
        share = unbroadcast(self.g, gradient, type_of(value).shape)
        before = self.sums.get(value)
        self.sums[value] = share if before is None else self.g.Add(before, share)

    def whole(self, value: ir.Value) -> ir.Value:
        """Return the cotangent of `value` in its full shape."""
        return self.g.expand(self.sums[value], type_of(value).shape)

    def through(self, step: _Step) -> None:
        """Pass the cotangents of a node's results on to its inputs."""
        if not any(value in self.sums for value in step.node.outputs):
            return
        node = view(step.node, step.wanted, self.tuning)
        rule = self.rules.get(node.operator) if step.node.domain in ("", "ai.onnx") else None
        if rule is None:
            raise node.refuse("this operator has no gradient rule")
        with self.g.at(f"{self.scope}/{node.name.lstrip('/')}", node.doc):
            cotangents = [self.whole(y) if y in self.sums else None for y in node.outputs]
            node = self.recomputed(step.node, node, cotangents)
            gradients = _one_per_input(rule(self.g, node, *cotangents))
            for value, wanted, gradient in zip(
                step.node.inputs, node.wanted, gradients, strict=False
            ):
                if wanted and value is not None and gradient is not None:
                    self.add(value, gradient() if callable(gradient) else gradient)

    def recomputed(self, node: ir.Node, seen: Node, cotangents: Sequence[ir.Value | None]) -> Node:
        """Return what the rule sees of a node: of one that is computed again, the values of the second time.

        A gradient that is itself taken in that part takes the values that are there.
        """
        segment = node.metadata_props.get("segment", "")
        if segment in ("", self.g.segment):
            return seen
        if segment not in self.again:
            arrived = next(dy for dy in cotangents if dy is not None)
            self.again[segment] = Again(self.g, segment, arrived)
        again = self.again[segment]
        return replace(
            seen,
            inputs=tuple(None if v is None else again.value(v) for v in seen.inputs),
            outputs=tuple(again.value(v) for v in seen.outputs),
        )


def _one_per_input(gradients: Gradients) -> tuple[Gradient, ...]:
    return gradients if isinstance(gradients, tuple) else (gradients,)
