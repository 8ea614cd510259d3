"""Expressions: what they are worth, and how a value flows through them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from dslc.dims import Expression
from dslc.elaborate import operators, static
from dslc.elaborate.access import attribute, index
from dslc.elaborate.arguments import build
from dslc.elaborate.blocks import call_block, call_shared
from dslc.elaborate.calls import call_operation
from dslc.elaborate.constants import as_result
from dslc.elaborate.dimensions import check_shape
from dslc.elaborate.left_out import is_left_out
from dslc.elaborate.lookup import callee, lookup
from dslc.elaborate.loops import run_for, run_if, run_merge, run_repeat
from dslc.elaborate.mending import help_with
from dslc.elaborate.notes import seen
from dslc.elaborate.scans import run_scan
from dslc.elaborate.scope import (
    POISON,
    Builtin,
    Definition,
    Entity,
    Frame,
    MistakeError,
    Operator,
    PoisonedError,
    Recipe,
    Result,
    SharedLayer,
)
from dslc.elaborate.settings import entity_text
from dslc.elaborate.signature import NO_FLOW, Flow
from dslc.elaborate.static import TooLargeError, UnfitError, is_static
from dslc.elaborate.trace import Stage, lines, note, note_flow
from dslc.source import Span
from dslc.syntax import tree
from dslc.types import Duration, Size


def evaluate(node: tree.Expression, frame: Frame) -> Entity:
    """Return what an expression is worth where nothing flows into it; POISON after a mistake reported earlier."""
    return seen(node, _READERS[type(node)](node, frame), frame)


def start(node: tree.Expression, frame: Frame, flow: Entity | None) -> Entity:
    """Read the head of a row: a call takes what flows if it lacks a value, a value starts anew."""
    if isinstance(node, tree.Pipe):
        return pipe(node, frame, flow)
    if isinstance(node, tree.Name):
        entity = lookup(node, frame)
        if is_callable(entity):
            return apply(entity, node, frame, Flow(flow))
        return seen(node, entity, frame)
    if isinstance(node, tree.Call):
        return call(node, frame, Flow(flow))
    if type(node) in _GROUPS:
        return seen(node, _GROUPS[type(node)](node, frame, flow), frame)
    return evaluate(node, frame)


def pipe(node: tree.Pipe, frame: Frame, flow: Entity | None) -> Entity:
    """Pass a value from stage to stage. A mistake in one stage leaves the names in the others to be read."""
    trace: list[Stage] = []
    note_flow(trace, flow, frame)
    entity: Entity = POISON
    for position, part in enumerate(node.stages):
        try:
            entity = (
                start(part, frame, flow) if position == 0 else stage(part, frame, entity, trace)
            )
            note(trace, part, entity)
        except MistakeError as mistake:
            frame.work.report(mistake.diagnostic)
            entity = POISON
        except PoisonedError:
            entity = POISON
    return entity


def stage(node: tree.Expression, frame: Frame, entity: Entity, trace: list[Stage]) -> Entity:
    """Pass `entity` to what stands right of an arrow."""
    if isinstance(node, tree.List):
        check_shape(node, as_result(entity, node.span, frame), frame, lines(trace))
        return entity
    if isinstance(node, tree.Name):
        target = _stage_called(node, frame)
        if target is POISON:
            raise PoisonedError
        if not is_callable(target):
            raise _not_a_stage(node, target, frame)
        return apply(target, node, frame, Flow(entity, piped=True))
    if isinstance(node, tree.Call):
        return call(node, frame, Flow(entity, piped=True))
    if isinstance(node, tree.Scan):
        raise _no_flow_into_scan(node, frame)
    if type(node) in _GROUPS:
        return seen(node, _GROUPS[type(node)](node, frame, entity), frame)
    if isinstance(node, tree.Attribute):
        target = attribute(node, frame)
        if is_callable(target):
            return apply(target, node, frame, Flow(entity, piped=True))
    raise _not_a_stage(node, None, frame)


def _stage_called(node: tree.Name, frame: Frame) -> Entity:
    """Return what a name behind an arrow stands for; a new one there was meant as the label of the row."""
    try:
        return lookup(node, frame)
    except MistakeError as mistake:
        row, found = frame.expression, mistake.diagnostic
        if not isinstance(row, tree.Pipe) or row.stages[-1] is not node or "\n" in row.span.text:
            raise
        if found.code != "E0206" or found.helps or frame.label:
            raise
        frame.scope.names[node.text] = POISON
        frame.scope.spans[node.text] = node.span
        rest = row.span.text[: node.span.start - row.span.start].rstrip().removesuffix("->")
        sentence = "to name the result, begin the row with it:"
        help_ = help_with(sentence, row.span, f"{node.text}: {rest.rstrip()}")
        raise MistakeError(replace(found, helps=(help_,))) from mistake


def is_callable(entity: Entity) -> bool:
    """Tell whether a name stands for something to call."""
    return isinstance(entity, Operator | Definition | SharedLayer | Builtin)


def call(node: tree.Call, frame: Frame, flow: Flow) -> Entity:
    """Read a call."""
    return apply(callee(node, frame), node, frame, flow)


def apply(target: Entity, node: tree.Expression, frame: Frame, flow: Flow) -> Entity:
    """Call `target` with the arguments of `node`, if it has any."""
    return seen(node, _applied(target, node, frame, flow), frame)


def _applied(target: Entity, node: tree.Expression, frame: Frame, flow: Flow) -> Entity:
    arguments = node.arguments if isinstance(node, tree.Call) else ()
    if target is POISON:
        raise PoisonedError
    if isinstance(target, Definition):
        return call_block(target, arguments, frame, flow, node.span)
    if isinstance(target, SharedLayer):
        return call_shared(target, arguments, frame, flow, node.span)
    if isinstance(target, Recipe):
        return build(target.initializer, arguments, frame, node.span, target.name)
    if isinstance(target, Builtin):
        return _static_call(target.name, node, [evaluate(a.value, frame) for a in arguments], frame)
    if isinstance(target, Operator):
        return _operation(target, node, frame, flow)
    raise frame.mistake("E0214", "this cannot be called", node.span, f"it is {entity_text(target)}")


def _operation(target: Operator, node: tree.Expression, frame: Frame, flow: Flow) -> Entity:
    """Call an operation; where every argument is static, a function of numbers is worked out at once.

    Not so `range` of a free dimension: that is a value of the net.
    """
    arguments = node.arguments if isinstance(node, tree.Call) else ()
    name, operation = target.name, target.operation
    ready: dict[int, Entity] = {}
    merge = frame.work.library.merges.get(name)
    overloaded = merge is not None and merge is not operation
    if (name in static.FUNCTIONS or overloaded) and not any(a.name for a in arguments):
        ready = {id(a.value): evaluate(a.value, frame) for a in arguments}
        entities = list(ready.values())
        free = not operation.values() and any(isinstance(e, Expression) for e in entities)
        if entities and flow.entity is None and all(is_static(e) for e in entities) and not free:
            return _static_call(name, node, entities, frame)
        tensors = sum(not is_static(e) for e in entities)
        if merge and overloaded and tensors and tensors + (flow.entity is not None) >= 2:
            operation = merge
    name_span = node.function.span if isinstance(node, tree.Call) else node.span
    return call_operation(
        operation, arguments, frame, flow, node.span, name_span=name_span, ready=ready
    )


def _static_call(name: str, node: tree.Expression, entities: list[Any], frame: Frame) -> Any:
    if any(entity is POISON for entity in entities):
        raise PoisonedError
    if not all(is_static(entity) for entity in entities):
        raise frame.mistake(
            "E0404",
            f"`{name}` works on numbers and lists that are known when the file is compiled",
            node.span,
        )
    return _worked_out(lambda: static.call(name, entities), node.span, frame)


def _worked_out(
    compute: Callable[[], Any], span: Span, frame: Frame, helps: tuple[str, ...] = ()
) -> Any:
    try:
        return compute()
    except UnfitError as error:
        code = "E0313" if "free" in str(error) else "E0404"
        message = "this cannot be worked out"
        raise frame.mistake(code, message, span, str(error), helps=helps) from error
    except TooLargeError as error:
        raise frame.mistake("E0901", "this number or list is too large", span) from error


def _not_a_stage(node: tree.Expression, entity: Entity | None, frame: Frame) -> MistakeError:
    is_value = isinstance(entity, Result)
    named = node.span.text
    return frame.mistake(
        "E0504",
        "an arrow passes a value to a call",
        node.span,
        f"this is {entity_text(entity)}" if is_value else "this is not one",
        facts=("right of `->` stands a call, a merge group, repeat, for, if or a shape",),
        helps=(
            help_with("to add it:", node.span, f"add({named})"),
            help_with("to join it along the channels or features:", node.span, f"concat({named})"),
        )
        if is_value
        else (),
    )


def _no_flow_into_scan(node: tree.Scan, frame: Frame) -> MistakeError:
    return frame.mistake(
        "E0504",
        "an arrow passes a value to a call",
        Span(node.span.source, node.span.start, node.span.start + len("scan")),
        "`scan` names the sequence that it runs over",
        facts=("a scan begins a row, or stands behind `name =`",),
        helps=("give the value on the left a name, and run over that:  scan x in name, ...",),
    )


# ---- readers of each kind of expression


def _name(node: tree.Name, frame: Frame) -> Entity:
    return lookup(node, frame)


def _list(node: tree.List, frame: Frame) -> Entity:
    items = tuple(evaluate(item, frame) for item in node.items)
    if any(item is POISON for item in items):
        raise PoisonedError
    for item, part in zip(items, node.items, strict=True):
        if not is_static(item):
            raise frame.mistake(
                "E0404",
                "a list holds numbers, not values of the net",
                part.span,
                f"this is {entity_text(item)}",
                helps=("to join values:  concat(x, y, axis=0)  or  stack(x, y)",),
            )
    return items


def _unary(node: tree.Unary, frame: Frame) -> Entity:
    operand = evaluate(node.operand, frame)
    if operand is POISON:
        raise PoisonedError
    if is_static(operand):
        work = (
            (lambda: not static.truth(operand))
            if node.operator == "not"
            else (lambda: static.negative(operand))
        )
        return _worked_out(work, node.span, frame)
    return operators.unary(node, operand, frame)


def _binary(node: tree.Binary, frame: Frame) -> Entity:
    if node.operator in ("and", "or"):
        return _logical(node, frame)
    left, right = evaluate(node.left, frame), evaluate(node.right, frame)
    return _combined(node, left, right, frame)


def _logical(node: tree.Binary, frame: Frame) -> Entity:
    """`and` and `or` stop at the first static operand that decides."""
    left = evaluate(node.left, frame)
    if is_static(left):
        truth = _worked_out(lambda: static.truth(left), node.left.span, frame)
        if truth == (node.operator == "or"):
            return truth
        right = evaluate(node.right, frame)
        if is_static(right):
            return _worked_out(lambda: static.truth(right), node.right.span, frame)
        return right
    return _combined(node, left, evaluate(node.right, frame), frame)


def _combined(node: tree.Binary, left: Entity, right: Entity, frame: Frame) -> Entity:
    if left is POISON or right is POISON:
        raise PoisonedError
    absent = is_left_out(node.operator, left, right)
    if absent is not None:
        return absent
    if is_static(left) and is_static(right) and node.operator != "@":
        compute = partial(static.binary, node.operator, left, right)
        return _worked_out(compute, node.span, frame, _counted_further(node))
    return operators.binary(node, left, right, frame)


def _counted_further(node: tree.Binary) -> tuple[str, ...]:
    """Return the edit for `range(n) - 1`, where the number stands behind the brace it belongs in."""
    match node.left:
        case tree.Call(function=tree.Name(text="range"), arguments=(argument,)):
            inside = f"{argument.span.text} {node.operator} {node.right.span.text}"
            return (help_with("to count to another number:", node.span, f"range({inside})"),)
    return ()


def _group(node: tree.Expression, frame: Frame) -> Entity:
    return _GROUPS[type(node)](node, frame, None)


def _ellipsis(node: tree.Dots, frame: Frame) -> Entity:
    raise frame.mistake("E0504", "`...` stands in an index only", node.span)


_READERS: Mapping[type, Callable[[Any, Frame], Entity]] = {
    tree.Name: _name,
    tree.Number: lambda node, frame: node.value,
    tree.Quantity: lambda node, frame: Duration(node.value, node.unit),
    tree.Size: lambda node, frame: Size(node.sizes),
    tree.String: lambda node, frame: node.value,
    tree.Boolean: lambda node, frame: node.value,
    tree.Dots: _ellipsis,
    tree.List: _list,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Call: lambda node, frame: call(node, frame, NO_FLOW),
    tree.Attribute: attribute,
    tree.Index: index,
    tree.Pipe: lambda node, frame: pipe(node, frame, None),
    tree.Merge: _group,
    tree.Repeat: _group,
    tree.For: _group,
    tree.If: _group,
    tree.Scan: _group,
}

_GROUPS: Mapping[type, Callable[[Any, Frame, Entity | None], Entity]] = {
    tree.Merge: run_merge,
    tree.Repeat: run_repeat,
    tree.For: run_for,
    tree.If: run_if,
    tree.Scan: run_scan,
}
