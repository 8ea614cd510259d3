"""Rows for arithmetic, comparisons and logic, matrix products."""

from __future__ import annotations

from dslc.layers import arithmetic as a
from dslc.layers import compare as c
from dslc.layers.einsum import Einsum
from dslc.layers.matmul import Matmul
from dslc.types import DType, TensorType, float32, int64
from tests.operations.harness import (
    Case,
    N,
    T,
    WrongCall,
    away_from,
    distinct,
    fixed,
    positive,
)

PAIR = (float32(N, 4), float32(N, 4))
BROADCAST = (float32(N, 3, 4), float32(3, 1))
WHOLE = (int64(N, 4), int64(4))
FLAGS = (TensorType(DType.BOOL, (N, 4)), TensorType(DType.BOOL, (4,)))
SIGNS = (fixed([-7, 7, -7, 7]), fixed([2, 2, -2, -2]))
TIES = (fixed([0.0, 1.0, 2.0, 2.0]), fixed([0.0, 2.0, 1.0, 2.0]))

CASES = (
    Case("add", a.Add(), PAIR, torch=lambda t, x, y: x + y),
    Case("add, broadcast", a.Add(), BROADCAST, torch=lambda t, x, y: x + y),
    Case("add a number", a.Add(), (float32(N, 2), float32()), torch=lambda t, x, y: x + y),
    Case("add three", a.Add(), (float32(N, 2),) * 3, torch=lambda t, x, y, z: x + y + z),
    Case("add one", a.Add(), (float32(N, 2),)),
    Case("add whole numbers", a.Add(), WHOLE),
    Case("sub", a.Sub(), BROADCAST, torch=lambda t, x, y: x - y),
    Case("sub, broadcast to the right", a.Sub(), (float32(4), float32(N, 4))),
    Case("mul", a.Mul(), BROADCAST, torch=lambda t, x, y: x * y),
    Case("mul three", a.Mul(), (float32(N, 2),) * 3, torch=lambda t, x, y, z: x * y * z),
    Case("mul by zeros", a.Mul(), PAIR, (fixed([0.0, 0.0, 1.0, 2.0]), fixed([0.0, 3.0, 0.0, 2.0]))),
    Case("div", a.Div(), BROADCAST, (None, positive), torch=lambda t, x, y: x / y),
    Case("floordiv", a.Floordiv(), PAIR, (positive, fixed(0.013)), differences=False),
    Case("floordiv of whole numbers", a.Floordiv(), WHOLE, SIGNS),
    Case(
        "mod",
        a.Mod(),
        (float32(N, 4), float32(4)),
        (fixed([-1.25, 0.625, 2.0, -0.5]), fixed([2.0, -0.5, 0.75, -2.0])),
        torch=lambda t, x, y: x.remainder(y),
    ),
    Case("mod of whole numbers", a.Mod(), WHOLE, SIGNS),
    Case("pow", a.Pow(), BROADCAST, (positive, None), torch=lambda t, x, y: x**y),
    Case(
        "pow with whole exponents",
        a.Pow(),
        PAIR,
        (away_from(0.0), fixed([2.0, 3.0, 0.0, 1.0])),
        differences=False,
    ),
    Case(
        "maximum",
        a.Maximum(),
        BROADCAST,
        (distinct, fixed(0.0)),
        torch=lambda t, x, y: t.maximum(x, y),
    ),
    Case("maximum of three", a.Maximum(), (float32(N, 4),) * 3),
    Case("maximum of equals", a.Maximum(), PAIR, TIES, differences=False),
    Case(
        "minimum",
        a.Minimum(),
        BROADCAST,
        (distinct, fixed(0.0)),
        torch=lambda t, x, y: t.minimum(x, y),
    ),
    Case("minimum of equals", a.Minimum(), PAIR, TIES, differences=False),
    Case("equal", c.Equal(), WHOLE),
    Case("equal fractions", c.Equal(), PAIR, TIES),
    Case("not_equal", c.NotEqual(), WHOLE),
    Case("less", c.Less(), PAIR, TIES),
    Case("less_equal", c.LessEqual(), PAIR, TIES),
    Case("greater", c.Greater(), PAIR, TIES),
    Case("greater_equal", c.GreaterEqual(), WHOLE),
    Case("logical_and", c.LogicalAnd(), FLAGS),
    Case("logical_or", c.LogicalOr(), FLAGS),
    Case("logical_not", c.LogicalNot(), FLAGS[:1]),
    Case(
        "where",
        c.Where(),
        (TensorType(DType.BOOL, (N, 4)), float32(N, 4), float32(4)),
        torch=lambda t, flags, x, y: t.where(flags, x, y),
    ),
    Case(
        "where, a flag per row",
        c.Where(),
        (TensorType(DType.BOOL, (N, 1)), float32(), float32(N, 4)),
    ),
    Case("where of flags", c.Where(), (*FLAGS, TensorType(DType.BOOL, (N, 4)))),
    Case("matmul", Matmul(), (float32(N, 3), float32(3, 2)), torch=lambda t, x, y: x @ y),
    Case(
        "matmul, row by matrix",
        Matmul(),
        (float32(3), float32(3, 2)),
        torch=lambda t, x, y: x @ y,
    ),
    Case(
        "matmul, matrix by column",
        Matmul(),
        (float32(N, 3), float32(3)),
        torch=lambda t, x, y: x @ y,
    ),
    Case("matmul, row by column", Matmul(), (float32(3), float32(3)), torch=lambda t, x, y: x @ y),
    Case(
        "matmul, stacks",
        Matmul(),
        (float32(N, 1, 2, 3), float32(4, 3, 2)),
        torch=lambda t, x, y: x @ y,
    ),
    Case(
        "matmul, stack by column",
        Matmul(),
        (float32(N, 2, 3), float32(3)),
        torch=lambda t, x, y: x @ y,
    ),
    Case(
        "matmul, row by stack",
        Matmul(),
        (float32(3), float32(N, 3, 2)),
        torch=lambda t, x, y: x @ y,
    ),
    Case(
        "matmul, sequences",
        Matmul(),
        (float32(N, T, 3), float32(3, 2)),
        torch=lambda t, x, y: x @ y,
    ),
    Case(
        "einsum, attention",
        Einsum("nmd,nd->nm"),
        (float32(N, 4, 3), float32(N, 3)),
        torch=lambda t, x, y: t.einsum("nmd,nd->nm", x, y),
    ),
    Case("einsum, sum of one", Einsum("nmd->nd"), (float32(N, 4, 3),), torch=lambda t, x: x.sum(1)),
    Case("einsum, transposed", Einsum("nm -> mn"), (float32(N, 4),), torch=lambda t, x: x.T),
    Case("einsum, trace of a product", Einsum("ij,ji->"), (float32(3, 4), float32(4, 3))),
    Case(
        "einsum, outer product",
        Einsum("i,j->ij"),
        (float32(3), float32(4)),
        torch=lambda t, x, y: t.outer(x, y),
    ),
)

