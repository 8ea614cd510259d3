"""Rows for products of matrices, reductions and normalisation."""

from __future__ import annotations

import numpy as np

from tests.gradient.case import Array, Case, Point, away_from, distinct, plain, positive

POSITIVE_SCALE = [plain, positive, plain]


def einsum(equation: str, *shapes: tuple[int, ...], note: str = "") -> Case:
    return Case(
        "Einsum", lambda g, *xs: g.Einsum(*xs, equation=equation), shapes, note=note or equation
    )


def gemm(note: str, shapes: list[tuple[int, ...]], **form: float) -> Case:
    return Case("Gemm", lambda g, *xs: g.Gemm(*xs, **form), shapes, note=note)


def matmul(a: tuple[int, ...], b: tuple[int, ...]) -> Case:
    note = f"{'x'.join(map(str, a))} by {'x'.join(map(str, b))}"
    return Case("MatMul", lambda g, x, y: g.MatMul(x, y), [a, b], note=note)


LINEAR = [
    matmul((2, 3), (3, 4)),
    matmul((3,), (3,)),
    matmul((3,), (3, 2)),
    matmul((2, 3), (3,)),
    matmul((3,), (2, 3, 4)),
    matmul((2, 4, 3), (3,)),
    matmul((2, 4, 3), (3, 2)),
    matmul((4, 3), (2, 3, 2)),
    matmul((2, 1, 4, 3), (5, 3, 2)),
    gemm("plain", [(2, 3), (3, 4), (4,)]),
    gemm("both turned", [(3, 2), (4, 3), (2, 1)], alpha=0.5, beta=2.0, transA=1, transB=1),
    gemm("left turned", [(3, 2), (3, 4)], alpha=2.0, transA=1),
    gemm("right turned", [(2, 3), (4, 3), ()], transB=1),
    einsum("ij,jk->ik", (2, 3), (3, 4)),
    einsum("ij,jk", (2, 3), (3, 4), note="implicit"),
    einsum("bhqd,bhkd->bhqk", (2, 2, 3, 2), (2, 2, 4, 2)),
    einsum("...ij,...jk->...ik", (2, 2, 3), (2, 3, 2)),
    einsum("...ij,jk->...ik", (2, 2, 3), (3, 2), note="batch on the left"),
    einsum("ij->i", (2, 3)),
    einsum("ij,k->k", (2, 3), (2,), note="summed away"),
    einsum("ii->i", (3, 3)),
    einsum("ii,j->j", (3, 3), (2,), note="trace"),
    einsum("i,j,ij->", (2,), (3,), (2, 3)),
]


def reduction(
    operator: str, *domains: object, points: tuple[Point, ...] = (), **form: int
) -> list[Case]:
    """Rows for one axis, several, all, and without the kept dimension."""
    spread = [distinct] if not domains else list(domains)

    def row(note: str, shape: tuple[int, ...], axes: tuple[int, ...] | None, keep: int) -> Case:
        return Case(
            operator,
            lambda g, x: g.node(
                operator, [x, None if axes is None else g.axes(*axes)], {"keepdims": keep, **form}
            ),
            [shape],
            spread,  # type: ignore[arg-type]  # each is a Domain
            note,
            points if note == "all" else (),
        )

    return [
        row("last", (2, 3), (-1,), 1),
        row("first and last", (2, 3, 2), (2, 0), 0),
        row("all", (2, 3), None, 0),
    ]


