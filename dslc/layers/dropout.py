"""Dropout: of single elements, and of whole channels."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dslc import dims
from dslc.layers.channels import need_channels
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
class _Mask(Layer, ABC):
    """In training, zero for a share `p` of the places of a mask; the others are divided by 1 - p.

    Place i of the mask is kept where word[i // 4] * 2^(16 * (i mod 4)) mod 2^64 >= p * 2^64.
    """

    random: ClassVar[bool] = True

    p: float = setting(0.5, minimum=0.0, maximum=1.0)

    @abstractmethod
    def mask(self, shape: Shape) -> Shape:
        """Return the shape of the mask for a value of this shape; it is broadcast to it."""

    def lower(self, g: Builder, x: ir.Value) -> ir.Value:
        if self.p == 0 or not g.training:
            return x
        result: ir.Value = g.Mul(x, self.factor(g, self.mask(g.shape_of(x)), g.dtype_of(x)))
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
        mask = dims.known(self.mask(x.shape))
        assert mask is not None
        factor = self.drawn(run, mask, x.dtype.type)
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


@dataclass(frozen=True)
class Dropout(_Mask):
    """In training, set each element to zero with probability `p` and divide the others by 1 - p.

    Shapes: any -> the same
    Formula: y = x * keep / (1 - p); element i is kept where
        word[i // 4] * 2^(16 * (i mod 4)) mod 2^64 >= p * 2^64
    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting"
        (2014), section 4

    Example:
        input x: float32[N, 64]
        output y: Linear(128) -> relu -> Dropout(0.5) -> Linear(10)
    """

    def infer(self, x: TensorType) -> TensorType:
        need_float("Dropout", x)
        return x

    def mask(self, shape: Shape) -> Shape:
        return shape


@dataclass(frozen=True)
class SpatialDropout(_Mask):
    """In training, set whole channels to zero with probability `p` and divide the others by 1 - p.

    Neighbouring pixels say much the same, so dropping single ones hides little.

    Shapes: [N, C, *S] -> the same; the mask is [N, C]
    Formula: y = x * keep / (1 - p), with one draw of `keep` for each channel of each sample
    Errors: E0303 no channels or no space
    Source: Tompson et al., "Efficient object localization using convolutional networks" (2015),
        section 3.2

    Example:
        input image: float32[N, 3, 32, 32]
        output y: Conv(16, 3x3) -> relu -> SpatialDropout(0.2)
    """

    def infer(self, x: TensorType) -> TensorType:
        need_channels("SpatialDropout", x, space=True)
        return x

    def mask(self, shape: Shape) -> Shape:
        return (*shape[:2], *[1] * (len(shape) - 2))
