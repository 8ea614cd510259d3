"""The header of a block or net: hyper-parameters, data inputs, the names of their dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, replace
from typing import Any

from dslc.dims import Expression
from dslc.elaborate.constants import as_result
from dslc.elaborate.dimensions import bind_header, name_dimensions
from dslc.elaborate.left_out import filled
from dslc.elaborate.mending import inputs_left_out
from dslc.elaborate.notes import seen
from dslc.elaborate.scope import (
    NONE,
    POISON,
    Definition,
    Entity,
    Frame,
    MistakeError,
    PoisonedError,
    Result,
    Results,
)
from dslc.elaborate.signature import Bound, Signature
from dslc.elaborate.static import describe, is_number, is_static
from dslc.errors import Label
from dslc.operation import SettingInfo, ValueInfo
from dslc.source import Span
from dslc.syntax import tree
from dslc.types import Size, default_text, text


@dataclass(frozen=True)
class Unread:
    """A default that is an expression, read when the block is called."""

    node: tree.Expression

    def __str__(self) -> str:
        return self.node.span.text


OWN = (
    SettingInfo("weights", tree.Argument, None, {}),  # as it is written: its file is read later
    SettingInfo("recompute", bool, False, {}),
)
"""What a call can say of every block, unless the block has a parameter of that name."""


def block_signature(definition: Definition) -> Signature:
    """Return what a block or net takes: its data inputs are values, its hyper-parameters settings."""
    node = definition.node
    inputs = {p.name.text: p for p in node.parameters if p.type is not None}
    values = tuple(
        ValueInfo(name, optional=name in inputs and inputs[name].default is not None)
        for name in data_inputs(definition)
    )
    settings = tuple(
        SettingInfo(p.name.text, Any, MISSING if p.default is None else Unread(p.default), {})
        for p in node.parameters
        if p.type is None
    )
    shown = [
        f"{value.name}={_default_text(inputs[value.name])}" if value.optional else value.name
        for value in values
    ]
    shown += [
        info.name if info.default is MISSING else f"{info.name}={default_text(info.default)}"
        for info in settings
    ]
    implicit = not values and isinstance(node, tree.Block)
    names = {*(value.name for value in values), *(info.name for info in settings)}
    taken = (ValueInfo("flow", optional=True),) if implicit else values
    return Signature(
        definition.name,
        taken,
        settings,
        f"{definition.name}({', '.join(shown)})",
        implicit,
        tuple(info for info in OWN if info.name not in names),
    )


def _default_text(parameter: tree.HeaderParameter) -> str:
    return parameter.default.span.text if parameter.default is not None else ""


def data_inputs(definition: Definition) -> list[str]:
    """Return the names of the data inputs, in the order in which a call gives them."""
    node = definition.node
    if isinstance(node, tree.Block):
        return [p.name.text for p in node.parameters if p.type is not None]
    return [
        name.text
        for statement in node.body.statements
        if isinstance(statement, tree.Input)
        for name in statement.names
    ]


def hyper_parameters(
    definition: Definition, given: Mapping[str, Any], spans: Mapping[str, Span], inner: Frame
) -> None:
    """Give the hyper-parameters their values; a default may use those before it, and dimensions."""
    shown = []
    for parameter in definition.node.parameters:
        if parameter.type is None:
            name = parameter.name.text
            value = _hyper_parameter(definition, parameter, given, spans, inner)
            inner.scope.names[name] = seen(parameter, value, inner)
            inner.scope.spans[name] = parameter.name.span
            if is_static(value):
                shown.append(f"{name} = {text(value)}")
    inner.hyper = ", ".join(shown)


def _hyper_parameter(
    definition: Definition,
    parameter: tree.HeaderParameter,
    given: Mapping[str, Any],
    spans: Mapping[str, Span],
    inner: Frame,
) -> Any:
    name = parameter.name.text
    if parameter.default is None:
        if given[name] is NONE:
            raise _no_none(name, spans[name], inner)
        return given[name]
    usual = inner.work.evaluate(parameter.default, inner)
    if usual is POISON:
        raise PoisonedError
    if NONE in (usual, given.get(name)):
        span = spans[name] if given.get(name) is NONE else parameter.default.span
        raise _no_none(name, span, inner)
    if name not in given:
        return usual
    if is_static(given[name]) and not _same_kind(usual, given[name]):
        raise _other_kind(definition, parameter, usual, given[name], spans[name], inner)
    return given[name]


def _no_none(name: str, span: Span, inner: Frame) -> MistakeError:
    return inner.mistake(
        "E0402",
        f"`{name}` cannot be none",
        span,
        "only a data input can be left out",
        helps=(f"give `{name}` a value that changes nothing: 0, false, identity",),
    )


def _same_kind(usual: Any, value: Any) -> bool:
    """Tell whether a hyper-parameter may be `value` where its default is `usual`: numbers and sizes mix."""
    if not is_static(usual):
        return not is_static(value)
    return _kind(usual) == _kind(value)


def _kind(value: Any) -> str:
    if is_number(value) or isinstance(value, Size | Expression):
        return "number"
    return "list" if isinstance(value, tuple | range) else type(value).__name__


def _other_kind(
    definition: Definition,
    parameter: tree.HeaderParameter,
    usual: Any,
    value: Any,
    span: Span,
    inner: Frame,
) -> MistakeError:
    assert parameter.default is not None
    return inner.mistake(
        "E0402",
        f"`{parameter.name.text}` of `{definition.name}` is of another kind",
        span,
        f"this is {describe(value)}",
        others=[Label(parameter.default.span, f"the default is {describe(usual)}")]
        if is_static(usual)
        else [Label(parameter.default.span, "the default is something to call")],
    )


def _without_inputs(mistake: MistakeError, bound: Bound, flow: Result | None) -> MistakeError:
    """Propose to leave out a first number that says how many features flow in, as other frameworks are told."""
    place = mistake.diagnostic.primary.span
    first = next(iter(bound.settings), "")
    known = flow.value.type.shape[-1:] if flow is not None else ()
    if known != (bound.settings.get(first),) or place not in bound.spans.values():
        return mistake
    helps = inputs_left_out(bound.settings[first], bound.spans.values(), place)
    return MistakeError(replace(mistake.diagnostic, helps=helps))


def open_header(definition: Definition, bound: Bound, inner: Frame, frame: Frame) -> None:
    """Give the names of a header what a call says: sizes first, then hyper-parameters, then data."""
    node = definition.node
    results = [
        None if entity is None else _single(entity, span or bound.span, frame)
        for entity, span in zip(bound.values, bound.value_spans, strict=True)
    ]
    headers = [p for p in node.parameters if p.type is not None]
    inputs = filled(headers, results)
    for header, result in zip(headers, inputs, strict=True):
        if isinstance(result, Result) and header.type is not None:
            name_dimensions(header.type, result, inner)
    try:
        hyper_parameters(definition, bound.settings, bound.spans, inner)
    except MistakeError as mistake:
        raise _without_inputs(mistake, bound, results[0] if results else None) from None
    if isinstance(node, tree.Net):
        inner.inputs = {n: r for n, r in zip(data_inputs(definition), results, strict=True) if r}
        return
    spans = [*bound.value_spans, *(None for _ in headers)]
    for header, result, span in zip(headers, inputs, spans, strict=False):
        _take(header, result, span or bound.span, inner)
    inner.flow = results[0] if results else None


def _take(header: tree.HeaderParameter, result: Result | Entity, span: Span, inner: Frame) -> None:
    assert header.type is not None
    if isinstance(result, Result):
        bind_header(header.name, header.type, result, inner, span)
    inner.scope.names[header.name.text] = seen(header, result, inner)
    inner.scope.spans[header.name.text] = header.name.span


def _single(entity: Entity, span: Span, frame: Frame) -> Result:
    if isinstance(entity, Results):
        raise frame.mistake(
            "E0403", "a block takes single values", span, "this is a list of values"
        )
    return as_result(entity, span, frame)
