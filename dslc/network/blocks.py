"""Calls of blocks, nets and shared layers: their rows are expanded where they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, replace
from typing import Any

from dslc.dims import Expression
from dslc.errors import Label, LimitError
from dslc.network.arguments import Bound, Flow, Signature, bind, shown_default
from dslc.network.calls import as_result, bind_settings, file_frame, operate, operation_signature
from dslc.network.dimensions import bind_header
from dslc.network.places import Form, Place
from dslc.network.scope import (
    DEPTH_LIMIT,
    POISON,
    Definition,
    Entity,
    Frame,
    Mistake,
    Operator,
    Poisoned,
    Result,
    Results,
    Scope,
    SharedLayer,
)
from dslc.network.static import describe, is_number, is_static, text
from dslc.operation import SettingInfo, ValueInfo
from dslc.source import Span
from dslc.syntax import tree
from dslc.types import Size


@dataclass(frozen=True)
class Unread:
    """A default that is an expression, read when the block is called."""

    node: tree.Expression

    def __str__(self) -> str:
        return self.node.span.text


def block_signature(definition: Definition) -> Signature:
    """Return what a block or net takes: its data inputs are values, its hyper-parameters settings."""
    values = tuple(ValueInfo(name) for name in data_inputs(definition))
    settings = tuple(
        SettingInfo(p.name.text, Any, MISSING if p.default is None else Unread(p.default), {})
        for p in definition.node.parameters
        if p.type is None
    )
    shown = [value.name for value in values]
    shown += [
        info.name if info.default is MISSING else f"{info.name}={shown_default(info.default)}"
        for info in settings
    ]
    implicit = not values and isinstance(definition.node, tree.Block)
    taken = (ValueInfo("flow", optional=True),) if implicit else values
    return Signature(
        definition.name, taken, settings, f"{definition.name}({', '.join(shown)})", implicit
    )


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


def call_block(
    definition: Definition,
    arguments: Sequence[tree.Argument],
    frame: Frame,
    flow: Flow,
    span: Span,
) -> Entity:
    """Expand a block or net with these arguments; the result is what its body gives."""
    _refuse_recursion(definition, frame, span)
    signature = block_signature(definition)
    refuse_weights(arguments, signature, frame)
    defaults = frame.module.defaults.get(definition.name, [])
    bound = bind(signature, arguments, frame, flow, span, defaults, file_frame(frame))
    return expand_bound(definition, bound, frame, span, definition.name.lower())


def expand_bound(
    definition: Definition, bound: Bound, frame: Frame, span: Span, kind: str
) -> Entity:
    """Expand a block or net whose arguments are bound."""
    _refuse_recursion(definition, frame, span)
    if any(entity is POISON for entity in bound.values):
        raise Poisoned
    given = {name: value for name, value in bound.settings.items() if not isinstance(value, Unread)}
    inner = _body_frame(definition, frame, bound, kind)
    hyper_parameters(definition, given, bound.spans, inner)
    _data(definition, bound, inner, frame)
    return expand(definition, inner, span)


def refuse_weights(arguments: Sequence[tree.Argument], signature: Signature, frame: Frame) -> None:
    """`weights="file.onnx"` on a net is part of the language, but not there yet."""
    for argument in arguments:
        name = argument.name
        if name is not None and name.text == "weights" and signature.setting("weights") is None:
            raise frame.mistake(
                "E0590",
                "loading weights into a part of a net is not supported yet",
                argument.span,
                helps=("leave `weights=` out; the layers then start from their initializers",),
            )


def expand(definition: Definition, inner: Frame, span: Span) -> Entity:
    """Run the body of a block or net whose hyper-parameters and inputs are known."""
    end = inner.work.run(definition.node.body.statements, inner)
    place = inner.place
    place.members.update(visible_members(inner.scope))
    if POISON in inner.outputs.values() or (end is POISON and not inner.outputs):
        return POISON
    if inner.outputs:
        values = tuple(result.value for result in inner.outputs.values())
        place.results = values
        return Result(values, place)
    if end is None:
        raise inner.mistake(
            "E0508",
            f"`{definition.name}` gives no value",
            span,
            others=[Label(definition.node.name.span, "its last row gives nothing")],
            helps=("name its result with an output line:  output y = ...",),
        )
    result = as_result(end, span, inner)
    place.results = result.values
    return Result(result.values, place)


def bind_layer(
    target: Operator | Definition, arguments: Sequence[tree.Argument], frame: Frame, span: Span
) -> Bound:
    """Bind the settings of a `layer` line; its values come with the calls."""
    signature = signature_of(target)
    refuse_weights(arguments, signature, frame)
    return bind_settings(signature, arguments, frame, span)


def call_shared(
    layer: SharedLayer,
    arguments: Sequence[tree.Argument],
    frame: Frame,
    flow: Flow,
    span: Span,
) -> Entity:
    """Call a shared layer: the settings are those of its `layer` line, the weights those of its first call."""
    if layer.failed:
        raise Poisoned
    without = replace(signature_of(layer.target), settings=())
    bound = bind(without, arguments, frame, flow, span)
    bound.settings, bound.spans = layer.settings.settings, layer.settings.spans
    layer.maker.begin()
    holder = Place(Form.BLOCK, "")
    inner = replace(frame, maker=layer.maker, place=holder)
    try:
        result = _call_target(layer, bound, inner, frame, span)
    except (Mistake, Poisoned):
        layer.failed = not layer.maker.complete
        raise
    if result is POISON:
        layer.failed = not layer.maker.complete
        return POISON
    place = frame.place.add(holder.children[0])
    place.shared = True
    if not layer.maker.complete:
        layer.place.target = place
        layer.maker.complete = True
    return result


def _call_target(
    layer: SharedLayer, bound: Bound, inner: Frame, frame: Frame, span: Span
) -> Entity:
    kind = layer.name.lower()
    if isinstance(layer.target, Operator):
        return operate(layer.target.operation, bound, inner, span, kind=kind)
    return expand_bound(layer.target, bound, inner, span, kind)


def signature_of(target: Operator | Definition) -> Signature:
    """Return what an operation, block or net takes."""
    if isinstance(target, Operator):
        return operation_signature(target.operation)
    return block_signature(target)


def _refuse_recursion(definition: Definition, frame: Frame, span: Span) -> None:
    if any(outer.node is definition.node for outer in frame.stack):
        word = "net" if isinstance(definition.node, tree.Net) else "block"
        raise frame.mistake(
            "E0209",
            f"{word} `{definition.name}` contains itself",
            span,
            "used inside its own definition",
            others=[Label(definition.node.name.span, "defined here")],
            facts=(
                "blocks are expanded when the file is compiled, so a block cannot contain itself, "
                "directly or through another block",
            ),
            helps=("for n copies in a row use  repeat n { ... }",),
        )
    if len(frame.stack) >= DEPTH_LIMIT:
        mistake = frame.mistake(
            "E0902",
            f"blocks are nested more than {DEPTH_LIMIT} deep",
            span,
            "the limit is reached here",
        )
        raise LimitError([mistake.diagnostic])


def _body_frame(definition: Definition, frame: Frame, bound: Bound, kind: str) -> Frame:
    """Return the frame in which the rows of a called block stand."""
    place = frame.place.add(Place(Form.BLOCK, kind))
    label = f"{frame.label}: " if frame.label else ""
    return Frame(
        frame.work,
        Scope(definition.module),
        place,
        frame.maker,
        chain=(*frame.chain, (f"{label}{_one_line(bound.span.text)}", bound.span)),
        stack=(*frame.stack, definition),
    )


def _one_line(source: str) -> str:
    line = " ".join(source.split())
    return line if len(line) <= 60 else f"{line[:57]}..."


def hyper_parameters(
    definition: Definition, given: Mapping[str, Any], spans: Mapping[str, Span], inner: Frame
) -> None:
    """Give the hyper-parameters their values; a default may use those before it."""
    for parameter in definition.node.parameters:
        name = parameter.name.text
        if parameter.type is not None:
            continue
        value = given.get(name, MISSING)
        default = MISSING if parameter.default is None else parameter.default
        if default is not MISSING and (value is MISSING or is_static(value)):
            usual = inner.work.evaluate(default, inner)
            if usual is POISON:
                raise Poisoned
            if value is not MISSING and not _same_kind(usual, value):
                raise _other_kind(definition, parameter, usual, value, spans[name], inner)
            value = usual if value is MISSING else value
        inner.scope.names[name] = value
        inner.scope.spans[name] = parameter.name.span
    inner.hyper = ", ".join(
        f"{name} = {text(value)}"
        for name, value in inner.scope.names.items()
        if is_static(value) and not isinstance(value, Expression)
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
) -> Mistake:
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


def _data(definition: Definition, bound: Bound, inner: Frame, frame: Frame) -> None:
    """Give the data inputs their values, and their dimensions names."""
    node = definition.node
    results = [
        None if entity is None else _single(entity, span or bound.span, frame)
        for entity, span in zip(bound.values, bound.value_spans, strict=True)
    ]
    if isinstance(node, tree.Net):
        inner.inputs = {n: r for n, r in zip(data_inputs(definition), results, strict=True) if r}
        return
    headers = [parameter for parameter in node.parameters if parameter.type is not None]
    for header, result, span in zip(headers, results, bound.value_spans, strict=False):
        assert header.type is not None
        if result is not None:
            bind_header(header.name, header.type, result, inner, span or bound.span)
            inner.scope.names[header.name.text] = result
            inner.scope.spans[header.name.text] = header.name.span
    inner.flow = results[0] if results else None


def _single(entity: Entity, span: Span, frame: Frame) -> Result:
    if isinstance(entity, Results):
        raise frame.mistake(
            "E0403", "a block takes single values", span, "this is a list of values"
        )
    return as_result(entity, span, frame)


def visible_members(scope: Scope) -> Iterator[tuple[str, Entity]]:
    """Yield the names of a body that can be reached from outside with a dot."""
    for name, entity in scope.names.items():
        if isinstance(entity, Result | SharedLayer):
            yield name, entity
