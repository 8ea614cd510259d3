"""Shapes at the ends of rows."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol.types import InlayHint, InlayHintKind, Position

from dslc.elaborate.notes import Note
from dslc.elaborate.static import is_static
from dslc.lsp.analysis import Analysis
from dslc.lsp.nodes import walk
from dslc.network.network import Value
from dslc.syntax import tree
from dslc.types import shape_text, text


def hints(analysis: Analysis) -> list[InlayHint]:
    """Return the shape of every row that ends its line and does not say it itself.

    Rows of a block have a hint where all calls agree.
    """
    found: dict[int, InlayHint] = {}
    for statement in walk(analysis.file) if analysis.file is not None else ():
        hint = _hint(statement, analysis)
        if hint is not None:
            found.setdefault(hint.position.line, hint)
    return list(found.values())


def _hint(statement: tree.Node, analysis: Analysis) -> InlayHint | None:
    node = statement.definition if isinstance(statement, tree.Output) else statement
    if not isinstance(node, tree.Row | tree.Bind) or analysis.is_broken(statement):
        return None
    if says_shape(node.value) or _only_checks(node.value) or not _ends_line(node, analysis):
        return None
    shown = [_shown(note) for note in analysis.notes.of(statement)]
    if not shown or any(one != shown[0] for one in shown) or not shown[0][0]:
        return None
    label, tooltip = shown[0]
    return InlayHint(
        _end(node, analysis), label, InlayHintKind.Type, tooltip=tooltip, padding_left=True
    )


def says_shape(value: tree.Expression) -> bool:
    """Tell whether a row ends with a checked shape."""
    return isinstance(value, tree.Pipe) and isinstance(value.stages[-1], tree.List)


def _only_checks(value: tree.Expression) -> bool:
    """Tell whether a row is an `if` around `check` lines, which passes the flow on."""
    return isinstance(value, tree.If) and all(
        isinstance(statement, tree.Check) for statement in value.body.statements
    )


def _shown(note: Note) -> tuple[str, str]:
    """Return the text of a hint and its tooltip; a number says its value."""
    if is_static(note.entity):
        return f"= {text(note.entity)}", ""
    return ", ".join(_shapes(note.values)), ", ".join(str(value.type) for value in note.values)


def _shapes(values: tuple[Value, ...]) -> Iterator[str]:
    return (shape_text(value.type.shape) for value in values)


def _ends_line(node: tree.Node, analysis: Analysis) -> bool:
    """Tell whether nothing but a comment stands behind a node."""
    rest = analysis.source.text[node.span.end :].split("\n", 1)[0].strip()
    return not rest or rest.startswith("#")


def _end(node: tree.Node, analysis: Analysis) -> Position:
    return analysis.positions.position(node.span.end)
