"""Texts of the tests: a place in one is marked `‸`."""

from __future__ import annotations

from pathlib import Path

from lsprotocol.types import Position

from dslc.lsp.analysis import Analysis, analyse
from dslc.lsp.documents import Folder
from dslc.lsp.positions import Positions
from dslc.source import Source

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.net"))
MARK = "‸"


def analysed(text: str, path: Path | None = None, files: dict[str, str] | None = None) -> Analysis:
    """Analyse a text as if it stood in the folder of the specs; `files` are open in the editor, too."""
    place = path or ROOT / "specs" / "text_of_a_test.net"
    known = {str(place.parent / name): content for name, content in (files or {}).items()}
    folder = Folder(place.as_uri(), known.get)
    return analyse(Source(str(place), text), Positions(text), folder)


def unmarked(marked: str) -> tuple[str, int]:
    """Return a text without its mark, and where that stood."""
    offset = marked.index(MARK)
    return marked.replace(MARK, ""), offset


def place_of(text: str, part: str, number: int = 0, inside: int = 1) -> Position:
    """Return the position `inside` characters into the given occurrence of a part of a text."""
    offset = -1
    for _ in range(number + 1):
        offset = text.index(part, offset + 1)
    return Positions(text).position(offset + inside)
