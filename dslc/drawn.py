"""Inputs that training draws anew in every step: noise for a generator, a level of noise, a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dslc import dims
from dslc.errors import RuleError
from dslc.initializers import draw
from dslc.initializers.normal import Normal
from dslc.initializers.uniform import Uniform
from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.types import DType, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Randint:
    """Draw whole numbers from `low` up to, and without, `high`.

    Formula: low + floor((high - low) k / 2^32), k a random whole number below 2^32.

    Errors: E0406 unless low < high, and they are less than 2^31 apart.
    """

    low: int
    high: int

    def __post_init__(self) -> None:
        if not 0 < self.high - self.low < 2**31:
            message = f"low={self.low} must be less than high={self.high}, and by less than 2^31"
            raise RuleError("E0406", message, about="low")

    def sample(self, shape: tuple[int, ...], key: int) -> Array:
        span = self.high - self.low
        numbers = draw.sample(shape, key, lambda k: np.floor(k * span / draw.RANGE), DType.FLOAT64)
        return numbers.astype(np.int64) + self.low

    def lower(self, g: Builder, shape: tuple[int, ...], key: ir.Value) -> Any:
        span = float(self.high - self.low)

        def transform(k: ir.Value) -> Any:
            return g.Floor(g.Div(g.Mul(k, span), draw.RANGE))

        numbers = draw.lower(g, shape, key, transform, DType.FLOAT64)
        return g.Add(g.cast(numbers, DType.INT64), self.low)


DISTRIBUTIONS: Mapping[str, type[Normal] | type[Uniform] | type[Randint]] = MappingProxyType(
    {"normal": Normal, "uniform": Uniform, "randint": Randint}
)
"""What an input can be drawn from, by its name in the language."""


@dataclass(frozen=True)
class Drawn(Function):
    """Numbers from the counter in training; outside of training the middle of their distribution."""

    random: ClassVar[bool] = True
    differentiable: ClassVar[bool] = False

    distribution: Normal | Uniform | Randint
    type: TensorType

    def infer(self) -> TensorType:
        return self.type

    def lower(self, g: Builder) -> Any:
        shape = g.bound(self.type.shape)
        if not g.training:
            return g.expand(g.constant(self._middle, self.type.dtype), shape)
        sizes = tuple(dims.count((size,)) for size in shape)
        return self.distribution.lower(g, sizes, g.stream_key())

    def reference(self, run: Run) -> Reference:
        shape = run.shape(self.type.shape)
        if not run.training:
            return np.full(shape, self._middle, self.type.dtype.numpy), lambda: ()
        return self.distribution.sample(shape, run.key), lambda *_: ()

    @property
    def _middle(self) -> float:
        match self.distribution:
            case Normal(mean=mean):
                return mean
            case Uniform(a=low, b=high):
                return (low + high) / 2
            case Randint(low=low, high=high):
                return (low + high) // 2
