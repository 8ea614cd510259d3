"""Gradients of convolutions."""

from __future__ import annotations

import onnx_ir as ir

from dslc.gradient.conv_forms import weight_gradient
from dslc.gradient.conv_input_forms import input_gradient
from dslc.gradient.convolution import Convolution
from dslc.gradient.rule import Gradients, Node, rule
from dslc.gradient.window import Window, spread, window_of
from dslc.graph.builder import Builder


@rule("Conv")
def convolution(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dx spreads dy times w over each window; `conv_input_forms` has dx, `conv_forms` dw; db sums dy."""
    x, weight = node.input(0), node.input(1)
    window = window_of(node, node.shape(1, 2))
    group = int(node.attribute("group", 1))

    def sizes() -> Convolution:
        batch, channels, *sizes = node.shape(0)
        features, *positions = node.sizes(dy, 1)
        return Convolution(batch, channels, features, tuple(sizes), tuple(positions), window, group)

    def of_input() -> ir.Value:
        if not isinstance(node.dims(0)[0], int):  # the one form that need not know the batch
            return spread(g, dy, weight, window, node.shape(0, 2), node.sizes(dy, 2), group)
        return input_gradient(g, dy, weight, sizes(), node.tuning)

    return (
        of_input,
        lambda: weight_gradient(g, x, dy, sizes(), node.tuning),
        lambda: bias_gradient(g, node, dy),
    )


@rule("ConvTranspose")
def transposed_convolution(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """The operator spreads, so its dx is a convolution of dy, whose own weight gradient is dw."""
    x, weight = node.input(0), node.input(1)
    group = int(node.attribute("group", 1))
    window = _transposed_window(node, dy)

    def data() -> ir.Value:
        result: ir.Value = g.Conv(
            dy,
            weight,
            strides=list(window.strides),
            dilations=list(window.dilations),
            pads=window.pads,
            group=group,
        )
        return result

    def of_weight() -> ir.Value:
        batch, channels, *sizes = node.sizes(dy)
        features, *positions = node.shape(0, 1)
        conv = Convolution(batch, channels, features, tuple(sizes), tuple(positions), window, group)
        return weight_gradient(g, dy, x, conv, node.tuning)

    return (
        data,
        of_weight,
        lambda: bias_gradient(g, node, dy),
    )


def bias_gradient(g: Builder, node: Node, dy: ir.Value) -> ir.Value:
    """Sum dy over images and space."""
    axes = [axis for axis in range(node.rank(0)) if axis != 1]
    result: ir.Value = g.ReduceSum(dy, g.axes(*axes), keepdims=0)
    return result


def _transposed_window(node: Node, dy: ir.Value) -> Window:
    """Return the window; its pads from the sizes where `auto_pad` or `output_shape` is given."""
    window = window_of(node, node.shape(1, 2))
    mode = node.attribute("auto_pad", "NOTSET")
    if mode in ("NOTSET", "VALID") and not node.attribute("output_shape"):
        return window
    extra = node.attribute("output_padding") or [0] * len(window.kernel)
    reach = window.covered(node.shape(0, 2))
    totals = [
        max(covered + more - size, 0)
        for covered, more, size in zip(reach, extra, node.sizes(dy, 2), strict=True)
    ]
    less = tuple(total // 2 for total in totals)
    more = tuple(total - half for total, half in zip(totals, less, strict=True))
    before, after = (less, more) if mode == "SAME_UPPER" else (more, less)
    return Window(window.kernel, window.strides, window.dilations, before, after)
