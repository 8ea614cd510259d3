"""Rows for pooling of regions."""

from __future__ import annotations

import dataclasses
from typing import Any

from dslc.layers.roi import RoiAlign, RoiMaxPool
from dslc.types import TensorType, float32, int64
from tests.operations.cases_conv import size
from tests.operations.harness import Case, T, WrongCall, below, distinct, fixed

_types = (float32(3, 2, 7, 6), float32(T, 4), int64(T))

_BOXES = fixed(
    [
        [0.6, 0.7, 4.2, 5.8],
        [-2.1, 1.3, 2.4, 9.2],  # over three edges
        [3.3, 2.2, 3.4, 2.3],  # nearly a point
        [20.2, 1.2, 25.7, 3.1],  # outside
    ]
)


def _align(name: str, operation: RoiAlign, *shape: int) -> Case:
    # The boxes move the samples, but their gradient is stopped: no differences.
    types = (float32(3, 2, *(shape or (7, 6))), *_types[1:])
    domains = (None, _BOXES, below(3))
    return Case(f"roi_align{name}", operation, types, domains, differences=False)


def _max(name: str, operation: RoiMaxPool, *shape: int, **form: Any) -> Case:
    types = (float32(3, 2, *(shape or (7, 6))), *_types[1:])
    return Case(f"roi_max_pool{name}", operation, types, (distinct, _BOXES, below(3)), **form)


def _wrong(name: str, code: str, *others: TensorType | None) -> tuple[WrongCall, ...]:
    """Return a wrong call of either pool; a value that is None is as it should be."""
    types = tuple(other or right for other, right in zip(others, _types, strict=True))
    return tuple(
        WrongCall(f"{operation.language_name()}: {name}", operation, types, code)
        for operation in (RoiAlign(size(2)), RoiMaxPool(size(2)))
    )


CASES = (
    _align("", RoiAlign(size(2))),
    _align(", free corners", RoiAlign(size(3, 2), aligned=False)),
    _align(", scale", RoiAlign(size(2, 3), 1, 0.5)),
    _align(", many samples", RoiAlign(size(1), 4, 1.5, False)),
    _align(", one element", RoiAlign(size(2)), 1, 1),
    _max("", RoiMaxPool(size(2))),
    _max(", scale", RoiMaxPool(size(3, 2), 0.5)),
    _max(", larger than the image", RoiMaxPool(size(7, 3), 1.5)),
    _max(", one element", RoiMaxPool(size(2)), 1, 1),
    dataclasses.replace(
        _max(", ties", RoiMaxPool(size(2)), differences=False),
        domains=(fixed(0.5), _BOXES, below(3)),
    ),
)

WRONG_CALLS = (
    *_wrong("sequence", "E0303", float32(3, 2, 7), None, None),
    *_wrong("boxes", "E0303", None, float32(T, 5), None),
    *_wrong("numbers of images", "E0401", None, None, float32(T)),
    *_wrong("too few numbers", "E0317", None, None, int64(2)),
    *_wrong("free size", "E0313", float32(3, 2, T, 6), None, None),
    *_wrong("boxes of whole numbers", "E0407", None, int64(T, 4), None),
)
