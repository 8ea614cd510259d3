"""Where gradients end: functions that are flat wherever they have a derivative, and the weights behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dslc.elaborate.usage import Written
from dslc.errors import Diagnostic, Label
from dslc.layers.cast import StopGradient
from dslc.network.network import Call, Parameter, Value

SMOOTH = {"step": "sigmoid", "sign": "tanh"}
"""Functions with steps, and a smooth one of the same kind."""


def cuts(
    losses: Iterable[Value], wanted: set[Parameter], calls: Sequence[Call]
) -> dict[Call, list[Parameter]]:
    """Return the calls that a gradient of the losses ends at, with the weights `wanted` that it reaches nowhere.

    It ends at functions that are flat, and at those that make whole numbers or truth values of other numbers. A
    `stop_gradient` is meant, and not among them.
    """
    alive = set(losses)
    behind: dict[Value, Call | None] = {}
    """Values that no gradient arrives at, with the call that is to blame; None: some call before it."""
    for call in reversed(calls):
        given = [value for value in (*call.inputs, *call.parameters) if value is not None]
        arrives = not alive.isdisjoint(call.outputs)
        if isinstance(call.operation, StopGradient):
            continue
        if arrives and call.operation.differentiable:
            alive.update(value for value in given if value.type.dtype.is_float)
            behind.update(dict.fromkeys(value for value in given if not value.type.dtype.is_float))
        elif arrives or not behind.keys().isdisjoint(call.outputs):
            known = [behind[value] for value in call.outputs if value in behind]
            first = next((cut for cut in known if cut is not None), None)
            turns = any(value.type.dtype.is_float for value in given)
            for value in given:
                if behind.get(value) is None:
                    behind[value] = first or (call if turns else None)
    found: dict[Call, list[Parameter]] = {}
    for value, cut in behind.items():
        if cut is not None and isinstance(value, Parameter) and value in wanted - alive:
            found.setdefault(cut, []).append(value)
    return found


def cut_warnings(
    found: Mapping[Call, Sequence[Parameter]], written: Sequence[Written]
) -> Iterator[Diagnostic]:
    """Yield a warning for each call that keeps weights from learning (W0616)."""
    for call, parameters in found.items():
        name = getattr(call.operation, "sign", call.operation.language_name())
        rows = [row for row in written if not set(parameters).isdisjoint(row.parameters)]
        count = sum(p.type.size for p in parameters if isinstance(p.type.size, int))
        yield Diagnostic(
            "W0616",
            f"no gradient passes `{name}`: what is before it does not learn",
            Label(call.span, "its derivative is 0 wherever there is one"),
            others=tuple(
                Label(row.head, "no loss reaches the weights of this row") for row in rows
            ),
            facts=(f"{count:,} parameters stay as they were drawn",),
            helps=(_advice(name),),
        )


def _advice(name: str) -> str:
    keep = "or say with `freeze` that the weights are to stay"
    if name in SMOOTH:
        return f"`{SMOOTH[name]}` is much the same with a slope; {keep}"
    return f"give what is before it another way to a loss, {keep}"
