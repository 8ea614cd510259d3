"""What every augmentation is: a change of pictures, drawn anew for each of them in every step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dslc import dims
from dslc.errors import RuleError
from dslc.graph import random
from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.types import DType, TensorType, shape_text

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Augmentation(Function, ABC):
    """A change of pictures [N, C, H, W] in training; `draws` are the random numbers it takes for each picture.

    Numbers are drawn evenly from [0, 1), as float64. Outside of training the pictures change as little as their size
    allows. No gradient flows back into the data.
    """

    random: ClassVar[bool] = True
    differentiable: ClassVar[bool] = False

    draws: ClassVar[int]

    def infer(self, x: TensorType) -> TensorType:
        check_pictures(self.language_name(), x)
        return x

    def lower(self, g: Builder, x: ir.Value) -> Any:
        if g.dtype_of(x).is_float:
            x = g.stop_gradient(x)
        if not g.training:
            return self.lower_still(g, x)
        samples = dims.count(g.bound(g.shape_of(x))[:1])
        numbers = random.uniform(g, g.random_words(self.draws * samples))
        rows = g.reshape(numbers, (self.draws, samples))
        return self.lower_drawn(g, x, [g.Gather(rows, i, axis=0) for i in range(self.draws)])

    @abstractmethod
    def lower_drawn(self, g: Builder, x: ir.Value, drawn: list[Any]) -> Any:
        """Append the change; `drawn` are the numbers, each float64 [N]."""

    def lower_still(self, g: Builder, x: ir.Value) -> Any:
        """Append what happens outside of training."""
        return x

    def reference(self, run: Run, x: Array) -> Reference:
        if not run.training:
            return self.still(x), lambda dy: (None,)
        numbers = (run.words(self.draws * len(x)) >> np.uint64(11)) * 2.0**-53
        y = self.drawn(x, numbers.reshape(self.draws, len(x)))
        return y.astype(x.dtype), lambda dy: (None,)

    @abstractmethod
    def drawn(self, x: Array, numbers: Array) -> Array:
        """Return the changed pictures; `numbers` are float64 [draws, N]."""

    def still(self, x: Array) -> Array:
        """Return the pictures outside of training."""
        return x


def check_pictures(name: str, x: TensorType) -> None:
    """Refuse what is no batch of pictures with a known size (E0303)."""
    if x.rank != 4 or not all(isinstance(size, int) for size in x.shape[1:]):
        raise RuleError(
            "E0303",
            f"`{name}` works on pictures [N, channels, height, width] of a known size",
            about=0,
            text=f"this is {shape_text(x.shape)}",
        )
    if x.dtype not in (DType.UINT8, DType.FLOAT32):
        raise RuleError(
            "E0401", f"`{name}` works on pictures in uint8 or float32", about=0, text=f"this is {x}"
        )


def lower_rounded(g: Builder, value: ir.Value, dtype: DType) -> Any:
    """Return a float64 value as pictures are stored: uint8 is rounded, and cut to 0 to 255."""
    if dtype is DType.UINT8:
        value = g.Clip(g.Round(value), 0.0, 255.0)
    return g.cast(value, dtype)


def rounded(value: Array, like: Array) -> Array:
    """Return the same in NumPy."""
    if like.dtype == np.uint8:
        value = np.clip(np.rint(value), 0, 255)
    return value.astype(like.dtype)
