"""Operators on tensors: each sign is an operation of the same meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dslc.elaborate.calls import operate
from dslc.elaborate.left_out import no_value
from dslc.elaborate.mending import help_with
from dslc.elaborate.scope import NONE, Entity, Frame, MistakeError, Operator, Result
from dslc.elaborate.settings import entity_text
from dslc.elaborate.signature import Bound
from dslc.elaborate.static import is_static
from dslc.source import Span
from dslc.syntax import tree

BINARY: Mapping[str, str] = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "//": "floordiv", "%": "mod", "@": "matmul",
    "**": "pow", "==": "equal", "!=": "not_equal", "<": "less", "<=": "less_equal", ">": "greater",
    ">=": "greater_equal", "and": "logical_and", "or": "logical_or",
}  # fmt: skip
"""The sign of an operator -> the operation it means."""

UNARY: Mapping[str, str] = {"-": "neg", "not": "logical_not"}


def binary(node: tree.Binary, left: Entity, right: Entity, frame: Frame) -> Result:
    """Apply an operator to two values, one of which may be a number or a list."""
    operation = frame.work.library.operations[BINARY[node.operator]]
    for entity, part in ((left, node.left), (right, node.right)):
        _refuse_callable(entity, part, node.operator, frame)
    bound = Bound(node.span, [left, right], [node.left.span, node.right.span])
    try:
        return operate(operation, bound, frame, node.operator_span)
    except MistakeError as mistake:
        if node.operator == "*" and mistake.diagnostic.code == "E0308":
            raise _matrices(node, left, right, mistake) from mistake
        raise


def _matrices(
    node: tree.Binary, left: Entity, right: Entity, mistake: MistakeError
) -> MistakeError:
    """Propose `@` where that could combine what `*` cannot."""
    ranks = [one.value.type.rank if isinstance(one, Result) else 0 for one in (left, right)]
    if min(ranks) < 2 or left.value.type.shape[-1] != right.value.type.shape[-2]:
        return mistake
    help_ = help_with("matrices are multiplied with `@`:", node.operator_span, "@")
    return MistakeError(replace(mistake.diagnostic, helps=(*mistake.diagnostic.helps, help_)))


def unary(node: tree.Unary, operand: Entity, frame: Frame) -> Result:
    """Apply `-` or `not` to a value."""
    sign = Span(node.span.source, node.span.start, node.operand.span.start)
    operation = frame.work.library.operations[UNARY[node.operator]]
    _refuse_callable(operand, node.operand, node.operator, frame)
    return operate(operation, Bound(node.span, [operand], [node.operand.span]), frame, sign)


def index_tensor(node: tree.Index, result: Result, frame: Frame) -> Result:
    """Take part of a tensor: `x[:, -1]`."""
    operation = frame.work.library.operations["index"]
    items = tuple(item for part in node.items for item in _index_item(part, frame))
    bound = Bound(node.span, [result], [node.value.span], {"items": items})
    return operate(operation, bound, frame, node.span)


def _index_item(part: tree.Expression | tree.Slice, frame: Frame) -> Sequence[object]:
    """Return an index as the operation takes it: a number, a slice, or `...`."""
    if isinstance(part, tree.Dots):
        return (...,)
    if isinstance(part, tree.Slice):
        bounds = [None if b is None else _position(b, frame) for b in (part.lower, part.upper)]
        return (slice(*bounds),)
    return (_position(part, frame),)


def _position(node: tree.Expression, frame: Frame) -> int:
    found = frame.work.evaluate(node, frame)
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    raise frame.mistake(
        "E0404",
        "an index must be a whole number",
        node.span,
        f"this is {entity_text(found)}" if not is_static(found) else "",
        helps=("to pick by a tensor of positions:  gather(x, positions)",),
    )


def _some(frame: Frame) -> str:
    return next(iter(frame.scope.values()), "x")


def _refuse_callable(entity: Entity, node: tree.Expression, sign: str, frame: Frame) -> None:
    if is_static(entity) or isinstance(entity, Result):
        return
    if entity is NONE:
        raise no_value(node.span, frame, f"`{sign}` needs values")
    helps = (
        (
            help_with(
                "give it a value to work on, for example:",
                node.span,
                f"{entity.name}({_some(frame)})",
            ),
        )
        if isinstance(entity, Operator)
        else ()
    )
    raise frame.mistake(
        "E0403", f"`{sign}` needs values", node.span, f"this is {entity_text(entity)}", helps=helps
    )
