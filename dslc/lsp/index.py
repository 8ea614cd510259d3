"""Reads the names off a tree, by the rules by which elaboration finds them, but without elaborating.

So the names of a file with mistakes are known, and those of a block that nothing calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dslc.lsp.paths import Member, Path, Resolver
from dslc.lsp.symbols import CALLABLE, Index, Kind, Scope, Symbol, Use
from dslc.network.library import standard_library
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


class _Reader:
    """Walks a file once; what a dot or a path looks into is found when everything is known."""

    def __init__(self, index: Index, load: Load) -> None:
        self.index = index
        self.load = load
        self.later: list[Member | Path] = []
        self.bodies: list[tuple[tree.Block | tree.Net, Symbol]] = []
        self.last_net: Scope | None = None
        self.library = standard_library()

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
                self._use(name.span, symbol)

    def _definition(self, item: tree.Block | tree.Net) -> None:
        kind = Kind.NET if isinstance(item, tree.Net) else Kind.BLOCK
        symbol = Symbol(item.name.text, kind, item, [item.name.span])
        symbol.scope = self._scope(item.span, None)
        self.index.definitions.setdefault(item.name.text, symbol)
        self._use(item.name.span, symbol)
        self.bodies.append((item, symbol))

    def _body(self, item: tree.Block | tree.Net, symbol: Symbol) -> None:
        scope = symbol.scope
        assert scope is not None
        self._header(item.parameters, scope)
        self._statements(item.body.statements, scope)
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
                    self._expression(one.default, scope)
                self._define(one.name, Kind.HYPER, one, scope)
        for one in data:
            self._dimensions(one.type, scope)
            self._define(one.name, Kind.INPUT, one, scope)

    def _default(self, item: tree.Default) -> None:
        symbol = self.index.definitions.get(item.name.text)
        if symbol is not None:
            self._use(item.name.span, symbol)
        self._arguments(item.arguments, symbol, Scope(item.span))

    # ---- statements of a stack

    def _statements(self, statements: Iterable[tree.Statement], scope: Scope) -> None:
        for statement in statements:
            self._statement(statement, scope)

    def _statement(self, node: tree.Statement, scope: Scope) -> None:
        match node:
            case tree.Row() | tree.Bind():
                self._row(node, scope)
            case tree.Output(definition=None):
                for name in node.names:
                    self._reference(name, scope)
            case tree.Output(definition=definition) if definition is not None:
                self._row(definition, scope)
            case tree.Input():
                self._declared(node.names, node, Kind.INPUT, scope)
            case tree.Parameter():
                self._expression(node.value, scope)
                self._declared((node.name,), node, Kind.PARAMETER, scope)
            case tree.Layer():
                self._expression(node.value, scope)
                self._define(node.name, Kind.LAYER, node, scope)
            case tree.Check():
                self._expression(node.condition, scope)

    def _row(self, node: tree.Row | tree.Bind, scope: Scope) -> None:
        self._expression(node.value, scope)
        for name in node.labels if isinstance(node, tree.Row) else node.names:
            self._define(name, Kind.VALUE, node, scope)

    def _declared(
        self,
        names: Iterable[tree.Identifier],
        node: tree.Input | tree.Parameter | tree.Target,
        kind: Kind,
        scope: Scope,
    ) -> None:
        self._dimensions(node.type, scope)
        for name in names:
            self._define(name, kind, node, scope)

    def _dimensions(self, type_: tree.Type | None, scope: Scope, only_new: bool = False) -> None:
        """Names in a type: a new one with a capital letter is a free dimension."""
        for item in type_.dims if type_ else ():
            new = isinstance(item, tree.Name) and item.text[0].isupper()
            if isinstance(item, tree.Name) and new and scope.find(item.text) is None:
                name = tree.Identifier(item.span, item.text)
                self._define(name, Kind.DIMENSION, item, scope)
            elif not only_new:
                self._expression(item, scope)

    # ---- the train section

    def _train(self, item: tree.Train) -> None:
        scope = self._scope(item.span, self.last_net)
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
                self._arguments(node.arguments, None, scope)
            case tree.Augment():
                self._reference(node.name, scope)
                self._dimensions(node.type, scope)
                self._expression(node.value, scope)
            case tree.Setting():
                symbol = scope.find(node.name.text)
                if symbol is not None and symbol.kind in (Kind.DIMENSION, Kind.INPUT):
                    self._use(node.name.span, symbol)
                self._made(node.value, scope)

    def _line(self, node: tree.Loss | tree.Metric, scope: Scope) -> None:
        """A loss or metric line. What a metric line calls is a metric, whatever else has its name."""
        if isinstance(node, tree.Metric):
            self._made(node.value, scope)
        else:
            self._expression(node.value, scope)
        if node.name is not None:
            kind = Kind.LOSS if isinstance(node, tree.Loss) else Kind.METRIC
            self._use(node.name.span, Symbol(node.name.text, kind, node, [node.name.span]))

    def _made(self, node: tree.Expression, scope: Scope) -> None:
        """Read what names something of the library: only the arguments may mean names of the file."""
        if isinstance(node, tree.Call) and isinstance(node.function, tree.Name):
            self._arguments(node.arguments, None, scope)
        else:
            self._expression(node, scope)

    def _path(self, node: tree.Path, scope: Scope) -> None:
        spans = [
            Span(node.span.source, node.span.start + part.start(), node.span.start + part.end())
            for part in PART.finditer(node.span.text)
        ]
        root = scope.parent.span if scope.parent else scope.span
        self.later.append(Path(spans, [str(part) for part in node.parts], root))

    # ---- expressions

    def _expression(self, node: tree.Node, scope: Scope) -> None:
        reader = _EXPRESSIONS.get(type(node))
        if reader is not None:
            reader(self, node, scope)
            return
        for child in node.children():
            self._expression(child, scope)

    def _name(self, node: tree.Name, scope: Scope) -> None:
        self._reference(node, scope)

    def _call(self, node: tree.Call, scope: Scope) -> None:
        symbol = self._callee(node.function, scope)
        self._arguments(node.arguments, symbol, scope)

    def _callee(self, node: tree.Expression, scope: Scope) -> Symbol | None:
        """Read what is called: a value does not hide the function of its name."""
        if not isinstance(node, tree.Name):
            self._expression(node, scope)
            return None
        symbol = self._lookup(node.text, scope)
        if symbol is None or (symbol.kind not in CALLABLE and node.text in self.library.operations):
            return None
        self._use(node.span, symbol)
        return symbol

    def _arguments(
        self, arguments: Iterable[tree.Argument], symbol: Symbol | None, scope: Scope
    ) -> None:
        for argument in arguments:
            self._expression(argument.value, scope)
            named = _parameter(symbol, argument.name)
            if named is not None and argument.name is not None:
                self._use(argument.name.span, named)

    def _attribute(self, node: tree.Attribute, scope: Scope) -> None:
        self._expression(node.value, scope)
        self.later.append(Member(node.value, node.name))

    def _merge(self, node: tree.Merge, scope: Scope) -> None:
        self._expression(node.function, scope)
        for branch in node.branches:
            self._statements(branch.statements, scope)

    def _repeat(self, node: tree.Repeat, scope: Scope) -> None:
        self._expression(node.count, scope)
        self._statements(node.body.statements, self._scope(node.body.span, scope))

    def _for(self, node: tree.For, scope: Scope) -> None:
        self._expression(node.iterable, scope)
        inner = self._scope(node.span, scope)
        inner.names[node.variable.text] = self._new(node.variable, Kind.VARIABLE, node)
        self._statements(node.body.statements, inner)

    def _if(self, node: tree.If, scope: Scope) -> None:
        self._expression(node.condition, scope)
        self._statements(node.body.statements, scope)
        if isinstance(node.otherwise, tree.If):
            self._if(node.otherwise, scope)
        elif node.otherwise is not None:
            self._statements(node.otherwise.statements, scope)

    def _scan(self, node: tree.Scan, scope: Scope) -> None:
        self._expression(node.sequence, scope)
        inner = self._scope(node.span, scope)
        for carry in node.carries:
            self._expression(carry.value, scope)
            inner.names[carry.name.text] = self._new(carry.name, Kind.VALUE, carry)
        inner.names[node.variable.text] = self._new(node.variable, Kind.VARIABLE, node)
        self._statements(node.body.statements, inner)

    # ---- names

    def _lookup(self, name: str, scope: Scope) -> Symbol | None:
        return scope.find(name) or self.index.definitions.get(name)

    def _reference(self, node: tree.Name | tree.Identifier, scope: Scope) -> None:
        symbol = self._lookup(node.text, scope)
        if symbol is not None:
            self._use(node.span, symbol)

    def _define(self, name: tree.Identifier, kind: Kind, node: tree.Node, scope: Scope) -> None:
        known = scope.names.get(name.text)
        if known is not None:
            known.definitions.append(name.span)
            self._use(name.span, known)
        else:
            scope.names[name.text] = self._new(name, kind, node)

    def _new(self, name: tree.Identifier, kind: Kind, node: tree.Node) -> Symbol:
        symbol = Symbol(name.text, kind, node, [name.span])
        self._use(name.span, symbol)
        return symbol

    def _use(self, span: Span, symbol: Symbol) -> None:
        self.index.uses.append(Use(span, symbol))

    def _scope(self, span: Span, parent: Scope | None) -> Scope:
        scope = Scope(span, parent)
        self.index.scopes.append(scope)
        return scope


def _parameter(symbol: Symbol | None, name: tree.Identifier | None) -> Symbol | None:
    """Return the hyper-parameter or data input of a block that an argument names."""
    if symbol is None or name is None or symbol.scope is None:
        return None
    found = symbol.scope.names.get(name.text)
    return found if found is not None and found.kind in (Kind.HYPER, Kind.INPUT) else None


_EXPRESSIONS: Mapping[type, Callable[[_Reader, Any, Scope], None]] = {
    tree.Name: _Reader._name,
    tree.Call: _Reader._call,
    tree.Attribute: _Reader._attribute,
    tree.Merge: _Reader._merge,
    tree.Repeat: _Reader._repeat,
    tree.For: _Reader._for,
    tree.If: _Reader._if,
    tree.Scan: _Reader._scan,
}
