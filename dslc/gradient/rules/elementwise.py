"""Gradients of functions of one operand, element by element.

Kinks are stated in the rules. Where a result is as good as the operand to compute with, the result
is used: it is needed by the next operator anyway, and the operand's memory is free earlier.
"""

from __future__ import annotations

import math

import onnx_ir as ir

from dslc.gradient.rule import Gradients, Node, rule
from dslc.graph.builder import Builder, type_of


def where(g: Builder, condition: ir.Value | None, dy: ir.Value) -> ir.Value:
    """Return `dy` where `condition` holds, else 0, whatever stands there (an infinity too)."""
    result: ir.Value = g.Where(condition, dy, 0)
    return result


def times(g: Builder, condition: ir.Value, dy: ir.Value) -> ir.Value:
    """Return `dy` where `condition` holds, else 0, for finite `dy`: two thirds of the time."""
    result: ir.Value = g.Mul(dy, g.cast(condition, type_of(dy).dtype))
    return result


@rule("Identity")
def identity(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Pass dy on."""
    return dy


@rule("Neg")
def negative(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: -dy."""
    return g.Neg(dy)


@rule("Cast", "CastLike")
def cast(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Convert back: between float types the conversion counts as the identity."""
    return g.cast(dy, node.dtype())


@rule("Exp")
def exponential(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy y."""
    return g.Mul(dy, node.outputs[0])


@rule("Log")
def logarithm(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy / x."""
    return g.Div(dy, node.input(0))


@rule("Sqrt")
def square_root(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: infinite at 0."""
    return g.Div(g.Mul(dy, 0.5), node.outputs[0])


@rule("Reciprocal")
def reciprocal(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: -dy y^2."""
    y = node.outputs[0]
    return g.Neg(g.Mul(g.Mul(dy, y), y))


@rule("Sin")
def sine(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy cos x."""
    return g.Mul(dy, g.Cos(node.input(0)))


@rule("Cos")
def cosine(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: -dy sin x."""
    return g.Neg(g.Mul(dy, g.Sin(node.input(0))))


@rule("Erf")
def error_function(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy 2 / sqrt(pi) exp(-x^2)."""
    x = node.input(0)
    return g.Mul(dy, g.Mul(g.Exp(g.Neg(g.Mul(x, x))), 2 / math.sqrt(math.pi)))


@rule("Tanh")
def tanh(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy (1 - y^2)."""
    y = node.outputs[0]
    return g.Mul(dy, g.Sub(1, g.Mul(y, y)))


@rule("Sigmoid")
def sigmoid(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy y (1 - y)."""
    y = node.outputs[0]
    return g.Mul(dy, g.Mul(y, g.Sub(1, y)))


@rule("Softplus")
def softplus(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy sigmoid(x)."""
    return g.Mul(dy, g.Sigmoid(node.input(0)))


@rule("Softsign")
def softsign(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: 1 / (1 + |x|)^2, also at 0."""
    slope = g.Reciprocal(g.Add(g.Abs(node.input(0)), 1))
    return g.Mul(dy, g.Mul(slope, slope))


@rule("Abs")
def absolute(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: 0 at 0."""
    return g.Mul(dy, g.Sign(node.input(0)))


@rule("Relu")
def relu(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: 0 at 0."""
    return times(g, g.Greater(node.outputs[0], 0), dy)


@rule("LeakyRelu")
def leaky_relu(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: the slope of the negative side at 0."""
    alpha = node.attribute("alpha", 0.01)
    return g.Where(g.Greater(node.input(0), 0), dy, g.Mul(dy, alpha))


@rule("ThresholdedRelu")
def thresholded_relu(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: 0 at the threshold."""
    return where(g, g.Greater(node.input(0), node.attribute("alpha", 1.0)), dy)


@rule("PRelu")
def parametric_relu(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: the slope of the negative side at 0."""
    x, slope = node.input(0), node.input(1)
    return (
        lambda: g.Where(g.Greater(x, 0), dy, g.Mul(dy, slope)),
        lambda: g.Mul(dy, g.Min(x, 0)),
    )


def _exponential_side(g: Builder, x: ir.Value, positive: float, negative: float) -> ir.Value:
    """Return `positive` where x > 0, else `negative` * exp(x); neither side overflows."""
    below = g.Mul(g.Exp(g.Min(x, 0)), negative)
    result: ir.Value = g.Where(g.Greater(x, 0), g.constant(positive, type_of(x).dtype), below)
    return result


@rule("Elu")
def elu(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: alpha at 0, the slope of the negative side."""
    return g.Mul(dy, _exponential_side(g, node.input(0), 1.0, node.attribute("alpha", 1.0)))


@rule("Selu")
def selu(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: alpha * gamma at 0, the slope of the negative side."""
    alpha = node.attribute("alpha", 1.6732632423543772)
    gamma = node.attribute("gamma", 1.0507009873554805)
    return g.Mul(dy, _exponential_side(g, node.input(0), gamma, alpha * gamma))


def _between(g: Builder, y: ir.Value) -> ir.Value:
    """Return where 0 < y < 1."""
    result: ir.Value = g.And(g.Greater(y, 0), g.Less(y, 1))
    return result


@rule("HardSigmoid")
def hard_sigmoid(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: 0 at both."""
    inside = _between(g, node.outputs[0])
    return times(g, inside, g.Mul(dy, node.attribute("alpha", 0.2)))


@rule("HardSwish")
def hard_swish(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: d/dx x h(x) = h + x h', with h = clip(x / 6 + 1/2, 0, 1). Kinks: 0 at -3, 1 at 3."""
    x = node.input(0)
    gate = g.HardSigmoid(x, alpha=1 / 6, beta=0.5)
    return g.Mul(dy, g.Add(gate, times(g, _between(g, gate), g.Mul(x, 1 / 6))))


@rule("Clip")
def clip(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: on a bound the gradient is x's."""
    x = node.input(0)
    too_small = g.Less(x, node.input(1)) if node.has(1) else None
    too_large = g.Greater(x, node.input(2)) if node.has(2) else None
    outside = [side for side in (too_small, too_large) if side is not None]

    def inner() -> ir.Value:
        if not outside:
            return dy
        result: ir.Value = g.Where(outside[0] if len(outside) == 1 else g.Or(*outside), 0, dy)
        return result

    return inner, lambda: where(g, too_small, dy), lambda: where(g, too_large, dy)


@rule("Shrink")
def shrink(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: 0 at both limits."""
    return where(g, g.Greater(g.Abs(node.input(0)), node.attribute("lambd", 0.5)), dy)


@rule("Mish")
def mish(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: x t, with t = tanh(softplus(x)), has the derivative t + x sigmoid(x) (1 - t^2)."""
    x = node.input(0)
    t = g.Tanh(g.Softplus(x))
    rest = g.Mul(g.Mul(x, g.Sigmoid(x)), g.Sub(1, g.Mul(t, t)))
    return g.Mul(dy, g.Add(t, rest))


@rule("Tan")
def tangent(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy (1 + y^2)."""
    y = node.outputs[0]
    return g.Mul(dy, g.Add(g.Mul(y, y), 1))


@rule("Atan")
def arc_tangent(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy / (1 + x^2)."""
    x = node.input(0)
    return g.Div(dy, g.Add(g.Mul(x, x), 1))


@rule("Sinh", "Cosh")
def hyperbolic(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: each is the derivative of the other: (exp(x) ± exp(-x)) / 2."""
    grown, fallen = g.Exp(node.input(0)), g.Exp(g.Neg(node.input(0)))
    other = g.Add(grown, fallen) if node.operator == "Sinh" else g.Sub(grown, fallen)
    return g.Mul(dy, g.Mul(other, 0.5))


def _around_one(g: Builder, x: ir.Value, sign: int) -> ir.Value:
    """Return (1 - x)(1 + x), times `sign`: it does not cancel near 1 as 1 - x^2 does."""
    below = g.Sub(1, x) if sign > 0 else g.Sub(x, 1)
    result: ir.Value = g.Mul(below, g.Add(x, 1))
    return result


@rule("Asin", "Acos")
def arc_sine(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: infinite at -1 and 1."""
    slope = g.Div(dy, g.Sqrt(_around_one(g, node.input(0), 1)))
    return slope if node.operator == "Asin" else g.Neg(slope)


@rule("Asinh")
def inverse_hyperbolic_sine(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy / sqrt(1 + x^2)."""
    x = node.input(0)
    return g.Div(dy, g.Sqrt(g.Add(g.Mul(x, x), 1)))


@rule("Acosh")
def inverse_hyperbolic_cosine(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: infinite at 1."""
    return g.Div(dy, g.Sqrt(_around_one(g, node.input(0), -1)))


@rule("Atanh")
def inverse_hyperbolic_tangent(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy / (1 - x^2)."""
    return g.Div(dy, _around_one(g, node.input(0), 1))
