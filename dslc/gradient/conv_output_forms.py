"""The convolution itself where its weight is computed: equal forms of one sum, and the choice between them.

onnxruntime's Conv is a product for each image, as wide as the image has positions: over a map of 2x2 most of each
product is padding. `gathered` is one product a group, of the columns that the weight's gradient takes; `winograd`
multiplies less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType

import onnx_ir as ir

from dslc import dims
from dslc.gradient import winograd
from dslc.gradient.convolution import (
    MEGABYTE,
    WORK,
    Convolution,
    cheapest,
    gathered_columns,
    gathering_cost,
    padding,
)
from dslc.gradient.rule import Tuning, view
from dslc.gradient.window import window_of
from dslc.graph.builder import Builder, constant_of, type_of
from dslc.simplify.rewriter import Rewriter, operand
from dslc.types import DType

Form = Callable[[Builder, ir.Value, ir.Value, ir.Value | None, Convolution], ir.Value]


def choose_outputs(graph: ir.Graph, tuning: Tuning) -> None:
    """Put the cheapest form in place of each Conv of known sizes whose weight is no constant; on CUDA that is Conv."""
    if tuning == "cpu":
        Rewriter(graph).sweep(_cheapest, {"Conv"})


def _cheapest(g: Rewriter, node: ir.Node) -> ir.Value | None:
    if constant_of(node.inputs[1]) is not None:
        return None
    if type_of(node.outputs[0]).dtype != DType.FLOAT32:  # the estimates are those of its kernels
        return None
    conv = _sizes(g, node)
    form = "conv" if conv is None else choose_form(conv)
    if conv is None or form == "conv":
        return None
    bias = node.inputs[2] if len(node.inputs) > 2 else None
    return FORMS[form](g, operand(node, 0), operand(node, 1), bias, conv)


def _sizes(g: Builder, node: ir.Node) -> Convolution | None:
    """Return the sizes of a Conv, where all are known."""
    x, weight, y = (
        dims.known(g.shape_of(value))
        for value in (operand(node, 0), operand(node, 1), node.outputs[0])
    )
    if x is None or weight is None or y is None:
        return None
    window, group = window_of(view(node), weight[2:]), node.attributes.get_int("group", 1)
    return Convolution(x[0], x[1], weight[0], x[2:], y[2:], window, group)


def gathered(
    g: Builder, x: ir.Value, weight: ir.Value, bias: ir.Value | None, conv: Convolution
) -> ir.Value:
    """Gather what is under each tap, images last; then one product a group for all of them."""
    group, under = conv.group, conv.channels // conv.group * conv.window.taps
    kernels = g.reshape(weight, (group, conv.features // group, under))
    columns = g.reshape(gathered_columns(g, x, conv), (group, under, conv.places * conv.batch))
    product = g.reshape(g.MatMul(kernels, columns), (conv.features, conv.places * conv.batch))
    if bias is not None:
        product = g.Add(product, g.reshape(bias, (conv.features, 1)))
    turned = g.Transpose(g.reshape(product, (conv.features * conv.places, conv.batch)), perm=[1, 0])
    return g.reshape(turned, (conv.batch, conv.features, *conv.positions))


FORMS: Mapping[str, Form] = MappingProxyType({"gathered": gathered, "winograd": winograd.convolve})
"""What may take the place of Conv."""


def choose_form(conv: Convolution) -> str:
    """Return the name of the form for this shape on a CPU."""
    return cheapest(costs(conv), DType.FLOAT32)


def costs(conv: Convolution) -> dict[str, float]:
    """Estimate the time of each form that can be used, in the units of `conv_forms`.

    Fitted to 12 convolutions of VGG, AlexNet, GoogLeNet and ResNet. Rows of a product come by the dozen, columns by
    sixteen.
    """
    taps, group = conv.window.taps, conv.group
    visits = conv.batch * conv.places * taps * conv.channels
    features = conv.features // group
    work = WORK * visits * features * padding(features, 12)
    moving = 0.02 * visits * MEGABYTE if taps > 1 else 0.0
    found = {"conv": work * padding(conv.places, 16) + moving}
    if taps > 1:
        moved = conv.features * conv.places + conv.channels * prod(conv.sizes)
        found["gathered"] = work + gathering_cost(conv) + 0.12 * conv.batch * moved * MEGABYTE
    if winograd.fits(conv):
        found["winograd"] = winograd.cost(conv)
    return found
