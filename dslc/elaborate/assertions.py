"""`check` lines: what a net or block says about itself, held against what it is given and what it has become."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dslc.dims import Expression
from dslc.elaborate.places import owned
from dslc.elaborate.scope import (
    Definition,
    Frame,
    MistakeError,
    PoisonedError,
    Scope,
)
from dslc.elaborate.static import is_static
from dslc.errors import Severity
from dslc.syntax import tree
from dslc.types import text

COUNT = "parameters"
"""What a `check` line calls the number of weights."""


def check_header(definition: Definition, frame: Frame) -> None:
    """Hold the `check` lines about numbers of the header before the rows are read, which would only repeat it.

    Errors: E0509 for the first one that does not hold; E0313 where it is about a free dimension.
    """
    if not frame.work.checks:
        return
    for node in definition.node.body.statements:
        if isinstance(node, tree.Check) and _is_known(node.condition, frame):
            _refuse_free(node.condition, frame)
            needed = " ".join(node.condition.span.text.split())
            _hold(node, frame, f"`{definition.name}` needs {needed}")


def run_checks(frame: Frame) -> None:
    """Hold the `check` lines of a net or block against what it has become, unless parts of it failed."""
    if not frame.work.checks or any(
        one.severity is Severity.ERROR for one in frame.work.diagnostics
    ):
        return
    count = sum(one.type.size for one in owned(frame.place) if not one.statistic)
    scope = Scope(frame.module, frame.scope, {COUNT: count})
    for node in frame.checks:
        try:
            _hold(node, replace(frame, scope=scope), "this check does not hold")
        except MistakeError as mistake:
            frame.work.report(mistake.diagnostic)
        except PoisonedError:
            pass


def _hold(node: tree.Check, frame: Frame, message: str) -> None:
    found = frame.work.evaluate(node.condition, frame)
    if found is True:
        return
    if found is not False:
        raise frame.mistake("E0404", "a check must be true or false", node.condition.span)
    worth = {name: frame.scope.find(name) for name in _names(node.condition)}
    shown = [f"{name} = {text(value)}" for name, value in worth.items() if is_static(value)]
    counted = "every weight counts, frozen ones too; running statistics do not"
    raise frame.mistake(
        "E0509",
        message,
        node.condition.span,
        ", ".join(shown),
        facts=(counted,) if COUNT in worth else (),
    )


def _is_known(condition: tree.Expression, frame: Frame) -> bool:
    """Tell whether a condition is about numbers that the header gives."""
    return all(
        name != COUNT and isinstance(frame.scope.names.get(name), int | float | Expression)
        for name in _names(condition)
    )


def _refuse_free(condition: tree.Expression, frame: Frame) -> None:
    """Say that a size must be known where a check is about it (E0313)."""
    for name in _names(condition):
        if isinstance(frame.scope.names[name], Expression):
            raise frame.mistake(
                "E0313",
                f"a check needs the number that `{name}` is",
                condition.span,
                f"{frame.scope.names[name]} is free: its size is not known",
            )


def _names(node: tree.Node) -> Iterator[str]:
    """Yield the names that an expression reads, without those it calls."""
    if isinstance(node, tree.Name):
        yield node.text
    called = node.function if isinstance(node, tree.Call) else None
    for child in node.children():
        if child is not called:
            yield from _names(child)
