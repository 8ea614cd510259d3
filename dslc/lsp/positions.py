"""Between offsets into a text and the lines and columns of an editor.

Editors count lines and columns from 0, and columns in units of an encoding: UTF-16, unless client and server agree on
another one. A line ends with \\n, \\r\\n or \\r.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from lsprotocol.types import Position, PositionEncodingKind, Range

from dslc.source import Span

LINE_END = re.compile(r"\r\n|\r|\n")


class Positions:
    """The lines and columns of one text."""

    def __init__(self, text: str, encoding: str = PositionEncodingKind.Utf16) -> None:
        self.text = text
        self.encoding = encoding

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each line begins."""
        return (0, *(found.end() for found in LINE_END.finditer(self.text)))

    def position(self, offset: int) -> Position:
        """Return line and column of an offset; one beyond the end is the end."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self.starts, offset) - 1
        before = self.text[self.starts[line] : offset]
        return Position(line, sum(self._units(character) for character in before))

    def offset(self, position: Position) -> int:
        """Return the offset of a line and column; a column beyond the end of its line is that end.

        A column inside a character is its beginning.
        """
        if position.line >= len(self.starts):
            return len(self.text)
        offset, units = self.starts[position.line], 0
        end = self.line_end(position.line)
        while offset < end:
            units += self._units(self.text[offset])
            if units > position.character:
                break
            offset += 1
        return offset

    def line_end(self, line: int) -> int:
        """Return the offset of the end of a line, its line end not included."""
        if line + 1 == len(self.starts):
            return len(self.text)
        end = self.starts[line + 1] - 1
        return end - 1 if self.text[end - 1 : end + 1] == "\r\n" else end

    def range(self, span: Span) -> Range:
        """Return the range of a span of this text."""
        return Range(self.position(span.start), self.position(span.end))

    def whole(self) -> Range:
        """Return the range of the whole text."""
        return Range(Position(0, 0), self.position(len(self.text)))

    def _units(self, character: str) -> int:
        """Return how many columns a character takes."""
        if self.encoding == PositionEncodingKind.Utf32:
            return 1
        if self.encoding == PositionEncodingKind.Utf8:
            return len(character.encode("utf-8", "surrogatepass"))
        return 2 if ord(character) > 0xFFFF else 1
