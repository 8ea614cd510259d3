"""Values known when the file is compiled, and the arithmetic on them.

Static values are whole and real numbers, truth values, strings, lists (tuples), ranges, sizes such as `3x3`,
dimensions such as `2*N`, durations and element types.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from dslc import dims
from dslc.dims import Expression
from dslc.types import DType, Duration, Size

LIMIT = 100_000
"""The longest list, and the most digits over 3, that static arithmetic makes."""


class UnfitError(Exception):
    """An operation that has no meaning for its operands; the text says why, in the words of the language."""


class TooLargeError(Exception):
    """A static value beyond every use."""


def is_static(value: object) -> bool:
    """Tell whether a value is known when the file is compiled."""
    kinds = (bool, int, float, str, tuple, range, Size, Expression, Duration, DType)
    return isinstance(value, kinds)


def is_number(value: object) -> bool:
    """Tell whether a value is a whole or real number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def binary(sign: str, x: Any, y: Any) -> Any:
    """Return `x sign y`. Errors: UnfitError, TooLargeError."""
    if sign in ("==", "!="):
        equal = _equal(x, y)
        return equal if sign == "==" else not equal
    if sign in COMPARISONS:
        return _compare(sign, x, y)
    if isinstance(x, str) and isinstance(y, str) and sign == "+":
        return x + y
    if isinstance(x, Size) or isinstance(y, Size):
        return _on_sizes(sign, x, y)
    if isinstance(x, Expression) or isinstance(y, Expression):
        return _on_dims(sign, x, y)
    if not (is_number(x) and is_number(y)):
        raise UnfitError(f"`{sign}` does not work on {describe(x)} and {describe(y)}")
    return _on_numbers(sign, x, y)


def negative(x: Any) -> Any:
    """Return `-x`. Errors: UnfitError."""
    if isinstance(x, Size):
        return Size(tuple(-size for size in x.sizes))
    if is_number(x) or isinstance(x, Expression):
        return -x
    raise UnfitError(f"`-` does not work on {describe(x)}")


def truth(x: Any) -> bool:
    """Return a condition's value. Errors: UnfitError."""
    if isinstance(x, bool):
        return x
    raise UnfitError(f"this is {describe(x)}, not true or false")


def element(x: Any, index: int) -> Any:
    """Return `x[index]` of a list, a range or a size. Errors: UnfitError."""
    items = x.sizes if isinstance(x, Size) else x
    if not isinstance(items, tuple | range):
        raise UnfitError(f"{describe(x)} has no elements")
    if not -len(items) <= index < len(items):
        raise UnfitError(f"there is no element {index}: the list has {len(items)}")
    return items[index]


def describe(x: Any) -> str:
    """Say what kind of value it is: `the number 3`, `a list`."""
    if isinstance(x, bool):
        return f"`{str(x).lower()}`"
    if is_number(x):
        return f"the number {x}"
    if isinstance(x, str):
        return f'the string "{x}"'
    if isinstance(x, tuple | range):
        return "a list"
    if isinstance(x, Size):
        return f"the size {x}"
    if isinstance(x, Expression):
        return f"the dimension {x}"
    if isinstance(x, Duration):
        return f"a number of {x.unit}"
    if isinstance(x, DType):
        return f"the element type {x}"
    return "something else"


def call(name: str, values: Sequence[Any]) -> Any:
    """Apply a function of the compiler's own to static values. Errors: UnfitError, TooLargeError."""
    try:
        result = FUNCTIONS[name](*values)
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        shown = ", ".join(describe(value) for value in values)
        raise UnfitError(f"`{name}` does not work on {shown or 'nothing'}") from error
    if (
        isinstance(result, range) and result[LIMIT:]
    ):  # the length itself may be more than Python counts
        raise TooLargeError
    return result


def _reversed(items: Any) -> Any:
    return items[::-1]


def _sum(items: Any) -> Any:
    return sum(items)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "range": range, "reversed": _reversed, "len": len, "int": int, "float": float, "round": round,
    "floor": math.floor, "ceil": math.ceil, "sqrt": math.sqrt, "log": math.log, "exp": math.exp,
    "min": min, "max": max, "sum": _sum, "abs": abs,
}  # fmt: skip
"""Functions of static values; those that are also operations work on tensors then."""

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "%": operator.mod, "**": operator.pow,
}  # fmt: skip


