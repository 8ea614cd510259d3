"""Rows for activations."""

from __future__ import annotations

from typing import Any

from dslc.layers import activation as a
from dslc.layers import hard as h
from dslc.layers import rectifier as r
from dslc.layers.glu import Glu
from dslc.operation import Operation
from dslc.types import float32, int64
from tests.operations.harness import (
    Case,
    Domain,
    N,
    T,
    WrongCall,
    away_from,
    distinct,
    fixed,
    normal,
    positive,
    scaled,
)

X = (float32(N, 5),)
WHOLE = (int64(N, 5),)
WIDE = (scaled(0.0, 30.0),)
OVERFLOWING = fixed([-800, -90, 0.0, 90, 800])
IMAGE = (float32(N, 3, 7, 2),)


def _same(operation: Operation, name: str, domain: Domain, note: str, *settings: Any) -> Case:
    """A row for a function that PyTorch calls `name`, with the same settings in the same order."""
    return Case(
        f"{name}{note}",
        operation,
        X,
        (domain,),
        differences=not note.startswith(" at "),
        torch=lambda t, x: getattr(t.nn.functional, name)(x, *settings),
    )


def _hardsigmoid(t: Any, x: Any) -> Any:
    """Return it as it is documented: the function itself rounds its slope to float32."""
    return t.nn.functional.relu6(x + 3) / 6


def _prelu(t: Any, x: Any, weight: Any) -> Any:
    return t.nn.functional.prelu(x, weight)


def _at(*kinks: float) -> Domain:
    """The kinks, and what is around them."""
    inner = (kinks[0] + kinks[-1]) / 2
    return fixed([*kinks, *[inner] * (3 - len(kinks)), kinks[0] - 1, kinks[-1] + 1])


