"""What reaches what: the weights that a loss teaches; inputs, targets and rows that nothing depends on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from dslc.errors import Diagnostic, Label
from dslc.network.network import Call, Network, Parameter, Target, Value, with_held
from dslc.source import Span
from dslc.syntax import tree


@dataclass(frozen=True)
class Written:
    """A row or bind of the net with the calls, weights and values it made, for the warning that it is unused."""

    span: Span
    head: Span
    """Its label or names, or the whole of it."""
    calls: Sequence[Call]
    parameters: Sequence[Parameter]
    values: Sequence[Value]


def reaches(value: Value, wanted: set[Parameter], calls: Sequence[Call]) -> set[Parameter]:
    """Return which of the weights `wanted` a gradient from `value` flows to, through floating-point numbers."""
    alive: set[Value] = {value}
    for call in reversed(calls):
        if alive.isdisjoint(call.outputs) or not call.operation.differentiable:
            continue
        alive.update(o for o in call.inputs if o is not None and o.type.dtype.is_float)
        alive.update(call.parameters)
    return {parameter for parameter in wanted if parameter in alive}


def unused_values(
    network: Network,
    used: Set[Value],
    written: Sequence[Written],
    inputs: Sequence[tree.Identifier],
    targets: Sequence[tree.Identifier],
) -> Iterator[Diagnostic]:
    """Yield the inputs, targets and rows that nothing depends on; `used` is what something depends on."""
    unused = {value.name for value in network.inputs if value not in used}
    yield from (_unused_input(name) for name in inputs if name.text in unused)
    places = {name.text: name.span for name in targets}
    for target in network.training.targets if network.training else ():
        if target not in used:
            yield _unused_target(target, places.get(target.name, target.span))
    consumed = {value for call in with_held(network.calls) for value in call.inputs}
    for row in written:
        if _is_unused(row, used) and consumed.isdisjoint(row.values):
            yield _unused_row(row)


def used_values(network: Network) -> set[Value]:
    """Return every value that an output, a loss or a metric depends on."""
    wanted: list[Value] = list(network.outputs.values())
    if network.training is not None:
        wanted += [term.value for term in network.training.terms]
        wanted += [value for measure in network.training.measures for value in measure.inputs]
    used = set(wanted)
    for call in with_held(network.needed(wanted)):
        used.update(call.outputs)
        used.update(call.parameters)
        used.update(value for value in call.inputs if value is not None)
    return used


def _is_unused(row: Written, used: Set[Value]) -> bool:
    made: Iterable[Value] = (value for call in row.calls for value in call.outputs)
    return bool(row.calls or row.parameters) and used.isdisjoint([*made, *row.parameters])


def _unused_input(name: tree.Identifier) -> Diagnostic:
    return Diagnostic(
        "W0207",
        f"the input `{name.text}` is never used",
        Label(name.span, "no output and no loss depends on it"),
        facts=("the exported model will still ask for it",),
        helps=("use it, or delete this line",),
    )


def _unused_target(target: Target, span: Span) -> Diagnostic:
    return Diagnostic(
        "W0218",
        f"the target `{target.name}` is never used",
        Label(span, "no loss and no metric depends on it"),
        facts=("the data set would have to supply it",),
        helps=("use it in a loss, or delete this line",),
    )


def _unused_row(row: Written) -> Diagnostic:
    return Diagnostic(
        "W0212",
        "this row reaches no output and no loss",
        Label(row.head, "nothing depends on it"),
        helps=("use it, make it an output, or delete it",),
    )