WRONG_CALLS = (
    WrongCall(
        "shapes that do not broadcast",
        a.Add(),
        (float32(N, 3), float32(N, 4)),
        "E0308",
        ("[N, 3] and [N, 4]",),
    ),
    WrongCall(
        "a free size against 5", a.Mul(), (float32(N), float32(5)), "E0308", ("`*` cannot combine",)
    ),
    WrongCall(
        "types that differ",
        a.Sub(),
        (float32(N), int64(N)),
        "E0407",
        ("float32 with int64", "cast({1}, float32)"),
    ),
    WrongCall(
        "division of whole numbers",
        a.Div(),
        (int64(N), int64(N)),
        "E0401",
        ("`/` needs floating-point",),
    ),
    WrongCall(
        "arithmetic on bytes",
        a.Mul(),
        (TensorType(DType.UINT8, (N,)), float32()),
        "E0401",
        ("uint8",),
    ),
    WrongCall("and of numbers", c.LogicalAnd(), (int64(N), int64(N)), "E0401", ("truth values",)),
    WrongCall(
        "matrix by a column of another size",
        Matmul(),
        (float32(20, 10), float32(20)),
        "E0307",
        ("inner sizes 10 and 20 differ", "transpose {0}, which gives [10]:  transpose({0}) @ {1}"),
    ),
    WrongCall(
        "matrices that no transpose joins",
        Matmul(),
        (float32(2, 3), float32(4, 5)),
        "E0307",
        ("the last dimension of {0}",),
    ),
    WrongCall("matrix by a number", Matmul(), (float32(2, 3), float32()), "E0307", ("write `*`",)),
    WrongCall(
        "stacks of other sizes",
        Matmul(),
        (float32(2, 3, 3), float32(4, 3, 3)),
        "E0307",
        ("pair",),
    ),
    WrongCall(
        "einsum without an arrow", Einsum("nm"), (float32(N, 2),), "E0318", ("not an equation",)
    ),
    WrongCall("einsum of too few", Einsum("a,b->ab"), (float32(2),), "E0318", ("2 values",)),
    WrongCall(
        "einsum of another rank", Einsum("ab->a"), (float32(2),), "E0318", ("names 2 dimensions",)
    ),
    WrongCall(
        "einsum of other sizes", Einsum("a,a->"), (float32(2), float32(3)), "E0318", ("`a` is 2",)
    ),
    WrongCall("einsum of a diagonal", Einsum("aa->a"), (float32(2, 2),), "E0318", ("diagonal",)),
    WrongCall("einsum to a new letter", Einsum("a->b"), (float32(2),), "E0318", ("`b`",)),
    WrongCall(
        "where without a condition", c.Where(), (float32(N), float32(N), float32(N)), "E0401"
    ),
)