def _on_numbers(sign: str, x: Any, y: Any) -> Any:
    if sign not in ARITHMETIC:
        raise UnfitError(f"`{sign}` does not work on numbers")
    if sign == "**" and isinstance(x, int) and isinstance(y, int):
        if y * x.bit_length() > LIMIT:
            raise TooLargeError
        if y < 0:
            x = float(x)
    try:
        result = ARITHMETIC[sign](x, y)
    except ZeroDivisionError as error:
        raise UnfitError("this divides by 0") from error
    except OverflowError as error:
        raise TooLargeError from error
    if isinstance(result, complex):
        raise UnfitError("a negative number has no such power")
    if isinstance(result, int) and result.bit_length() > LIMIT:
        raise TooLargeError
    return result


def _on_dims(sign: str, x: Any, y: Any) -> Any:
    if not (_is_dim(x) and _is_dim(y)):
        raise UnfitError(f"`{sign}` does not work on {describe(x)} and {describe(y)}")
    if sign in ("+", "-", "*"):
        return ARITHMETIC[sign](x, y)
    even = dims.quotient(x, y) if sign in ("/", "//", "%") and y != 0 else None
    if even is not None:
        return 0 if sign == "%" else even
    if sign == "//" and isinstance(y, int) and y > 0:
        return x // y
    if sign == "**" and isinstance(y, int) and 0 <= y <= 8:
        return dims.product((x,) * y)
    raise UnfitError(f"`{sign}` cannot be worked out while {_free_names(x, y)} is free")


def _on_sizes(sign: str, x: Any, y: Any) -> Size:
    """Work element by element; a number stands for itself in every dimension."""
    known = tuple(part for part in (x, y) if isinstance(part, Size))
    rank = max(len(size.sizes) for size in known)
    try:
        pairs = [_sizes_of(part, rank) for part in (x, y)]
        items = tuple(_on_numbers(sign, a, b) for a, b in zip(*pairs, strict=True))
    except ValueError as error:
        raise UnfitError(f"`{sign}` does not work on {describe(x)} and {describe(y)}") from error
    if not all(isinstance(item, int) for item in items):
        raise UnfitError(f"`{sign}` gives a fraction; `//` divides sizes")
    return Size(items)


def _sizes_of(part: Any, rank: int) -> tuple[int, ...]:
    if isinstance(part, Size):
        return part.of(rank)
    if isinstance(part, int) and not isinstance(part, bool):
        return (part,) * rank
    raise ValueError


def _is_dim(x: Any) -> bool:
    return isinstance(x, Expression) or (isinstance(x, int) and not isinstance(x, bool))


def _free_names(*values: Any) -> str:
    found = frozenset[str]().union(*(dims.names(v) for v in values if isinstance(v, Expression)))
    return " and ".join(f"`{name}`" for name in sorted(found))


def _equal(x: Any, y: Any) -> bool:
    if isinstance(x, Size) and isinstance(y, int):
        return all(size == y for size in x.sizes)
    if isinstance(y, Size) and isinstance(x, int):
        return _equal(y, x)
    if _is_dim(x) and _is_dim(y) and (isinstance(x, Expression) or isinstance(y, Expression)):
        difference = x - y
        if isinstance(difference, Expression):
            raise UnfitError(f"this depends on {_free_names(x, y)}, which is free")
        return bool(difference == 0)
    return bool(x == y)


def _compare(sign: str, x: Any, y: Any) -> bool:
    if _is_dim(x) and _is_dim(y):
        difference = x - y
        if isinstance(difference, Expression):
            raise UnfitError(f"this depends on {_free_names(x, y)}, which is free")
        return COMPARISONS[sign](difference, 0)
    if is_number(x) and is_number(y):
        return COMPARISONS[sign](x, y)
    raise UnfitError(f"`{sign}` does not compare {describe(x)} and {describe(y)}")
