"""The inverse of the normal distribution function, in NumPy and as ONNX operators.

Source: Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied
Statistics 37 (1988), routine PPND16, about 1 part in 10^16. Its third branch, for tails below
exp(-25) = 1.4e-11, is never reached: the smallest tail that is drawn is 2^-33 = 1.2e-10. So the
numbers lie within 6.4 standard deviations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dslc import dims
from dslc.initializers.draw import Doubles
from dslc.types import DType, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

SMALLEST_TAIL = 2.0**-33

_SPLIT = 0.425
_CENTRE = 0.180625
_TAIL_START = 1.6

Ratio = tuple[tuple[float, ...], tuple[float, ...]]
"""Coefficients of numerator and denominator, highest power first."""

_CENTRAL: Ratio = (
    (
        2.5090809287301226727e3,
        3.3430575583588128105e4,
        6.7265770927008700853e4,
        4.5921953931549871457e4,
        1.3731693765509461125e4,
        1.9715909503065514427e3,
        1.3314166789178437745e2,
        3.3871328727963666080e0,
    ),
    (
        5.2264952788528545610e3,
        2.8729085735721942674e4,
        3.9307895800092710610e4,
        2.1213794301586595867e4,
        5.3941960214247511077e3,
        6.8718700749205790830e2,
        4.2313330701600911252e1,
        1.0,
    ),
)

_TAIL: Ratio = (
    (
        7.74545014278341407640e-4,
        2.27238449892691845833e-2,
        2.41780725177450611770e-1,
        1.27045825245236838258e0,
        3.64784832476320460504e0,
        5.76949722146069140550e0,
        4.63033784615654529590e0,
        1.42343711074968357734e0,
    ),
    (
        1.05075007164441684324e-9,
        5.47593808499534494600e-4,
        1.51986665636164571966e-2,
        1.48103976427480074590e-1,
        6.89767334985100004550e-1,
        1.67638483018380384940e0,
        2.05319162663775882187e0,
        1.0,
    ),
)


def quantile(q: Doubles) -> Doubles:
    """Return the points below which a standard normal variable lies with probability 0.5 + q."""
    result = _ratio(_CENTRE - q * q, _CENTRAL)
    result *= q
    outside = np.flatnonzero(np.abs(q) > _SPLIT)
    far = q[outside]
    distance = np.sqrt(-np.log(0.5 - np.abs(far))) - _TAIL_START
    result[outside] = np.sign(far) * _ratio(distance, _TAIL)
    return result


def lower_quantile(g: Builder, q: ir.Value) -> ir.Value:
    """Return the same for a float64 value."""
    far = g.Greater(g.Abs(q), _SPLIT)
    result: ir.Value = g.Where(far, _lower_tail(g, q), _lower_centre(g, q))
    return result


def lower_quantile_apart(g: Builder, q: ir.Value) -> ir.Value:
    """Return the same for a float64 value of one dimension; the tails are computed by themselves.

    They are a seventh of all numbers, and the larger part of the work. How many they are only a run knows, which is
    nothing for a GPU.
    """
    count = dims.free(g.fresh("far"))
    places = g.NonZero(g.Greater(g.Abs(q), _SPLIT), type=TensorType(DType.INT64, (1, count)))
    places = g.Squeeze(places, g.axes(0))
    tails = _lower_tail(g, g.GatherElements(q, places, axis=0))
    result: ir.Value = g.ScatterElements(_lower_centre(g, q), places, tails, axis=0)
    return result


def _lower_centre(g: Builder, q: ir.Value) -> ir.Value:
    result: ir.Value = g.Mul(_lower_ratio(g, g.Sub(_CENTRE, g.Mul(q, q)), _CENTRAL), q)
    return result


def _lower_tail(g: Builder, q: ir.Value) -> ir.Value:
    distance = g.Sub(g.Sqrt(g.Neg(g.Log(g.Sub(0.5, g.Abs(q))))), _TAIL_START)
    result: ir.Value = g.Mul(g.Sign(q), _lower_ratio(g, distance, _TAIL))
    return result


def _ratio(x: Doubles, ratio: Ratio) -> Doubles:
    numerator, denominator = (_polynomial(x, coefficients) for coefficients in ratio)
    numerator /= denominator
    return numerator


def _polynomial(x: Doubles, coefficients: tuple[float, ...]) -> Doubles:
    first, *rest = coefficients
    result = np.full_like(x, first)
    for coefficient in rest:
        result *= x
        result += coefficient
    return result


def _lower_ratio(g: Builder, x: ir.Value, ratio: Ratio) -> ir.Value:
    numerator, denominator = (_lower_polynomial(g, x, coefficients) for coefficients in ratio)
    result: ir.Value = g.Div(numerator, denominator)
    return result


def _lower_polynomial(g: Builder, x: ir.Value, coefficients: tuple[float, ...]) -> ir.Value:
    first, *rest = coefficients
    result: ir.Value = g.Mul(x, first)
    for coefficient in rest[:-1]:
        result = g.Mul(g.Add(result, coefficient), x)
    result = g.Add(result, rest[-1])
    return result
