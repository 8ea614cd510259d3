"""Entries for functions that move elements, look them up or make them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dslc.types import DType, Size, TensorType
from tests.generate.needs import (
    ANY,
    FLOAT,
    GATHER_INDEX,
    INDEX_BELOW_9,
    LIKE,
    ROW_INDEX,
    ROWS,
    fitting_axes,
    floats,
    gather_axes,
    known,
)
from tests.generate.scope import Entry, Need, Scope, Settings
from tests.generate.text import subscript


def _flatten(scope: Scope, x: TensorType) -> Settings:
    return {"axis": scope.dice.randint(1, max(1, x.rank - 1))} if scope.dice.chance(0.3) else {}


def _reshape(scope: Scope, x: TensorType) -> Settings | None:
    """Keep the free dimensions in front, put the others together in another way."""
    lead = [size for size in x.shape if not isinstance(size, int)]
    if len(lead) > 1 or (lead and known(x, 0)):
        return None
    count = math.prod(size for size in x.shape if isinstance(size, int))
    divisors = [d for d in range(1, count + 1) if count % d == 0]
    first = scope.dice.one(divisors)
    shape = [(first, count // first), (count,), (1, count), (first, 1, count // first)]
    return {"shape": (*lead, *scope.dice.one(shape))}


def _transpose(scope: Scope, x: TensorType) -> Settings:
    axes = list(range(x.rank))
    scope.dice.shuffle(axes)
    return {"axes": tuple(axes)}


def _squeeze(scope: Scope, x: TensorType) -> Settings | None:
    ones = [axis for axis, size in enumerate(x.shape) if size == 1]
    return {"axis": scope.dice.one(ones)} if ones else None


def _unsqueeze(scope: Scope, x: TensorType) -> Settings:
    return {"axis": scope.dice.randint(-x.rank - 1, x.rank)}


def _expand(scope: Scope, x: TensorType) -> Settings:
    shape = tuple(scope.dice.size() if size == 1 else size for size in x.shape)
    return {"shape": (scope.dice.size(), *shape) if scope.dice.chance(0.3) else shape}


def _tile(scope: Scope, x: TensorType) -> Settings:
    return {"repeats": tuple(scope.dice.randint(1, 3) for _ in range(x.rank))}


def _pad(scope: Scope, x: TensorType) -> Settings | None:
    mode = scope.dice.one(("constant", "reflect", "edge"))
    room = [size - 1 if isinstance(size, int) else 0 for size in x.shape]
    most = [
        min(2, r if mode == "reflect" else 2) if isinstance(s, int) else 0
        for r, s in zip(room, x.shape, strict=True)
    ]
    most[0] = 0
    ends = [scope.dice.randint(0, m) for _ in range(2) for m in most]
    settings: Settings = {"padding": tuple(ends), "mode": mode}
    return settings | ({"value": 0.5} if mode == "constant" and scope.dice.chance(0.5) else {})


def _index(scope: Scope, x: TensorType) -> Settings | None:
    items: list[Any] = []
    for size in x.shape[: scope.dice.randint(1, x.rank)]:
        kind = scope.dice.random()
        if not isinstance(size, int) or kind < 0.3:
            items.append(slice(None))
        elif kind < 0.6:
            items.append(scope.dice.randrange(-size, size))
        else:
            start = scope.dice.randrange(size)
            stop = scope.dice.randint(start + 1, size)
            items.append(slice(start or None, stop if scope.dice.chance(0.7) else None))
    if len(items) < x.rank and scope.dice.chance(0.3):
        items.insert(0, ...)
        if isinstance(items[-1], int) and not known(x, -1):
            return None
        return None if len(items) > 2 else {"items": tuple(_safe(items, x))}
    return {"items": tuple(items)}


def _safe(items: list[Any], x: TensorType) -> list[Any]:
    """Behind `...` the items stand for the last dimensions."""
    return [..., -1 if known(x, -1) else slice(None)]


def _cast(scope: Scope, x: TensorType) -> Settings:
    kinds = (DType.FLOAT32, DType.FLOAT64) if x.dtype.is_float else (DType.FLOAT32,)
    return {"dtype": scope.dice.one(kinds)}


def _split(scope: Scope, x: TensorType) -> Settings | None:
    axes = [axis for axis in range(x.rank) if known(x, axis) and x.shape[axis] > 1]
    if not axes:
        return None
    axis = scope.dice.one(axes)
    size = x.shape[axis]
    assert isinstance(size, int)
    cut = scope.dice.randint(1, size - 1)
    parts: Any = (cut, size - cut)
    return {"parts": parts, "axis": axis}


def _crop(scope: Scope, x: TensorType) -> Settings:
    size = tuple(scope.dice.randint(1, s) for s in x.shape[2:] if isinstance(s, int))
    return {"size": Size(size)}


def _same_outside(scope: Scope, type: TensorType, before: tuple[TensorType, ...]) -> bool:
    return type.dtype is before[0].dtype and bool(_joined(before[0], type))


def _joined(x: TensorType, y: TensorType) -> list[int]:
    if x.rank != y.rank or not x.rank:
        return []
    differ = [axis for axis in range(x.rank) if x.shape[axis] != y.shape[axis]]
    if len(differ) > 1:
        return []
    axes = differ or list(range(x.rank))
    return [axis for axis in axes if known(x, axis) and known(y, axis)]


def _concat(scope: Scope, x: TensorType, y: TensorType) -> Settings | None:
    axes = _joined(x, y)
    return {"axis": scope.dice.one(axes)} if axes else None


def _stack(scope: Scope, x: TensorType, y: TensorType) -> Settings:
    return {"axis": scope.dice.randint(0, x.rank)}


def _pick(scope: Scope, x: TensorType, index: TensorType) -> Settings:
    return {"axis": scope.dice.one(fitting_axes(x, index))}


def _gather(scope: Scope, x: TensorType, index: TensorType) -> Settings:
    return {"axis": scope.dice.one(gather_axes(x, index))}


def _one_hot(scope: Scope, index: TensorType) -> Settings:
    return {"classes": 9}


def _some_shape(scope: Scope) -> tuple[Any, ...]:
    return tuple(scope.dice.size() for _ in range(scope.dice.randint(1, 3)))


SPATIAL = floats(3, 5, test=lambda scope, type: known(type, *range(2, type.rank)))

ENTRIES: Mapping[str, Entry] = {
    "cast": Entry((ANY,), _cast),
    "concat": Entry((ROWS, Need(_same_outside, LIKE.make)), _concat),
    "crop": Entry((SPATIAL,), _crop),
    "expand": Entry((ROWS,), _expand),
    "flatten": Entry((floats(2),), _flatten),
    "full": Entry((), lambda scope: {"shape": _some_shape(scope), "value": 0.5}),
    "gather": Entry((ROWS, GATHER_INDEX), _gather),
    "index": Entry((ROWS,), _index, spelled=subscript),
    "one_hot": Entry((INDEX_BELOW_9,), _one_hot, result=lambda x: 1.0),
    "ones": Entry((), lambda scope: {"shape": _some_shape(scope)}),
    "pad": Entry((ROWS,), _pad),
    "pick": Entry((floats(2), ROW_INDEX), _pick),
    "range": Entry((), lambda scope: {"n": scope.dice.size()}),
    "reshape": Entry((ROWS,), _reshape),
    "split": Entry((ROWS,), _split),
    "squeeze": Entry((ROWS,), _squeeze),
    "stack": Entry((FLOAT, LIKE), _stack),
    "tile": Entry((ROWS,), _tile),
    "transpose": Entry((ROWS,), _transpose),
    "unsqueeze": Entry((FLOAT,), _unsqueeze),
    "zeros": Entry((), lambda scope: {"shape": _some_shape(scope)}),
}
