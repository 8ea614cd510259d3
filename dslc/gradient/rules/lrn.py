"""Local response normalisation: its gradient, and the operators that take its place.

onnxruntime's kernel raises every element to a power, 20 ns each, and keeps nothing that the gradient needs. Written
out, the sum over neighbouring channels is a product with a band of ones, a power of 3/4 is two square roots, and both
are there for the gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from dslc.dims import product
from dslc.gradient.rule import Gradients, Node, rule, view
from dslc.graph.builder import Builder
from dslc.simplify.rewriter import Rewriter

WIDEST = 1024
"""More channels have no band: it is as large as their square."""


@dataclass(frozen=True)
class _Response:
    """y = x / b^beta of one node, b = bias + alpha * (mean of x^2 over `size` neighbouring channels, zeros counted)."""

    node: Node

    @property
    def beta(self) -> float:
        return float(self.node.attribute("beta", 0.75))

    @property
    def share(self) -> float:
        """What an element counts in its neighbours' b: alpha / size."""
        return float(self.node.attribute("alpha", 1e-4)) / int(self.node.attribute("size"))

    @property
    def channels(self) -> int | None:
        """The channels, where there may be a band of them."""
        found = self.node.dims(0)[1]
        return found if isinstance(found, int) and found <= WIDEST else None

    def base(self, g: Builder) -> ir.Value:
        """Return b."""
        x = self.node.input(0)
        around = self.around(g, g.Mul(x, x), self.share)
        result: ir.Value = g.Add(around, self.node.attribute("bias", 1.0))
        return result

    def power(self, g: Builder, base: ir.Value) -> ir.Value:
        """Return b^beta, by square roots where these are enough."""
        if self.beta == 1.0:
            return base
        if self.beta not in (0.5, 0.75):
            result: ir.Value = g.Pow(base, self.beta)
            return result
        root: ir.Value = g.Sqrt(base)
        return root if self.beta == 0.5 else g.Mul(root, g.Sqrt(root))

    def around(self, g: Builder, x: ir.Value, factor: float) -> ir.Value:
        """Return `factor` times the sum of each channel and its neighbours."""
        shape, size = self.node.dims(0), int(self.node.attribute("size"))
        channels, places = shape[1], product(shape[2:])
        if self.channels is None:
            image = g.reshape(x, (shape[0], 1, channels, places))
            pads = [size // 2, 0, size // 2, 0]
            mean = g.AveragePool(image, kernel_shape=[size, 1], pads=pads, count_include_pad=1)
            return g.reshape(g.Mul(mean, factor * size), shape)
        place = np.arange(self.channels)
        band = factor * (np.abs(place[:, None] - place) <= size // 2)
        sums = g.MatMul(g.constant(band, g.dtype_of(x)), g.reshape(x, (shape[0], channels, places)))
        return g.reshape(sums, shape)


@rule("LRN")
def local_response_normalization(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dx = d - 2 beta alpha / size * x * (sum over the window of d x / b), d = dy / b^beta."""
    if int(node.attribute("size")) % 2 == 0:
        raise node.refuse(f"a window of {node.attribute('size')} channels has no middle")
    response, x = _Response(node), node.input(0)
    base = response.base(g)
    scaled = g.Div(dy, response.power(g, base))
    shares = g.Div(g.Mul(scaled, x), base)
    around = response.around(g, shares, 2 * response.beta * response.share)
    return g.Sub(scaled, g.Mul(around, x))


def write_out(graph: ir.Graph) -> None:
    """Put what the gradient is made of in place of each LRN whose channels have a band."""
    Rewriter(graph).sweep(_written_out, {"LRN"})


def _written_out(g: Rewriter, node: ir.Node) -> Any:
    response = _Response(view(node))
    if response.channels is None or int(response.node.attribute("size")) % 2 == 0:
        return None
    return g.Div(response.node.input(0), response.power(g, response.base(g)))
