"""Reads the names off a tree, by the rules by which elaboration finds them, but without elaborating.

So the names of a file with mistakes are known, and those of a block that nothing calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from dslc.lsp.expressions import Expressions
from dslc.lsp.paths import Member, Path, Resolver
from dslc.lsp.symbols import Index, Kind, Scope, Symbol, Use
from dslc.source import Span
from dslc.syntax import tree

Load = Callable[[str], Index | None]
"""Reads the names of an imported file, by the path as it is written."""

PART = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|-?[0-9]+")


def index_of(file: tree.File, load: Load) -> Index:
    """Return the names of a file."""
    reader = _Reader(Index(file), load)
    reader.file(file)
    return reader.index


class _Reader(Expressions):
    """Walks a file once."""

    def __init__(self, index: Index, load: Load) -> None:
        super().__init__(index)
        self.load = load
        self.bodies: list[tuple[tree.Block | tree.Net, Symbol]] = []
        self.last_net: Scope | None = None

    def file(self, file: tree.File) -> None:
        for item in file.items:
            if isinstance(item, tree.Import):
                self._import(item)
        for item in file.items:
            if isinstance(item, tree.Block | tree.Net):
                self._definition(item)
        for item, symbol in self.bodies:
            self._body(item, symbol)
        for item in file.items:
            if isinstance(item, tree.Default):
                self._default(item)
            elif isinstance(item, tree.Train):
                self._train(item)
        self._sort()
        self.index.uses += self._resolved()
        self._sort()

    def _sort(self) -> None:
        """Put the uses in the order of the text, each once: the sizes in a header are read twice."""
        once = {use.span.start: use for use in self.index.uses}
        self.index.uses = [use for _, use in sorted(once.items())]

    def _resolved(self) -> list[Use]:
        resolver = Resolver(self.index)
        for found in self.later:
            if isinstance(found, Member):
                resolver.member(found)
            else:
                resolver.path(found)
        return resolver.found

    # ---- the file

    def _import(self, item: tree.Import) -> None:
        other = self.load(item.path.value)
        if other is None:
            return
        self.index.imports[item.path.value] = other
        for name in item.names:
            symbol = other.definitions.get(name.text)
            if symbol is not None and symbol.source is other.file.source:
                self.index.definitions.setdefault(name.text, symbol)
                self.use(name.span, symbol)

    def _definition(self, item: tree.Block | tree.Net) -> None:
        kind = Kind.NET if isinstance(item, tree.Net) else Kind.BLOCK
        symbol = Symbol(item.name.text, kind, item, [item.name.span])
        symbol.scope = self.scope(item.span, None)
        self.index.definitions.setdefault(item.name.text, symbol)
        self.use(item.name.span, symbol)
        self.bodies.append((item, symbol))

    def _body(self, item: tree.Block | tree.Net, symbol: Symbol) -> None:
        scope = symbol.scope
        assert scope is not None
        self._header(item.parameters, scope)
        self.statements(item.body.statements, scope)
        if isinstance(item, tree.Net):
            self.last_net = scope

    def _header(self, parameters: Iterable[tree.HeaderParameter], scope: Scope) -> None:
        """Sizes first, then hyper-parameters, then data: the order in which a call opens a header."""
        data = [one for one in parameters if one.type is not None]
        for one in data:
            self._dimensions(one.type, scope, only_new=True)
        for one in parameters:
            if one.type is None:
                if one.default is not None:
                    self.expression(one.default, scope)
                self.define(one.name, Kind.HYPER, one, scope)
        for one in data:
            self._dimensions(one.type, scope)
            if one.default is not None:
                self.expression(one.default, scope)
            self.define(one.name, Kind.INPUT, one, scope)

    def _default(self, item: tree.Default) -> None:
        symbol = self.index.definitions.get(item.name.text)
        if symbol is not None:
            self.use(item.name.span, symbol)
        self.arguments(item.arguments, symbol, Scope(item.span))

    # ---- statements of a stack

    def statements(self, statements: Iterable[tree.Statement], scope: Scope) -> None:
        for statement in statements:
            self._statement(statement, scope)

    def _statement(self, node: tree.Statement, scope: Scope) -> None:
        match node:
            case tree.Row() | tree.Bind():
                self._row(node, scope)
            case tree.Output(definition=None):
                for name in node.names:
                    self.reference(name, scope)
            case tree.Output(definition=definition) if definition is not None:
                self._row(definition, scope)
            case tree.Input():
                self._declared(node.names, node, Kind.INPUT, scope)
            case tree.Parameter():
                self.expression(node.value, scope)
                self._declared((node.name,), node, Kind.PARAMETER, scope)
            case tree.Layer():
                self.expression(node.value, scope)
                self.define(node.name, Kind.LAYER, node, scope)
            case tree.Check():
                self.expression(node.condition, scope)

    def _row(self, node: tree.Row | tree.Bind, scope: Scope) -> None:
        self.expression(node.value, scope)
        for name in node.labels if isinstance(node, tree.Row) else node.names:
            self.define(name, Kind.VALUE, node, scope)

    def _declared(
        self,
        names: Iterable[tree.Identifier],
        node: tree.Input | tree.Parameter | tree.Target,
        kind: Kind,
        scope: Scope,
    ) -> None:
        self._dimensions(node.type, scope)
        for name in names:
            self.define(name, kind, node, scope)

    def _dimensions(self, type_: tree.Type | None, scope: Scope, only_new: bool = False) -> None:
        """Names in a type: a new one with a capital letter is a free dimension."""
        for item in type_.dims if type_ else ():
            new = isinstance(item, tree.Name) and item.text[0].isupper()
            if isinstance(item, tree.Name) and new and scope.find(item.text) is None:
                name = tree.Identifier(item.span, item.text)
                self.define(name, Kind.DIMENSION, item, scope)
            elif not only_new:
                self.expression(item, scope)

    # ---- the train section

    def _train(self, item: tree.Train) -> None:
        scope = self.scope(item.span, self.last_net)
        ordered = sorted(item.statements, key=lambda one: not isinstance(one, tree.Target))
        for statement in ordered:
            self._recipe(statement, scope)

    def _recipe(self, node: tree.TrainStatement, scope: Scope) -> None:
        match node:
            case tree.Target():
                self._declared(node.names, node, Kind.TARGET, scope)
            case tree.Loss() | tree.Metric():
                self._line(node, scope)
            case tree.Freeze() | tree.Group():
                for path in node.paths:
                    self._path(path, scope)
                self.arguments(node.arguments, None, scope)
            case tree.Augment():
                self.reference(node.name, scope)
                self._dimensions(node.type, scope)
                self.expression(node.value, scope)
            case tree.Setting():
                symbol = scope.find(node.name.text)
                if symbol is not None and symbol.kind in (Kind.DIMENSION, Kind.INPUT):
                    self.use(node.name.span, symbol)
                self._made(node.value, scope)

    def _line(self, node: tree.Loss | tree.Metric, scope: Scope) -> None:
        """A loss or metric line. What a metric line calls is a metric, whatever else has its name."""
        if isinstance(node, tree.Metric):
            self._made(node.value, scope)
        else:
            self.expression(node.value, scope)
        if node.name is not None:
            kind = Kind.LOSS if isinstance(node, tree.Loss) else Kind.METRIC
            self.use(node.name.span, Symbol(node.name.text, kind, node, [node.name.span]))

    def _made(self, node: tree.Expression, scope: Scope) -> None:
        """Read what names something of the library: only the arguments may mean names of the file."""
        if isinstance(node, tree.Call) and isinstance(node.function, tree.Name):
            self.arguments(node.arguments, None, scope)
        else:
            self.expression(node, scope)

    def _path(self, node: tree.Path, scope: Scope) -> None:
        spans = [
            Span(node.span.source, node.span.start + part.start(), node.span.start + part.end())
            for part in PART.finditer(node.span.text)
        ]
        root = scope.parent.span if scope.parent else scope.span
        self.later.append(Path(spans, [str(part) for part in node.parts], root))
