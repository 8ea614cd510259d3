"""An entry of the reference: everything that is said of one name, read from its definition."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dslc import std
from dslc.augmentations.base import Augmentation
from dslc.elaborate import conversion
from dslc.elaborate.calls import operation_signature
from dslc.elaborate.headers import block_signature
from dslc.elaborate.library import standard_library
from dslc.elaborate.scope import Definition, Module
from dslc.elaborate.signature import Signature, plain_signature
from dslc.help.docstring import documentation_of, read
from dslc.help.families import family_of
from dslc.operation import Layer, Operation, SettingInfo
from dslc.syntax import tree
from dslc.types import default_text

SECTIONS = ("operation", "metric", "optimizer", "schedule", "initializer", "block")
"""What has names of its own: one word may be a function and a schedule."""


@dataclass(frozen=True)
class Entry:
    """What there is to say about a name.

    `kind` is layer, function, loss, augmentation, metric, optimizer, schedule, initializer, or block: one of the
    standard library, whose docstring are the `##` lines above it. `family` is the heading it stands under. A field that
    its docstring does not have is empty.
    """

    name: str
    kind: str
    family: str
    signature: Signature
    sentence: str
    details: str
    fields: Mapping[str, str]
    definition: type[Any] | tree.Block

    @property
    def settings(self) -> tuple[SettingInfo, ...]:
        return self.signature.settings

    @property
    def example(self) -> tuple[str, ...]:
        """The lines of the example."""
        return tuple(self.fields.get("Example", "").splitlines())

    @property
    def imported(self) -> str:
        """The line that makes a block known to a spec; empty for what every spec knows."""
        if not isinstance(self.definition, tree.Block):
            return ""
        return f'import {self.name} from "{self.definition.span.source.path}"'

    def place(self) -> tuple[Path, int] | None:
        """Return the file that defines it, and the line from 0."""
        if isinstance(self.definition, tree.Block):
            path = std.place_of(self.definition.span.source.path)
            return (path, self.definition.span.line - 1) if path else None
        try:
            source = inspect.getsourcefile(self.definition)
            line = inspect.getsourcelines(self.definition)[1]
        except (OSError, TypeError):
            return None
        return (Path(source), line - 1) if source else None


@cache
def entries(section: str) -> Mapping[str, Entry]:
    """Return what can be named of one section."""
    if section == "block":
        return {node.name.text: _block(node, file) for node, file in _shipped()}
    definitions: Mapping[str, type[Any]] = getattr(standard_library(), f"{section}s")
    return {name: _entry(name, section, found) for name, found in definitions.items()}


def everything() -> Iterator[Entry]:
    """Yield every entry, section by section."""
    for section in SECTIONS:
        yield from entries(section).values()


def _entry(name: str, section: str, definition: type[Any]) -> Entry:
    kind = _kind(section, definition)
    signature = (
        operation_signature(definition)
        if issubclass(definition, Operation)
        else plain_signature(definition, name)
    )
    doc = documentation_of(definition)
    family = family_of(kind, definition.__module__)
    return Entry(name, kind, family, signature, doc.sentence, doc.details, doc.fields, definition)


def _shipped() -> Iterator[tuple[tree.Block, tree.File]]:
    for path in std.shipped():
        file = std.file_of(path)
        yield from ((item, file) for item in file.items if isinstance(item, tree.Block))


def _block(node: tree.Block, file: tree.File) -> Entry:
    signature = block_signature(Definition(node, Module(file, file.source.path)))
    doc = read(node.doc)
    family = family_of("block", "")
    return Entry(
        node.name.text, "block", family, signature, doc.sentence, doc.details, doc.fields, node
    )


def _kind(section: str, definition: type[Any]) -> str:
    if section != "operation":
        return section
    if getattr(definition, "is_loss", False):
        return "loss"
    if issubclass(definition, Augmentation):
        return "augmentation"
    return "layer" if issubclass(definition, Layer) else "function"


@dataclass(frozen=True)
class Setting:
    """A setting in words: what it takes, the range of its numbers, its default (none: a call must give it)."""

    name: str
    takes: str
    limits: str
    default: str | None

    def text(self) -> str:
        """Return all of it on one line: `takes a number; at least 0; default 0.0`."""
        default = "required" if self.default is None else f"default {self.default}"
        takes = f"takes {self.takes}" if self.takes else ""
        return "; ".join(part for part in (takes, self.limits, default) if part)


def described(info: SettingInfo) -> Setting:
    """Put a setting into words."""
    takes = "" if info.annotation is Any else conversion.expected(info.annotation)
    default = None if conversion.required(info) else default_text(info.default)
    return Setting(info.name, takes, ", ".join(_limits(info)), default)


def _limits(info: SettingInfo) -> Iterator[str]:
    for name, limit in info.limits.items():
        if name in conversion.LIMIT_WORDS:
            yield f"{conversion.LIMIT_WORDS[name]} {limit:g}"
