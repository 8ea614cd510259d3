"""The statements of a stack: rows, binds, outputs, inputs, parameters, layers, checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dslc.elaborate.constants import as_result
from dslc.elaborate.declarations import declare_input, declare_layer, declare_parameter
from dslc.elaborate.expressions import start
from dslc.elaborate.lookup import define, lookup
from dslc.elaborate.mending import help_with, with_argument
from dslc.elaborate.notes import seen
from dslc.elaborate.places import Form, Place
from dslc.elaborate.scope import (
    POISON,
    Entity,
    Frame,
    MistakeError,
    PoisonedError,
    Result,
)
from dslc.elaborate.static import is_static
from dslc.errors import Label
from dslc.network.network import Value
from dslc.source import Span
from dslc.syntax import tree


def run(statements: tuple[tree.Statement, ...], frame: Frame) -> Entity | None:
    """Run the statements of a body; return what flows at its end. Mistakes are reported, one per statement or stage."""
    for statement in statements:
        try:
            _STATEMENTS[type(statement)](statement, frame)
        except MistakeError as mistake:
            frame.work.report(mistake.diagnostic)
            _poison(statement, frame)
        except PoisonedError:
            _poison(statement, frame)
        _note(statement, frame)
    return frame.flow


def _poison(statement: tree.Statement, frame: Frame) -> None:
    """Let everything that a failed statement defines be silent from here on."""
    definition: tree.Statement | None = statement
    if isinstance(statement, tree.Output):
        definition = statement.definition
        names = statement.names or _defined(definition)
        frame.outputs.update((name.text, POISON) for name in names)
    if isinstance(definition, tree.Row):
        frame.flow = POISON
    if isinstance(statement, tree.Input) and frame.flow is None and not frame.starts:
        frame.flow = POISON
    for name in _defined(definition):
        if frame.scope.find(name.text) is None:
            frame.scope.names[name.text] = POISON
            frame.scope.spans[name.text] = name.span


def _note(statement: tree.Statement, frame: Frame) -> None:
    """Note what a statement gave: the value of its first name, or what flows on."""
    node = statement.definition if isinstance(statement, tree.Output) else statement
    names = _defined(node)
    if names:
        seen(statement, frame.scope.find(names[0].text), frame)
    elif isinstance(node, tree.Row):
        seen(statement, frame.flow, frame)


def _defined(statement: tree.Statement | None) -> Sequence[tree.Identifier]:
    if isinstance(statement, tree.Row):
        return statement.labels
    if isinstance(statement, tree.Bind | tree.Input):
        return statement.names
    return (statement.name,) if isinstance(statement, tree.Parameter | tree.Layer) else ()


# ---- rows and binds


def _row(node: tree.Row, frame: Frame) -> None:
    """A row: the flow goes in, and what the row gives flows on."""
    place = _place(node.labels, frame)
    label = node.labels[0].text if node.labels else ""
    inner = replace(frame, place=place, label=label, bind=None, expression=node.value)
    entity = start(node.value, inner, frame.flow)
    frame.starts = ()
    if entity is POISON:
        raise PoisonedError
    if entity is None and not node.labels:
        return
    if entity is None:
        raise frame.mistake(
            "E0501", "this row has no value", node.value.span, "nothing flows into it"
        )
    result = as_result(entity, node.value.span, frame)
    frame.flow = (
        _name(node.labels, result, place, node.value.span, frame) if node.labels else result
    )


def _bind(node: tree.Bind, frame: Frame) -> None:
    """`name = value`: beside the stack. Static values are numbers, everything else a value of the net."""
    place = _place(node.names, frame)
    label = node.names[0].text
    inner = replace(frame, place=place, label=label, bind=node, flow=None, expression=node.value)
    entity = start(node.value, inner, None)
    if entity is POISON:
        raise PoisonedError
    if entity is None:
        raise frame.mistake(
            "E0501", "this line has no value", node.value.span, "nothing flows into an `=` line"
        )
    if is_static(entity) and len(node.names) == 1:
        frame.place.children.remove(place)
        define(node.names[0].text, entity, node.names[0].span, frame)
        return
    _name(node.names, as_result(entity, node.value.span, frame), place, node.value.span, frame)


def _place(labels: Sequence[tree.Identifier], frame: Frame) -> Place:
    """Return the place of a row: its own where it has a label, else the one around."""
    if not labels:
        return frame.place
    names = tuple(label.text for label in labels)
    return frame.place.add(Place(Form.ROW, names[0], labels=names))


def _name(
    labels: Sequence[tree.Identifier], result: Result, place: Place, span: Span, frame: Frame
) -> Result:
    """Give the results of a row their labels."""
    values = result.values
    if len(labels) > 1 and len(labels) != len(values):
        raise frame.mistake(
            "E0505",
            f"{len(labels)} names for {'one value' if len(values) == 1 else f'{len(values)} values'}",
            labels[0].span.to(labels[-1].span),
            others=[Label(span, f"this gives {'one value' if len(values) == 1 else len(values)}")],
            helps=_as_many(labels, values, span, frame),
        )
    place.results = values
    inside = place if place.children else result.place
    named = Result(values, inside)
    define(labels[0].text, named, labels[0].span, frame)
    for label, value in list(zip(labels, values, strict=False))[1:]:
        define(label.text, Result((value,)), label.span, frame)
    return named


def _as_many(
    labels: Sequence[tree.Identifier], values: Sequence[Value], span: Span, frame: Frame
) -> tuple[str, ...]:
    """Propose a setting that makes further results, or as many names as there are values."""
    made = [call for call in frame.work.calls if values[0] in call.outputs]
    settings = made[0].operation.settings() if made else ()
    more = [i.name for i in settings if i.name.startswith("return_") and i.default is False]
    if len(values) == 1 and len(more) == 1:
        asked = with_argument(span, f"{more[0]}=true")
        return (help_with(f"`{more[0]}=true` gives more than one:", span, asked),)
    if len(values) < len(labels):
        return ()
    added = [f"{labels[0].text}{number + 1}" for number in range(len(labels), len(values))]
    names = labels[0].span.to(labels[-1].span)
    text = ", ".join([*(label.text for label in labels), *added])
    return (help_with("name all of them, or the first one alone:", names, text),)


# ---- outputs


def _output(node: tree.Output, frame: Frame) -> None:
    """`output names`, or an `output` in front of a row or bind."""
    if node.definition is not None:
        _STATEMENTS[type(node.definition)](node.definition, frame)
    for name in node.names or _defined(node.definition):
        entity = lookup(tree.Name(name.span, name.text), frame)
        if name.text in frame.outputs:
            raise frame.mistake("E0205", f"`{name.text}` is an output already", name.span)
        silent = entity is POISON
        frame.outputs[name.text] = POISON if silent else as_result(entity, name.span, frame)


# ---- declarations


def _check(node: tree.Check, frame: Frame) -> None:
    """`check parameters == n`, at the end of the net: kept until its last row is read."""
    frame.checks.append(node)


_STATEMENTS: Mapping[type, Callable[[Any, Frame], None]] = {
    tree.Row: _row,
    tree.Bind: _bind,
    tree.Output: _output,
    tree.Input: declare_input,
    tree.Parameter: declare_parameter,
    tree.Layer: declare_layer,
    tree.Check: _check,
}
