"""Rows for merges, and the rule of merge groups."""

from __future__ import annotations

from dslc.layers.merge import Concat, Stack
from dslc.types import float32, int64
from tests.operations.harness import Case, N, T, WrongCall

BRANCHES = (float32(N, 64, 28, 28), float32(N, 128, 26, 26), float32(N, 32, 28, 28))

CASES = (
    Case(
        "concat",
        Concat(),
        (float32(N, 2, 3), float32(N, 4, 3), float32(N, 1, 3)),
        torch=lambda t, *x: t.cat(x, 1),
    ),
    Case("concat one", Concat(), (float32(N, 2),)),
    Case(
        "concat at the end",
        Concat(-1),
        (float32(N, 2), float32(N, 3)),
        torch=lambda t, *x: t.cat(x, -1),
    ),
    Case("concat whole numbers", Concat(0), (int64(2), int64(3))),
    Case("concat free sizes", Concat(1), (float32(N, T, 2), float32(N, 3, 2))),
    Case("stack", Stack(), (float32(N, 2), float32(N, 2)), torch=lambda t, *x: t.stack(x, 0)),
    Case("stack at 1", Stack(1), (float32(N, 2),) * 3, torch=lambda t, *x: t.stack(x, 1)),
    Case("stack at the end", Stack(-1), (float32(N, 2),) * 2, torch=lambda t, *x: t.stack(x, -1)),
    Case("stack one", Stack(1), (float32(N, 2),)),
)

WRONG_CALLS = (
    WrongCall(
        "branches of other sizes",
        Concat(),
        BRANCHES,
        "E0306",
        (
            "differ outside dimension 1",
            "concat joins dimension 1 (channels); every other dimension must match",
            "branch 2 is the odd one out: 26 instead of 28 in dimensions 2 and 3",
        ),
    ),
    WrongCall(
        "the first branch differs",
        Concat(),
        (BRANCHES[1], *BRANCHES[::2]),
        "E0306",
        ("branch 1 is the odd",),
    ),
    WrongCall("concat of other ranks", Concat(), (float32(N, 2), float32(N, 2, 2)), "E0306"),
    WrongCall("concat of other types", Concat(), (float32(N, 2), int64(N, 2)), "E0407"),
    WrongCall(
        "concat beyond the last dimension", Concat(2), (float32(N, 2),), "E0322", ("0 to 1",)
    ),
    WrongCall(
        "stack of other shapes",
        Stack(),
        (float32(N, 2), float32(N, 3)),
        "E0301",
        ("dimension 1: 2 and 3",),
    ),
)
