"""Rows for functions that work element by element."""

from __future__ import annotations

import numpy as np

from dslc.types import DType
from tests.gradient.case import Case, Point, away_from, between, distinct, plain, positive

KINK = away_from(0)

UNARY = [
    Case("Identity", lambda g, x: g.Identity(x), [(2, 3)], exact=True),
    Case("Neg", lambda g, x: g.Neg(x), [(2, 3)], exact=True),
    Case("Exp", lambda g, x: g.Exp(x), [(2, 3)]),
    Case("Log", lambda g, x: g.Log(x), [(2, 3)], [positive]),
    Case("Sqrt", lambda g, x: g.Sqrt(x), [(2, 3)], [positive]),
    Case("Reciprocal", lambda g, x: g.Reciprocal(x), [(2, 3)], [positive]),
    Case("Sin", lambda g, x: g.Sin(x), [(2, 3)]),
    Case("Cos", lambda g, x: g.Cos(x), [(2, 3)]),
    Case("Tan", lambda g, x: g.Tan(x), [(2, 3)], [between(-1, 1)]),
    Case("Atan", lambda g, x: g.Atan(x), [(2, 3)]),
    Case("Asin", lambda g, x: g.Asin(x), [(2, 3)], [between(-0.8, 0.8)]),
    Case("Acos", lambda g, x: g.Acos(x), [(2, 3)], [between(-0.8, 0.8)]),
    Case("Sinh", lambda g, x: g.Sinh(x), [(2, 3)]),
    Case("Cosh", lambda g, x: g.Cosh(x), [(2, 3)]),
    Case("Asinh", lambda g, x: g.Asinh(x), [(2, 3)]),
    Case("Acosh", lambda g, x: g.Acosh(x), [(2, 3)], [between(1.5, 3)]),
    Case("Atanh", lambda g, x: g.Atanh(x), [(2, 3)], [between(-0.8, 0.8)]),
    Case("Erf", lambda g, x: g.Erf(x), [(2, 3)]),
    Case("Tanh", lambda g, x: g.Tanh(x), [(2, 3)], points=[Point([[-90, 0, 90]], [[0, 1, 0]])]),
    Case(
        "Sigmoid",
        lambda g, x: g.Sigmoid(x),
        [(2, 3)],
        points=[Point([[-90, 0, 90]], [[np.exp(-90), 0.25, 0]])],
    ),
    Case(
        "Softplus",
        lambda g, x: g.Softplus(x),
        [(2, 3)],
        points=[Point([[-90, 0, 90]], [[np.exp(-90), 0.5, 1]])],
    ),
    Case(
        "Mish",
        lambda g, x: g.Mish(x),
        [(2, 3)],
        points=[Point([[-90, 90]], [[-89 * np.exp(-90), 1]])],
    ),
    Case("Softsign", lambda g, x: g.Softsign(x), [(2, 3)], [KINK], points=[Point([[0]], [[1]])]),
    Case(
        "Abs", lambda g, x: g.Abs(x), [(2, 3)], [KINK], points=[Point([[-1, 0, 1]], [[-1, 0, 1]])]
    ),
    Case(
        "Relu", lambda g, x: g.Relu(x), [(2, 3)], [KINK], points=[Point([[-1, 0, 1]], [[0, 0, 1]])]
    ),
    Case(
        "LeakyRelu",
        lambda g, x: g.LeakyRelu(x, alpha=0.1),
        [(2, 3)],
        [KINK],
        points=[Point([[-1, 0, 1]], [[np.float32(0.1), np.float32(0.1), 1]])],
    ),
    Case(
        "ThresholdedRelu",
        lambda g, x: g.ThresholdedRelu(x, alpha=0.5),
        [(2, 3)],
        [away_from(0.5)],
        points=[Point([[0, 0.5, 1]], [[0, 0, 1]])],
    ),
    Case(
        "Shrink",
        lambda g, x: g.Shrink(x, lambd=0.5, bias=0.25),
        [(2, 3)],
        [away_from(0.5, -0.5)],
        points=[Point([[-1, -0.5, 0, 0.5, 1]], [[1, 0, 0, 0, 1]])],
    ),
    Case(
        "Elu",
        lambda g, x: g.Elu(x),
        [(2, 3)],
        [KINK],
        points=[Point([[-90, 0, 90]], [[np.exp(-90), 1, 1]])],
    ),
    Case(
        "Elu",
        lambda g, x: g.Elu(x, alpha=0.5),
        [(2, 3)],
        [KINK],
        "alpha",
        points=[Point([[0, 90]], [[0.5, 1]])],
    ),
    Case(
        "Selu",
        lambda g, x: g.Selu(x, alpha=1.5, gamma=1.25),
        [(2, 3)],
        [KINK],
        points=[Point([[0, 90]], [[1.875, 1.25]])],
    ),
    Case(
        "HardSigmoid",
        lambda g, x: g.HardSigmoid(x, alpha=0.25, beta=0.5),
        [(2, 3)],
        [away_from(-2, 2)],
        points=[Point([[-3, -2, 0, 2, 3]], [[0, 0, 0.25, 0, 0]])],
    ),
    Case(
        "HardSwish",
        lambda g, x: g.HardSwish(x),
        [(2, 3)],
        [away_from(-3, 3)],
        points=[Point([[-4, -3, 0, 3, 4]], [[0, 0, 0.5, 1, 1]])],
    ),
    Case("Cast", lambda g, x: g.Cast(g.Tanh(x), to=DType.FLOAT64), [(2, 3)]),
    Case("CastLike", lambda g, x: g.CastLike(g.Tanh(x), g.constant(1.0, DType.FLOAT64)), [(2, 3)]),
]

