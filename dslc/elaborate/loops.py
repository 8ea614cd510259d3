"""Merge groups, `repeat`, `for` and `if`: all are unfolded while the file is compiled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dslc.elaborate.calls import bind_settings, operate, operation_signature
from dslc.elaborate.constants import as_result
from dslc.elaborate.counting import least_calls
from dslc.elaborate.lookup import lookup
from dslc.elaborate.mending import help_with, whole_quotient
from dslc.elaborate.notes import seen
from dslc.elaborate.places import Form, Place
from dslc.elaborate.repairs import shortcut, size_keeping
from dslc.elaborate.scope import (
    CALL_LIMIT,
    NONE,
    POISON,
    Entity,
    Frame,
    MistakeError,
    Operator,
    PoisonedError,
    Result,
    Scope,
    too_many,
)
from dslc.elaborate.signature import Bound
from dslc.elaborate.static import UnfitError, describe, is_static, truth
from dslc.errors import Diagnostic, Label, LimitError
from dslc.source import Span
from dslc.syntax import tree
from dslc.types import shape_text

LONG = 100
"""Rounds from which on a loop is counted by itself; shorter ones are part of the count of the whole net."""


def run_repeat(node: tree.Repeat, frame: Frame, flow: Entity | None) -> Entity | None:
    """Unfold `repeat n { }`."""
    count = _static(node.count, frame)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise frame.mistake(
            "E0404",
            "`repeat` needs a whole number",
            node.count.span,
            f"this is {describe(count)}",
            helps=(*whole_quotient(node.count), *_each(count, node)),
        )
    return _rounds(node, node.body, range(count), None, frame, flow)


def run_for(node: tree.For, frame: Frame, flow: Entity | None) -> Entity | None:
    """Unfold `for x in list { }`."""
    items = _static(node.iterable, frame)
    if not isinstance(items, tuple | range):
        raise frame.mistake(
            "E0404",
            "`for` needs a list",
            node.iterable.span,
            f"this is {describe(items)}",
            helps=_counted(items, node.iterable.span),
        )
    return _rounds(node, node.body, items, node.variable, frame, flow)


def _counted(items: object, span: Span) -> tuple[str, ...]:
    """Propose `range(3)` for `for i in 3`."""
    if not isinstance(items, int) or isinstance(items, bool):
        return ()
    return (help_with("to count from 0:", span, f"range({span.text})"),)


def _each(count: object, node: tree.Repeat) -> tuple[str, ...]:
    """Propose `for width in [16, 32]` for `repeat [16, 32]`."""
    if not isinstance(count, tuple):
        return ()
    head = Span(node.span.source, node.span.start, node.count.span.end)
    return (
        help_with("to take one after the other:", head, f"for width in {node.count.span.text}"),
    )


def run_if(node: tree.If, frame: Frame, flow: Entity | None) -> Entity | None:
    """Unfold the branch that holds; its names belong to the stack around."""
    condition = _static(node.condition, frame)
    try:
        holds = truth(condition)
    except UnfitError as error:
        raise frame.mistake(
            "E0404", "a condition must be true or false", node.condition.span, str(error)
        ) from error
    if holds:
        return _run(node.body.statements, frame, flow)
    if isinstance(node.otherwise, tree.If):
        return run_if(node.otherwise, frame, flow)
    return _run(node.otherwise.statements, frame, flow) if node.otherwise else flow


def _rounds(
    node: tree.Repeat | tree.For,
    body: tree.Body,
    items: Sequence[Any],
    variable: tree.Identifier | None,
    frame: Frame,
    flow: Entity | None,
) -> Entity | None:
    _refuse_too_many(node, body, len(items), frame)
    loop = frame.place.add(Place(Form.LOOP, "repeat" if variable is None else "for"))
    for item in items:
        frame.work.count(node.span)
        place = loop.add(Place(Form.ROUND, ""))
        scope = Scope(frame.module, frame.scope)
        if variable is not None:
            scope.names[variable.text] = seen(variable, item, frame)
            scope.spans[variable.text] = variable.span
        inner = replace(frame, scope=scope, place=place)
        flow = _run(body.statements, inner, flow)
        place.members.update(
            (name, entity) for name, entity in scope.names.items() if isinstance(entity, Result)
        )
        place.results = flow.values if isinstance(flow, Result) else ()
    return flow


def _refuse_too_many(
    node: tree.Repeat | tree.For, body: tree.Body, rounds: int, frame: Frame
) -> None:
    """Count what a long loop would unfold to before unfolding it."""
    if rounds < LONG:
        return
    steps = rounds * (1 + least_calls(body, frame)) + frame.work.steps
    if steps > CALL_LIMIT:
        head = Span(node.span.source, node.span.start, body.span.start)
        raise LimitError([too_many(steps, head)])


def _run(
    statements: tuple[tree.Statement, ...], frame: Frame, flow: Entity | None
) -> Entity | None:
    return frame.work.run(statements, replace(frame, flow=flow))


def _static(node: tree.Expression, frame: Frame) -> Any:
    found = frame.work.evaluate(node, frame)
    if found is POISON:
        raise PoisonedError
    if is_static(found):
        return found
    raise frame.mistake(
        "E0404",
        "this must be known when the file is compiled",
        node.span,
        "it is `none`" if found is NONE else "it is a value of the net",
        facts=("`repeat`, `for` and `if` are unfolded by the compiler",),
    )


def run_merge(node: tree.Merge, frame: Frame, flow: Entity | None) -> Entity:
    """Merge the results of branches. A branch without rows is the flow itself."""
    name, arguments = _merge_head(node, frame)
    operation = _merging(name, frame)
    inner = replace(frame, label="")
    ends = [_branch(branch, inner, flow) for branch in node.branches]
    if any(end is POISON for end in ends):
        raise PoisonedError
    results = [
        _branch_result(end, branch, node, frame)
        for end, branch in zip(ends, node.branches, strict=True)
    ]
    signature = operation_signature(operation.operation)
    bound = bind_settings(signature, arguments, frame, node.function.span)
    bound.values = list(results)
    bound.value_spans = [_branch_span(branch) for branch in node.branches]
    described = [f"branch {number}" for number in range(1, len(results) + 1)]
    _same_shapes(operation, results, bound, frame, node, described)
    try:
        return operate(operation.operation, bound, frame, name.span, described=described)
    except MistakeError as mistake:
        raise MistakeError(_with_padding(mistake.diagnostic, node, results, frame)) from mistake


def _with_padding(
    found: Diagnostic, node: tree.Merge, results: Sequence[Result], frame: Frame
) -> Diagnostic:
    """Add the padding that would keep the size, where it is a branch of `concat` that has another one."""
    helps = list(found.helps)
    for branch, result in zip(node.branches, results, strict=True):
        span = _branch_span(branch)
        if found.code == "E0306" and span == found.primary.span:
            helps += size_keeping(result.value, frame.work.calls, branch.span)
    return replace(found, helps=tuple(helps))


def _merge_head(node: tree.Merge, frame: Frame) -> tuple[tree.Name, tuple[tree.Argument, ...]]:
    head = node.function
    if isinstance(head, tree.Call) and isinstance(head.function, tree.Name):
        return head.function, head.arguments
    if isinstance(head, tree.Name):
        return head, ()
    raise frame.mistake(
        "E0504",
        "this does not merge branches",
        head.span,
        facts=(f"these do: {', '.join(frame.work.library.merges)}",),
        helps=("several groups of branches are several rows",),
    )


def _merging(name: tree.Name, frame: Frame) -> Operator:
    merges = frame.work.library.merges
    if name.text in merges and frame.scope.find(name.text) is None:
        return Operator(merges[name.text])
    entity = lookup(name, frame, calling=True)
    if isinstance(entity, Operator) and _can_merge(entity):
        return entity
    raise frame.mistake(
        "E0504",
        f"`{name.text}` does not merge branches",
        name.span,
        facts=(f"these do: {', '.join(merges)}",),
    )


def _can_merge(operator: Operator) -> bool:
    return operator.name in ("add", "concat", "mul", "max", "stack", "min")


def _branch(branch: tree.Branch, frame: Frame, flow: Entity | None) -> Entity | None:
    try:
        return _run(branch.statements, frame, flow)
    except MistakeError as mistake:
        frame.work.report(mistake.diagnostic)
    except PoisonedError:
        pass
    return POISON


def _branch_result(
    end: Entity | None, branch: tree.Branch, node: tree.Merge, frame: Frame
) -> Result:
    if end is None:
        raise frame.mistake(
            "E0501", "this branch has no value", branch.span, "nothing flows into the group"
        )
    return as_result(end, branch.span, frame)


def _branch_span(branch: tree.Branch) -> Span:
    """Return the last row of a branch, which gives its value."""
    return branch.statements[-1].span if branch.statements else branch.span


def _same_shapes(
    operation: Operator,
    results: Sequence[Result],
    bound: Bound,
    frame: Frame,
    node: tree.Merge,
    described: Sequence[str],
) -> None:
    """Branches of an element-wise merge must agree; what would merely broadcast is a mistake (E0301)."""
    if not getattr(
        operation.operation, "broadcasts", operation.name in ("add", "mul", "max", "maximum")
    ):
        return
    shapes = [result.value.type.shape for result in results]
    if all(shape == shapes[0] for shape in shapes):
        return
    name = operation.name
    raise frame.mistake(
        "E0301",
        f"the branches of `{name}` have different shapes",
        _merge_head(node, frame)[0].span,
        f"`{name}` needs the same shape from every branch",
        others=[
            Label(place, f"{what} gives {shape_text(shape)}")
            for place, what, shape in zip(bound.value_spans, described, shapes, strict=True)
            if place is not None
        ],
        facts=(_difference(shapes[0], next(s for s in shapes if s != shapes[0])),),
        helps=shortcut(node.branches, shapes, list(frame.scope.visible())),
    )


def _difference(one: Sequence[Any], other: Sequence[Any]) -> str:
    if len(one) != len(other):
        return f"they have {len(one)} and {len(other)} dimensions"
    parts = [
        f"dimension {axis}{' (channels)' if axis == 1 and len(one) > 2 else ''}: {a} and {b}"
        for axis, (a, b) in enumerate(zip(one, other, strict=True))
        if a != b
    ]
    return f"they differ in {', '.join(parts)}"
