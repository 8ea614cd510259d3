"""Rows for functions of each element that are not activations: mathematics."""

from __future__ import annotations

from dslc.layers import elementwise as e
from dslc.types import DType, TensorType, float32, int64
from tests.operations.harness import Case, N, WrongCall, away_from, between, fixed, positive

X = (float32(N, 5),)
WHOLE = (int64(N, 5),)
HALVES = (fixed([-2.5, -1.5, -0.5, 0.5, 1.5]),)
OFF_STEPS = (away_from(-2.0, -1.0, 0.0, 1.0, 2.0),)

CASES = (
    Case("abs", e.Abs(), X, (away_from(0.0),), torch=lambda t, x: t.abs(x)),
    Case("abs at 0", e.Abs(), X, (fixed(0.0),), differences=False, torch=lambda t, x: t.abs(x)),
    Case("abs of whole numbers", e.Abs(), WHOLE),
    Case("neg", e.Neg(), X, torch=lambda t, x: -x),
    Case("neg of whole numbers", e.Neg(), WHOLE),
    Case("square", e.Square(), X, torch=lambda t, x: t.square(x)),
    Case("sqrt", e.Sqrt(), X, (positive,), torch=lambda t, x: t.sqrt(x)),
    Case("reciprocal", e.Reciprocal(), X, (positive,), torch=lambda t, x: t.reciprocal(x)),
    Case("exp", e.Exp(), X, torch=lambda t, x: t.exp(x)),
    Case("log", e.Log(), X, (positive,), torch=lambda t, x: t.log(x)),
    Case("sin", e.Sin(), X, torch=lambda t, x: t.sin(x)),
    Case("cos", e.Cos(), X, torch=lambda t, x: t.cos(x)),
    Case("erf", e.Erf(), X, torch=lambda t, x: t.erf(x)),
    Case("sign", e.Sign(), X, (away_from(0.0),), torch=lambda t, x: t.sign(x)),
    Case("sign of 0", e.Sign(), X, (fixed(0.0),), differences=False),
    Case("floor", e.Floor(), X, OFF_STEPS, torch=lambda t, x: t.floor(x)),
    Case("ceil", e.Ceil(), X, OFF_STEPS, torch=lambda t, x: t.ceil(x)),
    Case("round halves", e.Round(), X, HALVES, differences=False, torch=lambda t, x: t.round(x)),
    Case(
        "clip",
        e.Clip(-0.5, 0.75),
        X,
        (away_from(-0.5, 0.75),),
        torch=lambda t, x: t.clamp(x, -0.5, 0.75),
    ),
    Case("clip above only", e.Clip(max=0.5), X, (away_from(0.5),)),
    Case("clip below only", e.Clip(min=0.0), X, (away_from(0.0),)),
    Case(
        "clip at the limit",
        e.Clip(0, 6),
        X,
        (fixed([0.0, 6.0, 3.0, -1.0, 7.0]),),
        differences=False,
    ),
    Case("clip of whole numbers", e.Clip(0, 1), WHOLE),
    Case("clip without limits", e.Clip(), X, (between(-2, 2),)),
)

WRONG_CALLS = (
    WrongCall(
        "abs of stored bytes",
        e.Abs(),
        (TensorType(DType.UINT8, (N,)),),
        "E0401",
        ("cast(float32)",),
    ),
    WrongCall("clip of whole numbers by 1/2", e.Clip(0, 0.5), WHOLE, "E0406", ("write 0 or 1",)),
    WrongCall("clip with crossed limits", e.Clip(1, 0), X, "E0406", ("above 1 and below 0",)),
)
