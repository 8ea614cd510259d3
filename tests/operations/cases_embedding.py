"""Rows for the embedding."""

from __future__ import annotations

from typing import Any

from dslc.layers.embedding import Embedding
from dslc.types import DType, TensorType, float32, int64
from tests.operations.harness import Case, N, T, WrongCall, below, fixed

TEXT = (int64(N, T),)


def _embedding(padding: int | None = None) -> Any:
    return lambda t, x, weight: t.nn.functional.embedding(x, weight, padding)


CASES = (
    Case("embedding", Embedding(7, 3), TEXT, (below(7),), torch=_embedding()),
    Case("embedding of one number", Embedding(7, 3), (int64(),), (below(7),), torch=_embedding()),
    Case("embedding of classes", Embedding(2, 1), (int64(N),), (below(2),), torch=_embedding()),
    Case("embedding of one row", Embedding(1, 8), (int64(1, 1),), (below(1),), torch=_embedding()),
    Case("embedding of stories", Embedding(9, 2), (int64(N, T, 3),), (below(9),)),
    Case(
        "embedding of int32",
        Embedding(5, 3),
        (TensorType(DType.INT32, (N, T)),),
        (below(5),),
        torch=_embedding(),
    ),
    Case("embedding of one word", Embedding(7, 3), TEXT, (fixed(4),), torch=_embedding()),
    Case(
        "embedding of a long text of few words",
        Embedding(3, 9),
        (int64(N, 500),),
        (below(3),),
        torch=_embedding(),
    ),
    # Differences would move the row of the padding, which counts as a constant.
    Case(
        "embedding with padding",
        Embedding(4, 3, padding_idx=0),
        TEXT,
        (below(4),),
        differences=False,
        torch=_embedding(0),
    ),
    Case(
        "embedding with padding at the end",
        Embedding(4, 3, padding_idx=-1),
        TEXT,
        (below(4),),
        differences=False,
        torch=_embedding(-1),
    ),
    Case(
        "embedding of padding among one word",
        Embedding(2, 3, padding_idx=1),
        TEXT,
        (below(2),),
        differences=False,
        torch=_embedding(1),
    ),
)

WRONG_CALLS = (
    WrongCall("embedding of floats", Embedding(96, 64), (float32(N, T),), "E0401", ("Linear(64)",)),
    WrongCall(
        "embedding of bytes",
        Embedding(96, 64),
        (TensorType(DType.UINT8, (N,)),),
        "E0401",
        ("cast",),
    ),
    WrongCall("embedding: padding", Embedding(4, 2, 4), TEXT, "E0316", ("0 to 3",)),
    WrongCall("embedding: padding before 0", Embedding(4, 2, -5), TEXT, "E0316"),
)
