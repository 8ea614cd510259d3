"""What operands must be: the conditions of calls, as the table of operations uses them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dslc import dims
from dslc.types import DType, TensorType, broadcast, float32, int64
from tests.generate.scope import Item, Need, Scope

Types = tuple[TensorType, ...]
WHOLE = (DType.INT64, DType.INT32)


def known(type: TensorType, *axes: int) -> bool:
    """Tell whether the sizes of these axes (none given: all of them) are numbers."""
    return all(isinstance(type.shape[axis], int) for axis in axes or range(type.rank))


def any_float(scope: Scope, before: Types) -> Item | None:
    return scope.supply(new_type(scope, scope.dice.randint(1, 4)))


def new_type(scope: Scope, rank: int) -> TensorType:
    """Draw the type of a float input: the batch is dimension 0, mostly."""
    batch = scope.dice.one(sorted(scope.sizes)) if scope.sizes else None
    first = dims.free(batch) if batch and scope.dice.chance(0.8) else scope.dice.size()
    return float32(*((first, *(scope.dice.size() for _ in range(rank - 1)))[:rank]))


def floats(
    least: int = 0, most: int = 8, test: Callable[[Scope, TensorType], bool] | None = None
) -> Need:
    """A floating-point value of `least` to `most` dimensions."""
    return Need(
        lambda scope, type, before: (
            type.dtype.is_float
            and least <= type.rank <= most
            and (test is None or test(scope, type))
        ),
        lambda scope, before: _made(scope, least, most, test),
    )


def _made(
    scope: Scope, least: int, most: int, test: Callable[[Scope, TensorType], bool] | None
) -> Item | None:
    type = new_type(scope, scope.dice.randint(max(least, 1), min(most, 4)))
    return scope.input(type) if test is None or test(scope, type) else None


FLOAT = floats()
ROWS = floats(1)
"""At least one dimension."""
FEATURES = floats(2, test=lambda scope, type: known(type, -1))
IMAGE = floats(3, 5, test=lambda scope, type: known(type, *range(1, type.rank)))
"""[N, C, ...] with one to three spatial dimensions."""
VARIED = Need(
    lambda scope, type, before: False,
    lambda scope, before: scope.input(new_type(scope, scope.dice.randint(1, 4))),
)
"""An input: of values that were computed all may be equal, and where a deviation is 0 it has a kink."""
CHANNELS = floats(2, 5, test=lambda scope, type: known(type, *range(1, type.rank)))

NUMBER = Need(
    lambda scope, type, before: type.dtype.is_float or type.dtype in WHOLE,
    any_float,
)
ANY = Need(lambda scope, type, before: True, any_float)
WHOLE_NUMBER = Need(
    lambda scope, type, before: type.dtype in WHOLE,
    lambda scope, before: scope.input(
        new_type(scope, scope.dice.randint(1, 3)).with_dtype(DType.INT64)
    ),
)
INDEX_BELOW_9 = replace(WHOLE_NUMBER, below=lambda before: 9)
FLAG = Need(
    lambda scope, type, before: type.dtype is DType.BOOL,
    lambda scope, before: scope.input(
        new_type(scope, scope.dice.randint(1, 3)).with_dtype(DType.BOOL)
    ),
)
LIKE = Need(
    lambda scope, type, before: type == before[0],
    lambda scope, before: scope.supply(before[0]),
)
"""Another value of the type of the first."""
ANOTHER = replace(LIKE, other=True)


def _goes_with(scope: Scope, type: TensorType, before: Types) -> bool:
    shape = type.shape
    for other in before:
        if other.dtype is type.dtype:
            found = broadcast(shape, other.shape)
            if found is None:
                return False
            shape = found
    return before[-1].dtype is type.dtype


def _narrower(scope: Scope, before: Types) -> Item | None:
    """Declare a value that broadcasts: some dimensions are 1, the first ones may be left out."""
    type = before[-1]
    shape = [1 if scope.dice.chance(0.3) else size for size in type.shape]
    return scope.supply(
        type.with_shape(shape[scope.dice.randint(0, type.rank) if type.rank else 0 :])
    )


BROADCASTS = Need(_goes_with, _narrower)
"""A value that goes with those before it."""


def parameter(shape: Callable[[Scope, Types], tuple[int, ...] | None]) -> Need:
    """A parameter of a shape that follows from the values before it."""

    def make(scope: Scope, before: Types) -> Item | None:
        found = shape(scope, before)
        return None if found is None else scope.param(found)

    return Need(lambda scope, type, before: False, make)


def fitting_axes(x: TensorType, index: TensorType) -> list[int]:
    """Return the axes of `x` that `index` lacks."""
    return [
        axis
        for axis in range(x.rank)
        if known(x, axis) and index.shape == (*x.shape[:axis], *x.shape[axis + 1 :])
    ]


def _row_index(scope: Scope, type: TensorType, before: Types) -> bool:
    return type.dtype is DType.INT64 and bool(fitting_axes(before[0], type))


def _make_row_index(scope: Scope, before: Types) -> Item | None:
    axes = [axis for axis in range(before[0].rank) if known(before[0], axis)]
    if not axes:
        return None
    axis = scope.dice.one([*axes, axes[-1]])
    shape = before[0].shape
    return scope.input(int64(*shape[:axis], *shape[axis + 1 :]))


def _least_size(before: Types) -> int:
    return min(size for size in before[0].shape if isinstance(size, int))


ROW_INDEX = Need(_row_index, _make_row_index, below=_least_size)
"""One index for each row of the first value: its shape without one axis."""


def gather_axes(x: TensorType, index: TensorType) -> list[int]:
    """Return the axes along which `gather` can look up."""
    if x.rank != index.rank:
        return []
    others = [[j for j in range(x.rank) if j != axis] for axis in range(x.rank)]
    return [
        axis
        for axis in range(x.rank)
        if known(x, axis) and all(x.shape[j] == index.shape[j] for j in others[axis])
    ]


def _make_gather_index(scope: Scope, before: Types) -> Item | None:
    axes = [axis for axis in range(before[0].rank) if known(before[0], axis)]
    if not axes:
        return None
    return scope.input(
        before[0].with_axis(scope.dice.one(axes), scope.dice.size()).with_dtype(DType.INT64)
    )


GATHER_INDEX = Need(
    lambda scope, type, before: type.dtype is DType.INT64 and bool(gather_axes(before[0], type)),
    _make_gather_index,
    below=_least_size,
)
LABEL_FLAGS = Need(
    lambda scope, type, before: type.dtype is DType.INT64 and type.shape == before[0].shape[:1],
    lambda scope, before: scope.input(int64(*before[0].shape[:1])),
    below=lambda before: 2,
)
"""A 0 or 1 for each sample."""
