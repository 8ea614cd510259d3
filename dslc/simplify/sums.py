"""Sums with products of matrices in them: one product for many, and the rest goes in with it.

A weight that is used at every step of a recurrence has a gradient of this form:

    A1^T B1 + A2^T B2 + ... + C  =  (A1 over A2 over ...)^T (B1 over B2 over ...) + C
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import onnx_ir as ir

from dslc.graph.attributes import attributes_of
from dslc.graph.builder import type_of
from dslc.simplify.rewriter import Rewriter, only_use, only_user, operand, produced_by, scalar_of

Contracted = tuple[int, int]
"""Along which axis of its operands a product adds up."""


def join_products(g: Rewriter) -> None:
    """Make one product of those that are added, where writing their operands side by side costs less than the sum."""
    g.sweep(_join, {"Add"})


def absorb_sums(g: Rewriter) -> None:
    """Let a product start from what is added to it: the C of Gemm, and a number it is multiplied by."""
    g.sweep(_absorb, {"Add"})


def _join(g: Rewriter, node: ir.Node) -> ir.Value | None:
    if _is_term(node.outputs[0]):
        return None
    products: dict[Contracted, list[ir.Node]] = defaultdict(list)
    rest: list[ir.Value] = []
    for term in _terms(node):
        product = _product(term)
        if product is None or not _is_short(product):
            rest.append(term)
        else:
            products[_contracted(product)].append(product)
    if all(len(group) < 2 for group in products.values()):
        return None
    joined = [_joined(g, axes, group) for axes, group in products.items()]
    total, *others = [*joined, *rest]
    for value in others:
        total = g.Add(total, value)
    return total


def _is_term(value: ir.Value) -> bool:
    """Tell whether a sum is itself only a term of another."""
    user = only_user(value)
    return user is not None and user.op_type == "Add" and type_of(user.outputs[0]) == type_of(value)


def _terms(node: ir.Node) -> Iterator[ir.Value]:
    """Yield what a sum and the sums that are its terms add up, in order."""
    waiting: list[ir.Value] = [operand(node, 1), operand(node, 0)]
    while waiting:
        value = waiting.pop()
        inner = produced_by(value, "Add")
        if inner is not None and _is_term(value):
            waiting += [operand(inner, 1), operand(inner, 0)]
        else:
            yield value


def _product(value: ir.Value) -> ir.Node | None:
    """Return the plain product of two float matrices that a value is, where nobody else reads it."""
    node = produced_by(value, "Gemm", "MatMul")
    if node is None or not only_use(value) or len(node.inputs) > 2:
        return None
    types = [type_of(operand(node, index)) for index in (0, 1)]
    if any(type.rank != 2 or not type.dtype.is_float for type in types):
        return None
    return node


def _contracted(product: ir.Node) -> Contracted:
    flags = [product.attributes.get_int(name, 0) for name in ("transA", "transB")]
    return 1 - flags[0], flags[1]


def _is_short(product: ir.Node) -> bool:
    """Tell whether the operands are smaller than the result: the sum would read and write that."""
    if product.attributes.get_float("alpha", 1.0) != 1.0:
        return False
    sizes = [type_of(operand(product, index)).size for index in (0, 1)]
    result = type_of(product.outputs[0]).size
    known = [size for size in (*sizes, result) if isinstance(size, int)]
    return len(known) == 3 and known[0] + known[1] <= known[2]


def _joined(g: Rewriter, axes: Contracted, products: Sequence[ir.Node]) -> ir.Value:
    """Put the operands side by side, last term first.

    Gradients are added from the last step back: in the order of the steps, as the gradient of Split has them.
    """
    if len(products) == 1:
        return products[0].outputs[0]
    left, right = (
        g.Concat(*(operand(product, index) for product in reversed(products)), axis=axis)
        for index, axis in enumerate(axes)
    )
    found: ir.Value = g.Gemm(left, right, transA=1 - axes[0], transB=axes[1])
    return found


def _absorb(g: Rewriter, node: ir.Node) -> ir.Value | None:
    for place in (1, 0):
        product, other = _product(operand(node, place)), operand(node, 1 - place)
        if product is None or type_of(other) != type_of(node.outputs[0]):
            continue
        start, factor = _scaled(other)
        attributes = {**attributes_of(product), "beta": factor}
        found: ir.Value = g.Gemm(*product.inputs, start, **attributes)
        return found
    return None


def _scaled(value: ir.Value) -> tuple[ir.Value, float]:
    """Take a number off that a value is multiplied by, where nobody else reads the result."""
    scaling = produced_by(value, "Mul")
    if scaling is None or not only_use(value):
        return value, 1.0
    for place in (0, 1):
        factor, start = scalar_of(scaling.inputs[place]), operand(scaling, 1 - place)
        if factor is not None and type_of(start) == type_of(value):
            return start, float(factor)
    return value, 1.0
