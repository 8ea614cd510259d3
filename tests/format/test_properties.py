"""Whatever the file and its layout: formatting keeps the tree and every comment, and is done after once."""

from __future__ import annotations

from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dslc.errors import CompileError
from dslc.format.formatting import format_source
from dslc.source import Source
from dslc.syntax.parser import parse
from dslc.syntax.printer import print_tree
from tests.format.disarray import disarranged
from tests.syntax.test_round_trip import files


def read(text):
    return parse(Source("a.net", text))


def formatted(text):
    return format_source(Source("a.net", text))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(files)
def test_formatting_keeps_the_tree(file):
    text = formatted(print_tree(file))
    assert read(text) == file
    assert formatted(text) == text


@settings(max_examples=150, deadline=None, derandomize=True)
@given(files, st.integers(0, 2**32))
def test_any_layout_with_comments_anywhere(file, seed):
    text, _ = disarranged(print_tree(file), Random(seed))
    try:
        wild = read(text)
    except CompileError:
        assume(False)
    assert wild == file
    once = formatted(text)
    again = read(once)
    assert again == file
    assert [c.text for c in again.comments] == [c.text for c in wild.comments]
    assert [c.own_line for c in again.comments] == [c.own_line for c in wild.comments]
    assert formatted(once) == once
