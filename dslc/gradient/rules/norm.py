"""Gradients of normalisation and of softmax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx_ir as ir

from dslc.gradient.rule import Gradients, Node, rule
from dslc.graph.builder import Builder, type_of


@rule("Softmax")
def softmax(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: y (dy - sum of dy y)."""
    y, axis = node.outputs[0], g.axes(node.axis(-1))
    mean = g.ReduceSum(g.Mul(dy, y), axis, keepdims=1)
    return g.Mul(y, g.Sub(dy, mean))


@rule("LogSoftmax")
def log_softmax(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy - exp(y) * sum of dy."""
    total = g.ReduceSum(dy, g.axes(node.axis(-1)), keepdims=1)
    return g.Sub(dy, g.Mul(g.Exp(node.outputs[0]), total))


@rule("LpNormalization")
def lp_normalization(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: (dy - n' * sum of dy y) / n, with n the norm along the axis and n' = y or, for p =
    1, the sign of x.

    Kinks: 0 where all elements are 0.
    """
    x, y, axis = node.input(0), node.outputs[0], g.axes(node.axis(-1))
    squared = node.attribute("p", 2) == 2
    norm = (g.ReduceL2 if squared else g.ReduceL1)(x, axis, keepdims=1)
    absent = g.Equal(norm, 0)
    along = g.ReduceSum(g.Mul(dy, y), axis, keepdims=1)
    dx = g.Sub(dy, g.Mul(y if squared else g.Sign(x), along))
    return g.Where(absent, 0, g.Div(dx, g.Where(absent, 1, norm)))


@dataclass(frozen=True, slots=True)
class Normal:
    """x with mean 0 and variance 1 over some axes, and 1 / standard deviation there."""

    x: ir.Value
    inverse: ir.Value
    axes: ir.Value

    @classmethod
    def of(cls, g: Builder, x: ir.Value, axes: Sequence[int], epsilon: float) -> Normal:
        """Normalise anew; the variance in two passes, because a mean of squares cancels."""
        along = g.axes(*axes)
        centred = g.Sub(x, g.ReduceMean(x, along, keepdims=1))
        variance = g.ReduceMean(g.Mul(centred, centred), along, keepdims=1)
        inverse = g.Reciprocal(g.Sqrt(g.Add(variance, epsilon)))
        return cls(g.Mul(centred, inverse), inverse, along)

    def gradient(self, g: Builder, dy: ir.Value) -> ir.Value:
        """Return the gradient of what was normalised: what changes mean or scale is taken out of
        dy.
        """
        mean = g.ReduceMean(dy, self.axes, keepdims=1)
        along = g.ReduceMean(g.Mul(dy, self.x), self.axes, keepdims=1)
        result: ir.Value = g.Mul(self.inverse, g.Sub(g.Sub(dy, mean), g.Mul(self.x, along)))
        return result


@rule("LayerNormalization")
def layer_normalization(
    g: Builder,
    node: Node,
    dy: ir.Value | None,
    d_mean: ir.Value | None = None,
    d_inverse: ir.Value | None = None,
) -> Gradients:
    """Formula: y = scale * n + bias, n = (x - mean) / deviation over the axes from `axis` on.

    Mean and 1 / deviation are results too: d mean / dx = 1 / count, and d (1 / deviation) / dx =
    -n / (count deviation^2).
    """
    axis = node.axis(-1)
    normal = _given(g, node, axis)

    def of_x() -> ir.Value:
        shares = [] if dy is None else [normal.gradient(g, g.Mul(dy, node.input(1)))]
        count = g.count(node.dims(0)[axis:], node.dtype())
        if d_mean is not None:
            shares.append(g.Div(g.cast(d_mean, node.dtype()), count))
        if d_inverse is not None:
            squared = g.Mul(normal.inverse, normal.inverse)
            along = g.Mul(g.cast(d_inverse, node.dtype()), squared)
            shares.append(g.Mul(normal.x, g.Neg(g.Div(along, count))))
        return _sum(g, shares)

    return of_x, None if dy is None else lambda: g.Mul(dy, normal.x), dy


def _sum(g: Builder, shares: Sequence[ir.Value]) -> ir.Value:
    total = shares[0]
    for share in shares[1:]:
        total = g.Add(total, share)
    return total


def _given(g: Builder, node: Node, axis: int) -> Normal:
    """Take the statistics from the node where it gives them, and gives them as exactly as x is."""
    axes = range(axis, node.rank(0))
    if len(node.outputs) < 3 or type_of(node.outputs[2]).dtype is not node.dtype():
        return Normal.of(g, node.input(0), axes, node.attribute("epsilon", 1e-5))
    centred = g.Sub(node.input(0), node.outputs[1])
    return Normal(g.Mul(centred, node.outputs[2]), node.outputs[2], g.axes(*axes))


def _per_channel(g: Builder, node: Node, value: ir.Value) -> ir.Value:
    """Give a value of one number per channel the rank of x."""
    shape = node.dims(0)
    return g.reshape(value, (1, shape[1], *[1] * (len(shape) - 2)))


def _sum_per_channel(g: Builder, node: Node, value: ir.Value) -> ir.Value:
    """Sum over everything but the channels."""
    axes = [axis for axis in range(node.rank(0)) if axis != 1]
    result: ir.Value = g.ReduceSum(value, g.axes(*axes), keepdims=0)
    return result


@rule("InstanceNormalization")
def instance_normalization(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: y = scale * n + bias, n = (x - mean) / deviation over the space of each channel."""
    axes = range(2, node.rank(0))
    normal = Normal.of(g, node.input(0), axes, node.attribute("epsilon", 1e-5))
    return (
        lambda: normal.gradient(g, g.Mul(dy, _per_channel(g, node, node.input(1)))),
        lambda: _sum_per_channel(g, node, g.Mul(dy, normal.x)),
        lambda: _sum_per_channel(g, node, dy),
    )


@rule("BatchNormalization")
def batch_normalization(
    g: Builder, node: Node, dy: ir.Value, *_statistics: ir.Value | None
) -> Gradients:
    """Formula: y = scale (x - mean) / sqrt(variance + epsilon) + bias, with all four given.

    Errors: the form that takes its statistics from the batch has no kernel on CUDA, and no rule.
    """
    if node.attribute("training_mode", 0):
        raise node.refuse("the training form has no rule: write the statistics out")
    scale, mean, variance = node.input(1), node.input(3), node.input(4)
    inverse = g.Reciprocal(g.Sqrt(g.Add(variance, node.attribute("epsilon", 1e-5))))
    factor = g.Mul(scale, inverse)

    def centred() -> ir.Value:
        """Return the sum over dy (x - mean), per channel."""
        x = g.Sub(node.input(0), _per_channel(g, node, mean))
        return _sum_per_channel(g, node, g.Mul(dy, x))

    def of_variance() -> ir.Value:
        cubed = g.Mul(g.Mul(factor, inverse), inverse)
        result: ir.Value = g.Mul(g.Mul(centred(), cubed), -0.5)
        return result

    return (
        lambda: g.Mul(dy, _per_channel(g, node, factor)),
        lambda: g.Mul(centred(), inverse),
        lambda: _sum_per_channel(g, node, dy),
        lambda: g.Neg(g.Mul(_sum_per_channel(g, node, dy), factor)),
        of_variance,
    )
