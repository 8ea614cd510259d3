"""Dimensions: whole numbers, or whole-number expressions over free names such as `N`.

An expression is kept in normal form (a sum of products with whole coefficients), so two expressions are equal exactly
when they print the same. Free names stand for sizes of at least 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Floor:
    """`numerator // divisor`, where the division does not come out even."""

    numerator: str  # printed form: orders and compares the same way as the expression does
    expression: Expression
    divisor: int

    def __str__(self) -> str:
        return f"({self.numerator})//{self.divisor}"


Monomial = tuple["str | Floor", ...]


@dataclass(frozen=True, slots=True, order=True)
class Expression:
    """A sum of `coefficient * product of atoms`, sorted; never a plain number (see `_normal`)."""

    terms: tuple[tuple[Monomial, int], ...]

    def __add__(self, other: int | Expression) -> int | Expression:
        return _normal([*self.terms, *_terms(other)])

    def __neg__(self) -> int | Expression:
        return _normal((monomial, -coefficient) for monomial, coefficient in self.terms)

    def __sub__(self, other: int | Expression) -> int | Expression:
        return self + (-other)

    def __rsub__(self, other: int) -> int | Expression:
        return -self + other

    def __mul__(self, other: int | Expression) -> int | Expression:
        return _normal(
            (tuple(sorted((*a, *b), key=str)), x * y)
            for a, x in self.terms
            for b, y in _terms(other)
        )

    def __floordiv__(self, divisor: int) -> int | Expression:
        if divisor <= 0:
            raise ValueError(f"a dimension is divided by {divisor}")
        # Each coefficient gives its whole part away, so that equal quotients have one form.
        whole = _normal((monomial, c // divisor) for monomial, c in self.terms)
        rest = _normal((monomial, c % divisor) for monomial, c in self.terms)
        if isinstance(rest, int):
            return whole + rest // divisor
        return whole + Expression((((Floor(str(rest), rest, divisor),), 1),))

    __radd__ = __add__
    __rmul__ = __mul__

    def __str__(self) -> str:
        text = ""
        for monomial, coefficient in self.terms:
            product = "*".join(str(atom) for atom in monomial)
            size = abs(coefficient)
            term = f"{size}" if not monomial else product if size == 1 else f"{size}*{product}"
            sign = "-" if coefficient < 0 else "+"
            text += f" {sign} {term}" if text else f"-{term}" if coefficient < 0 else term
        return text


def _terms(dim: int | Expression) -> tuple[tuple[Monomial, int], ...]:
    return dim.terms if isinstance(dim, Expression) else (((), dim),)


def _normal(terms: Iterable[tuple[Monomial, int]]) -> int | Expression:
    total: dict[Monomial, int] = {}
    for monomial, coefficient in terms:
        total[monomial] = total.get(monomial, 0) + coefficient
    kept = [(monomial, c) for monomial, c in total.items() if c]
    if not kept:
        return 0
    if len(kept) == 1 and kept[0][0] == ():
        return kept[0][1]
    # Names first, the plain number last: `N + 1`, as people write it.
    kept.sort(key=lambda term: (term[0] == (), [str(atom) for atom in term[0]]))
    return Expression(tuple(kept))


def free(name: str) -> Expression:
    """Return the dimension called `name`, whose size is not known yet."""
    return Expression(((((name,)), 1),))


def bind(dim: int | Expression, sizes: Mapping[str, int]) -> int | Expression:
    """Put the known `sizes` in place of names."""
    if isinstance(dim, int):
        return dim
    total: int | Expression = 0
    for monomial, coefficient in dim.terms:
        product: int | Expression = coefficient
        for atom in monomial:
            if isinstance(atom, Floor):
                product = product * (bind(atom.expression, sizes) // atom.divisor)
            else:
                product = product * (sizes[atom] if atom in sizes else free(atom))
        total = total + product
    return total


def names(dim: int | Expression) -> frozenset[str]:
    """Return the free names a dimension depends on."""
    if isinstance(dim, int):
        return frozenset()
    found: set[str] = set()
    for monomial, _ in dim.terms:
        for atom in monomial:
            found |= names(atom.expression) if isinstance(atom, Floor) else {atom}
    return frozenset(found)


def product(dims: Iterable[int | Expression]) -> int | Expression:
    """Multiply dimensions; exact for whole numbers of any size."""
    total: int | Expression = 1
    for dim in dims:
        total = total * dim
    return total


def divides(divisor: int, dim: int | Expression) -> bool:
    """Tell whether `divisor` divides `dim` for every size of its free names."""
    return all(coefficient % divisor == 0 for _, coefficient in _terms(dim))


def quotient(dim: int | Expression, by: int | Expression) -> int | Expression | None:
    """Return `dim / by` where it comes out even, else None (used to solve for the -1 of a reshape)."""
    if isinstance(dim, int) and isinstance(by, int):
        return dim // by if by and dim % by == 0 else None
    by_terms = _terms(by)
    if len(by_terms) != 1:
        return 1 if dim == by else None
    (monomial, coefficient) = by_terms[0]
    parts: list[tuple[Monomial, int]] = []
    for atoms, c in _terms(dim):
        left = list(atoms)
        for atom in monomial:
            if atom not in left:
                return None
            left.remove(atom)
        if c % coefficient:
            return None
        parts.append((tuple(left), c // coefficient))
    return _normal(parts)


def ceil_div(dim: int | Expression, divisor: int) -> int | Expression:
    """Return `dim / divisor` rounded up."""
    return (dim + (divisor - 1)) // divisor


def known(dims: Iterable[int | Expression]) -> tuple[int, ...] | None:
    """Return the dimensions as plain numbers, or None where one is free."""
    plain = tuple(dims)
    return plain if all(isinstance(dim, int) for dim in plain) else None  # type: ignore[return-value]  # all are int


def count(dims: Iterable[int | Expression]) -> int:
    """Multiply dimensions that are all known, with whole numbers of any size (no 64-bit wrap)."""
    return math.prod(dim if isinstance(dim, int) else _unknown(dim) for dim in dims)


class UnknownSizeError(ValueError):
    """A dimension is free where its size has to be known."""


def _unknown(dim: Expression) -> int:
    raise UnknownSizeError(f"the size of {dim} is not known")
