"""Local response normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dslc import dims
from dslc.errors import RuleError
from dslc.layers.windows import check_image
from dslc.operation import Array, Function, Reference, setting
from dslc.reference.run import Run
from dslc.types import TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Lrn(Function):
    """Divide every element by a power of the energy in the neighbouring channels.

    The neighbours of a channel are itself and the size // 2 on either side; `size` is odd.

    Shapes: [N, C, *S] -> the same
    Formula: y = x / (k + alpha / size * sum of x^2 over the neighbours)^beta
    Errors: E0303 not an image, E0406 an even size
    Source: Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional
        neural networks" (2012), section 3.3; there alpha is not divided by size
    """

    size: int = setting(5, minimum=1)
    alpha: float = setting(1e-4, minimum=0.0)
    beta: float = setting(0.75, minimum=0.0)
    k: float = setting(1.0, above=0.0)

    def infer(self, x: TensorType) -> TensorType:
        check_image("lrn", x)
        if self.size % 2 == 0:
            raise RuleError(
                "E0406",
                "`lrn` needs an odd size",
                about="size",
                text="a channel and as many neighbours before it as behind it",
                helps=(f"write {self.size - 1} or {self.size + 1}",),
            )
        return x

    def lower(self, g: Builder, x: ir.Value) -> ir.Value:
        shape = g.bound(g.shape_of(x))
        # The kernels know images only: other ranks become one.
        image = shape if len(shape) == 4 else (*shape[:2], dims.product(shape[2:]), 1)
        y = g.LRN(
            g.reshape(x, image), size=self.size, alpha=self.alpha, beta=self.beta, bias=self.k
        )
        return g.reshape(y, shape)

    def reference(self, run: Run, x: Array) -> Reference:
        rate = self.alpha / self.size
        energy = self.k + rate * _neighbours(x * x, self.size // 2)
        factor = energy**-self.beta

        def backward(dy: Array) -> tuple[Array]:
            # A channel is in the sums of its neighbours, as they are in its own.
            pulled = _neighbours(dy * x * factor / energy, self.size // 2)
            return (dy * factor - 2 * self.beta * rate * x * pulled,)

        return x * factor, backward


def _neighbours(x: Array, side: int) -> Array:
    """Sum over each channel and the `side` channels on either side of it."""
    channels = x.shape[1]
    total = np.zeros_like(x)
    for shift in range(-side, side + 1):
        low, high = max(0, -shift), min(channels, channels - shift)
        if low < high:
            total[:, low:high] += x[:, low + shift : high + shift]
    return total
