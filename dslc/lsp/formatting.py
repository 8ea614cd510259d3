"""A document in the canonical layout, as edits."""

from __future__ import annotations

from difflib import SequenceMatcher

from lsprotocol.types import Position, Range, TextEdit

from dslc.errors import CompileError
from dslc.format.formatting import format_source
from dslc.lsp.analysis import Analysis


def formatting(analysis: Analysis) -> list[TextEdit]:
    """Return the lines that change; nothing where the file cannot be read."""
    try:
        text = format_source(analysis.source)
    except CompileError:
        return []
    if "\r\n" in analysis.source.text:
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return changed_lines(analysis.source.text, text)


def changed_lines(before: str, after: str) -> list[TextEdit]:
    """Return the edits that make one text of the other, line by line."""
    old, new = before.split("\n"), after.split("\n")
    edits = []
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new, False).get_opcodes():
        if tag != "equal":
            edits.append(_edit(old, new[new_start:new_end], start, end))
    return edits


def _edit(old: list[str], lines: list[str], start: int, end: int) -> TextEdit:
    """Replace the lines `start` to `end`; behind the last line of a text there is no line end to replace."""
    if end < len(old):
        text = "".join(f"{line}\n" for line in lines)
        return TextEdit(Range(Position(start, 0), Position(end, 0)), text)
    text = "\n".join(lines)
    if start == 0:
        return TextEdit(Range(Position(0, 0), Position(end, 0)), text)
    text = f"\n{text}" if lines else ""
    behind = Position(start - 1, _FAR)
    return TextEdit(Range(behind, Position(end - 1, _FAR)), text)


_FAR = 1 << 30
"""A column beyond every line: editors take the end of the line."""
