"""Rows for what is drawn anew in each step of training."""

from __future__ import annotations

from dslc.layers.dropout import Dropout
from dslc.types import float32, int64
from tests.operations.harness import Case, N, WrongCall

_image = float32(N, 4, 5, 3)

CASES = (
    Case("dropout", Dropout(), (_image,)),
    Case("dropout, few", Dropout(0.1), (float32(N, 67, 31),)),
    Case("dropout, size that is no multiple of four", Dropout(0.7), (float32(N, 7),)),
    Case("dropout, p=0", Dropout(0.0), (_image,)),
    Case("dropout, p=1", Dropout(1.0), (_image,)),
    Case("dropout, scalar", Dropout(0.3), (float32(),)),
)

WRONG_CALLS = (WrongCall("dropout: whole numbers", Dropout(), (int64(N, 4),), "E0401"),)
