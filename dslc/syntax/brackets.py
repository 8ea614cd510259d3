"""What is said of brackets that do not fit."""

from __future__ import annotations

from lark import Token

from dslc.errors import Diagnostic, Label
from dslc.source import Source, Span
from dslc.syntax.mistakes import edit, mistake
from dslc.syntax.tokens import span_of

CLOSING = {"(": ")", "[": "]", "{": "}"}
OPENING = {")": "(", "]": "[", "}": "{"}


def closes_nothing(source: Source, closer: Token) -> Diagnostic:
    """Say that no bracket is open that `closer` could close."""
    span = span_of(source, closer)
    text = f"no `{OPENING[closer]}` is open here"
    help_ = edit("delete it:", span, "")
    return mistake("E0101", f"this `{closer}` closes nothing", span, text, help_)


def mismatched(source: Source, opener: Token, closer: Token) -> Diagnostic:
    """Say that a bracket of one kind is closed by one of another."""
    span = span_of(source, closer)
    needed = CLOSING[opener]
    others = (Label(span_of(source, opener), "opened here"),)
    help_ = edit("close it first:", span, f"{needed}{closer}")
    message = f"`{opener}` is closed by `{closer}`"
    return mistake("E0101", message, span, f"`{needed}` belongs here", help_, others=others)


def round_unclosed(
    source: Source, opener: Token, last: Token, following: Token | None
) -> Diagnostic:
    """Say that a `(` or `[` is never closed; `following` begins something new behind `last`."""
    span, end = span_of(source, opener), span_of(source, last)
    others = []
    if following is not None and span_of(source, following).line > span.line:
        others.append(Label(span_of(source, following), "this line begins something new"))
    arrow = source.text.find(" ->", span.end, end.end)
    if span.line == end.line and arrow >= 0:
        help_ = edit(
            "close it, for example in front of the arrow:",
            Span(source, arrow, arrow),
            CLOSING[opener],
        )
    else:
        sentence = f"close it, for example at the end of line {end.line}:"
        help_ = edit(sentence, Span(source, end.end, end.end), CLOSING[opener])
    message = f"this `{opener}` is never closed"
    return mistake("E0101", message, span, "opened here", help_, others=others)


def brace_unclosed(
    source: Source, opener: Token, last: Token, following: Token | None
) -> Diagnostic:
    """Say that a `{` is never closed; `following` cannot stand inside it, and None is the end of the file."""
    others = []
    if following is not None:
        text = f"`{following}` can only stand outside a net, so a `}}` is missing above"
        others.append(Label(span_of(source, following), text))
    help_ = f"add a line with }} after line {span_of(source, last).line}"
    span = span_of(source, opener)
    return mistake("E0101", "this `{` is never closed", span, "opened here", help_, others=others)


def brace_missing(source: Source, word: Token, last: Token) -> Diagnostic:
    """Say that the head of a net, a block or a train section has no brace behind `last`."""
    span = span_of(source, last)
    place = span if last == ":" else Span(source, span.end, span.end)
    message = f"the brace of this {word} is missing"
    text = "`{` belongs at the end of this line"
    return mistake("E0109", message, place, text, edit("write it so:", place, " {"))
