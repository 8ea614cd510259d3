"""Shapes as operators take them: sizes for Reshape, and free dimensions computed from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dslc.dims import Expression, Floor, free
from dslc.types import Shape

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


def reshape_sizes(old: Shape, new: Shape) -> list[int] | None:
    """Write a shape as Reshape takes it, with 0 and one -1, or return None where that cannot be."""
    sizes: list[int] = []
    for axis, dim in enumerate(new):
        if isinstance(dim, int) and dim:
            sizes.append(dim)
        elif axis < len(old) and old[axis] == dim:
            sizes.append(0)
        elif isinstance(dim, int) or -1 in sizes:
            return None
        else:
            sizes.append(-1)
    return sizes


def computed_extent(g: Builder, dim: Expression) -> ir.Value:
    """Return an expression over free dimensions as an int64 tensor of shape [1]."""
    terms = [_term(g, monomial, coefficient) for monomial, coefficient in dim.terms]
    total = terms[0]
    for term in terms[1:]:
        total = g.Add(total, term)
    return total


def _term(g: Builder, monomial: tuple[str | Floor, ...], coefficient: int) -> ir.Value:
    product = g.axes(coefficient)
    for atom in monomial:
        if isinstance(atom, Floor):
            factor = g.Div(g.extent(atom.expression), g.axes(atom.divisor))
        else:
            factor = g.extent(free(atom))
        product = g.Mul(product, factor)
    return product
