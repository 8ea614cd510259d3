"""The gradient of one value by another, as a value of the net."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dslc.errors import RuleError
from dslc.operation import Array, Function, Reference
from dslc.reference.run import Run
from dslc.types import TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


@dataclass(frozen=True)
class Grad(Function):
    """Take the gradient of the sum of `y` by `x`: an ordinary value, which can be differentiated again.

    `x` is an input, a `param`, a weight (`layer.weight`) or any value that `y` is computed from. A row of `y` that is
    computed from one row of `x` alone gives each sample its own derivative: with `u` and `x` both [N, 1], `grad(u, x)`
    is du/dx at each of the N points. Where samples mix (BatchNorm in training, a sum over the batch), it is not.

    Shapes: y of any shape, x -> as x.
    Formula: d (sum of all elements of y) / dx; what `stop_gradient` gave counts as a constant.
    Errors: E0340 where y does not depend on x, or only through steps; E0341 where sizes are free that have to be known.
    Kinks: those of the operations on the way; the second derivative of a piecewise linear function is 0.
    Source: Baydin et al., 2018, "Automatic differentiation in machine learning: a survey", section 3.2.

    Example:
        input x: float32[N, 1]
        u: Linear(8) -> tanh -> Linear(1)
        slope = grad(u, x)
        output curvature = grad(slope, x)
    """

    precision = "single"

    holds_calls = True

    def infer(self, y: TensorType, x: TensorType) -> TensorType:
        for index, (name, type) in enumerate((("y", y), ("x", x))):
            if not type.dtype.is_float:
                raise RuleError(
                    "E0401",
                    "a gradient is taken of floating-point numbers, by floating-point numbers",
                    about=index,
                    text=f"{name} is {type}",
                    helps=("cast it first, and use what the cast gives:  cast(float32)",),
                )
        return x

    def lower(self, g: Builder, y: ir.Value, x: ir.Value, *_: ir.Value) -> Any:
        return g.gradient(y, x)

    def reference(self, run: Run, y: Array, x: Array, *rest: Array) -> Reference:
        """Pull ones back through the calls between; the derivative of that is a difference.

        Second derivatives do not depend on the order: d<v, dy/dx> / dz = the slope of dy/dz along v, for every z that y
        is computed from, x among them.
        """
        assert run.inside is not None
        inside = run.inside
        _, pull = inside(x, *rest)
        here = pull(np.ones_like(y))

        def at(point: Array) -> Sequence[Array | None]:
            results, pull_there = inside.nearby(point, *rest)
            return pull_there(np.ones_like(results[0]))

        def backward(v: Array) -> tuple[Array | None, ...]:
            length = float(np.max(np.abs(v), initial=0.0))
            if not np.isfinite(length) or not length:
                return (None, v * 0, *(None for _ in rest))
            unit = v.astype(np.float64) / length
            found = slopes(lambda distance: at(x + distance * unit))
            if run.dtype is not np.float64:
                found = rounded(found, here, at(x))
            return (None, *(None if s is None else (s * length).astype(run.dtype) for s in found))

        return here[0] if here[0] is not None else np.zeros_like(x), backward


STEPS = (2.0**-6, 2.0**-9, 2.0**-12, 2.0**-15)
"""Steps of the differences, tried in turn: a long one for the rounding, a shorter one where the function bends more."""

AGREE = 1e-7
"""How close two extrapolations have to be, relative to the slope, for a step to do.

The later one is then off by a thousandth of that, or less. A difference of differences wants the same step at every
point: with a stricter test, rounding would decide.
"""

ROUNDING = 2.0**-47
"""What a difference of two results is off by, relative to them: some units in the last place."""


def slopes(function: Callable[[float], Sequence[Array | None]]) -> list[Array | None]:
    """Return the derivative of several arrays at 0: central differences, extrapolated twice.

    Source: Ridders, 1982, "Accurate computation of F'(x) and F'(x) F''(x)", for the extrapolation and its error.
    """
    best: list[Array | None] = []
    least = np.inf
    for step in STEPS:
        with np.errstate(all="ignore"):
            found, error, size, scale = _extrapolated(function, step)
        if not best or error < least or np.isnan(least):
            best, least = found, error
        if error <= AGREE * size + ROUNDING * scale / step:
            break
    return best


def rounded(
    slopes: Sequence[Array | None], coarse: Sequence[Array | None], exact: Sequence[Array | None]
) -> list[Array | None]:
    """Put the rounding of a coarser precision into slopes that are exact.

    Differences in float32 would say nothing. Relative to its size, a slope is taken to be as far off as the gradient.
    """
    share = _norm(slopes) / (_norm(exact) or 1.0)
    return [
        s if s is None or c is None or e is None else s + share * (c - e)
        for s, c, e in zip(slopes, coarse, exact, strict=True)
    ]


def _extrapolated(
    function: Callable[[float], Sequence[Array | None]], step: float
) -> tuple[list[Array | None], float, float, float]:
    """Return slopes from three steps; by how much two steps differ from them, their length, that of the function."""
    pairs = [(function(h), function(-h)) for h in (step, step / 2, step / 4)]
    wide, middle, narrow = (
        [_half(up, down, step / 2**k) for up, down in zip(*pair, strict=True)]
        for k, pair in enumerate(pairs)
    )
    once = [_joined(w, m, 4) for w, m in zip(wide, middle, strict=True)]
    twice = [_joined(m, n, 4) for m, n in zip(middle, narrow, strict=True)]
    found = [_joined(o, t, 16) for o, t in zip(once, twice, strict=True)]
    change = [None if f is None else f - t for f, t in zip(found, twice, strict=True)]
    return found, _norm(change), _norm(found), _norm(pairs[0][0])


def _half(up: Array | None, down: Array | None, step: float) -> Array | None:
    return None if up is None or down is None else (up - down) / (2 * step)


def _joined(coarse: Array | None, fine: Array | None, power: int) -> Array | None:
    """Cancel the leading error of two results, which is `power` times smaller in the finer one."""
    return None if coarse is None or fine is None else fine + (fine - coarse) / (power - 1)


def _norm(arrays: Sequence[Array | None]) -> float:
    total = sum(float(np.vdot(a, a)) for a in arrays if a is not None)
    return float(np.sqrt(total))
