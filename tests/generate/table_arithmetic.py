"""Entries for functions of each element, arithmetic, comparisons, products and reductions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from dslc.operation import Array
from dslc.types import TensorType
from tests.generate.needs import (
    BROADCASTS,
    FEATURES,
    FLAG,
    FLOAT,
    LIKE,
    NUMBER,
    ROWS,
    VARIED,
    known,
)
from tests.generate.scope import Entry, Need, Scope, Settings
from tests.generate.text import Quoted, infix


def _each(**kinds: Any) -> Entry:
    return Entry((FLOAT,), **kinds)


def _bounded(limit: float = 1.0, **kinds: Any) -> Entry:
    return Entry((FLOAT,), result=lambda x: limit, **kinds)


def _optional(scope: Scope, **choices: Any) -> Settings:
    """Give each setting half of the time."""
    return {name: scope.dice.one(of) for name, of in choices.items() if scope.dice.chance(0.5)}


def _clip(scope: Scope, x: TensorType) -> Settings:
    return _optional(scope, min=(-1.0, -0.5, 0.0), max=(0.5, 1.0, 2.0))


def _largest(x: Array) -> float:
    """onnxruntime's sigmoid and error function are off by a few units in the last place of 1."""
    return float(np.abs(x).max(initial=0.0))


def _one(x: Any) -> float:
    """What is subtracted from a number near 1 is 1."""
    return 1.0


FUNCTIONS: Mapping[str, Entry] = {
    "abs": _each(),
    "ceil": _each(result=lambda x: x + 1),
    "celu": _each(cancels=_one, settings=lambda scope, x: _optional(scope, alpha=(0.5, 2.0))),
    "clip": _each(settings=_clip),
    "cos": _bounded(),
    "elu": _each(cancels=_one, settings=lambda scope, x: _optional(scope, alpha=(0.5, 2.0))),
    "erf": _bounded(),
    "exp": _each(largest=3.0, result=math.exp, positive=False),
    "floor": _each(result=lambda x: x + 1),
    "gelu": _each(
        cancels=_largest, settings=lambda scope, x: _optional(scope, approximate=("tanh",))
    ),
    "hardsigmoid": _bounded(),
    "hardswish": _each(),
    "hardtanh": _bounded(
        settings=lambda scope, x: _optional(scope, min_val=(-2.0, 0.0), max_val=(0.5, 1.0))
    ),
    "identity": _each(),
    "leaky_relu": _each(settings=lambda scope, x: _optional(scope, negative_slope=(0.2, 0.0))),
    "log": _each(domain="positive", result=lambda x: 4.0),
    "log_sigmoid": _each(largest=10.0),
    "mish": _each(cancels=_largest),
    "neg": Entry((NUMBER,), spelled=lambda values, settings: f"-{values[0]}"),
    "reciprocal": _each(domain="positive", result=lambda x: 10.0),
    "relu": _each(),
    "relu6": _bounded(6.0),
    "round": _each(result=lambda x: x + 1),
    "selu": _each(cancels=_one),
    "sigmoid": _each(largest=10.0, result=lambda x: 1.0, cancels=_one),
    "sign": _bounded(),
    "silu": _each(cancels=_largest),
    "sin": _bounded(),
    "softplus": _each(result=lambda x: x + 1),
    "softsign": _bounded(),
    "sqrt": _each(domain="positive"),
    "square": _each(result=lambda x: x * x, largest=10.0),
    "step": _bounded(),
    "stop_gradient": _each(),
    "tanh": _bounded(largest=5.0),
}


def _compare(sign: str) -> Entry:
    return Entry((NUMBER, BROADCASTS), spelled=infix(sign))


def _inner(scope: Scope, before: tuple[TensorType, ...]) -> tuple[int, ...]:
    return (before[0].shape[-1], scope.dice.size())


def _matrix(scope: Scope, type: TensorType, before: tuple[TensorType, ...]) -> bool:
    x = before[0]
    return type.dtype is x.dtype and type.rank == 2 and type.shape[0] == x.shape[-1]


def _logic(sign: str) -> Entry:
    return Entry((FLAG, LIKE), spelled=infix(sign))


def _divide(sign: str) -> Entry:
    """Divide by something that is not near zero."""

    def spelled(values: Any, settings: Settings) -> str:
        return f"{values[0]} {sign} ({values[1]} * {values[1]} + 0.3)"

    return Entry((FLOAT, BROADCASTS), largest=7.0, result=lambda x, y: x / 0.3, spelled=spelled)


ARITHMETIC: Mapping[str, Entry] = {
    "add": Entry((NUMBER, BROADCASTS), result=lambda x, y: x + y, spelled=infix("+")),
    "sub": Entry((NUMBER, BROADCASTS), result=lambda x, y: x + y, spelled=infix("-")),
    "mul": Entry((FLOAT, BROADCASTS), largest=10.0, result=lambda x, y: x * y, spelled=infix("*")),
    "div": _divide("/"),
    "floordiv": _divide("//"),
    "mod": _divide("%"),
    "pow": Entry(
        (FLOAT, BROADCASTS),
        largest=3.0,
        domain="positive",
        result=lambda x, y: x ** min(y, 4),
        spelled=infix("**"),
    ),
    "maximum": Entry((NUMBER, BROADCASTS)),
    "minimum": Entry((NUMBER, BROADCASTS)),
    "less": _compare("<"),
    "less_equal": _compare("<="),
    "greater": _compare(">"),
    "greater_equal": _compare(">="),
    "equal": _compare("=="),
    "not_equal": _compare("!="),
    "logical_and": _logic("and"),
    "logical_or": _logic("or"),
    "logical_not": Entry((FLAG,), spelled=lambda values, settings: f"not {values[0]}"),
    "matmul": Entry(
        (FEATURES, Need(_matrix, lambda s, b: s.param(_inner(s, b)))),
        largest=10.0,
        result=lambda x, y: 9 * x * y,
        spelled=infix("@"),
    ),
}


