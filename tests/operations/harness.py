"""The rows that every operation is tested by, and the values they are tested on.

A family adds a module `cases_NAME.py` beside this one with `CASES` (and, where calls can be wrong,
`WRONG_CALLS`):

    CASES = (
        Case("relu", Relu(), (float32(N, 5),), (away_from(0.0),), torch=lambda t, x: t.relu(x)),
        Case("embedding", Embedding(7, 3), (int64(N, 4),), (below(7),)),
    )

`test_operations.py` finds them and runs every check on every row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dslc import dims
from dslc.operation import Operation
from dslc.types import TensorType

Array = NDArray[Any]
Domain = Callable[[np.random.Generator, tuple[int, ...]], Array]

N = dims.free("N")
T = dims.free("T")


@dataclass(frozen=True)
class Case:
    """One call of an operation.

    `inputs` are the types of its values (None: an optional one that is left out); free dimensions
    get `sizes`. `domains` says how each value is drawn; missing ones follow from the element type.
    `parameters` does the same for parameters, by name. `training` is the mode the row is for,
    None: both.

    `differences` is False where central differences do not apply: values on a kink, a gradient that
    is stopped. `step` is the width of the differences. `torch` is PyTorch's spelling, called with
    the module `torch`, then values and parameters as float64 tensors; statistics it changes in
    place are compared too.
    """

    name: str
    operation: Operation
    inputs: tuple[TensorType | None, ...]
    domains: tuple[Domain | None, ...] = ()
    parameters: Mapping[str, Domain] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=lambda: {"N": 3, "T": 4})
    training: bool | None = None
    differences: bool = True
    step: float = 1e-3
    torch: Callable[..., Any] | None = None

    @property
    def modes(self) -> tuple[bool, ...]:
        return (False, True) if self.training is None else (self.training,)


@dataclass(frozen=True)
class WrongCall:
    """A call that `infer` must refuse with `code`; `says` are parts of what the error tells."""

    name: str
    operation: Operation
    inputs: tuple[TensorType | None, ...]
    code: str
    says: tuple[str, ...] = ()


# ---- domains: how values are drawn. Floating-point ones are exact in float32, so that every
# precision sees the same.


def _rounded(values: Array) -> Array:
    return values.astype(np.float32).astype(np.float64)


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return _rounded(rng.standard_normal(shape))


def scaled(mean: float, std: float) -> Domain:
    """Normal values around `mean`: small variance, large offset, saturated logits."""
    return lambda rng, shape: _rounded(mean + std * rng.standard_normal(shape))


def between(low: float, high: float) -> Domain:
    return lambda rng, shape: _rounded(rng.uniform(low, high, shape))


positive = between(0.2, 2.0)


def distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Values at least 0.02 apart: no ties, and none within reach of a central difference."""
    size = int(np.prod(shape, dtype=np.int64))
    return _rounded((rng.permutation(size).reshape(shape) - size / 2) * 0.02 + 0.007)


def away_from(*points: float) -> Domain:
    """Normal values, none closer than 0.05 to a kink at one of `points`."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        values = rng.standard_normal(shape)
        for point in points:
            near = np.abs(values - point) < 0.05
            values = np.where(near, point + np.copysign(0.1, values - point), values)
        return _rounded(values)

    return draw


def below(limit: int, start: int = 0) -> Domain:
    """Whole numbers from `start` up to, and without, `limit`."""
    return lambda rng, shape: rng.integers(start, limit, shape)


def flags(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.integers(0, 2, shape).astype(bool)


def fixed(values: object) -> Domain:
    """The given values, broadcast to the shape."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        array = np.asarray(values)
        array = _rounded(array.astype(np.float64)) if array.dtype.kind == "f" else array
        return np.broadcast_to(array, shape).copy()

    return draw


def usual(type: TensorType) -> Domain:
    """Return the domain of a value for which the row names none."""
    if type.dtype.is_float:
        return normal
    if type.dtype.value == "bool":
        return flags
    return below(256) if type.dtype.value == "uint8" else below(3)
