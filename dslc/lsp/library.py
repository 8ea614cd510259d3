"""What the language can name, as text for people: signatures, documentation, settings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from dslc.elaborate import conversion
from dslc.elaborate.calls import operation_signature
from dslc.elaborate.headers import block_signature
from dslc.elaborate.library import standard_library
from dslc.elaborate.scope import Definition, Module
from dslc.elaborate.signature import Signature, plain_signature, shown_default
from dslc.operation import Layer, Operation, SettingInfo
from dslc.syntax import tree

SECTION = re.compile(r"^(Shapes|Formula|Errors|Kinks|Source|State): ?", re.MULTILINE)
SHOWN = ("Shapes", "Formula", "Source")


@dataclass(frozen=True)
class Entry:
    """A class that a spec can name. `kind` says what it is: layer, function, loss, metric, initializer, ..."""

    name: str
    kind: str
    family: type[Any]

    @property
    def signature(self) -> Signature:
        if issubclass(self.family, Operation):
            return operation_signature(self.family)
        return plain_signature(self.family, self.name)

    @property
    def settings(self) -> tuple[SettingInfo, ...]:
        return self.signature.settings

    @property
    def summary(self) -> str:
        """The first sentence of the documentation."""
        return paragraphs(self.family)[0]

    @cache  # noqa: B019 -- the entries live as long as the program
    def documentation(self) -> str:
        """Return signature, first paragraph, shapes, formula and source as Markdown."""
        first, *rest = paragraphs(self.family)
        parts = [code(self.signature.text), first]
        for text in rest:
            heading, _, body = text.partition(": ")
            if heading in SHOWN:
                parts.append(
                    f"**{heading}**\n{code(body, '')}" if heading != "Source" else f"*{body}*"
                )
        return "\n\n".join(parts)

    def place(self) -> tuple[Path, int] | None:
        """Return the file that defines it, and the line from 0."""
        try:
            path = inspect.getsourcefile(self.family)
            line = inspect.getsourcelines(self.family)[1]
        except (OSError, TypeError):
            return None
        return (Path(path), line - 1) if path else None


@cache
def entries(kind: str) -> Mapping[str, Entry]:
    """Return what can be named of one kind: operation, metric, initializer, optimizer, schedule."""
    library = standard_library()
    families: Mapping[str, type[Any]] = getattr(library, f"{kind}s")
    return {name: Entry(name, _kind(kind, family), family) for name, family in families.items()}


def _kind(kind: str, family: type[Any]) -> str:
    if kind != "operation":
        return kind
    if getattr(family, "is_loss", False):
        return "loss"
    return "layer" if issubclass(family, Layer) else "function"


def everything(name: str, kinds: Sequence[str]) -> Entry | None:
    """Return what a name stands for, looking into the kinds in turn."""
    return next((entries(kind)[name] for kind in kinds if name in entries(kind)), None)


def paragraphs(family: type[Any]) -> list[str]:
    """Return the first paragraph of a docstring, then its sections as `Heading: text`, without indentation."""
    text = inspect.getdoc(family) or ""
    starts = [found.start() for found in SECTION.finditer(text)]
    first = text[: starts[0]] if starts else text
    sections = [text[start:end].rstrip() for start, end in pairwise([*starts, len(text)])]
    return [first.split("\n\n")[0].replace("\n", " ").strip(), *sections]


def block_signature_of(node: tree.Block | tree.Net) -> Signature:
    """Return what a block or net takes."""
    return block_signature(Definition(node, Module(tree.File(node.span, ()), "")))


def setting_text(info: SettingInfo, owner: str) -> str:
    """Return what there is to say about a setting: what it takes, its range, its default."""
    default = "required" if conversion.required(info) else f"default {shown_default(info.default)}"
    parts = [*_takes(info), *_limits(info), default]
    return f"{code(f'{info.name} of {owner}')}\n\n{'; '.join(parts)}"


def _takes(info: SettingInfo) -> Iterator[str]:
    if info.annotation is not Any:
        yield f"takes {conversion.expected(info.annotation)}"


def _limits(info: SettingInfo) -> Iterator[str]:
    words = {
        "minimum": "at least",
        "maximum": "at most",
        "above": "more than",
        "below": "less than",
    }
    for name, limit in info.limits.items():
        if name in words:
            yield f"{words[name]} {limit:g}"


def code(text: str, language: str = "dslc") -> str:
    """Return Markdown for code."""
    return f"```{language}\n{text}\n```"
