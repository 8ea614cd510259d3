"""Foreign spellings: one message for all of a line, with the line as it should be."""

from __future__ import annotations

from collections.abc import Iterable

from dslc.errors import Diagnostic, Label
from dslc.source import Source

CODE = "E0202"


def spellings_joined(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the diagnostics with those of foreign spellings joined by lines."""
    lines: dict[tuple[Source, int], list[Diagnostic]] = {}
    rest = []
    for diagnostic in diagnostics:
        span = diagnostic.primary.span
        if diagnostic.code == CODE:
            lines.setdefault((span.source, span.line), []).append(diagnostic)
        else:
            rest.append(diagnostic)
    return [*rest, *(_joined(found) for found in lines.values())]


def _joined(found: list[Diagnostic]) -> Diagnostic:
    """Return one diagnostic for the spellings of a line; the edit replaces each by its label."""
    labels = sorted((one.primary for one in found), key=lambda label: label.span.start)
    first = min(found, key=lambda one: one.primary.span.start)
    names = [f"`{label.span.text}`" for label in labels]
    message = first.message
    if len(names) > 1:
        message = f"{', '.join(names[:-1])} and {names[-1]} are spelled otherwise here"
    helps = (f"{first.helps[0]}:\n{_mended(labels)}", *first.helps[1:])
    return Diagnostic(CODE, message, labels[0], tuple(labels[1:]), first.facts, helps)


def _mended(labels: list[Label]) -> str:
    span = labels[0].span
    line = span.source.line_text(span.line)
    for label in reversed(labels):
        start = label.span.column - 1
        line = line[:start] + label.text.strip("`") + line[start + len(label.span.text) :]
    return line
