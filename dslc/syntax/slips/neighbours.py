"""Things that stand side by side with nothing between them."""

from __future__ import annotations

from dslc.errors import Diagnostic
from dslc.source import Span
from dslc.syntax import words
from dslc.syntax.mistakes import edit, edited, mistake, shown
from dslc.syntax.place import CLOSERS, OPENERS, Place
from dslc.syntax.tokens import span_of

LISTING = frozenset({"FREEZE", "GROUP", "OUTPUT", "INPUT", "TARGET", "IMPORT"})
"""Statements that list names."""


def juxtaposed(place: Place) -> Diagnostic | None:
    """Two values with nothing between them: a missing comma, or two statements on a line."""
    previous, token = place.previous, place.token
    if previous is None or not words.ends_operand(previous):
        return None
    if not (
        words.begins_operand(token)
        or token in ("(", "[")
        or token.type.lower() in words.STATEMENT_WORDS
    ):
        return None
    gap = Span(
        place.source, span_of(place.source, previous).end, span_of(place.source, token).start
    )
    span = span_of(place.source, token)
    if token == "if" and place.opener is not None and place.opener in ("(", "["):
        help_ = "make the number a hyper-parameter, which `--set` changes:  net Classifier(units=10) { }"
        return mistake("E0100", "`if` chooses rows, not numbers", span, "not inside a call", help_)
    if place.opener is not None and place.opener in ("(", "["):
        message = f"a comma is missing between {shown(previous)} and {shown(token)}"
        behind = Span(place.source, gap.start, gap.start)
        return mistake(
            "E0108",
            message,
            span,
            "write a comma in front of it",
            f"write it so:\n{edited(behind, ',')}",
        )
    if previous.type == "NAME" and token.type in words.LITERALS | {"TRUE", "FALSE"}:
        return _without_brackets(place, gap)
    if previous == "output" and place.before == "->" and token.type == "NAME":
        return _output_at_end(place)
    if place.first.type in LISTING and place.at > place.start + 1 and token.type == "NAME":
        behind = Span(place.source, gap.start, gap.start)
        message = f"a comma is missing between {shown(previous)} and {shown(token)}"
        help_ = edit("write it so:", behind, ",")
        return mistake("E0108", message, span, "write a comma in front of it", help_)
    if place.at == place.start + 1 and previous.type == "NAME" and token.type == "NAME":
        help_ = edit("if it is the label of the row, a colon follows:", gap, ": ")
        message = f"{shown(previous)} and {shown(token)} stand side by side"
        return mistake(
            "E0107", message, span, "a sign or a line end is missing in front of it", help_
        )
    indent = " " * (
        place.source.line_text(span.line).find(place.source.line_text(span.line).lstrip()[:1])
    )
    helps = [edit("give each its own line:", gap, f"\n{indent}")]
    if (token.type == "NAME" and place.following is None) or place.following in ("(", "->"):
        helps.insert(0, edit("to pass the value on, write an arrow:", gap, " -> "))
    return mistake("E0107", "two statements on one line", span, "a new line begins here", *helps)


def _output_at_end(place: Place) -> Diagnostic:
    """`Linear(10) -> output logits`"""
    first, word = (
        span_of(place.source, place.first),
        span_of(place.source, place.tokens[place.at - 1]),
    )
    arrow = span_of(place.source, place.tokens[place.at - 2])
    row = Span(place.source, first.start, arrow.start).text.rstrip()
    whole = first.to(span_of(place.source, place.token))
    sign = "" if place.tokens[place.start + 1] in (":", "=") else f"{place.token}: "
    help_ = edit("write it so:", whole, f"output {sign}{row}")
    return mistake("E0111", "`output` begins a line", word, "not its end", help_)


def _without_brackets(place: Place, gap: Span) -> Diagnostic:
    """`Linear 4`, `Conv 64, 3x3 -> relu`"""
    tokens, stop, depth = place.tokens, place.at, 0
    while tokens[stop].type not in ("_END", "$END") and tokens[stop] != "->":
        depth += (tokens[stop] in OPENERS) - (tokens[stop] in CLOSERS)
        if depth < 0:
            break
        stop += 1
    given = span_of(place.source, place.token).to(span_of(place.source, tokens[stop - 1]))
    help_ = edit("write it so:", Span(gap.source, gap.start, given.end), f"({given.text})")
    name = tokens[place.at - 1]
    message = f"{shown(name)} and {shown(place.token)} stand side by side"
    return mistake("E0107", message, given, "what a call is given stands in round brackets", help_)
