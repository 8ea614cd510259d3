"""`precision = float16`: which calls of a net compute in halves while it trains.

Each operation says what it does (`Operation.precision`); here follows which values stand in float16, and so what the
calls that follow their values do. The weights of the net, its statistics and its losses are float32 in any case.

Source: Micikevicius et al., 2018, "Mixed precision training", section 3; the lists of PyTorch's autocast.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dslc.network.network import Call, Constant, Parameter, Value
from dslc.types import DType

SCALE = 2.0**16
"""What the loss is multiplied with at first."""

LARGEST_SCALE = 2.0**24
"""Where it grows no more: a scale that no gradient can overflow would double for ever."""

SMALLEST_SCALE = 1.0
"""Where training ends: gradients that overflow without being multiplied are no matter of the scale."""

PATIENCE = 2000
"""How many updates in a row have to be finite before the scale is doubled."""


def compute_in_halves(calls: Sequence[Call]) -> None:
    """Say of every call whether it computes in float16 while training (`Call.half`).

    What a `grad` goes through stays float32, and so does the value that it is taken by: no loss scale reaches it. A
    `scan` stays float32, too.
    """
    exact = set(_on_the_way_of_a_gradient(calls))
    halves: set[Value] = set()
    for call in calls:
        call.half = call not in exact and _is_half(call, halves)
        if call.half:
            halves.update(value for value in call.outputs if _is_single(value))


def _on_the_way_of_a_gradient(calls: Sequence[Call]) -> Iterator[Call]:
    makers = {value: call for call in calls for value in call.outputs}
    for call in calls:
        if call.body is not None:
            yield from (call, *call.body.calls)
            yield from (makers[value] for value in call.body.inputs[:1] if value in makers)


def _is_half(call: Call, halves: set[Value]) -> bool:
    """Weights and numbers of the spec decide nothing: they become halves where the other values are."""
    given = [value for value in call.inputs if value is not None and _is_single(value)]
    if call.operation.precision == "half":
        return bool(given)
    moving = [value for value in given if not isinstance(value, Parameter | Constant)]
    return call.operation.precision != "single" and bool(moving) and halves.issuperset(moving)


def _is_single(value: Value) -> bool:
    return value.type.dtype is DType.FLOAT32
