"""Dropout."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dslc import dims
from dslc.layers.rules import need_float
from dslc.operation import Array, Layer, Reference, setting
from dslc.reference.run import Run
from dslc.types import DType, Shape, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

LANES = 4
"""Elements per random word: shifted left by 0, 16, 32 and 48 bits it serves as four numbers."""


@dataclass(frozen=True)
class Dropout(Layer):
    """In training, set each element to zero with probability `p` and divide the others by 1 - p.

    Shapes: any -> the same
    Formula: y = x * keep / (1 - p); element i is kept where
        word[i // 4] * 2^(16 * (i mod 4)) mod 2^64 >= p * 2^64
    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting"
        (2014), section 4
    """

    random: ClassVar[bool] = True

    p: float = setting(0.5, minimum=0.0, maximum=1.0)

    def infer(self, x: TensorType) -> TensorType:
        need_float("Dropout", x)
        return x

    def lower(self, g: Builder, x: ir.Value) -> ir.Value:
        if self.p == 0 or not g.training:
            return x
        result: ir.Value = g.Mul(x, self.factor(g, g.shape_of(x), g.dtype_of(x)))
        return result

    def factor(self, g: Builder, shape: Shape, dtype: DType) -> ir.Value:
        """Append what each element is multiplied by, 0 or 1 / (1 - p), drawn from the stream of the call."""
        shape = g.bound(shape)
        if self.p == 1:
            return g.expand(g.constant(0.0, dtype), shape)
        size = dims.count(shape)
        words = -(-size // LANES)
        shifts = g.constant(np.array([1 << 16 * lane for lane in range(LANES)], np.uint64))
        lanes = g.reshape(
            g.Mul(g.reshape(g.random_words(words), (words, 1)), shifts), (words * LANES,)
        )
        if words * LANES != size:
            lanes = g.Slice(lanes, g.axes(0), g.axes(size), g.axes(0))
        keep = g.reshape(g.GreaterOrEqual(lanes, np.uint64(self._threshold)), shape)
        factor: ir.Value = g.Where(keep, g.constant(self._scale, dtype), g.constant(0.0, dtype))
        return factor

    def reference(self, run: Run, x: Array) -> Reference:
        if self.p == 0 or not run.training:
            return x, lambda dy: (dy,)
        factor = self.drawn(run, x.shape, x.dtype.type)
        return x * factor, lambda dy: (dy * factor,)

    def drawn(self, run: Run, shape: tuple[int, ...], dtype: type) -> Array:
        """Return what each element is multiplied by, drawn from the stream of the call."""
        if self.p == 1:
            return np.zeros(shape, dtype)
        size = math.prod(shape)
        words = run.words(-(-size // LANES))
        lanes = np.stack([words << np.uint64(16 * lane) for lane in range(LANES)], axis=1)
        keep = lanes.reshape(-1)[:size].reshape(shape) >= np.uint64(self._threshold)
        return np.asarray(keep.astype(dtype) * dtype(self._scale))

    @property
    def _threshold(self) -> int:
        return int(self.p * 2**64)

    @property
    def _scale(self) -> float:
        return 0.0 if self.p == 1 else 1 / (1 - self.p)
