"""What a dot or a path of weights looks into: `stage1.basic2.down.weight`, `layers[:].tap`.

A label holds the names of its own row, and those in the bodies of the blocks that the row calls. Where a place has no
label, a path counts: `basic2` is the second call of `Basic`, `c2` the second round's `c` in a loop without a label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dslc.lsp.symbols import Index, Kind, Symbol, Use
from dslc.source import Source, Span
from dslc.syntax import tree

Place = tuple[Index, Span]
"""A part of a file whose names can be reached."""

REACHABLE = (Kind.VALUE, Kind.PARAMETER, Kind.LAYER)


@dataclass(frozen=True)
class Member:
    """`value.name` in an expression."""

    value: tree.Expression
    name: tree.Identifier


@dataclass(frozen=True)
class Path:
    """A path of `freeze` or `group`: its parts, and the net it looks into."""

    spans: Sequence[Span]
    parts: Sequence[str]
    root: Span


@dataclass
class Resolver:
    """Resolves what was put off until every name is known."""

    index: Index
    found: list[Use] = field(default_factory=list)

    def member(self, member: Member) -> None:
        holder = self._holder(member.value)
        if holder is None:
            return
        for place in places_of(holder, self.index):
            symbol = _defined(place, member.name.text)
            if symbol is not None:
                self.found.append(Use(member.name.span, symbol))
                return

    def path(self, path: Path) -> None:
        places: list[Place] = [(self.index, path.root)]
        for span, part in zip(path.spans, path.parts, strict=False):
            if part.lstrip("-").isdigit():
                continue
            use = _step(places, span, part)
            if use is None:
                return
            self.found.append(use)
            places = places_of(use.symbol, self.index)

    def _holder(self, node: tree.Expression) -> Symbol | None:
        if isinstance(node, tree.Index):
            return self._holder(node.value)
        span = node.name.span if isinstance(node, tree.Attribute) else node.span
        known = [*self.index.inside(Span(span.source, span.start, span.start + 1)), *self.found]
        return next((use.symbol for use in known if use.span == span), None)


def places_of(symbol: Symbol, index: Index) -> list[Place]:
    """Return where the names inside a block, label or layer are written."""
    owner = owner_of(symbol.source, index)
    if owner is None:
        return []
    node = symbol.node
    if isinstance(node, tree.Block | tree.Net):
        return [(owner, node.body.span)]
    if not isinstance(node, tree.Row | tree.Bind | tree.Layer):
        return []
    places: list[Place] = [(owner, node.value.span)]
    layers = () if isinstance(node, tree.Layer) else (Kind.LAYER,)
    for block in called(owner, node.value.span, Kind.BLOCK, Kind.NET, *layers):
        places += places_of(block, owner)
    return places


def called(index: Index, span: Span, *kinds: Kind) -> Iterator[Symbol]:
    """Yield what of some kinds is called in a part of a file, each once; by default the blocks and nets."""
    seen: set[Symbol] = set()
    for use in index.inside(span):
        if use.symbol.kind in (kinds or (Kind.BLOCK, Kind.NET)) and use.symbol not in seen:
            seen.add(use.symbol)
            yield use.symbol


def owner_of(source: Source, index: Index) -> Index | None:
    """Return the index of a file among one and what it imports."""
    if index.file.source is source:
        return index
    found = (owner_of(source, other) for other in index.imports.values())
    return next((one for one in found if one is not None), None)


def reachable(places: Sequence[Place]) -> dict[str, Symbol]:
    """Return the names that can stand behind a dot."""
    return {
        use.symbol.name: use.symbol
        for index, span in places
        for use in index.inside(span)
        if use.symbol.kind in REACHABLE and use.span in use.symbol.definitions
    }


def _defined(place: Place, name: str) -> Symbol | None:
    return reachable([place]).get(name)


def _step(places: Sequence[Place], span: Span, part: str) -> Use | None:
    """Return what one part of a path means: a label, or a place that goes by its kind and a number."""
    names = reachable(places)
    if part in names:
        return Use(span, names[part])
    word = part.rstrip("0123456789")
    number = part[len(word) :]
    if word in names:
        return Use(span, names[word], number)
    for index, around in places:
        for block in called(index, around):
            if block.name.lower() in (word, part):
                counted = number if block.name.lower() == word else ""
                return Use(span, block, counted, lower=True)
    return None