BINARY = [
    Case("Add", lambda g, a, b: g.Add(a, b), [(2, 3), (2, 3)], exact=True),
    Case("Add", lambda g, a, b: g.Add(a, b), [(2, 1, 4), (3, 1)], note="broadcast"),
    Case("Add", lambda g, a: g.Add(a, a), [(2, 3)], note="twice"),
    Case("Sub", lambda g, a, b: g.Sub(a, b), [(2, 3), (3,)]),
    Case("Sub", lambda g, a, b: g.Sub(a, b), [(2, 3), (2, 1)], note="along one dimension"),
    Case("Sub", lambda g, a, b: g.Sub(a, b), [(3,), (2, 3)], note="from fewer dimensions"),
    Case("Mul", lambda g, a, b: g.Mul(a, b), [(2, 3), (2, 1)]),
    Case("Mul", lambda g, a: g.Mul(a, a), [(2, 3)], note="twice"),
    Case("Mul", lambda g, a, b: g.Mul(a, b), [(2, 3), ()], note="scalar"),
    Case("Div", lambda g, a, b: g.Div(a, b), [(2, 3), (1, 3)], [plain, positive]),
    Case("Sum", lambda g, a, b, c: g.Sum(a, b, c), [(2, 3), (3,), ()]),
    Case("Mean", lambda g, a, b, c: g.Mean(a, b, c), [(2, 3), (3,), ()]),
    Case(
        "Pow",
        lambda g, a, b: g.Pow(a, b),
        [(2, 3), (3,)],
        [positive, plain],
        points=[Point([[0.0, -2.0, 0.0], [0.0, 2.0, 3.0]], [[0, -4, 0], [0, 0, 0]])],
    ),
    Case("Pow", lambda g, a: g.Pow(a, 2.0), [(2, 3)], note="square", points=[Point([[0]], [[0]])]),
    Case("Pow", lambda g, a: g.Pow(a, 3.0), [(2, 3)], note="cube"),
    Case("Pow", lambda g, a: g.Pow(a, -0.75), [(2, 3)], [positive], "fraction"),
    Case("Pow", lambda g, a: g.Pow(a, 1.0), [(2, 3)], note="one"),
    Case("Pow", lambda g, a: g.Pow(a, 0.0), [(2, 3)], note="zero", points=[Point([[0]], [[0]])]),
    Case(
        "Mod",
        lambda g, a, b: g.Mod(a, b, fmod=1),
        [(4,), (4,)],
        [between(1.1, 1.9), between(0.8, 0.95)],
    ),
    Case(
        "Max",
        lambda g, a, b: g.Max(a, b),
        [(2, 3), (2, 3)],
        [distinct, between(0, 0.1)],
        points=[Point([[1, 2, 3], [3, 2, 1]], [[0, 1, 1], [1, 0, 0]])],
    ),
    Case(
        "Max",
        lambda g, a, b, c: g.Max(a, b, c),
        [(4,), (2, 4), (1,)],
        [distinct, between(0.3, 0.31), between(0.7, 0.71)],
        "three",
        points=[Point([[1, 2, 3], [1, 2, 1], [1, 3, 3]], [[1, 0, 1], [0, 0, 0], [0, 1, 0]])],
    ),
    Case("Max", lambda g, a: g.Max(a), [(4,)], note="one"),
    Case(
        "Min",
        lambda g, a, b: g.Min(a, b),
        [(2, 3), (3,)],
        [distinct, between(0, 0.1)],
        points=[Point([[1, 2, 3], [3, 2, 1]], [[1, 1, 0], [0, 0, 1]])],
    ),
    Case(
        "Where",
        lambda g, a, b: g.Where(g.constant(np.array([True, False, True])), a, b),
        [(2, 3), (2, 1)],
    ),
    Case(
        "Clip",
        lambda g, x, low, high: g.Clip(x, low, high),
        [(2, 3), (), ()],
        [away_from(-1, 1), between(-1, -0.99), between(0.99, 1)],
        points=[Point([[-2, -1, 0, 1, 2], -1, 1], [[0, 1, 1, 1, 0], 1, 1])],
    ),
    Case("Clip", lambda g, x: g.Clip(x, None, 1.0), [(2, 3)], [away_from(1)], "above"),
    Case("Clip", lambda g, x: g.Clip(x), [(2, 3)], note="free"),
    Case(
        "PRelu",
        lambda g, x, slope: g.PRelu(x, slope),
        [(2, 3, 2), (3, 1)],
        [KINK, positive],
        points=[Point([[-1, 0, 1], [0.5, 0.5, 0.5]], [[0.5, 0.5, 1], [-1, 0, 0]])],
    ),
]

ELEMENTWISE = UNARY + BINARY
