"""Reads the names in expressions: what each one means, and what the stacks inside define."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dslc.elaborate.library import standard_library
from dslc.lsp.paths import Member, Path
from dslc.lsp.symbols import CALLABLE, Index, Kind, Scope, Symbol, Use
from dslc.source import Span
from dslc.syntax import tree


class Expressions(ABC):
    """Reads expressions into an index. What a dot or a path looks into is put off until everything is known."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.later: list[Member | Path] = []
        self.library = standard_library()

    @abstractmethod
    def statements(self, statements: Iterable[tree.Statement], scope: Scope) -> None:
        """Read the statements of a stack."""

    def expression(self, node: tree.Node, scope: Scope) -> None:
        """Read whatever an expression means, and what is below it."""
        reader = _EXPRESSIONS.get(type(node))
        if reader is not None:
            reader(self, node, scope)
            return
        for child in node.children():
            self.expression(child, scope)

    def _name(self, node: tree.Name, scope: Scope) -> None:
        self.reference(node, scope)

    def _call(self, node: tree.Call, scope: Scope) -> None:
        symbol = self._callee(node.function, scope)
        self.arguments(node.arguments, symbol, scope)

    def _callee(self, node: tree.Expression, scope: Scope) -> Symbol | None:
        """Read what is called: a value does not hide the function of its name."""
        if not isinstance(node, tree.Name):
            self.expression(node, scope)
            return None
        symbol = self._lookup(node.text, scope)
        if symbol is None or (symbol.kind not in CALLABLE and node.text in self.library.operations):
            return None
        self.use(node.span, symbol)
        return symbol

    def arguments(
        self, arguments: Iterable[tree.Argument], symbol: Symbol | None, scope: Scope
    ) -> None:
        """Read the arguments of a call of `symbol`; their names may be those of its header."""
        for argument in arguments:
            self.expression(argument.value, scope)
            named = _parameter(symbol, argument.name)
            if named is not None and argument.name is not None:
                self.use(argument.name.span, named)

    def _attribute(self, node: tree.Attribute, scope: Scope) -> None:
        self.expression(node.value, scope)
        self.later.append(Member(node.value, node.name))

    def _merge(self, node: tree.Merge, scope: Scope) -> None:
        self.expression(node.function, scope)
        for branch in node.branches:
            self.statements(branch.statements, scope)

    def _repeat(self, node: tree.Repeat, scope: Scope) -> None:
        self.expression(node.count, scope)
        self.statements(node.body.statements, self.scope(node.body.span, scope))

    def _for(self, node: tree.For, scope: Scope) -> None:
        self.expression(node.iterable, scope)
        inner = self.scope(node.span, scope)
        inner.names[node.variable.text] = self._new(node.variable, Kind.VARIABLE, node)
        self.statements(node.body.statements, inner)

    def _if(self, node: tree.If, scope: Scope) -> None:
        self.expression(node.condition, scope)
        self.statements(node.body.statements, scope)
        if isinstance(node.otherwise, tree.If):
            self._if(node.otherwise, scope)
        elif node.otherwise is not None:
            self.statements(node.otherwise.statements, scope)

    def _scan(self, node: tree.Scan, scope: Scope) -> None:
        self.expression(node.sequence, scope)
        inner = self.scope(node.span, scope)
        for carry in node.carries:
            self.expression(carry.value, scope)
            inner.names[carry.name.text] = self._new(carry.name, Kind.VALUE, carry)
        inner.names[node.variable.text] = self._new(node.variable, Kind.VARIABLE, node)
        self.statements(node.body.statements, inner)

    # ---- names

    def _lookup(self, name: str, scope: Scope) -> Symbol | None:
        return scope.find(name) or self.index.definitions.get(name)

    def reference(self, node: tree.Name | tree.Identifier, scope: Scope) -> None:
        """Note what a name means, if the file defines it."""
        symbol = self._lookup(node.text, scope)
        if symbol is not None:
            self.use(node.span, symbol)

    def define(self, name: tree.Identifier, kind: Kind, node: tree.Node, scope: Scope) -> None:
        """Let a scope know a name; where it does already, this is another definition of it."""
        known = scope.names.get(name.text)
        if known is not None:
            known.definitions.append(name.span)
            self.use(name.span, known)
        else:
            scope.names[name.text] = self._new(name, kind, node)

    def _new(self, name: tree.Identifier, kind: Kind, node: tree.Node) -> Symbol:
        symbol = Symbol(name.text, kind, node, [name.span])
        self.use(name.span, symbol)
        return symbol

    def use(self, span: Span, symbol: Symbol) -> None:
        """Note that a symbol stands at a place."""
        self.index.uses.append(Use(span, symbol))

    def scope(self, span: Span, parent: Scope | None) -> Scope:
        """Open a scope."""
        scope = Scope(span, parent)
        self.index.scopes.append(scope)
        return scope


def _parameter(symbol: Symbol | None, name: tree.Identifier | None) -> Symbol | None:
    """Return the hyper-parameter or data input of a block that an argument names."""
    if symbol is None or name is None or symbol.scope is None:
        return None
    found = symbol.scope.names.get(name.text)
    return found if found is not None and found.kind in (Kind.HYPER, Kind.INPUT) else None


_EXPRESSIONS: Mapping[type, Callable[[Expressions, Any, Scope], None]] = {
    tree.Name: Expressions._name,
    tree.Call: Expressions._call,
    tree.Attribute: Expressions._attribute,
    tree.Merge: Expressions._merge,
    tree.Repeat: Expressions._repeat,
    tree.For: Expressions._for,
    tree.If: Expressions._if,
    tree.Scan: Expressions._scan,
}
