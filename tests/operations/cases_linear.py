"""Rows for the fully connected layer."""

from __future__ import annotations

from dslc.layers.linear import Linear
from dslc.types import float32, int64
from tests.operations.harness import Case, N, T, WrongCall

CASES = (
    Case(
        "linear",
        Linear(4),
        (float32(N, 5),),
        torch=lambda t, x, w, b: t.nn.functional.linear(x, w, b),
    ),
    Case(
        "linear, no bias",
        Linear(4, bias=False),
        (float32(N, 5),),
        torch=lambda t, x, w: t.nn.functional.linear(x, w),
    ),
    Case(
        "linear, sequence",
        Linear(3),
        (float32(N, T, 5),),
        torch=lambda t, x, w, b: t.nn.functional.linear(x, w, b),
    ),
    Case("linear, sequence of known length", Linear(3, bias=False), (float32(N, 6, 5),)),
    Case("linear, one unit", Linear(1), (float32(N, 1),)),
)

WRONG_CALLS = (
    WrongCall(
        "linear: image",
        Linear(84),
        (float32(N, 16, 5, 5),),
        "E0303",
        (
            "`Linear` got an image; flatten it first",
            "without flatten the layer would mix only the last axis, the width of the image",
            "flatten makes it [N, 400]",
        ),
    ),
    WrongCall("linear: vector", Linear(2), (float32(5),), "E0303", ("[N, features]",)),
    WrongCall("linear: free features", Linear(2), (float32(N, T),), "E0303", ("features",)),
    WrongCall("linear: whole numbers", Linear(2), (int64(N, 5),), "E0401"),
)
