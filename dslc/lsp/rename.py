"""Renaming: every use of a name and nothing else, judged by reading the text again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from lsprotocol.types import TextEdit, WorkspaceEdit

from dslc.errors import DslcError, Severity
from dslc.lsp.analysis import Analysis, analyse
from dslc.lsp.documents import Folder, uri_of
from dslc.lsp.positions import Positions
from dslc.lsp.symbols import Index, Symbol, Use
from dslc.source import Source, Span
from dslc.syntax.words import RESERVED

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Edit = tuple[Span, str]


class RenameError(DslcError):
    """The name cannot be changed so; the message says why."""


def renamable(analysis: Analysis, offset: int) -> Use:
    """Return the use at an offset. Errors: RenameError where nothing can be renamed."""
    if analysis.syntax:
        raise RenameError("this file has mistakes: mend them before a name is changed")
    use = analysis.index.at(offset) if analysis.index is not None else None
    if use is None:
        raise RenameError("only names that a file defines can be changed")
    if use.symbol.source is not analysis.source:
        path = use.symbol.source.path
        raise RenameError(f"`{use.symbol.name}` is defined in {path}: change its name there")
    return use


def rename(analysis: Analysis, offset: int, name: str) -> WorkspaceEdit:
    """Return the edits that give the name at an offset another name, here and in the specs that import it.

    Errors: RenameError where the name is taken or could not be a name, or where the file would mean something else.
    """
    use = renamable(analysis, offset)
    if not NAME.fullmatch(name):
        raise RenameError(f"`{name}` is not a name: letters, digits and _")
    if name in RESERVED:
        raise RenameError(f"`{name}` is a word of the language")
    assert analysis.index is not None
    edits = edits_of(analysis.index, use.symbol, name)
    _judge(analysis, edits, name)
    changes = {analysis.folder.uri: _text_edits(edits, analysis.positions)}
    for other in _importers(analysis):
        assert other.index is not None
        found = edits_of(other.index, _same(use.symbol, other.index, analysis), name)
        if found:
            changes[other.folder.uri] = _text_edits(found, other.positions)
    return WorkspaceEdit(changes=changes)


def edits_of(index: Index, symbol: Symbol | None, name: str) -> list[Edit]:
    """Return what is written at every use of a symbol when it is called `name`."""
    return [(use.span, use.renamed(name)) for use in index.uses if use.symbol is symbol]


def applied(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with its edits made."""
    for span, new in sorted(edits, key=lambda edit: edit[0].start, reverse=True):
        text = text[: span.start] + new + text[span.end :]
    return text


def _judge(analysis: Analysis, edits: Sequence[Edit], name: str) -> None:
    """Read the file as it would be: the same names must mean the same things, and no mistake be new."""
    text = applied(analysis.source.text, edits)
    source = Source(analysis.source.path, text)
    after = analyse(source, Positions(text, analysis.positions.encoding), analysis.folder)
    known = {one.code for one in analysis.diagnostics}
    for one in after.diagnostics:
        if one.severity is Severity.ERROR and one.code not in known:
            raise RenameError(f"`{name}` does not do: {one.message}")
    assert analysis.index is not None
    if after.index is None or _pattern(after.index) != _pattern(analysis.index):
        raise RenameError(f"`{name}` means something else here already")


def _pattern(index: Index) -> list[int]:
    """Return which uses mean the same: for each, the number of its symbol in order of appearance."""
    numbers: dict[Symbol, int] = {}
    return [numbers.setdefault(use.symbol, len(numbers)) for use in index.uses]


def _importers(analysis: Analysis) -> Iterator[Analysis]:
    """Yield the other specs of the folder that import this one, as they are now.

    Errors: RenameError where one of them has mistakes of the syntax: its uses are not known.
    """
    folder = Folder(analysis.folder.uri, analysis.folder.open_text)
    for path in folder.neighbours():
        try:
            source = folder.source(path.name, analysis.source.path)
        except OSError:
            continue
        if folder.path is None or folder.path.name not in source.text:
            continue
        around = folder.beside(uri_of(str(path)))
        other = analyse(source, Positions(source.text, analysis.positions.encoding), around)
        if other.syntax or other.index is None:
            raise RenameError(f"{path.name} mentions this file and has mistakes: mend them first")
        yield other


def _same(symbol: Symbol, index: Index, analysis: Analysis) -> Symbol | None:
    """Return the symbol as another file sees it, by the place of its definition."""
    for use in index.uses:
        span = use.symbol.span
        if span.source.path == analysis.source.path and span.start == symbol.span.start:
            return use.symbol
    return None


def _text_edits(edits: Iterable[Edit], positions: Positions) -> list[TextEdit]:
    return [TextEdit(positions.range(span), new) for span, new in edits]
