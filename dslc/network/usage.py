"""What reaches what: unused inputs and rows, losses that teach nothing, softmax applied twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dslc.errors import Diagnostic, Label
from dslc.network.network import Call, Input, Network, Parameter, Value
from dslc.source import Span
from dslc.syntax import tree

NO_GRADIENT = ("stop_gradient", "argmax", "argmin")
"""Operations through which no gradient flows."""


@dataclass(frozen=True)
class Written:
    """A row or bind of the net with the calls, weights and values it made, for the warning that it is unused."""

    span: Span
    calls: Sequence[Call]
    parameters: Sequence[Parameter]
    values: Sequence[Value]


def reaches(value: Value, wanted: set[Parameter], calls: Sequence[Call]) -> set[Parameter]:
    """Return which of the weights `wanted` a gradient from `value` flows to."""
    alive: set[Value] = {value}
    for call in reversed(calls):
        if alive.isdisjoint(call.outputs) or call.operation.language_name() in NO_GRADIENT:
            continue
        alive.update(operand for operand in call.inputs if operand is not None)
        alive.update(call.parameters)
    return {parameter for parameter in wanted if parameter in alive}


def warnings_of(
    network: Network, written: Sequence[Written], declared: Sequence[tuple[tree.Identifier, Input]]
) -> Iterator[Diagnostic]:
    """Yield what is suspicious in a network without mistakes."""
    used = _used(network)
    for name, value in declared:
        if value not in used:
            yield _unused_input(name)
    consumed = {value for call in network.calls for value in call.inputs}
    for row in written:
        if _is_unused(row, used) and consumed.isdisjoint(row.values):
            yield _unused_row(row)
    yield from _double_softmax(network)


def _used(network: Network) -> set[Value]:
    """Return every value that an output, a loss or a metric depends on."""
    wanted: list[Value] = list(network.outputs.values())
    if network.training is not None:
        wanted += [term.value for term in network.training.terms]
        wanted += [value for measure in network.training.measures for value in measure.inputs]
    used = set(wanted)
    for call in network.needed(wanted):
        used.update(call.outputs)
        used.update(call.parameters)
        used.update(value for value in call.inputs if value is not None)
    return used


def _is_unused(row: Written, used: set[Value]) -> bool:
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


def _unused_row(row: Written) -> Diagnostic:
    return Diagnostic(
        "W0212",
        "this row reaches no output and no loss",
        Label(row.span, "nothing depends on it"),
        helps=("use it, make it an output, or delete it",),
    )


def _double_softmax(network: Network) -> Iterator[Diagnostic]:
    made = {value: call for call in network.calls for value in call.outputs}
    for call in network.calls:
        if call.operation.language_name() != "cross_entropy" or call.inputs[0] is None:
            continue
        before = made.get(call.inputs[0])
        if before is not None and before.operation.language_name() in ("softmax", "log_softmax"):
            yield Diagnostic(
                "W0602",
                "softmax is applied twice",
                Label(
                    call.span, "and again inside `cross_entropy`, which wants raw scores (logits)"
                ),
                others=(Label(before.span, "applied here"),),
                facts=("it still trains, only slowly and worse",),
                helps=(
                    "keep the raw scores for the loss and export the probabilities as a second output:\n"
                    "output logits: Linear(10)\noutput prob = softmax(logits)",
                ),
            )
