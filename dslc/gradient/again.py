"""A part of the forward pass, computed a second time for the backward pass that needs its values.

Only what goes into the part is then held between the passes. The second time nothing is drawn and no statistic moves:
what depends on parameters or random keys alone stays as it is, and of the rest only what gradients use is kept.

Source: Chen, Xu, Zhang, Guestrin 2016, "Training Deep Nets with Sublinear Memory Cost".
"""

from __future__ import annotations

import onnx_ir as ir

from dslc.graph.attributes import attributes_of
from dslc.graph.builder import Builder, is_stopped, type_of
from dslc.graph.loops import HOLDING
from dslc.types import DType

SMALL = (DType.INT8, DType.UINT8)
"""Element types that onnxruntime does not add."""


class Again:
    """The nodes of a part of the net once more, from its inputs, as soon as the gradient `arrived` is there."""

    def __init__(self, g: Builder, segment: str, arrived: ir.Value) -> None:
        self._values: dict[ir.Value, ir.Value] = {}
        nodes = [n for n in g.graph if n.metadata_props.get("segment") == segment]
        inside = {value for node in nodes for value in node.outputs}
        nothing = _nothing(g, arrived)
        for value in sorted(g.entering[segment] - inside, key=lambda value: value.name or ""):
            if not value.is_initializer():
                self._values[value] = _late(g, value, nothing)
        for node in nodes:
            if not self._values.keys().isdisjoint(node.inputs) and node.op_type not in HOLDING:
                self._repeat(g, node)

    def value(self, value: ir.Value) -> ir.Value:
        """Return what stands for a value the second time: the same where it is not computed again."""
        return self._values.get(value, value)

    def _repeat(self, g: Builder, node: ir.Node) -> None:
        operands = [None if value is None else self.value(value) for value in node.inputs]
        with g.at(f"{g.scope}/again/{(node.name or '').lstrip('/')}", node.doc_string or ""):
            found = g.node(
                node.op_type,
                operands,
                attributes_of(node),
                type=type_of(node.outputs[0]),
                outputs=len(node.outputs),
            )
            if is_stopped(node):
                found = g.stop_gradient(found)
        results = found if isinstance(found, tuple) else (found,)
        self._values.update(zip(node.outputs, results, strict=True))


def _nothing(g: Builder, arrived: ir.Value) -> ir.Value:
    """Return a zero that is known once `arrived` is, whatever its elements are: no magnitude lies below 0."""
    rank = len(type_of(arrived).shape)
    if rank:
        first = g.axes(*[0] * rank), g.axes(*[1] * rank), g.axes(*range(rank))
        arrived = g.reshape(g.Slice(arrived, *first), ())
    result: ir.Value = g.Less(g.Abs(arrived), 0.0)
    return result


def _late(g: Builder, value: ir.Value, nothing: ir.Value) -> ir.Value:
    """Return `value` as one that is not there before `nothing`.

    So the nodes that follow are not those of the forward pass, which any optimiser would make them otherwise, and
    come after it.
    """
    dtype = type_of(value).dtype
    if dtype is DType.BOOL:
        either: ir.Value = g.Or(value, nothing)
        return either
    wide = DType.INT32 if dtype in SMALL else dtype
    return g.cast(g.Add(g.cast(value, wide), g.cast(nothing, wide)), dtype)
