"""Which element type a plain number gets when it is written as an operand: `g.Mul(x, 2)`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dslc.graph.operators.signature import Signature
from dslc.graph.values import is_value, type_of
from dslc.types import DType


def operand_dtypes(signature: Signature, operands: Sequence[Any]) -> Iterator[DType | None]:
    """Yield an element type for each operand as if it were a number; None where any will do.

    It is that of the operand which ONNX says must agree with it, or the only one that ONNX allows,
    or that of the first operand that is not bool.
    """
    bound: dict[str, DType] = {}
    first: DType | None = None
    for position, value in enumerate(operands):
        if is_value(value):
            dtype = type_of(value).dtype
            bound.setdefault(signature.operand(position).letter, dtype)
            first = first or (dtype if dtype is not DType.BOOL else None)
    for position in range(len(operands)):
        slot = signature.operand(position)
        if slot.letter in bound or slot.only is not None:
            yield bound.get(slot.letter, slot.only)
        elif first in slot.dtypes:
            yield first
        else:
            yield DType.INT64 if DType.FLOAT32 not in slot.dtypes else None
