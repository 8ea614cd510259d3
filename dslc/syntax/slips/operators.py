"""Operators of other languages that are made of signs of ours."""

from __future__ import annotations

from dslc.errors import Diagnostic
from dslc.source import Span
from dslc.syntax.literals import adjacent
from dslc.syntax.mistakes import between, edit, mistake
from dslc.syntax.place import Place

COUNTING = "values do not change; a result gets a new name"
# signs: (what to write, the sentence)
FOREIGN: dict[str, tuple[str | None, str]] = {
    "++": ("+", "`++` is not an operator; lists of channels are joined with `concat`"),
    "+=": (None, f"`+=` is not a sign of the language: {COUNTING}"),
    "-=": (None, f"`-=` is not a sign of the language: {COUNTING}"),
    "*=": (None, f"`*=` is not a sign of the language: {COUNTING}"),
    "/=": (None, f"`/=` is not a sign of the language: {COUNTING}"),
    "||": ("or", "`||` is not an operator; conditions are joined with `or`"),
    "<>": ("!=", "`<>` is not an operator; unequal is written `!=`"),
    "=>": ("->", "the arrow is written `->`"),
    "|>": ("->", "the arrow is written `->`"),
    ">>": ("->", "`>>` is not an operator; the arrow is written `->`"),
    "<<": (None, "`<<` is not an operator"),
    "*+": (None, "two operators stand side by side"),
    "+*": (None, "two operators stand side by side"),
    "..": (None, "`..` is not an operator; whole ranges are written `range(n)`"),
    "::": (None, "`::` is not an operator; parts are named with a dot, and a slice has no step"),
    "!==": ("!=", "`!==` is not an operator; unequal is written `!=`"),
    "===": ("==", "`===` is not an operator; equal is written `==`"),
}


def foreign_operator(place: Place) -> Diagnostic | None:
    """Explain two signs in a row that another language has as one."""
    for first, second in ((place.previous, place.token), (place.token, place.following)):
        if first is None or second is None or not adjacent(first, second):
            continue
        signs = f"{first}{second}"
        known = FOREIGN.get(signs)
        if known is not None:
            return _explained(between(place.source, first, second), *known)
    return None


def _explained(span: Span, replacement: str | None, message: str) -> Diagnostic:
    if replacement is None:
        return mistake("E0102", message, span, "not an operator")
    help_ = edit("write it so:", span, replacement)
    return mistake("E0102", message, span, f"write {replacement}", help_)
