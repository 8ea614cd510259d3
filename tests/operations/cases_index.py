"""Rows for what picks elements by place."""

from __future__ import annotations

from dslc.layers.index import Gather, Index, OneHot, Pick
from dslc.types import DType, TensorType, float32, int64
from tests.operations.harness import Case, N, T, WrongCall, below

X = (float32(N, 4, 3),)
SEQUENCE = (float32(N, T, 2),)
ALL = slice(None)

CASES = (
    Case("index, the last", Index((ALL, -1)), X, torch=lambda t, x: x[:, -1]),
    Case("index, a number", Index((0,)), (float32(4, 3),), torch=lambda t, x: x[0]),
    Case("index, bounds", Index((ALL, slice(1, 3))), X, torch=lambda t, x: x[:, 1:3]),
    Case("index, upper bound", Index((ALL, slice(3))), X, torch=lambda t, x: x[:, :3]),
    Case("index, lower bound", Index((ALL, slice(3, None))), X, torch=lambda t, x: x[:, 3:]),
    Case(
        "index, from the end",
        Index((ALL, ALL, slice(-2, -1))),
        X,
        torch=lambda t, x: x[:, :, -2:-1],
    ),
    Case(
        "index, all but the ends",
        Index((..., slice(1, -1), 0)),
        X,
        torch=lambda t, x: x[..., 1:-1, 0],
    ),
    Case("index, nothing", Index((ALL,)), X),
    Case("index, two numbers", Index((ALL, 1, 2)), X, torch=lambda t, x: x[:, 1, 2]),
    Case("index, last step of a sequence", Index((ALL, -1)), SEQUENCE, torch=lambda t, x: x[:, -1]),
    Case(
        "index, without the first step",
        Index((ALL, slice(1, None))),
        SEQUENCE,
        torch=lambda t, x: x[:, 1:],
    ),
    Case("index, without the last step", Index((ALL, slice(-1))), SEQUENCE),
    Case(
        "index, two last steps",
        Index((ALL, slice(-2, None))),
        SEQUENCE,
        torch=lambda t, x: x[:, -2:],
    ),
    Case(
        "gather",
        Gather(1),
        (*X, int64(N, 2, 3)),
        (None, below(4)),
        torch=lambda t, x, i: x.gather(1, i),
    ),
    Case(
        "gather the same often",
        Gather(0),
        (float32(2, 3), int64(6, 3)),
        (None, below(2)),
        torch=lambda t, x, i: x.gather(0, i),
    ),
    Case(
        "pick",
        Pick(),
        (float32(N, 5), int64(N)),
        (None, below(5)),
        torch=lambda t, x, i: x.gather(1, i[:, None])[:, 0],
    ),
    Case("pick channels", Pick(1), (*X, int64(N, 3)), (None, below(4))),
    Case(
        "one_hot",
        OneHot(4),
        (int64(N, T),),
        (below(4),),
        torch=lambda t, i: t.nn.functional.one_hot(i, 4).double(),
    ),
    Case("one_hot of one index", OneHot(4), (int64(),), (below(4),)),
    Case("one_hot of int32", OneHot(3), (TensorType(DType.INT32, (N,)),), (below(3),)),
)

WRONG_CALLS = (
    WrongCall("a place outside", Index((ALL, 4)), X, "E0316", ("no place 4 in dimension 1",)),
    WrongCall("bounds outside", Index((ALL, slice(1, 5))), X, "E0316", ("`1:5` is not a part",)),
    WrongCall("empty bounds", Index((ALL, slice(2, 2))), X, "E0316"),
    WrongCall("too many places", Index((0, 0, 0, 0)), X, "E0316", ("has 3 dimensions",)),
    WrongCall("a size that cannot be told", Index((ALL, slice(-1, 2))), SEQUENCE, "E0316"),
    WrongCall("gather by fractions", Gather(), (*X, *X), "E0401", ("whole numbers",)),
    WrongCall(
        "gather by another shape", Gather(1), (*X, int64(N, 2, 2)), "E0317", ("dimension 1",)
    ),
    WrongCall("pick for other rows", Pick(), (float32(N, 5), int64(N, 5)), "E0317", ("[N]",)),
    WrongCall("one_hot of fractions", OneHot(3), (float32(N),), "E0401"),
)
