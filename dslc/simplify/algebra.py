"""Algebra: nodes that change nothing, and pairs of nodes that are one.

Rules hold for every number, infinities and not-a-number among them (x * 0 is no 0), save two
liberties: the sign of a zero, and the rounding of a product of two constants.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir

from dslc.graph.builder import constant_of, type_of
from dslc.graph.shapes import reshape_sizes
from dslc.operation import Array
from dslc.simplify.rewriter import Rewriter, Rule, filled_with, operand, produced_by, scalar_of

VIEWS = ("Reshape", "Flatten", "Squeeze", "Unsqueeze")
"""Operators that give the same elements another shape."""

REDUCTIONS = ("ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum")
"""Reductions that give a single element as it is."""


def simplify_algebra(g: Rewriter) -> None:
    """Apply the rule of each node's operator, in one sweep."""
    g.sweep(_apply, RULES)


def _apply(g: Rewriter, node: ir.Node) -> ir.Value | None:
    return RULES[node.op_type](g, node)


def _keeps_type(node: ir.Node, index: int = 0) -> bool:
    return type_of(node.outputs[0]) == type_of(operand(node, index))


def _neutral(node: ir.Node, number: float, *places: int) -> ir.Value | None:
    """Return the other operand, where the operand at one of `places` is all `number`."""
    for place in places:
        if filled_with(node.inputs[place], number) and _keeps_type(node, 1 - place):
            return node.inputs[1 - place]
    return None


def _identity(g: Rewriter, node: ir.Node) -> ir.Value | None:
    return node.inputs[0]


def _add(g: Rewriter, node: ir.Node) -> ir.Value | None:
    """x + 0 = x, x + (-y) = x - y."""
    if (kept := _neutral(node, 0, 0, 1)) is not None:
        return kept
    for place in (1, 0):
        if negated := produced_by(node.inputs[place], "Neg"):
            found: ir.Value = g.Sub(operand(node, 1 - place), operand(negated, 0))
            return found
    return None


def _sub(g: Rewriter, node: ir.Node) -> ir.Value | None:
    """x - 0 = x, x - (-y) = x + y."""
    if (kept := _neutral(node, 0, 1)) is not None:
        return kept
    if negated := produced_by(node.inputs[1], "Neg"):
        found: ir.Value = g.Add(operand(node, 0), operand(negated, 0))
        return found
    return None


def _mul(g: Rewriter, node: ir.Node) -> ir.Value | None:
    """x * 1 = x; factors that are constant numbers go together."""
    if (kept := _neutral(node, 1, 0, 1)) is not None:
        return kept
    for place in (1, 0):
        factor = scalar_of(node.inputs[place])
        if factor is not None and constant_of(node.inputs[1 - place]) is None:
            return _scaled(g, node, operand(node, 1 - place), factor)
    return None


def _neg(g: Rewriter, node: ir.Node) -> ir.Value | None:
    """-(-x) = x, -(c x) = (-c) x."""
    if negated := produced_by(node.inputs[0], "Neg"):
        return negated.inputs[0]
    dtype = type_of(node.outputs[0]).dtype
    return _scaled(g, node, operand(node, 0), np.asarray(-1, dtype.numpy))


def _scaled(g: Rewriter, node: ir.Node, x: ir.Value, factor: Array) -> ir.Value | None:
    """Multiply `x` by a number and by the number it is multiplied by already."""
    inner = produced_by(x, "Mul", "Neg")
    if inner is None:
        return None
    if inner.op_type == "Neg":
        places: tuple[tuple[int, Array | None], ...] = ((0, np.asarray(-1, factor.dtype)),)
    else:
        places = ((0, scalar_of(inner.inputs[1])), (1, scalar_of(inner.inputs[0])))
    for place, other in places:
        if other is None:
            continue
        with np.errstate(all="ignore"):
            product = np.multiply(factor, other)
        if factor.dtype.kind == "f" and not _is_normal(product):
            return None
        rest = operand(inner, place)
        if type_of(rest) == type_of(node.outputs[0]):
            found: ir.Value = g.Mul(rest, g.constant(product, type_of(x).dtype))
            return found
    return None


def _is_normal(number: Array) -> bool:
    """Tell whether a float neither overflowed nor lost digits."""
    return bool(np.isfinite(number) and abs(number) >= np.finfo(number.dtype).tiny)


def _div(g: Rewriter, node: ir.Node) -> ir.Value | None:
    return _neutral(node, 1, 1)


