"""Local response normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from dslc import dims
from dslc.errors import RuleError
from dslc.layers.rules import refuse_float64
from dslc.layers.windows import check_image
from dslc.operation import Array, Function, Reference, setting
from dslc.reference.run import Run
from dslc.types import TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Lrn(Function):
    """Divide every element by a power of the energy around it.

    Across `channels` the neighbours of an element are those in its own channel and the size // 2
    channels on either side; across `space` those in its own channel in a window of `size` places
    per dimension around it (WITHIN_CHANNEL in Caffe). What lies outside counts as zeros.

    Shapes: [N, C, *S] -> the same
    Formula: y = x / (k + alpha / n * sum of x^2 over the neighbours)^beta, with n = size across
        channels, and size to the power of the number of spatial dimensions across space
    Errors: E0303 not an image, E0406 an even size, E0590 float64
    Source: Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional
        neural networks" (2012), section 3.3; there alpha is not divided by n
    Example:
        input image: float32[N, 16, 32, 32]
        output y: lrn(5, alpha=1e-4)
    """

    precision = "wide"

    size: int = setting(5, minimum=1)
    alpha: float = setting(1e-4, minimum=0.0)
    beta: float = setting(0.75, minimum=0.0)
    k: float = setting(1.0, above=0.0)
    across: Literal["channels", "space"] = "channels"

    def infer(self, x: TensorType) -> TensorType:
        check_image("lrn", x)
        refuse_float64("lrn", x)
        if self.size % 2 == 0:
            raise RuleError(
                "E0406",
                "`lrn` needs an odd size",
                about="size",
                text="an element and as many neighbours before it as behind it",
                helps=(f"write {self.size - 1} or {self.size + 1}",),
            )
        return x

    def lower(self, g: Builder, x: ir.Value) -> ir.Value:
        shape = g.bound(g.shape_of(x))
        if self.across == "space":
            return self._within_channels(g, x, len(shape) - 2)
        if self.alpha == 0 or self.beta == 0:  # which onnxruntime's kernel refuses
            with np.errstate(over="ignore"):
                plain: ir.Value = g.Mul(x, float(np.float64(self.k) ** -self.beta))
            return plain
        # The kernels know images only: other ranks become one.
        image = shape if len(shape) == 4 else (*shape[:2], dims.product(shape[2:]), 1)
        y = g.LRN(
            g.reshape(x, image), size=self.size, alpha=self.alpha, beta=self.beta, bias=self.k
        )
        return g.reshape(y, shape)

    def _within_channels(self, g: Builder, x: ir.Value, rank: int) -> ir.Value:
        energy = g.AveragePool(
            g.Mul(x, x),
            kernel_shape=[self.size] * rank,
            pads=[self.size // 2] * (2 * rank),
            count_include_pad=1,
        )
        result: ir.Value = g.Mul(x, g.Pow(g.Add(g.Mul(energy, self.alpha), self.k), -self.beta))
        return result

    def reference(self, run: Run, x: Array) -> Reference:
        axes = (1,) if self.across == "channels" else tuple(range(2, x.ndim))
        rate = self.alpha / self.size ** len(axes)
        energy = self.k + rate * _neighbours(x * x, axes, self.size // 2)
        factor = energy**-self.beta

        def backward(dy: Array) -> tuple[Array]:
            # An element is in the sums of its neighbours, as they are in its own.
            pulled = _neighbours(dy * x * factor / energy, axes, self.size // 2)
            return (dy * factor - 2 * self.beta * rate * x * pulled,)

        return x * factor, backward


def _neighbours(x: Array, axes: tuple[int, ...], side: int) -> Array:
    """Sum over each element and the `side` elements before and behind it, along every axis."""
    for axis in axes:
        lines = np.moveaxis(x, axis, 0)
        total = np.zeros_like(lines)
        for shift in range(-side, side + 1):
            low, high = max(0, -shift), min(len(lines), len(lines) - shift)
            if low < high:
                total[low:high] += lines[low + shift : high + shift]
        x = np.moveaxis(total, 0, axis)
    return x
