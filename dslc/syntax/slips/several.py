"""Slips of statements that name several things at once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dslc.errors import Diagnostic
from dslc.source import Span
from dslc.syntax.mistakes import edit, mistake
from dslc.syntax.place import Place
from dslc.syntax.slips.statements import line_from
from dslc.syntax.tokens import span_of


def values(place: Place) -> Diagnostic | None:
    """`a, b = x, y`"""
    head = place.tokens[place.start : place.at]
    signs = [index for index, token in enumerate(head) if token in ("=", ":")]
    if place.token != "," or place.opener != "{" or len(signs) != 1 or place.section != "stack":
        return None
    word = f"{head[0]} " if head[0].type == "OUTPUT" else ""
    names = [str(token) for token in head[: signs[0]] if token.type == "NAME"]
    first = span_of(place.source, place.first)
    line = line_from(place, first).partition("#")[0].rstrip(" }")
    given = [value.strip() for value in line.partition(str(head[signs[0]]))[2].split(",")]
    span = span_of(place.source, place.token)
    helps = []
    if len(names) == len(given) and all(given):
        rows = [f"{word}{name} = {value}" for name, value in zip(names, given, strict=True)]
        helps = [_lines(first, line, rows)]
    message = f"one value stands right of `{head[signs[0]]}`"
    return mistake("E0112", message, span, "a second one begins here", *helps)


DECLARED = re.compile(r"(param|layer)\s+(\w+(?:\s*,\s*\w+)+)\s*([:=].*\S)")


def declared(place: Place) -> Diagnostic | None:
    """`param a, b: float32[3] = zeros`, `layer a, b = Linear(3)`"""
    word, first = place.first, span_of(place.source, place.first)
    if word.type not in ("PARAM", "LAYER") or place.token != "," or place.at != place.start + 2:
        return None
    line = line_from(place, first).partition("#")[0].rstrip(" }")
    found = DECLARED.fullmatch(line)
    helps = []
    if found is not None:
        names = [name.strip() for name in found[2].split(",")]
        behind = found[3] if found[3].startswith(":") else f" {found[3]}"
        helps = [_lines(first, line, [f"{word} {name}{behind}" for name in names])]
    message = f"a `{word}` line declares one name"
    return mistake("E0112", message, span_of(place.source, place.token), "a second one", *helps)


def _lines(first: Span, line: str, rows: Sequence[str]) -> str:
    """Return the edit that puts rows in place of the line that begins at `first`."""
    indent = " " * (first.column - 1)
    whole = Span(first.source, first.start, first.start + len(line))
    return edit("give each its own line:", whole, f"\n{indent}".join(rows))
