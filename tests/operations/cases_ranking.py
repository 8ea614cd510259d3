"""Rows for the places of the largest elements, and for sums of the elements so far."""

from __future__ import annotations

from typing import Any

from dslc.layers.cumulative import Cumsum
from dslc.layers.ranking import Argmax, Argmin, Topk
from dslc.types import DType, TensorType, float32, int64
from tests.operations.harness import Case, N, T, WrongCall, below, distinct, fixed

X = (float32(N, 4, 3),)
TIES = (fixed([[1.0, 2.0, 2.0], [2.0, 1.0, 2.0], [0.0, 0.0, 0.0], [2.0, 2.0, 2.0]]),)
SIZES = (1, 2, 3, 7, 8, 9)


def _exclusive(t: Any, x: Any) -> Any:
    return x.cumsum(1) - x


CASES = (
    Case("argmax", Argmax(), X, (distinct,), torch=lambda t, x: x.argmax(-1)),
    Case(
        "argmax of channels", Argmax(1, True), X, (distinct,), torch=lambda t, x: x.argmax(1, True)
    ),
    Case("argmax of equals", Argmax(), X, TIES),
    Case("argmin", Argmin(), X, (distinct,), torch=lambda t, x: x.argmin(-1)),
    Case(
        "argmin of channels", Argmin(1, True), X, (distinct,), torch=lambda t, x: x.argmin(1, True)
    ),
    Case("argmin of equals", Argmin(), X, TIES),
    Case("argmin of samples", Argmin(0), (float32(1, 3),)),
    Case("topk", Topk(2), X, (distinct,), torch=lambda t, x: tuple(x.topk(2))),
    Case("topk of channels", Topk(3, 1), X, (distinct,), torch=lambda t, x: tuple(x.topk(3, 1))),
    Case(
        "topk, smallest",
        Topk(2, largest=False),
        X,
        (distinct,),
        torch=lambda t, x: tuple(x.topk(2, largest=False)),
    ),
    Case("topk of equals", Topk(2), X, TIES, differences=False),
    Case("topk of equals, smallest", Topk(2, 1, False), X, TIES, differences=False),
    Case("topk of time", Topk(2, 1), (float32(N, T, 2),), (distinct,)),
    Case("topk of whole numbers", Topk(2), (int64(N, 5),), (below(100),)),
    Case("topk of int32", Topk(1), (TensorType(DType.INT32, (N, 3)),)),
    *(
        Case(
            f"topk, all {n}",
            Topk(n),
            (float32(1, n),),
            (distinct,),
            torch=lambda t, x: tuple(x.topk(x.shape[1])),
        )
        for n in SIZES
    ),
    Case("cumsum", Cumsum(1), X, torch=lambda t, x: x.cumsum(1)),
    Case("cumsum of the last", Cumsum(-1), X, torch=lambda t, x: x.cumsum(-1)),
    Case("cumsum, exclusive", Cumsum(1, exclusive=True), X, torch=_exclusive),
    Case(
        "cumsum, reverse",
        Cumsum(1, reverse=True),
        X,
        torch=lambda t, x: x.flip(1).cumsum(1).flip(1),
    ),
    Case("cumsum, exclusive from the end", Cumsum(0, True, True), X),
    Case("cumsum of time", Cumsum(1), (float32(N, T, 2),), torch=lambda t, x: x.cumsum(1)),
    Case("cumsum of whole numbers", Cumsum(1), (int64(N, 5),)),
    *(
        Case(f"cumsum of {n}", Cumsum(0), (float32(n),), torch=lambda t, x: x.cumsum(0))
        for n in SIZES
    ),
)

WRONG_CALLS = (
    WrongCall("argmax of a number", Argmax(), (float32(),), "E0322", ("no dimensions",)),
    WrongCall("argmin of whole numbers", Argmin(), (int64(N, 3),), "E0401"),
    WrongCall("topk of too few", Topk(5), X, "E0316", ("5 elements of the 3 in dimension 2",)),
    WrongCall("topk along no dimension", Topk(1, 3), X, "E0322"),
    WrongCall("topk of flags", Topk(1), (TensorType(DType.BOOL, (N, 3)),), "E0401"),
    WrongCall("cumsum along no dimension", Cumsum(3), X, "E0322", ("dimensions 0 to 2",)),
    WrongCall("cumsum of bytes", Cumsum(0), (TensorType(DType.UINT8, (N, 3)),), "E0401"),
)