def with_zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Rows without a zero, with one, and with two."""
    x = rng.uniform(0.5, 2, shape)
    x[1, :1] = 0
    x[2, :2] = 0
    return x


REDUCTIONS = [
    *reduction("ReduceSum"),
    *reduction("ReduceMean"),
    *reduction("ReduceSumSquare"),
    *reduction("ReduceL1", away_from(0), points=(Point([[-1, 0, 2]], [[-1, 0, 1]]),)),
    *reduction("ReduceL2", points=(Point([[0, 0]], [[0, 0]]), Point([[3, 4]], [[0.6, 0.8]]))),
    *reduction("ReduceLogSum", positive),
    *reduction("ReduceLogSumExp", points=(Point([[500, 500]], [[0.5, 0.5]]),)),
    *reduction(
        "ReduceProd",
        positive,
        points=(
            Point([[2, 3, 4]], [[12, 8, 6]]),
            Point([[2, 0, 4]], [[0, 8, 0]]),
            Point([[2, 0, 0]], [[0, 0, 0]]),
        ),
    ),
    *[
        Case(
            "ReduceProd",
            lambda g, x: g.ReduceProd(x, g.axes(1)),
            [(3, size)],
            [with_zeros],
            note=f"of {size}, zeros among them",
        )
        for size in (1, 2, 5, 8)
    ],
    *reduction("ReduceMax", points=(Point([[1, 3, 3, 2]], [[0, 1, 0, 0]]),)),
    *reduction("ReduceMin", points=(Point([[1, 3, 1, 2]], [[1, 0, 0, 0]]),)),
    Case(
        "ReduceSum",
        lambda g, x: g.ReduceSum(x, None, noop_with_empty_axes=1),
        [(2, 3)],
        note="no axes",
    ),
    Case("CumSum", lambda g, x: g.CumSum(x, g.constant(1)), [(2, 3)]),
    Case(
        "CumSum", lambda g, x: g.CumSum(x, g.constant(0), exclusive=1), [(3, 2)], note="exclusive"
    ),
    Case("CumSum", lambda g, x: g.CumSum(x, g.constant(-1), reverse=1), [(3, 2)], note="reverse"),
]

NORMALISATION = [
    Case(
        "Softmax",
        lambda g, x: g.Softmax(x, axis=-1),
        [(2, 4)],
        points=[Point([[90, -90]], [[0, 0]])],
    ),
    Case("Softmax", lambda g, x: g.Softmax(x, axis=1), [(2, 4, 2)], note="middle"),
    Case(
        "LogSoftmax",
        lambda g, x: g.LogSoftmax(x, axis=-1),
        [(2, 4)],
        points=[Point([[90, -90]], [[-1, 1]])],
    ),
    Case("LogSoftmax", lambda g, x: g.LogSoftmax(x, axis=0), [(3, 2)], note="first"),
    Case("LpNormalization", lambda g, x: g.LpNormalization(x, axis=-1, p=2), [(2, 4)]),
    Case(
        "LpNormalization",
        lambda g, x: g.LpNormalization(x, axis=0, p=1),
        [(3, 2)],
        [away_from(0)],
        "p=1",
    ),
    Case(
        "LayerNormalization",
        lambda g, x, s, b: g.LayerNormalization(x, s, b, axis=-1),
        [(3, 6), (6,), (6,)],
    ),
    Case(
        "LayerNormalization",
        lambda g, x, s: g.LayerNormalization(x, s, axis=1, epsilon=0.01),
        [(2, 3, 2), (3, 2)],
        note="two axes, no bias",
    ),
    Case(
        "LayerNormalization",
        lambda g, x, s, b: g.LayerNormalization(x, s, b, axis=-1, outputs=3)[0],
        [(3, 6), (6,), (6,)],
        note="statistics given",
    ),
    Case(
        "InstanceNormalization",
        lambda g, x, s, b: g.InstanceNormalization(x, s, b),
        [(2, 3, 4, 2), (3,), (3,)],
    ),
    Case(
        "BatchNormalization",
        lambda g, x, s, b, m, v: g.BatchNormalization(x, s, b, m, v),
        [(2, 3, 4), (3,), (3,), (3,), (3,)],
        [plain, plain, plain, plain, positive],
    ),
    Case(
        "BatchNormalization",
        lambda g, x, s, b, m, v: g.BatchNormalization(x, s, b, m, v, epsilon=0.1),
        [(4, 3), (3,), (3,), (3,), (3,)],
        [plain, plain, plain, plain, positive],
        "no space",
    ),
    Case("LRN", lambda g, x: g.LRN(x, size=3, alpha=0.5, beta=0.75, bias=1.0), [(2, 5, 2, 2)]),
    Case(
        "LRN",
        lambda g, x: g.LRN(x, size=5, alpha=0.5, beta=0.5, bias=2.0),
        [(1, 7, 3, 1)],
        note="five channels",
    ),
]
