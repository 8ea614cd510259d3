"""Pooling by a norm."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dslc.layers.pool import pool_attributes, pooled_type, spread_back
from dslc.layers.rules import refuse_float64
from dslc.layers.sliding import count_windows, offsets, overhang, pad_spatial
from dslc.layers.windows import ZERO, Window, check_image, window_over
from dslc.operation import Array, Function, Reference, setting
from dslc.reference.run import Run
from dslc.types import Size, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class LpPool(Function):
    """Take the Lp norm of every window; p=2 is the Euclidean one.

    Padding, and what `ceil_mode` lets hang over the end, counts as zeros.

    Shapes: [N, C, *S] -> [N, C, *floor((S + 2*padding - kernel) / stride) + 1]
    Formula: y = (sum of |x|^p over the window)^(1/p)
    Errors: E0303 not an image, E0304 kernel larger than its input,
        E0406 padding as large as the kernel, or p below 1, E0590 float64
    Kinks: the derivative is 0 where a window holds only zeros, and with p=1 by an element that is 0
    Source: Sermanet, Chintala and LeCun, "Convolutional neural networks applied to house numbers
        digit classification" (2012), section 2.1
    Example:
        input image: float32[N, 3, 32, 32]
        output y: lp_pool(2x2)
    """

    precision = "single"

    kernel: Size = setting(minimum=1)
    stride: Size | None = setting(None, minimum=1)
    padding: Size = setting(ZERO, minimum=0)
    p: float = setting(2.0, minimum=1.0)
    ceil_mode: bool = False

    def infer(self, x: TensorType) -> TensorType:
        check_image("lp_pool", x)
        refuse_float64("lp_pool", x)
        return pooled_type(self._window(x.rank), x)

    def lower(self, g: Builder, x: ir.Value) -> ir.Value:
        window = self._window(len(g.shape_of(x)))
        powers = (
            g.Mul(x, x) if self.p == 2 else g.Abs(x) if self.p == 1 else g.Pow(g.Abs(x), self.p)
        )
        means = g.AveragePool(powers, **pool_attributes(window), count_include_pad=1)
        total: ir.Value = g.Mul(means, float(math.prod(window.kernel)))
        return total if self.p == 1 else self._root(g, total)

    def _root(self, g: Builder, total: ir.Value) -> ir.Value:
        """Take the root. Its slope at 0 is infinite: gradients go around it."""
        positive = g.Greater(total, 0.0) if g.differentiated else None
        safe = total if positive is None else g.Where(positive, total, 1.0)
        root: ir.Value = g.Sqrt(safe) if self.p == 2 else g.Pow(safe, 1 / self.p)
        return root if positive is None else g.Where(positive, root, 0.0)

    def reference(self, run: Run, x: Array) -> Reference:
        window = self._window(x.ndim)
        counts = count_windows(window, x.shape[2:])
        padded = pad_spatial(x, window.before, overhang(window, x.shape[2:], counts), 0)
        total = np.zeros((*x.shape[:2], *counts), x.dtype)
        for visited in offsets(window, counts):
            total += np.abs(padded[visited]) ** self.p
        y = total ** (1 / self.p)

        def backward(dy: Array) -> tuple[Array]:
            # Of relative sizes, which are at most 1: powers of the norm itself could overflow.
            divisor = np.where(y > 0, y, 1)
            parts = (
                dy * np.sign(padded[visited]) * (np.abs(padded[visited]) / divisor) ** (self.p - 1)
                for visited in offsets(window, counts)
            )
            return (spread_back(window, x, counts, parts),)

        return y, backward

    def explain(self, inputs: tuple[TensorType, ...]) -> str:
        return self._window(inputs[0].rank).explain(inputs[0].shape[2:])

    def _window(self, rank: int) -> Window:
        stride = self.kernel if self.stride is None else self.stride
        return window_over(rank - 2, self.kernel, stride, self.padding, ceil=self.ceil_mode)