def _reduce(scope: Scope, x: TensorType) -> Settings:
    """Draw axes: all, one, or several."""
    settings: Settings = {}
    if x.rank and scope.dice.chance(0.8):
        if scope.dice.chance(0.7):
            settings["axis"] = scope.dice.axis(x.rank)
        else:
            settings["axis"] = scope.dice.some(range(x.rank))
    if scope.dice.chance(0.4):
        settings["keepdims"] = True
    return settings


def _spread(scope: Scope, x: TensorType) -> Settings | None:
    """A variance needs two elements, in the shorter batch too."""
    settings = _reduce(scope, x)
    axis = settings.get("axis", tuple(range(x.rank)))
    axes = axis if isinstance(axis, tuple) else (axis,)
    shorter = {name: max(1, size - 1) for name, size in scope.sizes.items()}
    if math.prod(x.bind(shorter).sizes[a] for a in axes) < 2:
        return None
    if scope.dice.chance(0.4):
        settings["unbiased"] = False
    return settings


def _reduction(**kinds: Any) -> Entry:
    return Entry((ROWS,), **{"settings": _reduce, **kinds})


def _one_axis(scope: Scope, x: TensorType) -> Settings:
    return {"axis": scope.dice.axis(x.rank)} if scope.dice.chance(0.7) else {}


def _row(scope: Scope, x: TensorType) -> Settings | None:
    """A row of one element has length 1 whatever it is: its gradient is rounding alone."""
    settings = _one_axis(scope, x)
    return None if x.shape[settings.get("axis", -1)] == 1 else settings


def _place(scope: Scope, x: TensorType) -> Settings:
    settings = _one_axis(scope, x)
    return settings | ({"keepdims": True} if scope.dice.chance(0.3) else {})


def _places(settings: Settings, x: TensorType) -> int | None:
    size = x.shape[settings.get("axis", -1)]
    return size if isinstance(size, int) else None


def _norm(scope: Scope, x: TensorType) -> Settings:
    return _reduce(scope, x) | _optional(scope, p=(1.0, 2.0, 3.0))


def _top(scope: Scope, x: TensorType) -> Settings | None:
    axes = [axis for axis in range(x.rank) if known(x, axis)]
    if not axes:
        return None
    axis = scope.dice.one(axes)
    return {"k": scope.dice.randint(1, x.shape[axis]), "axis": axis} | _optional(
        scope, largest=(False,)
    )


def _running(scope: Scope, x: TensorType) -> Settings:
    return {"axis": scope.dice.axis(x.rank)} | _optional(scope, exclusive=(True,), reverse=(True,))


REDUCTIONS: Mapping[str, Entry] = {
    "sum": _reduction(largest=10.0, result=lambda x: 50 * x),
    "mean": _reduction(),
    "max": _reduction(),
    "min": _reduction(),
    "prod": _reduction(
        largest=1.5,
        result=lambda x: 30.0,
        settings=lambda scope, x: {"axis": scope.dice.axis(x.rank)},
    ),
    "var": _reduction(settings=_spread, largest=10.0, result=lambda x: x * x),
    "std": Entry((VARIED,), _spread),
    "norm": _reduction(settings=_norm, largest=10.0, result=lambda x: 10 * x),
    "logsumexp": _reduction(result=lambda x: x + 7),
    "argmax": _reduction(settings=_place, classes=_places),
    "argmin": _reduction(settings=_place, classes=_places),
    "softmax": _reduction(settings=_one_axis, result=lambda x: 1.0),
    "log_softmax": _reduction(settings=_one_axis, result=lambda x: 2 * x + 7),
    "l2_normalize": _reduction(settings=_row, domain="shifted", result=lambda x: 1.0),
    "topk": _reduction(settings=_top, classes=_places),
    "cumsum": _reduction(settings=_running, largest=10.0, result=lambda x: 9 * x),
}


EQUATIONS = (
    # (ranks of the operands, the equation)
    ((2, 2), "ab,ab->a"),
    ((2, 2), "ab,ab->"),
    ((2, 2), "ab,cb->ac"),
    ((3, 3), "abc,abc->ab"),
    ((3, 3), "abc,adc->abd"),
    ((2,), "ab->ba"),
    ((2,), "ab->b"),
    ((3,), "abc->ca"),
    ((4, 4), "abcd,abed->abce"),
)


def _equation(scope: Scope, x: TensorType, *others: TensorType) -> Settings | None:
    ranks = (x.rank, *(other.rank for other in others))
    fitting = [equation for needs, equation in EQUATIONS if needs == ranks]
    return {"equation": Quoted(scope.dice.one(fitting))} if fitting else None


def _einsum(values: Any, settings: Settings) -> str:
    return f'einsum("{settings["equation"]}", {", ".join(values)})'


PRODUCTS: Mapping[str, Entry] = {
    "einsum": Entry(
        (ROWS, LIKE), _equation, largest=10.0, result=lambda x, y: 50 * x * y, spelled=_einsum
    ),
    "where": Entry((FLAG, FLOAT, BROADCASTS)),
}

ENTRIES: Mapping[str, Entry] = {**FUNCTIONS, **ARITHMETIC, **REDUCTIONS, **PRODUCTS}
