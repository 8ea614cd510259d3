"""Rows for functions of each element: activations and mathematics."""

from __future__ import annotations

from dslc.layers import activation as a
from dslc.layers import elementwise as e
from dslc.types import DType, TensorType, float32, int64
from tests.operations.harness import Case, N, WrongCall, away_from, between, fixed, positive, scaled

X = (float32(N, 5),)
WHOLE = (int64(N, 5),)
WIDE = (scaled(0.0, 30.0),)
HALVES = (fixed([-2.5, -1.5, -0.5, 0.5, 1.5]),)
OFF_STEPS = (away_from(-2.0, -1.0, 0.0, 1.0, 2.0),)

CASES = (
    Case("relu", a.Relu(), X, (away_from(0.0),), torch=lambda t, x: t.relu(x)),
    Case("relu at 0", a.Relu(), X, (fixed(0.0),), differences=False, torch=lambda t, x: t.relu(x)),
    Case("relu of one number", a.Relu(), (float32(),), (positive,), torch=lambda t, x: t.relu(x)),
    Case(
        "leaky_relu",
        a.LeakyRelu(0.2),
        X,
        (away_from(0.0),),
        torch=lambda t, x: t.nn.functional.leaky_relu(x, 0.2),
    ),
    Case(
        "leaky_relu at 0",
        a.LeakyRelu(),
        X,
        (fixed(0.0),),
        differences=False,
        torch=lambda t, x: t.nn.functional.leaky_relu(x),
    ),
    Case("elu", a.Elu(1.5), X, (away_from(0.0),), torch=lambda t, x: t.nn.functional.elu(x, 1.5)),
    Case(
        "elu at 0",
        a.Elu(1.5),
        X,
        (fixed(0.0),),
        differences=False,
        torch=lambda t, x: t.nn.functional.elu(x, 1.5),
    ),
    Case("elu, saturated", a.Elu(), X, WIDE, torch=lambda t, x: t.nn.functional.elu(x)),
    Case("sigmoid", a.Sigmoid(), X, torch=lambda t, x: t.sigmoid(x)),
    Case(
        "sigmoid, saturated", a.Sigmoid(), X, (scaled(8.0, 3.0),), torch=lambda t, x: t.sigmoid(x)
    ),
    Case("sigmoid without overflow", a.Sigmoid(), X, (fixed([-800, -90, 0.0, 90, 800]),)),
    Case("tanh", a.Tanh(), X, torch=lambda t, x: t.tanh(x)),
    Case("softplus", a.Softplus(), X, torch=lambda t, x: t.nn.functional.softplus(x, threshold=99)),
    Case("softplus without overflow", a.Softplus(), X, (fixed([-800, -90, 0.0, 90, 800]),)),
    Case("silu", a.Silu(), X, torch=lambda t, x: t.nn.functional.silu(x)),
    Case("gelu", a.Gelu(), X, torch=lambda t, x: t.nn.functional.gelu(x)),
    Case(
        "gelu by tanh",
        a.Gelu("tanh"),
        X,
        torch=lambda t, x: t.nn.functional.gelu(x, approximate="tanh"),
    ),
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
    WrongCall("relu of whole numbers", a.Relu(), WHOLE, "E0401", ("`relu` needs floating-point",)),
    WrongCall(
        "abs of stored bytes",
        e.Abs(),
        (TensorType(DType.UINT8, (N,)),),
        "E0401",
        ("cast(float32)",),
    ),
    WrongCall("clip with crossed limits", e.Clip(1, 0), X, "E0406", ("above 1 and below 0",)),
)
