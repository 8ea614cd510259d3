"""Finding nodes of a tree by their places."""

from __future__ import annotations

from collections.abc import Iterator

from dslc.syntax import tree


def way_to(node: tree.Node, offset: int) -> list[tree.Node]:
    """Return the nodes that hold an offset, outermost first; at the border of two, those of the left one."""
    way = [node]
    while True:
        inner = next(
            (child for child in way[-1].children() if child.span.start <= offset <= child.span.end),
            None,
        )
        if inner is None:
            return way
        way.append(inner)


def walk(node: tree.Node) -> Iterator[tree.Node]:
    """Yield a node and everything below it, in the order of the text."""
    stack = [node]
    while stack:
        one = stack.pop()
        yield one
        stack.extend(reversed(list(one.children())))
