"""Rows for softmax."""

from __future__ import annotations

from dslc.layers.softmax import LogSoftmax, Softmax
from dslc.types import float32, int64
from tests.operations.harness import Case, N, T, WrongCall, scaled

CASES = (
    Case("softmax", Softmax(), (float32(N, 5),), torch=lambda t, x: x.softmax(-1)),
    Case("softmax of channels", Softmax(1), (float32(N, 4, 3),), torch=lambda t, x: x.softmax(1)),
    Case("softmax over a free size", Softmax(1), (float32(N, T),), torch=lambda t, x: x.softmax(1)),
    Case(
        "softmax, large",
        Softmax(),
        (float32(N, 5),),
        (scaled(300, 3),),
        torch=lambda t, x: x.softmax(-1),
    ),
    Case("log_softmax", LogSoftmax(), (float32(N, 5),), torch=lambda t, x: x.log_softmax(-1)),
    Case(
        "log_softmax of channels",
        LogSoftmax(1),
        (float32(N, 4, 3),),
        torch=lambda t, x: x.log_softmax(1),
    ),
    Case(
        "log_softmax, saturated",
        LogSoftmax(),
        (float32(N, 5),),
        (scaled(0, 90),),
        torch=lambda t, x: x.log_softmax(-1),
    ),
)

WRONG_CALLS = (
    WrongCall("softmax of whole numbers", Softmax(), (int64(N, 5),), "E0401"),
    WrongCall("softmax of a number", LogSoftmax(), (float32(),), "E0322"),
)
