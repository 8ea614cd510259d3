"""Foreign spellings: one message for all of a line, with the line as it should be."""

from __future__ import annotations

import re
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
    facts = first.facts
    if any(_dropped(label) for label in labels):
        facts = (*facts, "how much comes in follows from the value and is not written")
    return Diagnostic(CODE, message, labels[0], tuple(labels[1:]), facts, helps)


def _mended(labels: list[Label]) -> str:
    span = labels[0].span
    line = span.source.line_text(span.line)
    for label in reversed(labels):
        start = label.span.column - 1
        end = start + len(label.span.text)
        rest = line[end:]
        dropped = _dropped(label)
        if dropped:
            rest = ("(" if rest[dropped - 1] != ")" else "") + rest[dropped:]
        line = line[:start] + label.text.strip("`") + rest
    return line


INPUTS_FIRST = re.compile(r"(Conv|ConvTranspose)[123]d")
"""Layers of PyTorch whose first number is that of the input channels; the third positional one is the kernel."""

FEATURES_FIRST = re.compile(r"Linear|RNN|LSTM|GRU")
"""Layers of PyTorch whose first number is that of the input features, the second that of the units."""

INPUTS_ONLY = re.compile(r"(BatchNorm|InstanceNorm)[123]d")


def _dropped(label: Label) -> int:
    """Return how many characters behind a name only say how many channels come in."""
    span = label.span
    rest = span.source.line_text(span.line)[span.column - 1 + len(span.text) :]
    name = span.text.rpartition(".")[2]
    if INPUTS_FIRST.fullmatch(name):
        found = re.match(r"\(\s*\w+\s*,\s*(?=\w+\s*,\s*\w+\s*[,)])", rest)
    elif FEATURES_FIRST.fullmatch(name):
        found = re.match(r"\(\s*\w+\s*,\s*(?=\w+\s*[,)])", rest)
    elif INPUTS_ONLY.fullmatch(name):
        found = re.match(r"\(\s*\w+\s*\)", rest)
    else:
        found = None
    return found.end() if found else 0
