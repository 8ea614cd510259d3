"""The names a file defines, and every place where one of them is meant."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from enum import Enum

from dslc.source import Source, Span
from dslc.syntax import tree


class Kind(Enum):
    """What a name stands for; `value` is how one says it."""

    BLOCK = "block"
    NET = "net"
    HYPER = "hyper-parameter"
    INPUT = "input"
    TARGET = "target"
    PARAMETER = "parameter"
    LAYER = "layer"
    VALUE = "value"
    VARIABLE = "loop variable"
    DIMENSION = "dimension"
    LOSS = "loss"
    METRIC = "metric"


CALLABLE = (Kind.BLOCK, Kind.NET, Kind.LAYER, Kind.HYPER)
"""What a call may name; a value never hides a function of its name."""


@dataclass(eq=False)
class Symbol:
    """One name. `node` is the statement, header parameter or item that defines it, `scope` the names of its body.

    Where both arms of an `if` define the name, it has two definitions.
    """

    name: str
    kind: Kind
    node: tree.Node
    definitions: list[Span]
    scope: Scope | None = None

    @property
    def span(self) -> Span:
        return self.definitions[0]

    @property
    def source(self) -> Source:
        return self.span.source


@dataclass(eq=False)
class Scope:
    """The names of a body; a round of a loop sees those around it."""

    span: Span
    parent: Scope | None = None
    names: dict[str, Symbol] = field(default_factory=dict)

    def find(self, name: str) -> Symbol | None:
        if name in self.names:
            return self.names[name]
        return self.parent.find(name) if self.parent else None

    def visible(self) -> dict[str, Symbol]:
        """Return every name that can be used here."""
        return {**(self.parent.visible() if self.parent else {}), **self.names}


@dataclass(frozen=True, eq=False)
class Use:
    """A place where a symbol is defined or meant.

    In a path of weights a place may go by a number (`basic2`, a block's name in lower case): `number` is that, and
    `lower` says that the name stands there in lower case.
    """

    span: Span
    symbol: Symbol
    number: str = ""
    lower: bool = False

    def renamed(self, name: str) -> str:
        """Return what stands here when the symbol is called `name`."""
        return f"{name.lower() if self.lower else name}{self.number}"


@dataclass(eq=False)
class Index:
    """The names of one file: its blocks and nets, its scopes, and every use in the order of the text."""

    file: tree.File
    definitions: dict[str, Symbol] = field(default_factory=dict)
    imports: dict[str, Index] = field(default_factory=dict)
    """The files that could be read, by the path as it is written."""
    scopes: list[Scope] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)

    def at(self, offset: int) -> Use | None:
        """Return the use at an offset, or one that ends there."""
        found = [use for use in self.uses if use.span.start <= offset <= use.span.end]
        return found[-1] if found else None

    def of(self, symbol: Symbol) -> list[Use]:
        """Return the uses of a symbol in this file."""
        return [use for use in self.uses if use.symbol is symbol]

    def inside(self, span: Span) -> list[Use]:
        """Return the uses inside a span of this file."""
        first = bisect_left(self.uses, span.start, key=lambda use: use.span.start)
        last = bisect_left(self.uses, span.end, key=lambda use: use.span.start)
        return self.uses[first:last]

    def scope_at(self, offset: int) -> Scope | None:
        """Return the innermost scope around an offset."""
        around = [one for one in self.scopes if one.span.start <= offset <= one.span.end]
        return min(around, key=lambda one: one.span.end - one.span.start, default=None)
