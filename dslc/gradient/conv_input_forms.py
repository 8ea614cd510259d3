"""The gradient of a convolution's input: equal forms of one sum, and the choice between them.

The sum is dX[n, c, q] = sum over features and taps of W[m, c, tap] dY[n, m, p] with p * stride + tap * dilation -
pad = q. As `conv_forms` has it for the weight, no form is the fastest everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType

import onnx_ir as ir

from dslc.gradient import winograd
from dslc.gradient.conv_output_forms import costs as output_costs
from dslc.gradient.convolution import (
    MEGABYTE,
    WORK,
    Convolution,
    channels_last,
    cheapest,
    padded_spatial,
    tap_places,
)
from dslc.gradient.rule import Tuning
from dslc.gradient.window import spread
from dslc.graph.builder import Builder
from dslc.types import DType

Form = Callable[[Builder, ir.Value, ir.Value, Convolution], ir.Value]


def scatter(g: Builder, dy: ir.Value, weight: ir.Value, conv: Convolution) -> ir.Value:
    """Add each element of dY, times the weight, to what its window saw: one ConvTranspose."""
    return spread(g, dy, weight, conv.window, conv.sizes, conv.positions, conv.group)


def flipped(g: Builder, dy: ir.Value, weight: ir.Value, conv: Convolution) -> ir.Value:
    """Convolve dY with the kernel backwards, in the form that `conv_output_forms` chooses."""
    turned = conv.turned
    assert turned is not None
    kernel, backwards = conv.window.kernel, weight
    if conv.window.taps > 1:
        minus, axes = g.axes(*[-1] * conv.rank), g.axes(*range(2, 2 + conv.rank))
        backwards = g.Slice(weight, minus, g.axes(*[-1 - size for size in kernel]), axes, minus)
    result: ir.Value = g.Conv(
        dy,
        _channels_first(g, backwards, conv),
        dilations=list(turned.window.dilations),
        pads=turned.window.pads,
        group=conv.group,
    )
    return result


def _channels_first(g: Builder, weight: ir.Value, conv: Convolution) -> ir.Value:
    """Exchange features and channels of a weight, within each group."""
    kernel, spatial = conv.window.kernel, range(2, 2 + conv.rank)
    if conv.group == 1:
        result: ir.Value = g.Transpose(weight, perm=[1, 0, *spatial])
        return result
    features, channels = conv.features // conv.group, conv.channels // conv.group
    split = g.reshape(weight, (conv.group, features, channels, *kernel))
    swapped = g.Transpose(split, perm=[0, 2, 1, *[axis + 1 for axis in spatial]])
    return g.reshape(swapped, (conv.channels, features, *kernel))


def rows(g: Builder, dy: ir.Value, weight: ir.Value, conv: Convolution) -> ir.Value:
    """Gather what each element of X was seen through, for all images; then one product."""
    turned = conv.turned
    assert turned is not None
    taps, spatial = conv.window.taps, range(2, 2 + conv.rank)
    last = channels_last(g, padded_spatial(g, dy, turned), turned)
    sizes = turned.padded_sizes
    flat = g.reshape(last, (conv.batch, prod(sizes), conv.features))
    picked = g.Gather(flat, tap_places(g, turned, sizes, backwards=True), axis=1)
    matrix = g.reshape(picked, (conv.batch * prod(conv.sizes), taps * conv.features))
    columns = g.reshape(
        g.Transpose(weight, perm=[*spatial, 0, 1]), (taps * conv.features, conv.channels)
    )
    product = g.reshape(g.MatMul(matrix, columns), (conv.batch, *conv.sizes, conv.channels))
    result: ir.Value = g.Transpose(product, perm=[0, 1 + conv.rank, *range(1, 1 + conv.rank)])
    return result


FORMS: Mapping[str, Form] = MappingProxyType(
    {"scatter": scatter, "flipped": flipped, "rows": rows, "winograd": winograd.input_gradient}
)


def input_gradient(
    g: Builder, dy: ir.Value, weight: ir.Value, conv: Convolution, tuning: Tuning
) -> ir.Value:
    """Append the form of dX that costs least."""
    return FORMS[choose_form(conv, tuning, g.dtype_of(dy))](g, dy, weight, conv)


def choose_form(conv: Convolution, tuning: Tuning, dtype: DType = DType.FLOAT32) -> str:
    """Return the name of the form for this shape and device: on CUDA the one that cuDNN has an algorithm for."""
    return "scatter" if tuning == "cuda" else cheapest(costs(conv), dtype)


def costs(conv: Convolution) -> dict[str, float]:
    """Estimate the time of each form that can be used, in the units of `conv_forms`.

    Fitted to 16 convolutions of LeNet, AlexNet, VGG, GoogLeNet and ResNet.
    ConvTranspose is a product for each image, which reads the whole weight and turns it over.
    """
    taps, group = conv.window.taps, conv.group
    weights = prod(conv.weight_shape) * MEGABYTE
    per_place = taps * conv.channels * (conv.features // group)
    under = conv.batch * conv.places * taps * conv.channels * MEGABYTE
    found = {
        "scatter": 1.1 * WORK * conv.batch * conv.places * per_place
        + 0.06 * conv.batch * weights
        + 0.03 * under
    }
    if conv.turned is None:
        return found
    places = conv.batch * prod(conv.sizes)
    work = WORK * places * per_place
    above = places * taps * conv.features * MEGABYTE
    turning = 0.1 if taps == 1 else 0.55
    found["flipped"] = min(output_costs(conv.turned).values()) + turning * weights
    if winograd.fits(conv.turned):
        found["winograd"] = winograd.cost(conv.turned)
    if group == 1:
        operands = places * (conv.channels + conv.features) * MEGABYTE
        found["rows"] = work + 0.17 * (above + operands + weights) + 4.5e-6 * places * taps
    return found
