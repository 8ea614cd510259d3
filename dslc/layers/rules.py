"""Checks that many shape and type rules make, each with its one sentence.

`name` is how a message calls the operation: its name, or the sign the language has for it (`+`).
"""

from __future__ import annotations

from collections.abc import Sequence

from dslc.errors import Edit, RuleError
from dslc.types import DType, Shape, TensorType, broadcast, shape_text


def need_float(name: str, x: TensorType, about: int = 0) -> None:
    """Refuse anything but floating-point numbers (E0401)."""
    if not x.dtype.is_float:
        raise RuleError(
            "E0401",
            f"`{name}` needs floating-point numbers",
            about=about,
            text=f"this is {x}",
            edits=_first(name, "cast(float32)"),
            helps=() if name[0].isupper() else ("convert the value first:  cast(float32)",),
        )


def refuse_float64(name: str, x: TensorType, *instead: str) -> None:
    """Refuse float64 where onnxruntime has a kernel for float32 alone (E0590); `instead` can be written."""
    if x.dtype is DType.FLOAT64:
        raise RuleError(
            "E0590",
            f"`{name}` of float64 is not supported yet: onnxruntime computes it in float32",
            about=0,
            text=f"this is {x}",
            edits=(
                Edit("convert the value first:", "cast(float32) -> {call}"),
                *(Edit("or write:", text) for text in instead),
            ),
        )


def _first(name: str, function: str) -> tuple[Edit, ...]:
    """Propose to put a function in front of a layer."""
    return (
        (Edit("convert the value first:", f"{function} -> {{call}}"),) if name[0].isupper() else ()
    )


def need_number(name: str, x: TensorType, about: int = 0) -> None:
    """Refuse what cannot be computed with: bool, and the small integers of stored data (E0401)."""
    if not (x.dtype.is_float or x.dtype in (DType.INT64, DType.INT32)):
        raise RuleError(
            "E0401",
            f"`{name}` cannot compute with {x.dtype}",
            about=about,
            text=f"this is {x}",
            edits=(Edit("convert the value first, for example:", "cast(float32) -> {call}"),)
            if name.isidentifier() and about == 0
            else (),
            helps=()
            if name.isidentifier() and about == 0
            else ("convert the value first:  cast(float32)",),
        )


def need_bool(name: str, x: TensorType, about: int = 0) -> None:
    """Refuse anything but truth values (E0401)."""
    if x.dtype is not DType.BOOL:
        raise RuleError(
            "E0401",
            f"`{name}` needs truth values",
            about=about,
            text=f"this is {x}",
            helps=("a comparison gives truth values:  x != 0",),
        )


def need_index(name: str, x: TensorType, about: int = 0) -> None:
    """Refuse anything but whole numbers that count places (E0401)."""
    if x.dtype not in (DType.INT64, DType.INT32):
        raise RuleError(
            "E0401",
            f"`{name}` needs whole numbers",
            about=about,
            text=f"it counts places from 0; this is {x}",
            edits=(Edit("declare it as whole numbers:", str(x.with_dtype(DType.INT64)), about),),
        )


def same_dtype(name: str, types: Sequence[TensorType]) -> DType:
    """Return the element type that all `types` have (E0407)."""
    first = types[0].dtype
    for about, x in enumerate(types):
        if x.dtype is not first:
            raise RuleError(
                "E0407",
                f"`{name}` cannot combine {first} with {x.dtype}",
                about=about,
                text=f"this is {x}",
                facts=("element types are never converted unasked",),
                edits=_conversions(name, types),
                helps=() if _conversions(name, types) else ("convert one of them with  cast",),
            )
    return first


def _conversions(sign: str, types: Sequence[TensorType]) -> tuple[Edit, ...]:
    """Propose for `x * y` to convert the side that holds whole numbers."""
    whole = [index for index, x in enumerate(types) if not x.dtype.is_float]
    if len(types) != 2 or len(whole) != 1 or sign.isidentifier():
        return ()
    other = types[1 - whole[0]].dtype
    sides = ["{0}", "{1}"]
    sides[whole[0]] = f"cast({sides[whole[0]]}, {other})"
    return (Edit("convert the whole numbers:", f"{sides[0]} {sign} {sides[1]}"),)


def broadcast_shape(name: str, types: Sequence[TensorType]) -> Shape:
    """Return the shape that `types` broadcast to (E0308)."""
    shape = broadcast(*(x.shape for x in types))
    if shape is None:
        shapes = [shape_text(x.shape) for x in types]
        raise RuleError(
            "E0308",
            f"`{name}` cannot combine {', '.join(shapes[:-1])} and {shapes[-1]}",
            facts=(
                "shapes are compared from the last dimension backwards; "
                "each pair must be equal, or one of them 1",
            ),
        )
    return shape


def axis_of(name: str, axis: int, x: TensorType, about: str = "axis") -> int:
    """Return `axis` counted from the front (E0322)."""
    if not -x.rank <= axis < x.rank:
        places = f"dimensions 0 to {x.rank - 1}" if x.rank else "no dimensions"
        raise RuleError(
            "E0322",
            f"`{name}` has no dimension {axis} to work on",
            about=about,
            text=f"the value is {shape_text(x.shape)}: {places}",
        )
    return axis % x.rank


def axes_of(name: str, axis: int | tuple[int, ...] | None, x: TensorType) -> tuple[int, ...]:
    """Return the axes that a setting names, ascending and from the front; None: all (E0322)."""
    if axis is None:
        return tuple(range(x.rank))
    wanted = (axis,) if isinstance(axis, int) else axis
    found = sorted(axis_of(name, item, x) for item in wanted)
    if len(set(found)) != len(found):
        raise RuleError("E0322", f"`{name}` names a dimension twice", about="axis")
    return tuple(found)


def dimension_text(axis: int, rank: int) -> str:
    """Return `dimension 1 (channels)`, as messages call it."""
    return f"dimension {axis} (channels)" if axis == 1 and rank >= 3 else f"dimension {axis}"


def differing(one: Shape, other: Shape) -> list[int]:
    """Return the dimensions in which two shapes of equal rank differ."""
    return [axis for axis, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]


def without_axis(shape: Shape, axis: int) -> Shape:
    """Return `shape` with one dimension taken out."""
    return (*shape[:axis], *shape[axis + 1 :])
