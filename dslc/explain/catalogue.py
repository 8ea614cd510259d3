"""The catalogue of mistakes: for each code a title, what it means, a spec that has it and the same spec mended.

One page of Markdown per code stands in `dslc/explain/codes`. The tests compile both specs of every page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from types import MappingProxyType

import numpy as np

from dslc.errors import InternalError
from dslc.operation import Array
from dslc.source import Source

SPEC = "example.net"
"""What the spec of an example is called; the further files of an example stand beside it."""

FENCE = re.compile(r"```net *([^\n]*)\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A spec with the files that it reads and what is said with `--set`."""

    files: Mapping[str, str]
    settings: Mapping[str, str]

    @property
    def source(self) -> Source:
        return Source(SPEC, self.files[SPEC])

    def load(self, path: str, importer: str) -> Source:
        """Return a file that the spec imports. Errors: FileNotFoundError."""
        name = str(PurePath(path))
        if name not in self.files:
            raise FileNotFoundError(2, "no such file", path)
        return Source(name, self.files[name])

    def weights(self, path: str, spec: str) -> Mapping[str, Array]:
        """Return a file of weights, of which an example lists names and shapes: zeros. Errors: FileNotFoundError."""
        rows = self.load(path, spec).text.split("\n")
        named = (row.partition(" ") for row in rows if row)
        return {name: np.zeros(json.loads(shape), np.float32) for name, _, shape in named}


@dataclass(frozen=True)
class Entry:
    """What the catalogue says of one code; `text` is Markdown without headings."""

    code: str
    title: str
    text: str
    wrong: Example
    mended: Example


@cache
def catalogue() -> Mapping[str, Entry]:
    """Return every entry by its code, in the order of the codes."""
    pages = sorted(files("dslc.explain").joinpath("codes").iterdir(), key=lambda page: page.name)
    found = {}
    for page in pages:
        code = page.name.removesuffix(".md")
        found[code] = read_page(code, page.read_text(encoding="utf-8"))
    return MappingProxyType(found)


def read_page(code: str, page: str) -> Entry:
    """Take a page apart. Errors: InternalError where it has another form."""
    try:
        head, wrong, mended = re.split(r"^## (?:Wrong|Mended)\n", page, flags=re.MULTILINE)
        heading, text = head.strip().split("\n", 1)
        kind, title = heading.split(": ", 1)
    except ValueError as error:
        raise InternalError("catalogue", f"the page of {code} has another form") from error
    if kind != f"# {code}":
        raise InternalError("catalogue", f"the page of {code} is headed {kind}")
    return Entry(code, title.strip(), text.strip(), _example(code, wrong), _example(code, mended))


def _example(code: str, text: str) -> Example:
    """Read the fenced blocks: the spec, and others that carry the name of their file."""
    blocks: dict[str, str] = {}
    settings: dict[str, str] = {}
    for info, block in FENCE.findall(text):
        if info.startswith("--set "):
            name, _, value = info.removeprefix("--set ").partition("=")
            settings[name] = value
        blocks[info if PurePath(info).suffix else SPEC] = block
    if SPEC not in blocks:
        raise InternalError("catalogue", f"the page of {code} lacks a spec")
    return Example(MappingProxyType(blocks), MappingProxyType(settings))
