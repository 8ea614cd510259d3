"""Gradients of functions of several operands, element by element."""

from __future__ import annotations

import onnx_ir as ir

from dslc.gradient.rule import Gradient, Gradients, Node, rule, unbroadcast
from dslc.gradient.rules.elementwise import where
from dslc.graph.builder import Builder, constant_of, type_of


@rule("Add")
def add(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Pass dy on to both."""
    return dy, dy


@rule("Sub")
def subtract(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy and -dy."""
    return dy, lambda: g.Neg(unbroadcast(g, dy, node.dims(1)))


@rule("Sum")
def sum_of_all(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Pass dy on to all."""
    return (dy,) * len(node.inputs)


@rule("Mean")
def mean_of_all(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy / number of operands."""
    return (g.Mul(dy, 1 / len(node.inputs)),) * len(node.inputs)


@rule("Mul")
def multiply(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: dy b and dy a; of a square 2 dy a."""
    a, b = node.input(0), node.input(1)
    if a is b:
        return lambda: g.Mul(g.Mul(dy, 2), a)
    return lambda: g.Mul(dy, b), lambda: g.Mul(dy, a)


@rule("Div")
def divide(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: d(a / b) = da / b - (y / b) db."""
    b, y = node.input(1), node.outputs[0]
    share = g.Div(dy, b)
    return share, lambda: g.Neg(g.Mul(share, y))


@rule("Pow")
def power(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: p x^(p - 1), and y log x.

    Kinks: x^0 has gradient 0 at x = 0; the exponent's gradient is 0 where x <= 0.
    """
    x, y = node.input(0), node.outputs[0]

    def exponent_gradient() -> ir.Value:
        positive = g.Greater(x, 0)
        log = g.Log(g.Where(positive, x, 1))
        return where(g, positive, g.Mul(dy, g.Mul(y, log)))

    return lambda: _base_gradient(g, node, dy), exponent_gradient


def _base_gradient(g: Builder, node: Node, dy: ir.Value) -> ir.Value:
    x, exponent = node.input(0), node.input(1)
    known = constant_of(exponent)
    result: ir.Value
    if known is not None and known.size == 1:
        result = g.Mul(dy, _slope_of_power(g, x, float(known.reshape(()))))
        return result
    exponent = g.cast(exponent, type_of(x).dtype)
    absent = g.Equal(exponent, 0)
    lowered = g.Pow(x, g.Where(absent, 1, g.Sub(exponent, 1)))
    result = g.Mul(dy, g.Mul(exponent, lowered))
    return result


def _slope_of_power(g: Builder, x: ir.Value, exponent: float) -> ir.Value:
    """Return exponent * x^(exponent - 1) in the cheapest form."""
    if exponent in (0.0, 1.0):
        return g.constant(exponent, type_of(x).dtype)
    result: ir.Value = g.Mul(x if exponent == 2.0 else g.Pow(x, exponent - 1), exponent)
    return result


@rule("Where")
def choose(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Pass dy on to whichever was chosen."""
    condition = node.input(0)
    return None, lambda: g.Where(condition, dy, 0), lambda: g.Where(condition, 0, dy)


@rule("Max", "Min")
def extreme(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Kinks: the first of equal operands takes the gradient."""
    if len(node.inputs) == 1:
        return dy
    if len(node.inputs) == 2:
        first, second = node.input(0), node.input(1)
        wins = g.GreaterOrEqual if node.operator == "Max" else g.LessOrEqual
        taken = wins(first, second)
        return lambda: g.Where(taken, dy, 0), lambda: g.Where(taken, 0, dy)
    return _first_equal(g, node, dy)


def _first_equal(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    gradients: list[Gradient] = []
    left = dy
    for x in node.inputs:
        here = g.Equal(x, node.outputs[0])
        gradients.append(g.Where(here, left, 0))
        left = g.Where(here, 0, left)
    return tuple(gradients)


@rule("Mod")
def remainder(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Formula: a - b trunc(a / b). Kinks: the jumps count as flat."""
    a, b, y = node.input(0), node.input(1), node.outputs[0]
    return dy, lambda: g.Neg(g.Mul(dy, g.Round(g.Div(g.Sub(a, y), b))))
