"""What the stages of a row gave, for the facts of a failed shape check."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dslc.elaborate.scope import (
    Entity,
    Frame,
    Result,
)
from dslc.syntax import tree
from dslc.types import shape_text

WIDTH = 40

Stage = tuple[str | Callable[[], str], str, str]
"""What stands there, the shape it gives, how the shape comes about."""


def note(trace: list[Stage], node: tree.Expression, entity: Entity) -> None:
    """Remember what a stage gave."""
    if not isinstance(entity, Result) or isinstance(node, tree.List):
        return
    source = " ".join(node.span.text.split())
    call = entity.place.call if entity.place else None
    explain = getattr(call.operation, "explain", None) if call else None
    arithmetic = ""
    if explain is not None and call is not None:
        arithmetic = explain(tuple(value.type for value in call.inputs if value))
    shape = shape_text(entity.value.type.shape)
    trace.append(
        (source if len(source) <= WIDTH else f"{source[: WIDTH - 3]}...", shape, arithmetic)
    )


def note_flow(trace: list[Stage], flow: Entity | None, frame: Frame) -> None:
    """Remember what flows into a row; its name is looked up only where it is said."""
    if isinstance(flow, Result):
        trace.append((lambda: _name_of(flow, frame), shape_text(flow.value.type.shape), ""))


def _name_of(flow: Result, frame: Frame) -> str:
    visible = frame.scope.visible().items()
    names = (n for n, e in visible if isinstance(e, Result) and e.value is flow.value)
    return next(names, "the row above")


def lines(trace: Sequence[Stage]) -> list[str]:
    """Return the stages as aligned lines."""
    rows = [(n if isinstance(n, str) else n(), shape, how) for n, shape, how in trace]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    return [
        f"{name.ljust(widths[0])}  {shape.ljust(widths[1])}   {arithmetic}".rstrip()
        for name, shape, arithmetic in rows
    ]
