"""What an array of samples must be before the first step: its type, its shape, its numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dslc_runtime.errors import UserFault
from dslc_runtime.metadata import Port

Array = np.ndarray[Any, Any]
Locate = Callable[[int], str]
"""Says where a sample stands in its file: `line 4713`."""

_CHUNK = 1 << 22
_KINDS = {"i": "whole numbers", "u": "whole numbers", "f": "real numbers", "b": "booleans"}


def fit(array: Array, port: Port, place: str, sizes: dict[str, int]) -> Array:
    """Check type and shape; `sizes` collects what the free dimensions are. Errors: UserFault."""
    if array.ndim != len(port.shape):
        raise _rank_fault(array, port, place)
    _check_type(array.dtype, port, place)
    for size, wanted in zip(array.shape, port.shape, strict=True):
        expected = sizes.setdefault(wanted, size) if isinstance(wanted, str) else wanted
        if size != expected:
            about = f"{wanted} is {expected} in the other arrays" if wanted != expected else ""
            raise shape_fault(array.shape, port, place, about, _reshaped(array.shape, port))
    if not port.shape or not isinstance(port.shape[0], str):
        raise UserFault(
            f"{place}: `{port.name}` has no axis of samples, so it cannot come from data"
        )
    if array.size == 0:
        raise UserFault(f"{place} is empty: its shape is {list(array.shape)}")
    return array


def shape_fault(
    shape: tuple[int, ...], port: Port, place: str, about: str = "", mended: str = ""
) -> UserFault:
    """Say that an array has another shape than the net takes, and how `array` becomes what it takes."""
    return UserFault(
        f"{place} has the shape {list(shape)}, and the net takes {shape_text(port)}",
        facts=(about,) if about else (),
        helps=(f"save it as `array{mended}`",) if mended else (),
    )


def _rank_fault(array: Array, port: Port, place: str) -> UserFault:
    """Say that an array has another number of axes; one-hot labels become class numbers."""
    shape, wanted = array.shape, port.dtype
    mended = _reshaped(shape, port)
    is_one_hot = wanted.kind in "iu" and array.ndim == len(port.shape) + 1
    if is_one_hot and shape[-1] > 1:
        axis = 1 if agree((shape[0], *shape[2:]), port.shape) else array.ndim - 1
        about = "labels are class numbers here, not one-hot"
        return shape_fault(shape, port, place, about, f".argmax(axis={axis})")
    if mended and not _fits(array.dtype, wanted) and not _as_bytes(array.dtype, wanted):
        mended += f".astype(np.{wanted.name})"
    return shape_fault(shape, port, place, "", mended)


def _reshaped(shape: tuple[int, ...], port: Port) -> str:
    """Return what makes an array of one shape fit: an axis of 1 more or less, channels to the front, a flat picture."""
    rank, wanted = len(shape), port.shape
    if rank < 1:
        return ""
    forms = [("[:, None]", (*shape[:1], 1, *shape[1:]))]
    if shape[-1] == 1:
        forms.append(("[..., 0]", shape[:-1]))
    if rank > 2:
        axes = (0, rank - 1, *range(1, rank - 1))
        forms.append((f".transpose{axes}", tuple(shape[axis] for axis in axes)))
    for text, made in forms:
        if agree(made, wanted):
            return text
    sizes = [size for size in wanted[1:] if isinstance(size, int)]
    if rank > 1 and len(sizes) == len(wanted) - 1 and math.prod(shape[1:]) == math.prod(sizes):
        return f".reshape{(-1, *sizes)}"
    return ""


def agree(shape: tuple[int, ...], wanted: tuple[int | str, ...]) -> bool:
    """Tell whether a shape has the sizes that are wanted, as far as they are fixed."""
    return len(shape) == len(wanted) and all(
        isinstance(size, str) or size == found for found, size in zip(shape, wanted, strict=True)
    )


def shape_text(port: Port) -> str:
    """Return the shape that a net takes as the language writes it: `[N, 1, 28, 28]`."""
    return f"[{', '.join(str(size) for size in port.shape)}]"


def _fits(found: np.dtype[Any], wanted: np.dtype[Any]) -> bool:
    """Tell whether every number of one type is one of the other."""
    return _KINDS[found.kind] == _KINDS.get(wanted.kind) and np.can_cast(found, wanted, "safe")


def _as_bytes(found: np.dtype[Any], wanted: np.dtype[Any]) -> bool:
    """Tell whether data are pictures in bytes, and the net takes real numbers."""
    return found == np.uint8 and wanted.kind == "f"


def _check_type(found: np.dtype[Any], port: Port, place: str) -> None:
    wanted = port.dtype
    if _fits(found, wanted):
        return
    helps = [f"save it as `array.astype(np.{wanted.name})`"]
    if _as_bytes(found, wanted):
        helps = [
            f"let the net take what the data are:  input {port.name}: uint8{shape_text(port)}",
            "and begin with  cast(float32) -> mul(1/255)",
        ]
    raise UserFault(f"{place} is {found.name}, and the net takes {wanted.name}", helps=helps)


def _chunks(array: Array) -> Iterator[tuple[int, Array]]:
    """Yield parts of the first axis, so that a large file is never in memory as a whole."""
    rows = max(1, _CHUNK // max(1, array[0].size))
    for start in range(0, len(array), rows):
        yield start, array[start : start + rows]


def check_finite(array: Array, place: str, locate: Locate | None = None) -> None:
    """Refuse NaN and infinity in an array of real numbers, naming the sample. Errors: UserFault."""
    if array.dtype.kind != "f":
        return
    for start, part in _chunks(array):
        bad = ~np.isfinite(part)
        if bad.any():
            index = np.argwhere(bad)[0]
            value = part[tuple(index)]
            raise UserFault(f"{place} holds {value} at {_sample(start + int(index[0]), locate)}")


def check_labels(
    array: Array, classes: int, ignore: int | None, place: str, locate: Locate | None = None
) -> None:
    """Refuse labels that are no class number, naming the sample. Errors: UserFault."""
    for start, part in _chunks(array):
        bad = (part < 0) | (part >= classes)
        if ignore is not None:
            bad &= part != ignore
        if bad.any():
            index = np.argwhere(bad)[0]
            label = part[tuple(index)]
            ignored = f"; {ignore} is ignored" if ignore is not None else ""
            raise UserFault(
                f"{place} holds the label {label} at {_sample(start + int(index[0]), locate)}, "
                f"and classes = {classes}",
                facts=(f"labels are the numbers 0 to {classes - 1}{ignored}",),
                helps=_from_one(array, classes),
            )


def _from_one(array: Array, classes: int) -> tuple[str, ...]:
    """Return what mends labels that begin with 1."""
    begins_with_one = array.min() == 1 and array.max() == classes
    return ("they begin with 1: save them as `array - 1`",) if begins_with_one else ()


def _sample(number: int, locate: Locate | None) -> str:
    return f"sample {number}" if locate is None else f"sample {number} ({locate(number)})"