def _pow(g: Rewriter, node: ir.Node) -> ir.Value | None:
    return node.inputs[0] if filled_with(node.inputs[1], 1) and _keeps_type(node) else None


def _cast(g: Rewriter, node: ir.Node) -> ir.Value | None:
    """Drop a cast to the type there is, also by way of a type that holds all its numbers."""
    if _keeps_type(node):
        return node.inputs[0]
    inner = produced_by(node.inputs[0], "Cast")
    if inner is None:
        return None
    source, between = type_of(operand(inner, 0)), type_of(operand(node, 0))
    if source == type_of(node.outputs[0]) and np.can_cast(source.dtype.numpy, between.dtype.numpy):
        return inner.inputs[0]
    return None


def _transpose(g: Rewriter, node: ir.Node) -> ir.Value | None:
    """Drop the order there is; two transposes are one; moving dimensions of size 1 is a view."""
    order = _order(node)
    if order == tuple(range(len(order))):
        return node.inputs[0]
    x, wanted = operand(node, 0), type_of(node.outputs[0])
    moved = [axis for axis in order if type_of(x).shape[axis] != 1]
    if moved == sorted(moved) and reshape_sizes(type_of(x).shape, wanted.shape) is not None:
        return g.reshape(x, wanted.shape)
    inner = produced_by(x, "Transpose")
    if inner is None:
        return None
    both = [_order(inner)[axis] for axis in order]
    if both == list(range(len(both))):
        return inner.inputs[0]
    found: ir.Value = g.Transpose(operand(inner, 0), perm=both)
    return found


def _order(node: ir.Node) -> tuple[int, ...]:
    perm = node.attributes.get("perm")
    rank = type_of(operand(node, 0)).rank
    return tuple(perm.as_ints()) if perm is not None else tuple(range(rank))[::-1]


def _view(g: Rewriter, node: ir.Node) -> ir.Value | None:
    """Drop a view of the shape there is; a view of a view is one."""
    if _keeps_type(node):
        return node.inputs[0]
    inner = produced_by(node.inputs[0], *VIEWS)
    if inner is None:
        return None
    x, wanted = operand(inner, 0), type_of(node.outputs[0])
    if type_of(x) == wanted:
        return x
    if reshape_sizes(type_of(x).shape, wanted.shape) is None:
        return None
    return g.reshape(x, wanted.shape)


def _expand(g: Rewriter, node: ir.Node) -> ir.Value | None:
    return node.inputs[0] if _keeps_type(node) else None


def _single(g: Rewriter, node: ir.Node) -> ir.Value | None:
    return node.inputs[0] if len(node.inputs) == 1 else None


def _slice(g: Rewriter, node: ir.Node) -> ir.Value | None:
    """Drop a slice of everything, forwards."""
    if not _keeps_type(node):
        return None
    steps = constant_of(node.inputs[4]) if len(node.inputs) > 4 else np.ones(1)
    return node.inputs[0] if steps is not None and bool((steps == 1).all()) else None


def _pad(g: Rewriter, node: ir.Node) -> ir.Value | None:
    return node.inputs[0] if filled_with(node.inputs[1], 0) else None


def _reduction(g: Rewriter, node: ir.Node) -> ir.Value | None:
    """Drop a reduction over dimensions of size 1; without `keepdims` it is a view."""
    x, wanted = operand(node, 0), type_of(node.outputs[0])
    before = type_of(x)
    if before.rank == 0 or before == wanted == before.with_shape([1] * before.rank):
        return x
    axes = constant_of(node.inputs[1]) if len(node.inputs) > 1 else None
    if axes is None or not axes.size or any(before.shape[axis] != 1 for axis in axes):
        return None
    if before == wanted:
        return x
    found: ir.Value = g.Squeeze(x, axes)
    return found


RULES: Mapping[str, Rule] = {
    "Add": _add,
    "Cast": _cast,
    "Concat": _single,
    "Div": _div,
    "Expand": _expand,
    "Identity": _identity,
    "Max": _single,
    "Mean": _single,
    "Min": _single,
    "Mul": _mul,
    "Neg": _neg,
    "Pad": _pad,
    "Pow": _pow,
    "Slice": _slice,
    "Sub": _sub,
    "Sum": _single,
    "Tile": _expand,
    "Transpose": _transpose,
    **dict.fromkeys(VIEWS, _view),
    **dict.fromkeys(REDUCTIONS, _reduction),
}
