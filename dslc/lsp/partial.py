"""Trees with holes: where a statement could not be read, what it would have given is unknown, not absent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from dslc.source import Span
from dslc.syntax import tree

UNKNOWN = "?"
"""A name that no file can define: a value of this name is a mistake, and so silent from there on."""


def with_holes(file: tree.File, places: Iterable[int]) -> tree.File:
    """Return the tree with a row of unknown value at each place, in the innermost stack that holds it.

    What stands below the hole in the same stack then has no shape, instead of a wrong one.
    """
    for place in places:
        file = _inside(file, place) or file
    return file


def _inside(node: Any, place: int) -> Any:
    """Return a node with a hole, or None where it has no stack at that place."""
    for item in fields(node):
        value = getattr(node, item.name)
        parts = value if isinstance(value, tuple) else (value,)
        for index, part in enumerate(parts):
            if not isinstance(part, tree.Node) or not _holds(part, place):
                continue
            made = _inside(part, place)
            if made is not None:
                changed = (*parts[:index], made, *parts[index + 1 :])
                return replace(node, **{item.name: changed if isinstance(value, tuple) else made})
    if isinstance(node, tree.Body | tree.Branch):
        return replace(node, statements=_statements(node, place))
    return None


def _holds(node: tree.Node, place: int) -> bool:
    return node.span.start <= place <= node.span.end


def _statements(node: tree.Body | tree.Branch, place: int) -> tuple[tree.Statement, ...]:
    """Return the statements with a hole among them: before the first one that ends behind the place, or inside it."""
    before = tuple(one for one in node.statements if one.span.end < place)
    after = node.statements[len(before) :]
    unknown = tree.Name(Span(node.span.source, place, place), UNKNOWN)
    hole = tree.Row(unknown.span, (), unknown)
    if after and after[0].span.start <= place:
        return (*before, hole, _emptied(after[0], unknown), *after[1:])
    return (*before, hole, *after)


def _emptied(statement: tree.Statement, unknown: tree.Name) -> tree.Statement:
    """Return a statement whose value is unknown."""
    if isinstance(statement, tree.Row | tree.Bind):
        return replace(statement, value=unknown)
    if isinstance(statement, tree.Output) and statement.definition is not None:
        return replace(statement, definition=replace(statement.definition, value=unknown))
    return statement
