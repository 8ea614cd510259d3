"""Whatever the file and its layout: formatting keeps the tree and every comment, and is done after once."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dslc.errors import CompileError
from dslc.format.formatting import format_source
from dslc.source import Source
from dslc.syntax import tree
from dslc.syntax.parser import parse
from dslc.syntax.printer import print_tree
from tests.format.disarray import disarranged
from tests.syntax.test_round_trip import files

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.net"))


def read(text):
    return parse(Source("a.net", text))


def formatted(text):
    return format_source(Source("a.net", text))


def comments(file):
    return [comment.text for comment in file.comments]


def docs(node: tree.Node):
    """Return the documentation of everything, in order."""
    found = [getattr(node, "doc", "")]
    return found + [doc for child in node.children() for doc in docs(child)]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(files)
def test_formatting_keeps_the_tree(file):
    text = formatted(print_tree(file))
    assert read(text) == file
    assert docs(read(text)) == docs(read(print_tree(file)))
    assert formatted(text) == text


@settings(max_examples=60, deadline=None, derandomize=True)
@given(files, st.integers(0, 2**32))
def test_any_layout_with_comments_anywhere(file, seed):
    text, placed = disarranged(print_tree(file), Random(seed))
    try:
        wild = read(text)
    except CompileError:
        assume(False)
    assert wild == file
    assert len(wild.comments) == placed
    again = read(formatted(text))
    assert again == file
    assert comments(again) == comments(wild)
    assert docs(again) == docs(wild)
    assert formatted(formatted(text)) == formatted(text)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", range(3))
def test_a_spec_in_disarray(path, seed):
    text, _ = disarranged(path.read_text(), Random(seed))
    once = formatted(text)
    assert read(once) == read(text)
    assert comments(read(once)) == comments(read(text))
    assert formatted(once) == once
