"""Settings as the operations want them: by the annotation of the setting, out of what the call says."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from dslc.dims import Expression
from dslc.elaborate.static import is_number
from dslc.initializers.base import Initializer
from dslc.initializers.constant import Constant
from dslc.initializers.constant import Literal as Written
from dslc.operation import Operation, SettingInfo
from dslc.types import DType, Duration, Size

NOTHING = object()
"""What `convert` returns where a value does not fit."""

INTEGER = 2**31 - 1
"""Whole numbers in settings: kernels compute with 32 bits."""

WINDOW = 65_535
"""A kernel, stride, dilation or padding in one dimension."""

WORDS: Mapping[str, object] = {"none": None, **{dtype.value: dtype for dtype in DType}}
"""Words that stand for a value of their own."""


@cache
def settings_of(family: type[Any]) -> tuple[SettingInfo, ...]:
    """Return the settings of an operation, initializer, optimizer or schedule, in positional order."""
    if issubclass(family, Operation):
        return family.settings()
    hints = get_type_hints(family)
    ordered = sorted(fields(family), key=lambda item: bool(item.kw_only))
    return tuple(
        SettingInfo(item.name, hints[item.name], item.default, item.metadata) for item in ordered
    )


def convert(value: Any, annotation: Any) -> Any:
    """Return `value` as `annotation` wants it, or NOTHING."""
    if annotation is Any:
        return value
    if get_origin(annotation) in (typing.Union, types.UnionType):
        found = (convert(value, option) for option in _options(value, annotation))
        return next((item for item in found if item is not NOTHING), NOTHING)
    if get_origin(annotation) is Literal:
        return value if isinstance(value, str) and value in get_args(annotation) else NOTHING
    if get_origin(annotation) is tuple:
        return _tuple(value, get_args(annotation))
    return _plain(value, annotation)


def word(name: str, annotation: Any) -> Any:
    """Return what a bare word means for a setting: `same`, `float32`, `none`; or NOTHING.

    For a hyper-parameter of a block, which may be anything, `none` is no word but what stands for a value left out.
    """
    is_word = name in WORDS and (annotation is not Any or WORDS[name] is not None)
    found = convert(WORDS[name], annotation) if is_word else NOTHING
    if found is NOTHING and (name in words(annotation) or annotation is str):
        return name
    return found


def words(annotation: Any) -> tuple[str, ...]:
    """Return the words a setting accepts."""
    if get_origin(annotation) is Literal:
        return tuple(str(choice) for choice in get_args(annotation))
    if get_origin(annotation) in (typing.Union, types.UnionType):
        return tuple(found for option in get_args(annotation) for found in words(option))
    if annotation is DType:
        return tuple(dtype.value for dtype in DType)
    return ()


def wants_initializer(annotation: Any) -> bool:
    """Tell whether a setting takes initial values."""
    return any(
        isinstance(option, type) and issubclass(option, Initializer)
        for option in (annotation, *get_args(annotation))
    )


def expected(annotation: Any) -> str:
    """Say what a setting takes: `a whole number`, "a size such as 3x3 or `same`"."""
    if get_origin(annotation) in (typing.Union, types.UnionType):
        options = [option for option in get_args(annotation) if option is not type(None)]
        return " or ".join(expected(option) for option in options)
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    if get_origin(annotation) is tuple:
        inner = [option for option in get_args(annotation) if option is not ...]
        return f"a list of {_plural(inner[0])}"
    return _EXPECTED.get(annotation, "a value of another kind")


def out_of_range(value: Any, info: SettingInfo) -> str | None:
    """Return the limit that a number (or one number of a size or list) breaks: `at least 1`."""
    for number in _numbers(value):
        for name, limit in info.limits.items():
            if not _KEEPS[name](number, limit):
                return f"{LIMIT_WORDS[name]} {limit:g}"
    largest = largest_whole(info.annotation)
    if largest is not None and any(abs(number) > largest for number in _numbers(value)):
        return f"at most {largest}"
    return None


def largest_whole(annotation: Any) -> int | None:
    """Return the largest whole number that a setting takes whatever it is for; None where it takes real numbers."""
    if _takes(annotation, float):
        return None
    return WINDOW if _takes(annotation, Size) else INTEGER


def _takes(annotation: Any, kind: type) -> bool:
    """Tell whether an annotation is a kind, or holds it: `int | float`, `tuple[int, ...]`."""
    return annotation is kind or any(_takes(option, kind) for option in get_args(annotation))


def required(info: SettingInfo) -> bool:
    """Tell whether a call must give a setting."""
    return info.default is MISSING


def _options(value: Any, annotation: Any) -> tuple[Any, ...]:
    """Exact kinds first, so that 1 stays whole where a setting takes `int | float`."""
    options: tuple[Any, ...] = get_args(annotation)
    exact = [option for option in options if isinstance(option, type) and type(value) is option]
    return (*exact, *(option for option in options if option not in exact))


def _plain(value: Any, annotation: Any) -> Any:
    if annotation is None or annotation is type(None):
        return None if value is None else NOTHING
    if annotation is bool:
        return value if isinstance(value, bool) else NOTHING
    if annotation is int:
        return value if isinstance(value, int) and not isinstance(value, bool) else NOTHING
    if annotation is float:
        return value if is_number(value) else NOTHING
    if annotation is Size:
        return _size(value)
    if wants_initializer(annotation):
        return _initializer(value)
    if annotation in (str, DType, Duration, Expression):
        return value if isinstance(value, annotation) else NOTHING
    return value if isinstance(annotation, type) and isinstance(value, annotation) else NOTHING


def _size(value: Any) -> Any:
    if isinstance(value, Size):
        return value
    items = value if isinstance(value, tuple | range) else (value,)
    whole = items and all(isinstance(item, int) and not isinstance(item, bool) for item in items)
    return Size(tuple(items)) if whole else NOTHING


def _initializer(value: Any) -> Any:
    if isinstance(value, Initializer):
        return value
    if is_number(value):
        return Constant(float(value))
    return Written(value) if isinstance(value, tuple) else NOTHING


def _tuple(value: Any, items: tuple[Any, ...]) -> Any:
    if isinstance(value, Size):
        value = value.sizes
    if not isinstance(value, tuple | range):
        return NOTHING
    kinds = (items[0],) * len(value) if len(items) == 2 and items[1] is ... else items
    if len(kinds) != len(value):
        return NOTHING
    found = tuple(convert(item, kind) for item, kind in zip(value, kinds, strict=True))
    return NOTHING if any(item is NOTHING for item in found) else found


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, Size):
        yield from value.sizes
    elif isinstance(value, tuple):
        for item in value:
            yield from _numbers(item)
    elif is_number(value):
        yield value


def _plural(annotation: Any) -> str:
    return {int: "whole numbers", float: "numbers", str: "strings"}.get(annotation, "sizes")


_EXPECTED: Mapping[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a string",
    DType: "an element type such as float32",
    Size: "a size such as 3 or 3x3",
    Initializer: "an initializer such as `kaiming_normal`",
    Duration: "a duration such as 30 epochs",
    Expression: "a dimension",
}

_KEEPS: Mapping[str, Any] = {
    "minimum": lambda number, limit: number >= limit,
    "maximum": lambda number, limit: number <= limit,
    "above": lambda number, limit: number > limit,
    "below": lambda number, limit: number < limit,
}

LIMIT_WORDS: Mapping[str, str] = {
    "minimum": "at least",
    "maximum": "at most",
    "above": "more than",
    "below": "less than",
}
