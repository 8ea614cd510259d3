"""Mistakes as an editor shows them: a range, a text, and the other places that matter."""

from __future__ import annotations

from lsprotocol.types import (
    Diagnostic as Problem,
)
from lsprotocol.types import (
    DiagnosticRelatedInformation,
    DiagnosticSeverity,
    DiagnosticTag,
    Location,
    Range,
)

from dslc import std
from dslc.errors import Diagnostic, Label, Severity
from dslc.lsp.analysis import Analysis
from dslc.lsp.documents import uri_of
from dslc.lsp.positions import Positions
from dslc.source import Span
from dslc.syntax import tree

UNUSED = ("W0207", "W0212")


def problems_of(analysis: Analysis) -> list[Problem]:
    """Return every mistake of a text."""
    return [_problem(one, analysis) for one in analysis.diagnostics]


def _problem(diagnostic: Diagnostic, analysis: Analysis) -> Problem:
    span = diagnostic.primary.span
    others = diagnostic.others
    if span.source is not analysis.source:
        others = (diagnostic.primary, *others)
    is_error = diagnostic.severity is Severity.ERROR
    return Problem(
        range=_range(span, analysis),
        message=text_of(diagnostic),
        severity=DiagnosticSeverity.Error if is_error else DiagnosticSeverity.Warning,
        code=diagnostic.code,
        source="dslc",
        tags=[DiagnosticTag.Unnecessary] if diagnostic.code in UNUSED else None,
        related_information=[_related(label, analysis) for label in others] or None,
    )


def text_of(diagnostic: Diagnostic) -> str:
    """Return what a mistake says, without its places: message, label, facts and helps."""
    lines = [diagnostic.message]
    if diagnostic.primary.text:
        lines.append(diagnostic.primary.text)
    lines += diagnostic.facts
    for text in diagnostic.helps:
        first, *code = text.split("\n")
        lines += [f"help: {first}", *(f"    {line}" for line in code)]
    return "\n".join(lines)


def location(span: Span, analysis: Analysis) -> Location:
    """Return the address of a span of any file."""
    if span.source is analysis.source:
        return Location(analysis.folder.uri, analysis.positions.range(span))
    positions = Positions(span.source.text, analysis.positions.encoding)
    path = std.place_of(span.source.path) or span.source.path
    return Location(uri_of(str(path)), positions.range(span))


def _related(label: Label, analysis: Analysis) -> DiagnosticRelatedInformation:
    return DiagnosticRelatedInformation(location(label.span, analysis), label.text or "here")


def _range(span: Span, analysis: Analysis) -> Range:
    """Return the range of a mistake; one in an imported file shows at the import."""
    positions = analysis.positions
    if span.source is analysis.source:
        return _visible(span, positions)
    for item in analysis.file.items if analysis.file else ():
        if isinstance(item, tree.Import) and _imports(item, span, analysis):
            return positions.range(item.path.span)
    imports = (
        [item for item in analysis.file.items if isinstance(item, tree.Import)]
        if analysis.file
        else []
    )
    return positions.range(imports[0].path.span if imports else Span(analysis.source, 0, 0))


def _imports(item: tree.Import, span: Span, analysis: Analysis) -> bool:
    if std.is_shipped(item.path.value):
        return item.path.value == span.source.path
    path = analysis.folder.resolved(item.path.value, analysis.source.path)
    return str(path) == span.source.path


def _visible(span: Span, positions: Positions) -> Range:
    """Return a range of at least one character where the text has one there."""
    if span.start == span.end and span.start < len(positions.text):
        character = positions.text[span.start]
        return positions.range(Span(span.source, span.start, span.end + (character not in "\r\n")))
    return positions.range(span)
