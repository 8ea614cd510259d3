"""Laying out a diagnostic: as text with the source and its labels, or as data for JSON.

The text has no colour unless asked for, and never a control character of the source.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dslc.errors import Diagnostic, Label, Severity
from dslc.source import Source, Span

BOLD, RED, YELLOW, BLUE, GREEN = "1", "1;31", "1;33", "1;34", "1;32"
WIDEST_LINE = 160


@dataclass(frozen=True, slots=True)
class Mark:
    """A label on one line: columns count from 0, and `sign` is drawn under each of them."""

    start: int
    end: int
    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """How to draw: with colour or without, and the width of the line numbers."""

    colour: bool
    width: int

    def paint(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and text else text

    def margin(self, sign: str, number: str = "") -> str:
        return self.paint(f"{number:>{self.width}} {sign}", BLUE)


def render_all(diagnostics: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """Return several diagnostics as text, a blank line between two."""
    return "\n\n".join(render(diagnostic, colour=colour) for diagnostic in diagnostics)


def render(diagnostic: Diagnostic, *, colour: bool = False) -> str:
    """Return a diagnostic as text, without a line end behind its last line."""
    labels = (diagnostic.primary, *diagnostic.others)
    page = Page(colour, max(len(str(label.span.line)) for label in labels))
    lines = [_title(diagnostic, page)]
    for source in dict.fromkeys(label.span.source for label in labels):
        lines += _file(diagnostic, source, page)
    lines += [f"{page.margin('=')} {printable(fact)}" for fact in diagnostic.facts]
    for help_ in diagnostic.helps:
        lines += _help(help_, page)
    return "\n".join(line.rstrip() for line in lines)


def to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic as data: its own place, and `labels` with what is to be said of other places.

    Offsets count from 0 and the end is the first that is outside; lines and columns count from 1, in code points.
    """
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "place": _label_to_json(diagnostic.primary),
        "labels": [_label_to_json(label) for label in diagnostic.others],
        "facts": list(diagnostic.facts),
        "helps": list(diagnostic.helps),
    }


def _label_to_json(label: Label) -> dict[str, Any]:
    span = label.span
    return {
        "path": span.source.path,
        "start": span.start,
        "end": span.end,
        "line": span.line,
        "column": span.column,
        "end_line": span.source.line_of(span.end),
        "end_column": span.source.column_of(span.end),
        "text": label.text,
    }


def shortened(line: str) -> str:
    """Return a line of at most `WIDEST_LINE` characters."""
    return line if len(line) <= WIDEST_LINE else f"{line[: WIDEST_LINE - 4]} ..."


def printable(text: str) -> str:
    """Return `text` with a space for every tab and U+FFFD for every other control character."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in "\t\ufeff":
        return " "
    return (
        "\ufffd" if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") else character
    )


def _title(diagnostic: Diagnostic, page: Page) -> str:
    style = RED if diagnostic.severity is Severity.ERROR else YELLOW
    kind = page.paint(f"{diagnostic.severity.value}[{diagnostic.code}]", style)
    return f"{kind}{page.paint(': ' + printable(diagnostic.message), BOLD)}"


def _help(text: str, page: Page) -> list[str]:
    sentence, *code = text.split("\n")
    first = f"{page.paint('help', GREEN)}: {printable(sentence)}"
    return [first, *(f"{page.margin('|')} {printable(line)}" for line in code)]


def _file(diagnostic: Diagnostic, source: Source, page: Page) -> list[str]:
    """Return the lines of one source that have labels, the place above them."""
    is_primary = source is diagnostic.primary.span.source
    labels = [label for label in diagnostic.others if label.span.source is source]
    place = diagnostic.primary.span if is_primary else labels[0].span
    arrow = "-->" if is_primary else ":::"
    marks = _marks(diagnostic, source)
    lines = [
        f"{' ' * page.width}{page.paint(arrow, BLUE)} {printable(str(place))}",
        page.margin("|"),
    ]
    previous = None
    for number in sorted(marks):
        lines += _gap(source, previous, number, page)
        lines += _line(source, number, marks[number], page)
        previous = number
    return [*lines, page.margin("|")]


def _marks(diagnostic: Diagnostic, source: Source) -> dict[int, list[Mark]]:
    marks: dict[int, list[Mark]] = {}
    for label in (diagnostic.primary, *diagnostic.others):
        if label.span.source is source:
            sign = "^" if label is diagnostic.primary else "-"
            marks.setdefault(label.span.line, []).append(_mark(label.span, sign, label.text))
    return marks


def _mark(span: Span, sign: str, text: str) -> Mark:
    """Return where a span is drawn: on its first line, and at least one column wide."""
    start = span.column - 1
    end = min(start + span.end - span.start, len(span.source.line_text(span.line)))
    return Mark(start, max(end, start + 1), sign, text)


def _gap(source: Source, previous: int | None, number: int, page: Page) -> list[str]:
    """Return what stands between two shown lines: nothing, the one line between them, or dots."""
    if previous is None or number == previous + 1:
        return []
    if number == previous + 2:
        between = printable(source.line_text(previous + 1))[:WIDEST_LINE]
        return [f"{page.margin('|', str(previous + 1))} {between}"]
    return [page.paint("...", BLUE)]


def _line(source: Source, number: int, marks: list[Mark], page: Page) -> list[str]:
    """Return a line and, from the right to the left, its labels below it."""
    text = source.line_text(number)
    shift = 0
    if len(text) > WIDEST_LINE:
        shift = max(0, min(mark.start for mark in marks) - WIDEST_LINE // 2)
        text = text[shift : shift + WIDEST_LINE]
    lines = [f"{page.margin('|', str(number))} {printable(text)}"]
    for mark in sorted(marks, key=lambda mark: (mark.start, mark.end), reverse=True):
        lines.append(f"{page.margin('|')} {_drawn(text, mark, shift, page)}")
    return lines


def _drawn(text: str, mark: Mark, shift: int, page: Page) -> str:
    start, end = mark.start - shift, min(mark.end - shift, WIDEST_LINE)
    indent = " " * _columns(text[:start])
    signs = mark.sign * max(_columns(text[start:end]), 1)
    style = RED if mark.sign == "^" else BLUE
    words = f" {printable(mark.text)}" if mark.text else ""
    return indent + page.paint(signs + words, style)


def _columns(text: str) -> int:
    """Return how many columns of a terminal `text` takes."""
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