CASES = (
    Case("relu", r.Relu(), X, (away_from(0.0),), torch=lambda t, x: t.relu(x)),
    Case("relu at 0", r.Relu(), X, (fixed(0.0),), differences=False, torch=lambda t, x: t.relu(x)),
    Case("relu of one number", r.Relu(), (float32(),), (positive,), torch=lambda t, x: t.relu(x)),
    Case(
        "leaky_relu",
        r.LeakyRelu(0.2),
        X,
        (away_from(0.0),),
        torch=lambda t, x: t.nn.functional.leaky_relu(x, 0.2),
    ),
    Case(
        "leaky_relu at 0",
        r.LeakyRelu(),
        X,
        (fixed(0.0),),
        differences=False,
        torch=lambda t, x: t.nn.functional.leaky_relu(x),
    ),
    Case("elu", r.Elu(1.5), X, (away_from(0.0),), torch=lambda t, x: t.nn.functional.elu(x, 1.5)),
    Case(
        "elu at 0",
        r.Elu(1.5),
        X,
        (fixed(0.0),),
        differences=False,
        torch=lambda t, x: t.nn.functional.elu(x, 1.5),
    ),
    Case("elu, saturated", r.Elu(), X, WIDE, torch=lambda t, x: t.nn.functional.elu(x)),
    Case("sigmoid", a.Sigmoid(), X, torch=lambda t, x: t.sigmoid(x)),
    Case(
        "sigmoid, saturated", a.Sigmoid(), X, (scaled(8.0, 3.0),), torch=lambda t, x: t.sigmoid(x)
    ),
    Case("sigmoid without overflow", a.Sigmoid(), X, (OVERFLOWING,)),
    Case("tanh", a.Tanh(), X, torch=lambda t, x: t.tanh(x)),
    Case("softplus", a.Softplus(), X, torch=lambda t, x: t.nn.functional.softplus(x, threshold=99)),
    Case("softplus without overflow", a.Softplus(), X, (OVERFLOWING,)),
    Case("silu", a.Silu(), X, torch=lambda t, x: t.nn.functional.silu(x)),
    Case("gelu", a.Gelu(), X, torch=lambda t, x: t.nn.functional.gelu(x)),
    Case(
        "gelu by tanh",
        a.Gelu("tanh"),
        X,
        torch=lambda t, x: t.nn.functional.gelu(x, approximate="tanh"),
    ),
    _same(a.Mish(), "mish", normal, ""),
    _same(a.Mish(), "mish", scaled(0.0, 30.0), ", saturated"),
    _same(a.Softsign(), "softsign", normal, ""),
    _same(a.Softsign(), "softsign", fixed(0.0), " at 0"),
    _same(a.Softsign(), "softsign", scaled(0.0, 30.0), ", saturated"),
    _same(a.LogSigmoid(), "logsigmoid", normal, ""),
    Case("log_sigmoid without overflow", a.LogSigmoid(), X, (OVERFLOWING,)),
    _same(r.Selu(), "selu", away_from(0.0), ""),
    _same(r.Selu(), "selu", fixed(0.0), " at 0"),
    _same(r.Selu(), "selu", scaled(0.0, 30.0), ", saturated"),
    _same(r.Celu(), "celu", away_from(0.0), ""),
    _same(r.Celu(0.25), "celu", away_from(0.0), ", sharper", 0.25),
    _same(r.Celu(2.0), "celu", fixed(0.0), " at 0", 2.0),
    _same(r.Celu(2.0), "celu", scaled(0.0, 30.0), ", saturated", 2.0),
    _same(h.Relu6(), "relu6", scaled(3.0, 4.0), ""),
    _same(h.Relu6(), "relu6", _at(0.0, 6.0), " at its kinks"),
    _same(h.Hardtanh(), "hardtanh", away_from(-1.0, 1.0), ""),
    _same(h.Hardtanh(-0.5, 2.0), "hardtanh", away_from(-0.5, 2.0), ", other limits", -0.5, 2.0),
    _same(h.Hardtanh(), "hardtanh", _at(-1.0, 1.0), " at its kinks"),
    Case("hardsigmoid", h.Hardsigmoid(), X, (scaled(0.0, 3.0),), torch=_hardsigmoid),
    Case(
        "hardsigmoid at its kinks",
        h.Hardsigmoid(),
        X,
        (_at(-3.0, 3.0),),
        differences=False,
        torch=_hardsigmoid,
    ),
    _same(h.Hardswish(), "hardswish", scaled(0.0, 3.0), ""),
    _same(h.Hardswish(), "hardswish", _at(-3.0, 3.0), " at its kinks"),
    Case(
        "step",
        h.Heaviside(),
        X,
        (away_from(0.0),),
        torch=lambda t, x: t.heaviside(x, t.zeros((), dtype=x.dtype)).detach(),
    ),
    Case("step at 0", h.Heaviside(), X, (fixed([0.0, -0.0, 1.0, -1.0, 1e-30]),), differences=False),
    Case("step of one number", h.Heaviside(), (float32(),), (positive,)),
    Case("glu", Glu(), (float32(N, 6),), torch=lambda t, x: t.nn.functional.glu(x)),
    Case("glu, one each", Glu(1), (float32(N, 2),), torch=lambda t, x: t.nn.functional.glu(x, 1)),
    Case(
        "glu of channels",
        Glu(1),
        (float32(N, 8, 3, T),),
        torch=lambda t, x: t.nn.functional.glu(x, 1),
    ),
    Case(
        "glu, saturated", Glu(), (float32(N, 6),), WIDE, torch=lambda t, x: t.nn.functional.glu(x)
    ),
    Case("PReLU", r.PReLU(), IMAGE, (distinct,), torch=_prelu),
    Case("PReLU at 0", r.PReLU(), X, (fixed(0.0),), differences=False, torch=_prelu),
    Case("PReLU of one number", r.PReLU(), (float32(),), (positive,), torch=_prelu),
    Case("PReLU per channel", r.PReLU(per_channel=True), IMAGE, (distinct,), torch=_prelu),
    Case("PReLU per feature", r.PReLU(True), X, (away_from(0.0),), torch=_prelu),
    Case("PReLU per channel of one", r.PReLU(True), (float32(1, 1, T),), (distinct,), torch=_prelu),
)

WRONG_CALLS = (
    WrongCall("relu of whole numbers", r.Relu(), WHOLE, "E0401", ("`relu` needs floating-point",)),
    WrongCall("step of whole numbers", h.Heaviside(), WHOLE, "E0401"),
    WrongCall("hardtanh with crossed limits", h.Hardtanh(1, 1), X, "E0406", ("min_val=1",)),
    WrongCall("glu of five", Glu(), X, "E0303", ("size 5 is odd",)),
    WrongCall("glu of a free size", Glu(0), X, "E0303", ("here it is N",)),
    WrongCall("glu of a dimension that is not there", Glu(2), X, "E0322"),
    WrongCall("PReLU of whole numbers", r.PReLU(), WHOLE, "E0401"),
    WrongCall("PReLU per channel of a vector", r.PReLU(True), (float32(N),), "E0303", ("[N, C",)),
    WrongCall("PReLU, free channels", r.PReLU(True), (float32(N, T),), "E0303", ("here it is T",)),
)
