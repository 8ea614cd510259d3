"""The standard library: blocks written in the language, in files that come with dslc.

`import ConvBN from "std/convolution.net"` finds them wherever a spec stands. A path that begins with `std/` is looked
up by name among these files and never on the disk; a folder of one's own that has this name is written `./std/`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from dslc.source import Source
from dslc.syntax import tree
from dslc.syntax.parser import parse

PREFIX = "std/"


def is_shipped(path: str) -> bool:
    """Tell whether a path, as an import writes it, means a file of the standard library."""
    return path.startswith(PREFIX)


@cache
def shipped() -> tuple[str, ...]:
    """Return the paths of the standard library, as an import writes them."""
    names = (entry.name for entry in files("dslc.std").iterdir())
    return tuple(sorted(PREFIX + name for name in names if name.endswith(".net")))


def place_of(path: str) -> Path | None:
    """Return where a file of the standard library stands on the disk, None where there is none of that name."""
    name = path.removeprefix(PREFIX)
    return Path(str(files("dslc.std").joinpath(name))) if path in shipped() else None


@cache
def file_of(path: str) -> tree.File:
    """Return the tree of a file: the same one every time, by whose nodes others keep what they know.

    Errors: FileNotFoundError.
    """
    if path not in shipped():
        raise FileNotFoundError(2, "the standard library has no such file")
    text = files("dslc.std").joinpath(path.removeprefix(PREFIX)).read_text(encoding="utf-8")
    return parse(Source(path, text))


def block_named(name: str) -> tuple[str, str] | None:
    """Return the block that is called so, its letters small or large, and the path of its file."""
    for path in shipped():
        for item in file_of(path).items:
            if isinstance(item, tree.Block) and item.name.text.lower() == name.lower():
                return item.name.text, path
    return None
