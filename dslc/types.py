"""Tensor types, printed as the language writes them: `float32[N, 3, 224, 224]`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from dslc import dims
from dslc.dims import Expression

Shape = tuple["int | Expression", ...]


class DType(Enum):
    """An element type; `value` is its name in the language, in NumPy and (upper case) in ONNX."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"
    FLOAT16 = "float16"
    INT64 = "int64"
    INT32 = "int32"
    UINT64 = "uint64"
    UINT8 = "uint8"
    INT8 = "int8"
    BOOL = "bool"

    __hash__ = (
        object.__hash__
    )  # Enum's own is written in Python, and sets of these are asked all the time

    @property
    def is_float(self) -> bool:
        return self.value.startswith("float")

    @property
    def is_integer(self) -> bool:
        return "int" in self.value

    @property
    def numpy(self) -> np.dtype[np.generic]:
        return np.dtype(self.value)

    @property
    def size(self) -> int:
        """Bytes per element."""
        return self.numpy.itemsize

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class TensorType:
    """Element type and shape. A dimension is a whole number or an expression over free names."""

    dtype: DType
    shape: Shape

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int | Expression:
        """Number of elements."""
        return dims.product(self.shape)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape as plain numbers; ValueError where a dimension is still free."""
        plain = dims.known(self.shape)
        if plain is None:
            raise ValueError(f"{self} has a free dimension")
        return plain

    @property
    def is_static(self) -> bool:
        return dims.known(self.shape) is not None

    def with_shape(self, shape: Iterable[int | Expression]) -> TensorType:
        return replace(self, shape=tuple(shape))

    def with_axis(self, axis: int, dim: int | Expression) -> TensorType:
        axis %= self.rank
        return self.with_shape((*self.shape[:axis], dim, *self.shape[axis + 1 :]))

    def with_dtype(self, dtype: DType) -> TensorType:
        return replace(self, dtype=dtype)

    def bind(self, sizes: Mapping[str, int]) -> TensorType:
        return self.with_shape(dims.bind(dim, sizes) for dim in self.shape)

    def __str__(self) -> str:
        return f"{self.dtype}{shape_text(self.shape)}"


def shape_text(shape: Iterable[int | Expression]) -> str:
    """Print a shape as the language writes it: `[N, 64, 30, 30]`."""
    return f"[{', '.join(str(dim) for dim in shape)}]"


def float32(*shape: int | Expression) -> TensorType:
    """Return the type `float32[shape]`."""
    return TensorType(DType.FLOAT32, shape)


def int64(*shape: int | Expression) -> TensorType:
    """Return the type `int64[shape]`."""
    return TensorType(DType.INT64, shape)


def broadcast(*shapes: Shape) -> Shape | None:
    """Return the shape that NumPy and ONNX broadcast `shapes` to, or None where they do not fit.

    A free dimension fits itself, a 1, and nothing else: `N` against 5 is a mistake, not a guess.
    """
    if shapes and all(shape == shapes[0] for shape in shapes):
        return shapes[0]
    rank = max((len(shape) for shape in shapes), default=0)
    result: list[int | Expression] = []
    for axis in range(rank):
        aligned = [s[axis - rank + len(s)] for s in shapes if axis - rank + len(s) >= 0]
        wide = {dim for dim in aligned if dim != 1}
        if len(wide) > 1:
            return None
        result.append(wide.pop() if wide else 1)
    return tuple(result)


@dataclass(frozen=True, slots=True)
class Size:
    """A size in the spatial dimensions: `3x3`, or `(k,)` for k in every dimension."""

    sizes: tuple[int, ...]

    def of(self, rank: int) -> tuple[int, ...]:
        """Return one number per spatial dimension; ValueError where the literal has another number of them."""
        if len(self.sizes) == 1:
            return self.sizes * rank
        if len(self.sizes) != rank:
            raise ValueError(f"{self} has {len(self.sizes)} dimensions, the value has {rank}")
        return self.sizes

    def __str__(self) -> str:
        return "x".join(str(size) for size in self.sizes)


@dataclass(frozen=True, slots=True)
class Duration:
    """`30 epochs` or `500 steps`."""

    amount: float
    unit: str


def text(x: object) -> str:
    """Print a static value as the language writes it."""
    if isinstance(x, bool):
        return str(x).lower()
    if isinstance(x, str):
        return f'"{x}"'
    if isinstance(x, tuple | range):
        return f"[{', '.join(text(item) for item in x)}]"
    if isinstance(x, Duration):
        return f"{x.amount:g} {x.unit}"
    return "none" if x is None else str(x)


def default_text(x: object) -> str:
    """Print the default of a setting as a call writes it: a string there is a word, without quotes."""
    return x if isinstance(x, str) else text(x)
