"""Where a name is defined, and everywhere it is meant."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol.types import Location, Position, Range

from dslc.lsp.analysis import Analysis
from dslc.lsp.documents import uri_of
from dslc.lsp.hover import ANYTHING
from dslc.lsp.library import first_entry
from dslc.lsp.nodes import way_to
from dslc.lsp.problems import location
from dslc.syntax import tree


def definition(analysis: Analysis, offset: int) -> list[Location]:
    """Return where the name at an offset is defined: in this file, another one, or the class of a layer."""
    use = analysis.index.at(offset) if analysis.index is not None else None
    if use is not None:
        return [location(span, analysis) for span in use.symbol.definitions]
    return list(_elsewhere(analysis, offset))


def references(analysis: Analysis, offset: int) -> list[Location]:
    """Return every place in this file where the name at an offset is meant."""
    index = analysis.index
    use = index.at(offset) if index is not None else None
    if index is None or use is None:
        return []
    return [location(one.span, analysis) for one in index.of(use.symbol)]


def _elsewhere(analysis: Analysis, offset: int) -> Iterator[Location]:
    """Yield the imported file, or the source of what the library defines."""
    for node in way_to(analysis.file, offset) if analysis.file is not None else ():
        if isinstance(node, tree.Import) and node.path.span.start <= offset <= node.path.span.end:
            path = analysis.folder.resolved(node.path.value, analysis.source.path)
            if path is not None and path.exists():
                yield Location(uri_of(str(path)), _line(0))
        elif isinstance(node, tree.Name):
            yield from _class(node.text)
        elif isinstance(node, tree.Default) and offset <= node.name.span.end:
            yield from _class(node.name.text)


def _class(name: str) -> Iterator[Location]:
    entry = first_entry(name, ANYTHING)
    place = entry.place() if entry else None
    if place is not None:
        yield Location(uri_of(str(place[0])), _line(place[1]))


def _line(line: int) -> Range:
    return Range(Position(line, 0), Position(line, 0))
