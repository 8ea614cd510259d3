"""Making diagnostics of syntax: labels at tokens, and edits as whole lines that can be pasted."""

from __future__ import annotations

from collections.abc import Iterable

from lark import Token

from dslc.errors import Diagnostic, Label
from dslc.source import Source, Span
from dslc.syntax.tokens import span_of


def mistake(
    code: str,
    message: str,
    span: Span,
    text: str,
    *helps: str,
    others: Iterable[Label] = (),
    facts: Iterable[str] = (),
) -> Diagnostic:
    """Return a diagnostic at `span`."""
    return Diagnostic(code, message, Label(span, text), tuple(others), tuple(facts), tuple(helps))


def between(source: Source, first: Token, last: Token) -> Span:
    """Return the span from the beginning of `first` to the end of `last`."""
    return span_of(source, first).to(span_of(source, last))


def edited(span: Span, replacement: str) -> str:
    """Return the line that holds `span` with the span replaced; further lines when that has any."""
    line = span.source.line_text(span.line)
    start = span.column - 1
    end = min(start + span.end - span.start, len(line))
    return line[:start] + replacement + line[end:]


def edit(sentence: str, span: Span, replacement: str) -> str:
    """Return a help: the sentence, and below it the line as it should be."""
    return f"{sentence}\n{edited(span, replacement).rstrip()}"


def shown(token: Token) -> str:
    """Return a token as messages quote it."""
    if token.type in ("_END", "$END"):
        return "the end of the line" if token.type == "_END" else "the end of the file"
    text = str(token)
    return f"`{text if len(text) <= 40 else text[:37] + '...'}`"
