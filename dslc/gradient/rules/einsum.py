"""The gradient of Einsum: an Einsum with the result in place of the operand."""

from __future__ import annotations

from string import ascii_lowercase

import numpy as np
import onnx_ir as ir

from dslc.gradient.rule import Gradient, Gradients, Node, rule
from dslc.graph.builder import Builder, type_of


@rule("Einsum")
def sum_of_products(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: for `ij,jk->ik`, da = `ik,jk->ij` of dy and b, db = `ij,ik->jk` of a and dy."""
    terms, result = _letters(node)
    return tuple(_gradient(g, node, dy, terms, result, index) for index in range(len(terms)))


def _gradient(
    g: Builder, node: Node, dy: ir.Value, terms: list[str], result: str, index: int
) -> Gradient:
    return lambda: _of_operand(g, node, dy, terms, result, index)


def _of_operand(
    g: Builder, node: Node, dy: ir.Value, terms: list[str], result: str, index: int
) -> ir.Value:
    operands = [dy, *[node.input(i) for i in range(len(terms)) if i != index]]
    equation = [result, *[term for i, term in enumerate(terms) if i != index]]
    wanted = ""
    for axis, letter in enumerate(terms[index]):
        # A letter that comes twice reads a diagonal: its gradient lies on the diagonal, an identity
        # matrix puts it there.
        if letter in wanted:
            twin = _unused("".join(terms) + wanted)
            size = node.size(node.input(index), axis)
            operands.append(g.constant(np.eye(size), node.dtype(index)))
            equation.append(letter + twin)
            letter = twin
        wanted += letter
    # A letter that nobody else has was summed away: every element along it has the same gradient.
    known = [letter for letter in wanted if any(letter in term for term in equation)]
    gradient: ir.Value = g.Einsum(*operands, equation=f"{','.join(equation)}->{''.join(known)}")
    sizes = iter(type_of(gradient).shape)
    return g.reshape(gradient, [next(sizes) if letter in known else 1 for letter in wanted])


def _letters(node: Node) -> tuple[list[str], str]:
    """Return the terms of the operands and of the result, with letters in place of `...`."""
    equation = str(node.attribute("equation")).replace(" ", "")
    left, arrow, result = equation.partition("->")
    terms = left.split(",")
    if not arrow:
        once = sorted(c for c in set(left) if c.isalpha() and left.count(c) == 1)
        result = ("..." if "..." in left else "") + "".join(once)
    extra = [
        node.rank(i) - len(term.replace("...", "")) if "..." in term else 0
        for i, term in enumerate(terms)
    ]
    batch = ""
    for _ in range(max(extra)):
        batch += _unused(equation + batch)
    spelled = [
        term.replace("...", batch[len(batch) - more :])
        for term, more in zip(terms, extra, strict=True)
    ]
    return spelled, result.replace("...", batch)


def _unused(used: str) -> str:
    return next(letter for letter in ascii_lowercase if letter not in used)
