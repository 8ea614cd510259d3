"""What the parser cannot read on from, in the words of the language.

A slip is recognised by the token that does not fit, the tokens around it, the open bracket and the
section, never by the list of what the grammar expects there. The first function of SLIPS that knows
the place explains it.
"""

from __future__ import annotations

from collections.abc import Callable

from dslc.errors import Diagnostic
from dslc.syntax.mistakes import mistake, shown
from dslc.syntax.place import Place
from dslc.syntax.slips import (
    braces,
    expressions,
    imports,
    neighbours,
    numbers,
    operators,
    sections,
    several,
    statements,
    types,
)
from dslc.syntax.tokens import span_of

SLIPS: tuple[Callable[[Place], Diagnostic | None], ...] = (
    expressions.arrow_at_end,
    sections.misplaced,
    numbers.fraction,
    numbers.percent,
    numbers.grouped,
    numbers.size,
    numbers.digits,
    statements.assignment,
    statements.header,
    statements.returned,
    statements.listed,
    operators.foreign_operator,
    statements.reserved,
    statements.tuple_,
    statements.nameless,
    types.missing_type,
    statements.settings,
    expressions.comment,
    expressions.comma,
    imports.import_,
    expressions.after_arrow,
    expressions.unfinished,
    expressions.chained,
    expressions.strided,
    braces.foreign,
    braces.control,
    braces.first_branch,
    braces.branches,
    braces.missing_body,
    statements.comma_at_end,
    neighbours.juxtaposed,
    several.values,
    several.declared,
    statements.equals,
)


def explain(place: Place) -> Diagnostic:
    """Return what is wrong at the token that does not fit."""
    for slip in SLIPS:
        found = slip(place)
        if found is not None:
            return found
    return _unexpected(place)


def _unexpected(place: Place) -> Diagnostic:
    token, previous = place.token, place.previous
    span = span_of(place.source, token)
    if place.ends and previous is not None:
        message = f"this line ends too early, after {shown(previous)}"
        text = "something is missing behind it"
        return mistake("E0100", message, span_of(place.source, previous), text)
    if previous is None:
        message = f"no statement begins with {shown(token)}"
        return mistake("E0100", message, span, "not understood")
    message = f"{shown(token)} cannot follow {shown(previous)}"
    return mistake("E0100", message, span, "not understood from here on")
