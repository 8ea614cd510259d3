"""`check` lines: what a net says about itself, held against what it has become."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dslc.elaborate.places import owned
from dslc.elaborate.scope import (
    Frame,
    MistakeError,
    PoisonedError,
    Scope,
)
from dslc.errors import Severity
from dslc.syntax import tree


def run_checks(frame: Frame) -> None:
    """Hold the `check` lines of a net or block against what it has become, unless parts of it failed."""
    if not frame.work.checks or any(
        one.severity is Severity.ERROR for one in frame.work.diagnostics
    ):
        return
    count = sum(one.type.size for one in owned(frame.place) if not one.statistic)
    scope = Scope(frame.module, frame.scope, {"parameters": count})
    for node in frame.checks:
        try:
            _hold(node, replace(frame, scope=scope), count)
        except MistakeError as mistake:
            frame.work.report(mistake.diagnostic)
        except PoisonedError:
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
