"""The outline of a file: blocks, nets and train sections, and the names inside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsprotocol.types import DocumentSymbol, SymbolKind

from dslc.lsp.analysis import Analysis
from dslc.source import Span
from dslc.syntax import tree

CONTROL = (tree.Repeat, tree.For, tree.If, tree.Merge, tree.Scan, tree.Pipe)


def outline(analysis: Analysis) -> list[DocumentSymbol]:
    """Return the items of a file with what they define."""
    items = analysis.file.items if analysis.file is not None else ()
    return [found for item in items for found in _item(item, analysis)]


def _item(item: tree.Item, analysis: Analysis) -> Iterator[DocumentSymbol]:
    if isinstance(item, tree.Block | tree.Net):
        kind = SymbolKind.Class if isinstance(item, tree.Net) else SymbolKind.Function
        hyper = [
            _symbol(
                one.name,
                one,
                SymbolKind.Constant if one.type is None else SymbolKind.Variable,
                analysis,
            )
            for one in item.parameters
        ]
        inner = [*hyper, *_statements(item.body.statements, analysis)]
        yield _symbol(item.name, item, kind, analysis, inner)
    elif isinstance(item, tree.Train):
        name = item.name or tree.Identifier(_word(item, "train"), "train")
        inner = [one for statement in item.statements for one in _recipe(statement, analysis)]
        yield _symbol(name, item, SymbolKind.Namespace, analysis, inner)


def _statements(
    statements: Iterable[tree.Statement], analysis: Analysis
) -> Iterator[DocumentSymbol]:
    for statement in statements:
        yield from _statement(statement, analysis)


def _statement(statement: tree.Statement, analysis: Analysis) -> Iterator[DocumentSymbol]:
    node = statement.definition if isinstance(statement, tree.Output) else statement
    match node:
        case tree.Row(labels=names) | tree.Bind(names=names):
            inner = list(_nested(node.value, analysis))
            if not names:
                yield from inner
            for index, name in enumerate(names):
                children = inner if index == 0 else []
                yield _symbol(name, statement, SymbolKind.Variable, analysis, children)
        case tree.Input():
            for name in node.names:
                yield _symbol(name, node, SymbolKind.Field, analysis)
        case tree.Parameter() | tree.Layer():
            yield _symbol(node.name, node, SymbolKind.Object, analysis)


def _nested(node: tree.Node, analysis: Analysis) -> Iterator[DocumentSymbol]:
    """Yield the labels inside the value of a row."""
    for child in node.children() if isinstance(node, CONTROL) else ():
        if isinstance(child, tree.Body | tree.Branch):
            yield from _statements(child.statements, analysis)
        else:
            yield from _nested(child, analysis)


def _recipe(node: tree.TrainStatement, analysis: Analysis) -> Iterator[DocumentSymbol]:
    match node:
        case tree.Target():
            for name in node.names:
                yield _symbol(name, node, SymbolKind.Field, analysis)
        case tree.Loss() | tree.Metric():
            word = type(node).__name__.lower()
            name = node.name or tree.Identifier(_word(node, word), word)
            yield _symbol(name, node, SymbolKind.Function, analysis)
        case tree.Setting():
            yield _symbol(node.name, node, SymbolKind.Property, analysis)


def _word(node: tree.Node, word: str) -> Span:
    return Span(node.span.source, node.span.start, node.span.start + len(word))


def _symbol(
    name: tree.Identifier,
    node: tree.Node,
    kind: SymbolKind,
    analysis: Analysis,
    children: list[DocumentSymbol] | None = None,
) -> DocumentSymbol:
    types = {str(note.values[0].type) for note in analysis.notes.of(node) if note.values}
    detail = types.pop() if len(types) == 1 else None
    positions = analysis.positions
    return DocumentSymbol(
        name.text,
        kind,
        positions.range(node.span),
        positions.range(name.span),
        detail=detail,
        children=children or None,
    )
