"""From Lark's tree to ours: one method for each rule of the grammar, bottom up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

import lark
from lark import Token

from dslc.source import Source, Span
from dslc.syntax import tree

T = TypeVar("T", bound=tree.Node)
# Keywords and signs stay tokens, everything else is a node already when a rule's method is called.
Child = tree.Node | Token
Children = list[Child]


def names_of(children: Sequence[Child]) -> list[Token]:
    """Return the names among the tokens of a rule."""
    return [child for child in children if isinstance(child, Token) and child.type == "NAME"]


def nodes_of(children: Sequence[Child], kind: type[T]) -> tuple[T, ...]:
    """Return the children of one kind."""
    return tuple(child for child in children if isinstance(child, kind))


class Builder:
    """Builds the nodes of one source. `docs` maps where a statement begins to its documentation."""

    def __init__(self, source: Source, docs: dict[int, str]) -> None:
        self.source = source
        self.docs = docs
        self.leaves: dict[str, Callable[[Token], tree.Node]] = {
            "SIZE": self.size,
            "STRING": self.string,
        }

    def node(self, parsed: lark.Tree[Token]) -> Any:
        """Build what one rule has read; the depth is bounded by the limits on nesting and on expressions."""
        children: Children = []
        for child in parsed.children:
            if isinstance(child, Token):
                if child.type == "_END":
                    continue
                leaf = self.leaves.get(child.type)
                children.append(leaf(child) if leaf else child)
            else:
                children.append(self.node(child))
        return getattr(self, parsed.data)(children, self.span(children))

    # ---- places

    def span(self, children: Children) -> Span:
        if not children:
            return Span(self.source, 0, 0)
        first, last = children[0], children[-1]
        start = first.start_pos if isinstance(first, Token) else first.span.start
        end = last.end_pos if isinstance(last, Token) else last.span.end
        return Span(self.source, cast(int, start), cast(int, end))

    def identifier(self, token: Token) -> tree.Identifier:
        return tree.Identifier(self.span([token]), str(token))

    def identifiers(self, children: Children) -> tuple[tree.Identifier, ...]:
        return tuple(self.identifier(token) for token in names_of(children))

    def name_of(self, children: Children) -> tree.Identifier:
        return self.identifier(names_of(children)[0])

    def optional_name(self, children: Children) -> tree.Identifier | None:
        names = names_of(children)
        return self.identifier(names[0]) if names else None

    def doc(self, span: Span) -> str:
        return self.docs.get(span.start, "")

    # ---- the file

    def start(self, children: Children, span: Span) -> tree.File:
        whole = Span(self.source, 0, len(self.source.text))
        return tree.File(whole, cast("tuple[tree.Item, ...]", tuple(children)))

    def import_(self, children: Children, span: Span) -> tree.Import:
        return tree.Import(span, self.identifiers(children), cast(tree.String, children[-1]))

    def default(self, children: Children, span: Span) -> tree.Default:
        return tree.Default(span, self.name_of(children), nodes_of(children, tree.Argument))

    def block(self, children: Children, span: Span) -> tree.Block:
        parameters = nodes_of(children, tree.HeaderParameter)
        return tree.Block(
            span, self.name_of(children), parameters, body_of(children), self.doc(span)
        )

    def net(self, children: Children, span: Span) -> tree.Net:
        parameters = nodes_of(children, tree.HeaderParameter)
        return tree.Net(span, self.name_of(children), parameters, body_of(children), self.doc(span))

    def train(self, children: Children, span: Span) -> tree.Train:
        names = self.identifiers(children)
        statements = tuple(child for child in children if isinstance(child, tree.Node))
        return tree.Train(
            span,
            names[0] if names else None,
            cast("tuple[tree.TrainStatement, ...]", statements),
            self.doc(span),
        )

    def header_parameter(self, children: Children, span: Span) -> tree.HeaderParameter:
        types = nodes_of(children, tree.Type)
        default = children[-1]
        known = isinstance(default, tree.Node) and not isinstance(default, tree.Type)
        return tree.HeaderParameter(
            span,
            self.name_of(children),
            types[0] if types else None,
            cast(Any, default) if known else None,
        )

    # ---- statements

    def body(self, children: Children, span: Span) -> tree.Body:
        return tree.Body(span, statements_of(children))

    def flow(self, children: Children, span: Span) -> tree.Row:
        return tree.Row(span, (), last(children), self.doc(span))

    def row(self, children: Children, span: Span) -> tree.Row:
        return tree.Row(span, self.identifiers(children), last(children), self.doc(span))

    def bind(self, children: Children, span: Span) -> tree.Bind:
        return tree.Bind(span, self.identifiers(children), last(children), self.doc(span))

    def input(self, children: Children, span: Span) -> tree.Input:
        return tree.Input(span, self.identifiers(children), last(children), self.doc(span))

    def parameter(self, children: Children, span: Span) -> tree.Parameter:
        (type_,) = nodes_of(children, tree.Type)
        name = self.name_of(children)
        return tree.Parameter(span, name, type_, last(children), self.doc(span))

    def layer(self, children: Children, span: Span) -> tree.Layer:
        return tree.Layer(span, self.name_of(children), last(children), self.doc(span))

    def output(self, children: Children, span: Span) -> tree.Output:
        definition = children[1] if isinstance(children[1], tree.Row | tree.Bind) else None
        return tree.Output(span, self.identifiers(children), definition, self.doc(span))

    def check(self, children: Children, span: Span) -> tree.Check:
        return tree.Check(span, last(children))

    # ---- statements of a train section

    def target(self, children: Children, span: Span) -> tree.Target:
        return tree.Target(span, self.identifiers(children), last(children), self.doc(span))

    def loss(self, children: Children, span: Span) -> tree.Loss:
        return tree.Loss(span, self.optional_name(children), last(children))

    def metric(self, children: Children, span: Span) -> tree.Metric:
        return tree.Metric(span, self.optional_name(children), last(children))

    def freeze(self, children: Children, span: Span) -> tree.Freeze:
        arguments = nodes_of(children, tree.Argument)
        return tree.Freeze(span, nodes_of(children, tree.Path), arguments)

    def group(self, children: Children, span: Span) -> tree.Group:
        arguments = nodes_of(children, tree.Argument)
        return tree.Group(span, nodes_of(children, tree.Path), arguments)

    def augment(self, children: Children, span: Span) -> tree.Augment:
        (type_,) = nodes_of(children, tree.Type)
        return tree.Augment(span, self.name_of(children), type_, last(children))

    def setting(self, children: Children, span: Span) -> tree.Setting:
        return tree.Setting(span, self.name_of(children), last(children))

    def path(self, children: Children, span: Span) -> tree.Path:
        parts: list[str | int] = []
        for before, child in zip([None, *children], children, strict=False):
            assert isinstance(child, Token)
            if child.type == "NAME":
                parts.append(str(child))
            elif child.type == "INTEGER":
                parts.append(-int(child) if before == "-" else int(child))
        return tree.Path(span, tuple(parts))

    def type(self, children: Children, span: Span) -> tree.Type:
        dtype = self.optional_name(children)
        return tree.Type(span, dtype, expressions_of(children))

    # ---- expressions

    def pipe(self, children: Children, span: Span) -> tree.Pipe:
        return tree.Pipe(span, expressions_of(children))

    def binary(self, children: Children, span: Span) -> tree.Binary:
        left, sign, right = children
        assert isinstance(sign, Token)
        return tree.Binary(span, str(sign), cast(Any, left), cast(Any, right), self.span([sign]))

    def unary(self, children: Children, span: Span) -> tree.Unary:
        return tree.Unary(span, str(children[0]), last(children))

    def bracketed(self, children: Children, span: Span) -> tree.Node:
        return replace(cast(tree.Node, children[1]), span=span)

    def call(self, children: Children, span: Span) -> tree.Call:
        return tree.Call(span, cast(Any, children[0]), nodes_of(children, tree.Argument))

    def argument(self, children: Children, span: Span) -> tree.Argument:
        return tree.Argument(span, self.optional_name(children), last(children))

    def attribute(self, children: Children, span: Span) -> tree.Attribute:
        return tree.Attribute(span, cast(Any, children[0]), self.name_of(children))

    def index(self, children: Children, span: Span) -> tree.Index:
        return tree.Index(span, cast(Any, children[0]), cast(Any, expressions_of(children[1:])))

    def slice(self, children: Children, span: Span) -> tree.Slice:
        colon = next(i for i, child in enumerate(children) if isinstance(child, Token))
        lower, upper = children[:colon], children[colon + 1 :]
        return tree.Slice(
            span, cast(Any, lower[0] if lower else None), cast(Any, upper[0] if upper else None)
        )

    def ellipsis(self, children: Children, span: Span) -> tree.Dots:
        return tree.Dots(span)

    def merge(self, children: Children, span: Span) -> tree.Merge:
        return tree.Merge(span, cast(Any, children[0]), nodes_of(children, tree.Branch))

    def branch(self, children: Children, span: Span) -> tree.Branch:
        return tree.Branch(span, statements_of(children))

    def repeat(self, children: Children, span: Span) -> tree.Repeat:
        return tree.Repeat(span, cast(Any, children[1]), body_of(children))

    def for_(self, children: Children, span: Span) -> tree.For:
        return tree.For(span, self.name_of(children), cast(Any, children[3]), body_of(children))

    def if_(self, children: Children, span: Span) -> tree.If:
        body = cast(tree.Body, children[2])
        otherwise = children[4] if len(children) > 4 else None
        return tree.If(span, cast(Any, children[1]), body, cast(Any, otherwise))

    def scan(self, children: Children, span: Span) -> tree.Scan:
        carries = nodes_of(children, tree.Carry)
        sequence = cast(Any, children[3])
        return tree.Scan(span, self.name_of(children), sequence, carries, body_of(children))

    def carry(self, children: Children, span: Span) -> tree.Carry:
        return tree.Carry(span, self.name_of(children), last(children))

    def list(self, children: Children, span: Span) -> tree.List:
        return tree.List(span, expressions_of(children))

    def name(self, children: Children, span: Span) -> tree.Name:
        return tree.Name(span, str(children[0]))

    def number(self, children: Children, span: Span) -> tree.Number:
        return tree.Number(span, number_of(children[0]), str(children[0]))

    def quantity(self, children: Children, span: Span) -> tree.Quantity:
        return tree.Quantity(span, number_of(children[0]), str(children[1]))

    def boolean(self, children: Children, span: Span) -> tree.Boolean:
        return tree.Boolean(span, children[0] == "true")

    def size(self, token: Token) -> tree.Size:
        return tree.Size(self.span([token]), tuple(int(part) for part in token.split("x")))

    def string(self, token: Token) -> tree.String:
        return tree.String(self.span([token]), str(token)[1:-1])


def last(children: Children) -> Any:
    """Return the node a rule ends with; the grammar says of which kind it is."""
    return children[-1]


def body_of(children: Children) -> tree.Body:
    """Return the body a rule ends with."""
    return cast(tree.Body, children[-1])


def statements_of(children: Children) -> tuple[tree.Statement, ...]:
    """Return the statements in a body or a branch."""
    return cast("tuple[tree.Statement, ...]", nodes_of(children, tree.Node))


def expressions_of(children: Children) -> tuple[tree.Expression, ...]:
    """Return the expressions among the children of a rule, without signs."""
    return cast("tuple[tree.Expression, ...]", nodes_of(children, tree.Node))


def number_of(child: Child) -> int | float:
    """Return the value of a number as it is written."""
    assert isinstance(child, Token)
    return int(child) if child.type == "INTEGER" else float(child)
