"""Initial values that are not drawn: constants, the identity, values written in the spec."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.errors import RuleError
from dslc.initializers.base import Initializer
from dslc.initializers.fans import check_matrix
from dslc.operation import Array
from dslc.types import DType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


class _Same(Initializer, ABC):
    """One number everywhere."""

    drawn = False

    @property
    @abstractmethod
    def number(self) -> float: ...

    def for_stack_of(self, shape: tuple[int, ...]) -> Initializer:
        return self

    def sample(self, shape: tuple[int, ...], key: int) -> Array:
        return np.full(shape, self.number, np.float32)

    def lower(self, g: Builder, shape: tuple[int, ...], key: ir.Value) -> ir.Value:
        return g.expand(g.constant(np.float32(self.number)), shape)


@dataclass(frozen=True)
class Zeros(_Same):
    """Fill with 0.

    Example:
        input x: float32[N, 64]
        output y: Linear(32, init=normal(std=0.01), bias_init=zeros)
    """

    @property
    def number(self) -> float:
        return 0.0


@dataclass(frozen=True)
class Ones(_Same):
    """Fill with 1.

    Example:
        param w: float32[4, 3] = ones
        output y = w * w
    """

    @property
    def number(self) -> float:
        return 1.0


@dataclass(frozen=True)
class Constant(_Same):
    """Fill with one number.

    Example:
        input x: float32[N, 64]
        output y: Linear(32, init=normal(std=0.01), bias_init=constant(0.1))
    """

    c: float

    @property
    def number(self) -> float:
        return self.c


@dataclass(frozen=True)
class Identity(Initializer):
    """Pass the inputs on: the identity matrix, or a kernel that is 1 at the centre of its diagonal.

    Shapes: [out, in, *kernel]. An even kernel's centre is at size // 2.

    Formula: w[i, i, k // 2, ...] = 1, all else 0.

    Errors: E0319 for fewer than 2 dimensions.

    Source: Le, Jaitly, Hinton, "A Simple Way to Initialize Recurrent Networks of Rectified Linear
    Units" (2015).
    Example:
        input image: float32[N, 3, 32, 32]
        output y: Conv(8, 3x3, init=identity)
    """

    drawn = False

    def check(self, shape: tuple[int, ...]) -> None:
        check_matrix("identity", shape)

    def sample(self, shape: tuple[int, ...], key: int) -> Array:
        result = np.zeros(shape, np.float32)
        centre = tuple(size // 2 for size in shape[2:])
        for channel in range(min(shape[:2])):
            result[(channel, channel, *centre)] = 1
        return result

    def lower(self, g: Builder, shape: tuple[int, ...], key: ir.Value) -> ir.Value:
        rows = g.constant(np.arange(shape[0]).reshape(-1, *[1] * (len(shape) - 1)))
        columns = g.constant(np.arange(shape[1]).reshape(-1, *[1] * (len(shape) - 2)))
        diagonal = g.cast(g.Equal(rows, columns), DType.FLOAT32)
        if len(shape) == 2:
            return diagonal
        centre = np.zeros(shape[2:], np.float32)
        centre[tuple(size // 2 for size in shape[2:])] = 1
        result: ir.Value = g.Mul(diagonal, g.constant(centre))
        return result


@dataclass(frozen=True)
class Literal(Initializer):
    """Take the values written in the spec, row by row.

    Errors: E0319 where the list has another shape than the parameter.
    Example:
        param w: float32[2, 2] = [[0.1, 0.5], [-0.3, 0.8]]
        output y = w * w
    """

    drawn = False

    values: tuple[Any, ...]

    def check(self, shape: tuple[int, ...]) -> None:
        written = _shape(self.values)
        if written != shape:
            raise RuleError(
                "E0319",
                f"the list is {shape_text(written)}, the parameter {shape_text(shape)}"
                if written is not None
                else "the rows of the list have different lengths",
            )

    def for_stack_of(self, shape: tuple[int, ...]) -> Initializer:
        return self

    def sample(self, shape: tuple[int, ...], key: int) -> Array:
        return np.asarray(self.values, np.float32).reshape(shape)

    def lower(self, g: Builder, shape: tuple[int, ...], key: ir.Value) -> ir.Value:
        return g.constant(self.sample(shape, 0))


def _shape(values: object) -> tuple[int, ...] | None:
    """Return the shape of a nested list, None where its rows differ."""
    if not isinstance(values, (tuple, list)):
        return ()
    rows = {_shape(row) for row in values}
    row = rows.pop() if len(rows) == 1 else None
    return None if row is None else (len(values), *row)
