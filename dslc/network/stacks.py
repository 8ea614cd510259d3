"""The statements of a stack: rows, binds, outputs, inputs, parameters, layers, checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dslc.errors import Label, RuleError
from dslc.initializers.base import Initializer
from dslc.network.arguments import setting_value
from dslc.network.blocks import bind_layer
from dslc.network.calls import OtherWeights, Shared, as_result, check_specs
from dslc.network.dimensions import bind_header, declared_type
from dslc.network.expressions import start
from dslc.network.lookup import define, lookup
from dslc.network.network import Input, Parameter
from dslc.network.places import Form, Place, owned
from dslc.network.scope import (
    POISON,
    Definition,
    Entity,
    Frame,
    Mistake,
    Operator,
    Poisoned,
    Result,
    Scope,
    SharedLayer,
)
from dslc.network.static import is_static
from dslc.operation import ParameterSpec, SettingInfo
from dslc.source import Span
from dslc.syntax import tree
from dslc.types import TensorType


def run(statements: tuple[tree.Statement, ...], frame: Frame) -> Entity | None:
    """Run the statements of a body; return what flows at its end. Mistakes are reported, one per statement or stage."""
    for statement in statements:
        try:
            _STATEMENTS[type(statement)](statement, frame)
        except Mistake as mistake:
            frame.work.report(mistake.diagnostic)
            _poison(statement, frame)
        except Poisoned:
            _poison(statement, frame)
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
    entity = start(node.value, replace(frame, place=place, label=label, bind=None), frame.flow)
    frame.starts = ()
    if entity is POISON:
        raise Poisoned
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
    inner = replace(frame, place=place, label=node.names[0].text, bind=node, flow=None)
    entity = start(node.value, inner, None)
    if entity is POISON:
        raise Poisoned
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
        )
    place.results = values
    inside = place if place.children else result.place
    named = Result(values, inside)
    define(labels[0].text, named, labels[0].span, frame)
    for label, value in list(zip(labels, values, strict=False))[1:]:
        define(label.text, Result((value,)), label.span, frame)
    return named


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


def _input(node: tree.Input, frame: Frame) -> None:
    """`input`: a data input of the net, or of a net called as a layer what the call gives it."""
    if not frame.stack or not isinstance(frame.stack[-1].node, tree.Net):
        raise frame.mistake(
            "E0507",
            "an `input` line stands in a net",
            node.span,
            helps=("a block declares its data inputs in its header:  block Name(x: [N, C, H, W])",),
        )
    for name in node.names:
        if frame.inputs is None:
            wanted = declared_type(node.type, frame)
            result = Result((Input(name.text, wanted, node.type.span, frame.chain, doc=node.doc),))
        else:
            result = _given(name, node, frame.inputs[name.text], frame)
        define(name.text, result, name.span, frame)
        _begin(name, result, frame)


def _given(name: tree.Identifier, node: tree.Input, result: Result, frame: Frame) -> Result:
    """Hold what a call of the net gives against its `input` line."""
    span = frame.chain[-1][1] if frame.chain else name.span
    bind_header(name, node.type, result, frame, span)
    return result


def _begin(name: tree.Identifier, result: Result, frame: Frame) -> None:
    """The stack starts at the only input; with two, the first row must say where."""
    first = not frame.made
    frame.made[name.text] = result.value
    if first:
        frame.flow = result
        frame.starts = ((name.text, name.span),)
    elif frame.starts:
        frame.flow = None
        frame.starts = (*frame.starts, (name.text, name.span))


_INITIAL = SettingInfo("value", Initializer, None, {})


def _parameter(node: tree.Parameter, frame: Frame) -> None:
    """`param W: float32[2, 2] = xavier_uniform`: a weight of its own."""
    wanted = declared_type(node.type, frame)
    initializer = setting_value(_INITIAL, node.value, frame, node.name.text)
    spec = ParameterSpec("", wanted, initializer)
    _check_parameter(spec, node, wanted, frame)
    try:
        made = frame.maker.make((spec,), node.name.span, frame.chain)
    except OtherWeights as error:
        raise frame.mistake(
            "E0312", "a shared block is called with values of another shape", node.span
        ) from error
    _keep_parameter(made[0], node, frame)


def _check_parameter(
    spec: ParameterSpec, node: tree.Parameter, wanted: TensorType, frame: Frame
) -> None:
    try:
        check_specs(node.name.text, (spec,))
    except RuleError as error:
        raise frame.mistake(
            error.code,
            f"`{node.name.text}` cannot be filled: {error.message}"
            if wanted.is_static
            else f"`{node.name.text}` has no fixed size",
            node.value.span if wanted.is_static else node.type.span,
            error.text,
            others=[Label(node.type.span, f"this is {wanted}")] if wanted.is_static else [],
            facts=error.facts,
            helps=error.helps,
        ) from error


def _keep_parameter(parameter: Parameter, node: tree.Parameter, frame: Frame) -> None:
    place = frame.place.add(Place(Form.ROW, node.name.text, labels=(node.name.text,)))
    place.parameters = [("", parameter)]
    place.results = (parameter,)
    define(node.name.text, Result((parameter,)), node.name.span, frame)


def _layer(node: tree.Layer, frame: Frame) -> None:
    """`layer x = Conv(64, 3x3)`: the settings now, the weights at the first call."""
    call = node.value
    name = call.function if isinstance(call, tree.Call) else call
    target = lookup(name, frame, calling=True) if isinstance(name, tree.Name) else None
    if target is POISON:
        raise Poisoned
    if not isinstance(target, Operator | Definition):
        raise frame.mistake(
            "E0504",
            "a `layer` line names a layer",
            call.span,
            helps=(f"for example:  layer {node.name.text} = Linear(64)",),
        )
    arguments = call.arguments if isinstance(call, tree.Call) else ()
    place = Place(Form.LAYER, node.name.text, labels=(node.name.text,))
    bound = bind_layer(target, arguments, frame, call.span)
    layer = SharedLayer(node.name.text, target, bound, place, Shared(frame.maker))
    define(node.name.text, layer, node.name.span, frame)
    frame.place.add(place)


def _check(node: tree.Check, frame: Frame) -> None:
    """`check parameters == n`, at the end of the net: kept until its last row is read."""
    frame.checks.append(node)


def run_checks(frame: Frame) -> None:
    """Hold the `check` lines of a net or block against what it has become."""
    count = sum(one.type.size for one in owned(frame.place) if not one.is_statistic)
    scope = Scope(frame.module, frame.scope, {"parameters": count})
    for node in frame.checks:
        try:
            _hold(node, replace(frame, scope=scope), count)
        except Mistake as mistake:
            frame.work.report(mistake.diagnostic)
        except Poisoned:
            pass


def _hold(node: tree.Check, frame: Frame, count: Any) -> None:
    found = frame.work.evaluate(node.condition, frame)
    if found is True:
        return
    if found is not False:
        raise frame.mistake("E0404", "a check must be true or false", node.condition.span)
    raise frame.mistake(
        "E0509",
        "this check does not hold",
        node.condition.span,
        f"parameters = {count}",
        facts=("every weight counts, frozen ones too; running statistics do not",),
    )


_STATEMENTS: Mapping[type, Callable[[Any, Frame], None]] = {
    tree.Row: _row,
    tree.Bind: _bind,
    tree.Output: _output,
    tree.Input: _input,
    tree.Parameter: _parameter,
    tree.Layer: _layer,
    tree.Check: _check,
}
