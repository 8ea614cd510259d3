"""Numbers and lists where a value is expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dslc.elaborate.left_out import no_value
from dslc.elaborate.scope import (
    NONE,
    POISON,
    Entity,
    Frame,
    PoisonedError,
    Result,
)
from dslc.elaborate.settings import entity_text
from dslc.elaborate.static import describe, is_static
from dslc.network.network import Constant
from dslc.source import Span
from dslc.types import DType, Size, TensorType


def constant(entity: Any, span: Span, frame: Frame, others: Sequence[DType] = ()) -> Constant:
    """Make a constant of a static value.

    Numbers are float32, ranges int64, truth values bool. Beside a tensor, a number takes its element type where
    that can hold it.
    """
    items = entity.sizes if isinstance(entity, Size) else entity
    listed = np.asarray(items) if isinstance(items, bool | int | float | tuple | range) else None
    if listed is None or listed.dtype.kind not in "biuf":
        raise frame.mistake("E0403", "a value is needed here", span, f"this is {describe(entity)}")
    if isinstance(entity, range):
        dtype = DType.INT64
    elif listed.dtype.kind == "b":
        dtype = DType.BOOL
    else:
        dtype = next((d for d in others if _holds(d, listed)), DType.FLOAT32)
    array = listed.astype(dtype.numpy)
    return Constant("", TensorType(dtype, array.shape), span, frame.chain, array=array)


def _holds(dtype: DType, numbers: Any) -> bool:
    """Tell whether an element type can hold some numbers: floats any, integers whole ones in their range."""
    if dtype.is_float:
        return True
    if not dtype.is_integer or numbers.dtype.kind == "f":
        return False
    limits = np.iinfo(dtype.value)
    return bool(((numbers >= limits.min) & (numbers <= limits.max)).all())


def as_result(entity: Entity, span: Span, frame: Frame) -> Result:
    """Return an entity as tensors; numbers become constants. Raises MistakeError for anything else."""
    if entity is POISON:
        raise PoisonedError
    if isinstance(entity, Result):
        return entity
    if is_static(entity):
        return Result((constant(entity, span, frame),))
    if entity is NONE:
        raise no_value(span, frame)
    raise frame.mistake("E0403", "a value is needed here", span, f"this is {entity_text(entity)}")
