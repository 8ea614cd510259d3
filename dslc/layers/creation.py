"""Values made of numbers in the spec: `zeros`, `ones`, `full`, `range`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.dims import Expression
from dslc.operation import Function, Reference
from dslc.reference.run import Run
from dslc.types import DType, Shape, TensorType

if TYPE_CHECKING:
    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Constant(Function, ABC):
    """A tensor of one number; its shape may hold free dimensions."""

    shape: Shape

    @abstractmethod
    def number(self) -> float:
        """Return the number."""

    def infer(self) -> TensorType:
        return TensorType(DType.FLOAT32, self.shape)

    def lower(self, g: Builder) -> Any:
        return g.expand(g.constant(self.number(), DType.FLOAT32), self.shape)

    def reference(self, run: Run) -> Reference:
        return np.full(run.shape(self.shape), self.number(), run.dtype), lambda dy: ()


@dataclass(frozen=True)
class Zeros(Constant):
    """Make a float32 tensor of zeros.

    Shapes: -> `shape`, a list of sizes or free dimensions.
    Example:
        input x: float32[N, 6]
        output y = concat(x, zeros([N, 2]))
    """

    def number(self) -> float:
        return 0.0


@dataclass(frozen=True)
class Ones(Constant):
    """Make a float32 tensor of ones.

    Shapes: -> `shape`, a list of sizes or free dimensions.
    Example:
        input x: float32[N, 6]
        output y = concat(x, ones([N, 1]))
    """

    def number(self) -> float:
        return 1.0


@dataclass(frozen=True)
class Full(Constant):
    """Make a float32 tensor of one number.

    Shapes: -> `shape`, a list of sizes or free dimensions.
    Example:
        input x: float32[N, 6]
        output y = x + full([6], 0.5)
    """

    value: float

    def number(self) -> float:
        return self.value


@dataclass(frozen=True)
class Range(Function):
    """Count from 0 up to, and without, n.

    Shapes: -> int64 [n], where n may be a free dimension.
    Example:
        input word: int64[N]
        output y = unsqueeze(word, 1) == range(10)
    """

    n: int | Expression

    def infer(self) -> TensorType:
        return TensorType(DType.INT64, (self.n,))

    def lower(self, g: Builder) -> Any:
        (size,) = g.bound((self.n,))
        if isinstance(size, int):
            return g.constant(np.arange(size), DType.INT64)
        zero, one = g.constant(0, DType.INT64), g.constant(1, DType.INT64)
        end = g.count((size,), DType.INT64)
        return g.node("Range", [zero, end, one], type=TensorType(DType.INT64, (size,)))

    def reference(self, run: Run) -> Reference:
        return np.arange(run.shape((self.n,))[0], dtype=np.int64), lambda dy: ()
