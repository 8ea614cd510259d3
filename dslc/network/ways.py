"""The way from one value to another: the calls through which the second is a smooth function of the first."""

from __future__ import annotations

from collections.abc import Sequence

from dslc.network.network import Body, Call, Constant, Value


def way(calls: Sequence[Call], start: Value, end: Value) -> Body:
    """Return the calls that a gradient of `end` passes on its way back to `start`, as a function of all they need.

    The inputs are `start`, then whatever else the calls take from outside. What a call without a derivative gave
    (`stop_gradient`, a comparison, an argmax) is taken from outside too: to a gradient it is a constant.
    """
    onward = _reached(calls, start)
    needed = {end}
    kept = []
    for call in reversed(onward):
        if not needed.isdisjoint(call.outputs):
            kept.append(call)
            needed.update(_operands(call))
    kept.reverse()
    made = {value for call in kept for value in call.outputs}
    leaves = [value for call in kept for value in _operands(call) if value not in made]
    return Body(tuple(dict.fromkeys([start, *leaves])), tuple(kept), (end,))


def depending(calls: Sequence[Call], start: Value) -> tuple[Call, ...]:
    """Return the calls that work on what was computed from `start`, with a derivative or without."""
    reached = {start}
    found = []
    for call in calls:
        if not reached.isdisjoint(_operands(call)):
            found.append(call)
            reached.update(call.outputs)
    return tuple(found)


def passes(call: Call) -> bool:
    """Tell whether a gradient can flow back through a call."""
    return call.operation.differentiable and any(v.type.dtype.is_float for v in call.outputs)


def _reached(calls: Sequence[Call], start: Value) -> list[Call]:
    """Return the calls that floating-point numbers computed from `start` pass."""
    reached = {start}
    found = []
    for call in calls:
        if passes(call) and not reached.isdisjoint(_operands(call)):
            found.append(call)
            reached.update(value for value in call.outputs if value.type.dtype.is_float)
    return found


def _operands(call: Call) -> list[Value]:
    """Return the values and weights that a call works on, written numbers apart."""
    operands = (*call.inputs, *call.parameters)
    return [v for v in operands if v is not None and not isinstance(v, Constant)]
