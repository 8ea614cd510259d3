"""All that is known of one text: its tree, its names, its mistakes, and what every row has become."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from dslc.elaborate.elaborate import elaborate
from dslc.elaborate.notes import Notes
from dslc.elaborate.sections import section_names
from dslc.elaborate.warnings import common_warnings
from dslc.errors import CompileError, Diagnostic, Severity
from dslc.lsp.documents import Folder
from dslc.lsp.index import index_of
from dslc.lsp.positions import Positions
from dslc.lsp.symbols import Index
from dslc.network.network import Network
from dslc.source import Source
from dslc.syntax import tree
from dslc.syntax.holes import with_holes
from dslc.syntax.parser import parse_partly

log = logging.getLogger(__name__)

NO_NET = "E0506"


@dataclass(eq=False)
class Analysis:
    """What is known of a text. `file` is what could be read of it, None where nothing could."""

    source: Source
    positions: Positions
    folder: Folder
    file: tree.File | None = None
    syntax: tuple[Diagnostic, ...] = ()
    """The mistakes for which parts of the text could not be read."""
    diagnostics: tuple[Diagnostic, ...] = ()
    index: Index | None = None
    notes: Notes = field(default_factory=Notes)
    network: Network | None = None
    """The net that would be compiled, where it has no mistakes."""

    def is_broken(self, node: tree.Node) -> bool:
        """Tell whether a mistake of the syntax stands inside a node."""
        return any(
            node.span.start <= place <= node.span.end for place in _places(self.syntax, self.source)
        )


def analyse(source: Source, positions: Positions, folder: Folder) -> Analysis:
    """Read, index and elaborate a text. Never raises: what cannot be known is left out."""
    found = Analysis(source, positions, folder)
    for step in (_read, _index, _elaborate):
        try:
            step(found)
        except CompileError as error:
            found.diagnostics = error.diagnostics
            return found
        except Exception:
            log.exception("%s of %s failed", step.__name__, source.path)
    return found


def _read(found: Analysis) -> None:
    try:
        found.file, mistakes = parse_partly(found.source)
    except CompileError as error:
        found.syntax = error.diagnostics
        raise
    found.syntax = found.diagnostics = tuple(mistakes)


def _index(found: Analysis) -> None:
    if found.file is not None:
        found.index = _indexed(found.file, found.folder, (found.source.path,))


def _indexed(file: tree.File, folder: Folder, way: tuple[str, ...]) -> Index:
    """Return the names of a file and of what it imports; `way` are the files on the way to it."""
    known: dict[str, Index | None] = {}

    def load(written: str) -> Index | None:
        if written not in known:
            other = folder.partly(written, file.source.path)
            circular = other is None or other.source.path in way
            known[written] = (
                None
                if other is None or circular
                else _indexed(other, folder, (*way, other.source.path))
            )
        return known[written]

    return index_of(file, load)


def _elaborate(found: Analysis) -> None:
    """Elaborate every net, the one that training is for last. After a mistake of the syntax only for its notes."""
    if found.file is None:
        return
    file = with_holes(found.file, _places(found.syntax, found.source))
    mistakes: list[Diagnostic] = []
    for one, name in _nets(file):
        mistakes += _mistakes(one, name, found)
    if not found.syntax:
        found.diagnostics = _once(mistakes)


def _nets(file: tree.File) -> Iterator[tuple[tree.File, str | None]]:
    """Yield the file once for every net but the last, without its train section; then the file."""
    nets = [item for item in file.items if isinstance(item, tree.Net)]
    without = tuple(item for item in file.items if not isinstance(item, tree.Train))
    for net in nets[:-1]:
        yield replace(file, items=without), net.name.text
    yield file, None


def _mistakes(file: tree.File, name: str | None, found: Analysis) -> Sequence[Diagnostic]:
    """Elaborate one net with each of its train sections; return its mistakes and, of the last one, its warnings."""
    folder = found.folder
    mistakes: list[Diagnostic] = []
    networks: list[Network] = []
    for section in (section_names(file) if name is None else ()) or (None,):
        try:
            networks.append(
                elaborate(
                    file,
                    load=folder.file if folder.path is not None else None,
                    net=name,
                    section=section,
                    notes=found.notes,
                )
            )
        except CompileError as error:
            is_library = any(isinstance(item, tree.Block) for item in file.items) or not file.items
            mistakes += [d for d in error.diagnostics if not (d.code == NO_NET and is_library)]
    if mistakes or not networks or name is not None:
        return mistakes
    found.network = networks[0]
    return common_warnings(networks)


def _places(mistakes: Sequence[Diagnostic], source: Source) -> list[int]:
    return [one.primary.span.start for one in mistakes if one.primary.span.source is source]


def _once(mistakes: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the mistakes without repetitions, errors first where two stand at one place."""
    kept: dict[tuple[str, Source, int, int], Diagnostic] = {}
    for one in mistakes:
        span = one.primary.span
        kept.setdefault((one.code, span.source, span.start, span.end), one)
    return tuple(sorted(kept.values(), key=lambda one: one.severity is Severity.WARNING))
