"""`grad(y, x)`: the calls between x and y become the body of the call."""

from __future__ import annotations

from collections.abc import Sequence

from dslc.errors import RuleError
from dslc.network.network import Body, Call, Constant, Value
from dslc.network.ways import depending, passes, way


def gradient_body(calls: Sequence[Call], y: Value, x: Value) -> Body:
    """Return the calls through which y depends on x.

    Errors: RuleError (E0340) where no gradient flows from y to x.
    """
    body = way(calls, x, y)
    if body.calls or y is x:
        return body
    if isinstance(x, Constant) or isinstance(y, Constant):
        raise RuleError(
            "E0340",
            "a number has no gradient",
            about=1 if isinstance(x, Constant) else 0,
            text="this is a number",
            helps=("name a value of the net:  grad(y, x)",),
        )
    onward = depending(calls, x)
    if any(y in call.outputs for call in onward):
        raise _only_steps(onward, y)
    backwards = any(x in call.outputs for call in depending(calls, y))
    raise RuleError(
        "E0340",
        "{0} does not depend on {1}, so it has no gradient there",
        about=1,
        text="nothing on the way to {0} uses this",
        helps=(
            "the value that is differentiated comes first:  grad({1}, {0})"
            if backwards
            else "take the gradient by something that {0} is computed from: an input, a weight, a value on the way",
        ),
    )


def _only_steps(onward: Sequence[Call], y: Value) -> RuleError:
    """Say which calls end every way from x to y."""
    alive: set[Value | None] = {y}
    ends = []
    for call in reversed(onward):
        if alive.isdisjoint(call.outputs):
            continue
        if passes(call):
            alive.update(call.inputs)
        else:
            ends.append(call.operation.language_name())
    names = " and ".join(f"`{name}`" for name in dict.fromkeys(reversed(ends)))
    return RuleError(
        "E0340",
        f"no gradient of {{0}} gets past {names}",
        about=1,
        text="{0} depends on this through steps or constants only",
        facts=("a step is flat wherever it has a derivative: a gradient through it would be 0",),
        helps=("use a smooth function in its place, or take the gradient by a value behind it",),
    )
