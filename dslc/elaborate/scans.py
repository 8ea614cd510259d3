"""`scan`: the rows of its body become the body of one call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dslc.elaborate.constants import as_result
from dslc.elaborate.limits import check_tensor
from dslc.elaborate.lookup import define
from dslc.elaborate.mending import help_with
from dslc.elaborate.notes import seen
from dslc.elaborate.places import Form, Place
from dslc.elaborate.scope import (
    POISON,
    Entity,
    Frame,
    MistakeError,
    PoisonedError,
    Result,
    Scope,
)
from dslc.errors import Label
from dslc.network.network import Body, Call, Constant, Parameter, Value, needed
from dslc.scan import Scan
from dslc.source import Span
from dslc.syntax import tree
from dslc.types import shape_text


def run_scan(node: tree.Scan, frame: Frame, flow: Entity | None) -> Result:
    """Read a scan: its sequence, what it carries, its body; the result is what the body gives at every step.

    What flows into the row is of no concern: the head names all that the scan works on.
    """
    sequence = as_result(frame.work.evaluate(node.sequence, frame), node.sequence.span, frame).value
    if sequence.type.rank < 2:
        raise _no_sequence(node, sequence, frame)
    starts = [_start(carry, frame) for carry in node.carries]
    place = frame.place.add(Place(Form.BLOCK, "scan"))
    inner = _inside(node, sequence, starts, place, frame)
    for statement in node.body.statements:
        _refuse_assignment(statement, node, inner)
    before = len(frame.work.calls)
    end = frame.work.run(node.body.statements, inner)
    calls = frame.work.calls[before:]
    del frame.work.calls[before:]
    results = _results(node, end, inner)
    _check(node, starts, results, frame)
    _refuse_statistics(calls, frame)
    locals_ = [_local(inner, name) for name in _names(node)]
    body = Body(tuple(locals_), needed(calls, results), results)
    return _append(node, body, sequence, starts, place, frame)


def _start(carry: tree.Carry, frame: Frame) -> Value:
    return as_result(frame.work.evaluate(carry.value, frame), carry.value.span, frame).value


def _names(node: tree.Scan) -> list[tree.Identifier]:
    return [node.variable, *(carry.name for carry in node.carries)]


def _local(inner: Frame, name: tree.Identifier) -> Value:
    value: Value = inner.scope.names[name.text].value
    return value


def _inside(
    node: tree.Scan, sequence: Value, starts: Sequence[Value], place: Place, frame: Frame
) -> Frame:
    """Return the frame of the body: it sees the names around it, one step of the sequence and the carries."""
    batch, _, *rest = sequence.type.shape
    step = sequence.type.with_shape((batch, *rest))
    inner = replace(
        frame,
        scope=Scope(frame.module, frame.scope),
        place=place,
        starts=(),
        label="",
        bind=None,
        checks=[],
        outputs={},
    )
    for name, type in zip(_names(node), [step, *(s.type for s in starts)], strict=True):
        value = Value(name.text, type, name.span, frame.chain)
        define(name.text, Result((value,)), name.span, inner)
        seen(name, inner.scope.names[name.text], inner)
    return replace(inner, flow=inner.scope.names[node.variable.text])


def _refuse_assignment(statement: tree.Statement, node: tree.Scan, inner: Frame) -> None:
    """Say that the next value of a carry is an output of the body: `h = tanh(x @ U + h @ W)` (E0205)."""
    row = statement.definition if isinstance(statement, tree.Output) else statement
    names = row.names if isinstance(row, tree.Bind) else ()
    names = row.labels if isinstance(row, tree.Row) else names
    for name in names:
        if name.text in [carry.name.text for carry in node.carries]:
            first = Span(statement.span.source, statement.span.start, name.span.end)
            raise inner.mistake(
                "E0205",
                f"the name `{name.text}` is used twice",
                name.span,
                "this is the next one",
                others=[Label(inner.scope.spans[name.text], "this is the one before")],
                facts=("what the body gives as `output` is the next value of what it carries",),
                helps=(
                    help_with(
                        "give the next one a name of its own:", first, f"output next_{name.text}"
                    ),
                ),
            )


def _results(node: tree.Scan, end: Entity | None, inner: Frame) -> tuple[Value, ...]:
    """Return what a step gives: the outputs of the body, or what flows at its end."""
    entities = list(inner.outputs.values()) or [end]
    if any(entity is POISON for entity in entities):
        raise PoisonedError
    results = tuple(as_result(entity, node.body.span, inner).value for entity in entities)
    for value in results:
        if not value.type.shape:
            raise inner.mistake(
                "E0303",
                "the results of a scan are stacked along dimension 1, and this one has no dimension",
                value.span,
                f"this is {value.type}",
            )
    return results


def _check(
    node: tree.Scan, starts: Sequence[Value], results: Sequence[Value], frame: Frame
) -> None:
    """Every carry has a next value, of the type that it starts with (E0351, E0350)."""
    if len(results) < len(starts):
        raise _too_few(node, len(results), frame)
    for carry, start, result in zip(node.carries, starts, results, strict=False):
        if start.type == result.type:
            continue
        kind = "shape" if start.type.shape != result.type.shape else "element type"
        raise frame.mistake(
            "E0350",
            f"the {kind} of `{carry.name.text}` changes from step to step",
            result.span,
            f"the next `{carry.name.text}` is {result.type}",
            others=[Label(carry.span, f"`{carry.name.text}` starts as {start.type}")],
            facts=("what a scan carries keeps its shape: the next step starts from it",),
            helps=_other_start(carry, start, result),
        )


def _other_start(carry: tree.Carry, start: Value, result: Value) -> tuple[str, ...]:
    """Propose to start with the shape that the body gives, where the start is zeros or a number."""
    written = carry.value.span.text
    if not (isinstance(start, Constant) or written.startswith(("zeros(", "ones("))):
        return ()
    function = "ones" if written.startswith("ones(") else "zeros"
    start_text = f"{function}({shape_text(result.type.shape)})"
    return (help_with("start with the shape that the body gives:", carry.value.span, start_text),)


def _too_few(node: tree.Scan, given: int, frame: Frame) -> MistakeError:
    names = [f"`{carry.name.text}`" for carry in node.carries]
    lacking = node.carries[given].name.text
    return frame.mistake(
        "E0351",
        f"this scan carries {' and '.join(names)}, and its body gives {_counted(given)}",
        _head(node),
        f"what is the next `{lacking}`?",
        facts=("the first `output` of the body is the next value of the first carry, and so on",),
        helps=(f"add it to the body:  output next_{lacking} = ...",),
    )


def _counted(number: int) -> str:
    return "one value" if number == 1 else f"{number} values"


def _no_sequence(node: tree.Scan, sequence: Value, frame: Frame) -> MistakeError:
    return frame.mistake(
        "E0303",
        "`scan` runs over a sequence [N, T, ...]",
        node.sequence.span,
        f"this is {shape_text(sequence.type.shape)}",
        facts=("dimension 1 counts the steps",),
    )


def _refuse_statistics(calls: Iterable[Call], frame: Frame) -> None:
    for call in calls:
        if any(parameter.statistic for parameter in call.parameters):
            name = call.operation.language_name()
            raise frame.mistake(
                "E0590",
                f"`{name}` in a scan is not supported yet",
                call.span,
                "its running statistics would change at every step",
                helps=("`LayerNorm` keeps no statistics",),
            )


def _append(
    node: tree.Scan,
    body: Body,
    sequence: Value,
    starts: Sequence[Value],
    place: Place,
    frame: Frame,
) -> Result:
    """Append the call that holds the body, and give the body what it reads from around it."""
    owned = tuple(dict.fromkeys(p for call in body.calls for p in call.parameters))
    around = _around(body, owned)
    body = replace(body, inputs=(*body.inputs, *around, *owned))
    operation = Scan(body, len(starts))
    values = (sequence, *starts, *around)
    types = operation.infer(*(value.type for value in values))
    head = _head(node)
    frame.work.count(head)
    for type in types:
        check_tensor(type, "the result of `scan`", head, frame)
    outputs = tuple(Value("", type, node.span, frame.chain) for type in types)
    call = Call("", operation, values, owned, outputs, head, frame.chain, body=body)
    call.segment = frame.segment
    frame.work.calls.append(call)
    place.add(Place(Form.CALL, "scan", labels=("scan",))).call = call
    place.results = outputs
    return Result(outputs, place)


def _around(body: Body, owned: Sequence[Parameter]) -> tuple[Value, ...]:
    """Return the values that a body reads and neither makes nor owns, constants apart."""
    known: set[Value] = {*body.inputs, *owned, *(v for call in body.calls for v in call.outputs)}
    read = [value for call in body.calls for value in call.inputs if value is not None]
    return tuple(
        value
        for value in dict.fromkeys([*read, *body.outputs])
        if value not in known and not isinstance(value, Constant)
    )


def _head(node: tree.Scan) -> Span:
    """Return the head of a scan, without its body."""
    text = node.span.source.text[node.span.start : node.body.span.start].rstrip()
    return Span(node.span.source, node.span.start, node.span.start + len(text))
