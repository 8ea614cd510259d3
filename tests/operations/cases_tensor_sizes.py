"""Rows for tensor functions at the sizes where kernels change their way: one element, and around eight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dslc.layers import arithmetic as a
from dslc.layers import reduction as r
from dslc.layers import shape as s
from dslc.layers.compare import Where
from dslc.layers.einsum import Einsum
from dslc.layers.index import Gather, Index, OneHot, Pick
from dslc.layers.matmul import Matmul
from dslc.layers.merge import Concat, Stack
from dslc.layers.pad import Pad
from dslc.types import DType, TensorType, float32, int64
from tests.operations.harness import Case, below, distinct, positive

SIZES = (1, 2, 3, 7, 8, 9)


def _pad(mode: str, width: int) -> Any:
    return lambda t, x: t.nn.functional.pad(x, (width, width), mode=mode)


def _reductions(n: int) -> Iterator[Case]:
    x = (float32(1, n),)
    yield Case(f"sum of {n}", r.Sum(1), x, torch=lambda t, x: x.sum(1))
    yield Case(f"mean of {n}", r.Mean(1), x, torch=lambda t, x: x.mean(1))
    yield Case(f"max of {n}", r.Max(1), x, (distinct,), torch=lambda t, x: x.amax(1))
    yield Case(f"min of {n}", r.Min(1), x, (distinct,), torch=lambda t, x: x.amin(1))
    yield Case(f"prod of {n}", r.Prod(1), x, torch=lambda t, x: x.prod(1))
    yield Case(f"norm of {n}", r.Norm(1), x, (positive,), torch=lambda t, x: x.norm(2, 1))
    yield Case(f"logsumexp of {n}", r.Logsumexp(1), x, torch=lambda t, x: x.logsumexp(1))
    yield Case(
        f"var of {n}",
        r.Var(1, unbiased=False),
        x,
        torch=lambda t, x: x.var(1, unbiased=False),
    )
    if n > 1:
        yield Case(f"std of {n}", r.Std(1), x, torch=lambda t, x: x.std(1))


def _products(n: int) -> Iterator[Case]:
    yield Case(
        f"matmul of {n}", Matmul(), (float32(1, n), float32(n, 3)), torch=lambda t, x, y: x @ y
    )
    yield Case(
        f"matmul of a stack of {n}",
        Matmul(),
        (float32(2, n, 1), float32(1, n)),
        torch=lambda t, x, y: x @ y,
    )
    yield Case(
        f"einsum of {n}",
        Einsum("nk,mk->nm"),
        (float32(1, n), float32(n, n)),
        torch=lambda t, x, y: x @ y.T,
    )
    yield Case(
        f"add a column to {n}", a.Add(), (float32(1, n), float32(n, 1)), torch=lambda t, x, y: x + y
    )
    yield Case(
        f"divide by {n}",
        a.Div(),
        (float32(n), float32(1)),
        (None, positive),
        torch=lambda t, x, y: x / y,
    )
    yield Case(
        f"where, of {n}",
        Where(),
        (TensorType(DType.BOOL, (n, 1)), float32(1, n), float32(n)),
        torch=lambda t, c, x, y: t.where(c, x, y),
    )


def _shapes(n: int) -> Iterator[Case]:
    x = (float32(1, n, 2),)
    yield Case(f"reshape {n}", s.Reshape((-1, n)), x, torch=lambda t, x: x.reshape(-1, x.shape[1]))
    yield Case(f"transpose {n}", s.Transpose((2, 0, 1)), x, torch=lambda t, x: x.permute(2, 0, 1))
    yield Case(
        f"expand to {n}",
        s.Expand((n, 3, n)),
        (float32(3, 1),),
        torch=lambda t, x: x.expand(n, 3, n),
    )
    yield Case(f"tile {n} times", s.Tile((n, 1)), (float32(1, 2),), torch=lambda t, x: x.tile(n, 1))
    yield Case(f"pad {n}", Pad((1, 1)), (float32(1, n),), torch=_pad("constant", 1))
    yield Case(
        f"pad {n} with its edge", Pad(n, "edge"), (float32(1, 2, n),), torch=_pad("replicate", n)
    )
    if n > 1:
        mirror = _pad("reflect", n - 1)
        yield Case(
            f"pad {n} with its mirror", Pad(n - 1, "reflect"), (float32(1, 2, n),), torch=mirror
        )
    yield Case(f"concat of one and {n}", Concat(0), (float32(1, 2), float32(n, 2)))
    yield Case(
        f"concat, {n} of them",
        Concat(),
        (float32(1, 1),) * n,
        torch=lambda t, *xs: t.cat(xs, 1),
    )
    yield Case(
        f"stack, {n} of them", Stack(-1), (float32(2),) * n, torch=lambda t, *xs: t.stack(xs, -1)
    )


def _indices(n: int) -> Iterator[Case]:
    yield Case(f"index, the last of {n}", Index((-1,)), (float32(n, 2),), torch=lambda t, x: x[-1])
    yield Case(f"index, all {n}", Index((slice(0, n),)), (float32(n, 2),), torch=lambda t, x: x)
    yield Case(
        f"gather from {n}",
        Gather(0),
        (float32(n, 2), int64(9, 2)),
        (None, below(n)),
        torch=lambda t, x, i: x.gather(0, i),
    )
    yield Case(
        f"pick from {n}",
        Pick(),
        (float32(1, n), int64(1)),
        (None, below(n)),
        torch=lambda t, x, i: x.gather(1, i[:, None])[:, 0],
    )
    yield Case(
        f"one_hot of {n}",
        OneHot(n),
        (int64(1, n),),
        (below(n),),
        torch=lambda t, i: t.nn.functional.one_hot(i, n).double(),
    )


CASES = tuple(
    case for n in SIZES for make in (_reductions, _products, _shapes, _indices) for case in make(n)
)
