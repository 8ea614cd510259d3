"""Offsets to lines and columns and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position, PositionEncodingKind

from dslc.lsp.positions import Positions
from dslc.source import Source, Span

# text, offset, line, columns in UTF-8, UTF-16 and UTF-32
PLACES = [
    ("", 0, 0, 0, 0, 0),
    ("ab\ncd", 4, 1, 1, 1, 1),
    ("\tx: y", 1, 0, 1, 1, 1),
    ("# größer\nx", 9, 1, 0, 0, 0),
    ("# größer", 5, 0, 6, 5, 5),
    ("# 層 x", 4, 0, 6, 4, 4),
    ("# 🧠 x", 3, 0, 6, 4, 3),
    ("a\r\nbc", 4, 1, 1, 1, 1),
    ("a\rbc", 3, 1, 1, 1, 1),
    ("a\n", 2, 1, 0, 0, 0),
]

ENCODINGS = [PositionEncodingKind.Utf8, PositionEncodingKind.Utf16, PositionEncodingKind.Utf32]


@pytest.mark.parametrize(("text", "offset", "line", "utf8", "utf16", "utf32"), PLACES)
def test_positions(text: str, offset: int, line: int, utf8: int, utf16: int, utf32: int) -> None:
    for encoding, column in zip(ENCODINGS, (utf8, utf16, utf32), strict=True):
        positions = Positions(text, encoding)
        assert positions.position(offset) == Position(line, column)
        assert positions.offset(Position(line, column)) == offset


@pytest.mark.parametrize(
    ("place", "offset"),
    [
        (Position(0, 99), 2),  # beyond the end of a line: its end
        (Position(9, 0), 8),  # beyond the last line: the end
        (Position(1, 1), 4),  # inside a pair of UTF-16: the character
        (Position(1, 2), 5),
    ],
)
def test_positions_that_are_not_there(place: Position, offset: int) -> None:
    assert Positions("ab\r\n🧠c\nd").offset(place) == offset


@given(st.text(alphabet="ab\n\r\t ö層🧠"), st.sampled_from(ENCODINGS))
def test_there_and_back(text: str, encoding: PositionEncodingKind) -> None:
    positions = Positions(text, encoding)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] != "\r\n":  # no position stands inside a line end
            assert positions.offset(positions.position(offset)) == offset


def test_ranges() -> None:
    text = "# 🧠\nx: relu"
    found = Positions(text).range(Span(Source("a.net", text), 2, 5))
    assert (found.start, found.end) == (Position(0, 2), Position(1, 1))
    assert Positions(text).whole().end == Position(1, 7)
