"""Edits that messages offer, put into the text they were made for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from dslc.errors import Diagnostic
from dslc.source import Source

ALIKE = 0.5
"""How much of a line an edit leaves as it is; a help that is less like any line is an example to be added."""


@dataclass(frozen=True)
class Applied:
    """An edit in its place: the text with it, and the lines that it became (the first, and the one behind the last)."""

    sentence: str
    source: Source
    lines: range


def edits_of(found: Diagnostic, source: Source) -> Iterator[Applied]:
    """Yield the text with each edit of a mistake: an edit takes the place of the marked line that it is most like."""
    for help_ in found.helps:
        sentence, *written = help_.split("\n")
        number = _line_of(written, found, source)
        if number is not None:
            lines = source.text.split("\n")
            lines[number - 1 : number] = written
            text = "\n".join(lines)
            where = range(number, number + len(written))
            yield Applied(sentence, Source(source.path, text), where)


def _line_of(written: list[str], found: Diagnostic, source: Source) -> int | None:
    """Return the number of the line that an edit is made of, None where it is none."""
    marked = {
        label.span.line for label in (found.primary, *found.others) if label.span.source is source
    }
    if not written or not marked:
        return None
    text = written[0]

    def likeness(number: int) -> float:
        line = source.line_text(number)
        same = _indent(line) == _indent(text)
        return SequenceMatcher(None, line.strip(), text.strip()).ratio() if same else 0.0

    best = max(sorted(marked), key=likeness)
    return best if likeness(best) >= ALIKE else None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
