"""The files an editor has open, and those on disk that they import."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from dslc_runtime.errors import FileFault, UserFault
from pygls.uris import from_fs_path, to_fs_path

from dslc import std
from dslc.errors import CompileError, Diagnostic, DslcError
from dslc.source import Source
from dslc.syntax import tree
from dslc.syntax.parser import parse_partly
from dslc.tasks.reading import read_spec

OpenText = Callable[[str], str | None]
"""The text of an open document by its path, None where it is not open."""

Parsed = tuple[tree.File | None, list[Diagnostic]]
"""What could be read of a file, and the mistakes in the rest."""


@dataclass(eq=False)
class Folder:
    """Reads the files around one document; `read` are the paths it was asked for."""

    uri: str
    """The document's own address, as the editor writes it."""
    open_text: OpenText
    read: dict[str, Source] = field(default_factory=dict)
    trees: dict[Source, Parsed] = field(default_factory=dict)

    @cached_property
    def path(self) -> Path | None:
        """The document's path; None for one that was never saved, which can import nothing."""
        return path_of(self.uri)

    @property
    def name(self) -> str:
        """What messages call the document."""
        return str(self.path) if self.path is not None else self.uri

    def file(self, written: str, importing: str) -> tree.File:
        """Return the tree of an import. Errors: CompileError, OSError."""
        file, mistakes = self._parsed(self.source(written, importing))
        if mistakes or file is None:
            raise CompileError(mistakes)
        return file

    def partly(self, written: str, importing: str) -> tree.File | None:
        """Return what can be read of an import, or None."""
        try:
            if std.is_shipped(written):
                return std.file_of(written)
            return self._parsed(self.source(written, importing))[0]
        except (CompileError, OSError):
            return None

    def _parsed(self, source: Source) -> Parsed:
        """Parse a file once, so that its names and its elaboration share one tree. Errors: CompileError."""
        if source not in self.trees:
            self.trees[source] = parse_partly(source)
        return self.trees[source]

    def source(self, written: str, importing: str) -> Source:
        """Return the text of an import: the editor's, else that on disk. Errors: OSError."""
        path = self.resolved(written, importing)
        if path is None:
            raise OSError(2, "it is outside the folder of the spec")
        text = self.open_text(str(path))
        known = self.read.get(str(path))
        if known is None or (text is not None and known.text != text):
            known = Source(str(path), text) if text is not None else _read(path)
            self.read[str(path)] = known
        return known

    def resolved(self, written: str, importing: str) -> Path | None:
        """Return the path of an import on disk, None where it leads out of the document's folder."""
        if std.is_shipped(written):
            return std.place_of(written)
        if self.path is None or not written:
            return None
        joined = Path(os.path.normpath(Path(importing).parent / written))
        inside = joined.resolve().is_relative_to(self.path.parent.resolve())
        return joined if inside else None

    def beside(self, uri: str) -> Folder:
        """Return the folder as another document of it sees it; what was read stays."""
        return Folder(uri, self.open_text, self.read, self.trees)

    def importable(self) -> list[str]:
        """Return the paths that an import can name: other specs of the folder, and the standard library."""
        return [*(path.name for path in self.neighbours()), *std.shipped()]

    def neighbours(self) -> Iterator[Path]:
        """Yield the other specs of the document's folder."""
        if self.path is not None and self.path.parent.is_dir():
            yield from sorted(p for p in self.path.parent.glob("*.net") if p != self.path)


def _read(path: Path) -> Source:
    try:
        return read_spec(path)
    except (FileFault, UserFault, DslcError) as error:
        raise OSError(2, str(error)) from error


def path_of(uri: str) -> Path | None:
    """Return the path of a document on disk."""
    if not uri.startswith("file:"):
        return None
    found = to_fs_path(uri)
    return Path(os.path.normpath(found)) if found else None


def uri_of(path: str) -> str:
    """Return the address of a file on disk."""
    return from_fs_path(path) or path
