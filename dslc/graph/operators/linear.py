"""Products of matrices and of tensors."""

from __future__ import annotations

from collections.abc import Mapping

from dslc.graph.operators.call import Call, Dim, Rule
from dslc.types import Shape


def _mat_mul(call: Call) -> list[Shape]:
    """Multiply the last two dimensions; those before are broadcast.

    A vector is a row on the left and a column on the right.
    """
    a, b = call.shape(0), call.shape(1)
    if not a or not b:
        raise call.fault("a scalar is no matrix")
    left = a if len(a) > 1 else (1, *a)
    right = b if len(b) > 1 else (*b, 1)
    call.equal(left[-1], right[-2], "inner dimensions")
    rows = left[-2:-1] if len(a) > 1 else ()
    columns = right[-1:] if len(b) > 1 else ()
    return [(*call.broadcast(left[:-2], right[:-2]), *rows, *columns)]


def _gemm(call: Call) -> list[Shape]:
    """Multiply two matrices, either transposed, and add a third that is broadcast."""
    call.expect_rank(0, 2, 2)
    call.expect_rank(1, 2, 2)
    rows, inner = _turned(call.shape(0), call.flag("transA"))
    inner_too, columns = _turned(call.shape(1), call.flag("transB"))
    call.equal(inner, inner_too, "inner dimensions")
    if call.has(2):
        call.stretches(call.shape(2), (rows, columns))
    return [(rows, columns)]


def _turned(shape: Shape, transposed: bool) -> Shape:
    return shape[::-1] if transposed else shape


def _einsum(call: Call) -> list[Shape]:
    """Sum products over the letters that the result does not name."""
    equation = str(call.attribute("equation")).replace(" ", "")
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    if len(terms) != len(call.types):
        raise call.fault(f"{equation} has {len(terms)} operands")
    sizes: dict[str, Dim] = {}
    batches: list[Shape] = []
    for operand, term in enumerate(terms):
        batches.append(_read_term(call, term, call.shape(operand), sizes))
    batch = call.broadcast(*batches)
    if not arrow:
        counts = "".join(terms).replace("...", "")
        once = sorted(letter for letter in set(counts) if counts.count(letter) == 1)
        right = ("..." if batch else "") + "".join(once)
    return [_write_term(call, right, batch, sizes)]


def _read_term(call: Call, term: str, shape: Shape, sizes: dict[str, Dim]) -> Shape:
    """Note the sizes of the letters of one operand; return the dimensions that `...` stands for."""
    before, dots, after = term.partition("...")
    extra = len(shape) - len(before) - len(after)
    if extra < 0 or (extra and not dots):
        raise call.fault(f"{term} does not fit {len(shape)} dimensions")
    end = len(before) + extra
    for letter, dim in zip(before + after, (*shape[: len(before)], *shape[end:]), strict=True):
        old = sizes.get(letter, 1)
        if 1 not in (old, dim):
            call.equal(old, dim, f"dimension {letter}")
        sizes[letter] = dim if old == 1 else old
    return shape[len(before) : end]


def _write_term(call: Call, term: str, batch: Shape, sizes: dict[str, Dim]) -> Shape:
    before, dots, after = term.partition("...")
    for letter in before + after:
        if letter not in sizes:
            raise call.fault(f"no operand has a dimension {letter}")
    first, last = ([sizes[letter] for letter in part] for part in (before, after))
    return (*first, *(batch if dots else ()), *last)


RULES: Mapping[str, Rule] = {"Einsum": _einsum, "Gemm": _gemm, "MatMul": _mat_mul}
