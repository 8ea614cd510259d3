"""Every spec that ships, and every network of the language's collection."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslc.source import Source
from dslc.syntax import tree
from dslc.syntax.parser import parse
from dslc.syntax.printer import print_tree

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*ROOT.glob("specs/*.net"), *Path(__file__).parent.glob("examples/*.net")])
EXPECTED_EXAMPLES = 20


def test_the_collection_is_found():
    assert len(FILES) >= EXPECTED_EXAMPLES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_parses_and_prints_as_the_same_tree(path):
    file = parse(Source(path.name, path.read_text(encoding="utf-8")))
    assert file.items
    text = print_tree(file)
    again = parse(Source(path.name, text))
    assert again == file
    assert documentation(again) == documentation(file)
    assert print_tree(again) == text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_node_lies_inside_its_parent(path):
    file = parse(Source(path.name, path.read_text(encoding="utf-8")))
    waiting = [file]
    while waiting:
        node = waiting.pop()
        for child in node.children():
            assert node.span.start <= child.span.start <= child.span.end <= node.span.end
            waiting.append(child)


def documentation(node):
    """Return the documentation of a node and of all below it."""
    below = [child for child in node.children() if not isinstance(child, tree.Comment)]
    return [getattr(node, "doc", None), *map(documentation, below)]
