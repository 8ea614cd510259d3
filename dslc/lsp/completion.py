"""What can be typed at a place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lsprotocol.types import CompletionItem, CompletionItemKind

from dslc.elaborate import conversion
from dslc.help.entry import entries
from dslc.lsp.analysis import Analysis
from dslc.lsp.context import Context, context_at
from dslc.lsp.items import (
    argument_item,
    choice_items,
    dtype_items,
    entry_item,
    group_items,
    keyword_items,
    setting_items,
    word_item,
)
from dslc.lsp.library import block_signature_of
from dslc.lsp.paths import places_of, reachable
from dslc.lsp.symbols import Index, Kind, Scope, Symbol
from dslc.operation import SettingInfo
from dslc.syntax import tree
from dslc.syntax.words import FILE_WORDS, STACK_WORDS, TRAIN_WORDS

TYPED = frozenset({"input", "target", "param", "augment"})
STATIC = (Kind.HYPER, Kind.VARIABLE, Kind.DIMENSION)
VALUES = (Kind.INPUT, Kind.TARGET, Kind.PARAMETER, Kind.VALUE)


def completions(
    analysis: Analysis, offset: int, index: Index | None, snippets: bool
) -> list[CompletionItem]:
    """Return what can be typed at an offset; `index` are the names of the file, of now or of a while ago."""
    context = context_at(analysis.source.text, offset)
    found = _Completion(analysis, offset, context, index, snippets)
    once: dict[str, CompletionItem] = {}
    for item in found.items():
        once.setdefault(item.label, item)
    return list(once.values())


@dataclass(frozen=True)
class _Completion:
    analysis: Analysis
    offset: int
    context: Context
    index: Index | None
    snippets: bool

    def items(self) -> Iterable[CompletionItem]:
        context = self.context
        if context.inside == "comment":
            return ()
        if context.inside == "string":
            return self._files() if context.statement == "import" else ()
        if context.previous == ".":
            return self._members()
        if context.top.section == "call":
            return self._in_call()
        if context.top.section == "list":
            return self._static()
        if not context.top.tokens:
            return self._statement()
        return self._later()

    # ---- where a statement begins, and inside it

    def _statement(self) -> Iterator[CompletionItem]:
        section = self.context.top.section
        if section == "file":
            yield from keyword_items(FILE_WORDS)
        elif section == "train":
            yield from keyword_items(TRAIN_WORDS)
            yield from setting_items()
        else:
            yield from self._stage()
            yield from self._values()
            yield from keyword_items(STACK_WORDS)

    def _later(self) -> Iterable[CompletionItem]:
        statement, previous = self.context.statement, self.context.previous
        tokens = self.context.body.tokens
        if statement in ("block", "net", "train", "import") and len(tokens) < 3:
            return ()
        if statement == "default":
            return [*self._library("operation"), *self._blocks()]
        if statement in TYPED and previous == ":":
            return dtype_items()
        if self.context.top.section == "train":
            return self._recipe(statement, tokens)
        if previous == "->":
            return self._stage()
        if statement == "check":
            return [word_item("parameters", "how many weights the net has"), *self._static()]
        return [*self._stage(), *self._values()]

    def _recipe(self, statement: str, tokens: list[str]) -> Iterable[CompletionItem]:
        if statement in ("freeze", "group"):
            return self._path([])
        if statement == "metric":
            return [*self._library("metric"), *self._values()]
        if statement == "loss":
            return [*self._losses(), *self._values()]
        if statement in ("optimizer", "schedule") and tokens[-1] == "=":
            return self._library(statement)
        return self._static()

    # ---- calls

    def _in_call(self) -> Iterator[CompletionItem]:
        settings = list(self._callee_settings())
        wanted = {info.name: info for info, _ in settings}.get(self.context.argument)
        if self.context.argument:
            yield from choice_items(wanted)
            if wanted is not None and conversion.wants_initializer(wanted.annotation):
                yield from self._library("initializer")
            yield from self._static()
            return
        if self.context.begins_argument:
            for position, (info, owner) in enumerate(settings):
                if info.name not in self.context.given:
                    yield argument_item(info, owner, position)
        yield from self._values()
        yield from self._library("operation", rank=5)

    def _callee_settings(self) -> Iterator[tuple[SettingInfo, str]]:
        """Yield the settings of what is called, with its name."""
        callee, scope = self.context.callee, self._scope()
        symbol = (scope.find(callee) if scope else None) or self._definition(callee)
        if symbol is not None and isinstance(symbol.node, tree.Block | tree.Net):
            for info in block_signature_of(symbol.node).settings:
                yield info, callee
            return
        kinds = ["operation", "initializer", "metric", "optimizer", "schedule"]
        if self.context.statement in ("metric", "optimizer", "schedule"):
            kinds.insert(0, self.context.statement)
        if self.context.statement == "group" and callee not in entries("optimizer"):
            callee = self._optimizer()
        entry = next((entries(k)[callee] for k in kinds if callee in entries(k)), None)
        for info in entry.settings if entry else ():
            yield info, callee

    def _optimizer(self) -> str:
        """Return the optimizer of the file's train section."""
        for item in self.index.file.items if self.index else ():
            for one in item.statements if isinstance(item, tree.Train) else ():
                if isinstance(one, tree.Setting) and one.name.text == "optimizer":
                    return one.value.span.text.partition("(")[0].strip()
        return "SGD"

    # ---- names

    def _stage(self) -> Iterator[CompletionItem]:
        """Yield what can be called."""
        yield from self._blocks()
        yield from self._symbols((Kind.LAYER,), CompletionItemKind.Class)
        yield from self._library("operation")
        yield from group_items(self.snippets)

    def _library(self, kind: str, rank: int = 3) -> Iterator[CompletionItem]:
        for entry in entries(kind).values():
            yield entry_item(entry, rank, self.snippets)

    def _losses(self) -> Iterator[CompletionItem]:
        for entry in entries("operation").values():
            rank = 1 if entry.kind == "loss" else 4
            yield entry_item(entry, rank, self.snippets)

    def _blocks(self) -> Iterator[CompletionItem]:
        for name, symbol in self.index.definitions.items() if self.index else ():
            if name != self.context.item:
                yield CompletionItem(
                    name,
                    kind=CompletionItemKind.Module,
                    detail=_signature(symbol),
                    documentation=str(getattr(symbol.node, "doc", "")) or None,
                    sort_text=f"2{name}",
                )

    def _values(self) -> Iterator[CompletionItem]:
        yield from self._symbols(VALUES, CompletionItemKind.Variable)
        yield from self._static()

    def _static(self) -> Iterator[CompletionItem]:
        yield from self._symbols(STATIC, CompletionItemKind.Constant)

    def _symbols(
        self, kinds: tuple[Kind, ...], shown: CompletionItemKind
    ) -> Iterator[CompletionItem]:
        """Yield the names of the scope that are defined before this place."""
        scope = self._scope()
        for name, symbol in scope.visible().items() if scope else ():
            if symbol.kind in kinds and self._is_before(symbol):
                yield CompletionItem(
                    name, kind=shown, detail=self._detail(symbol), sort_text=f"0{name}"
                )

    def _is_before(self, symbol: Symbol) -> bool:
        if self.context.body.section == "train":
            return True
        node = symbol.node
        inside = isinstance(node, tree.Row | tree.Bind) and node.span.end >= self.offset
        return symbol.span.start < self.offset and not inside

    def _detail(self, symbol: Symbol) -> str:
        notes = self.analysis.notes.of(symbol.node)
        if notes and notes[0].values:
            return f"{symbol.kind.value}: {notes[0].values[0].type}"
        return symbol.kind.value

    def _scope(self) -> Scope | None:
        """Return the names visible here, by the place or, where that was not read, by the block's name."""
        if self.index is None:
            return None
        if self.index.file.source is self.analysis.source:
            found = self.index.scope_at(self.offset)
            if found is not None:
                return found
        if self.context.body.section == "train":
            nets = [s for s in self.index.definitions.values() if s.kind is Kind.NET]
            return nets[-1].scope if nets else None
        symbol = self._definition(self.context.item)
        return symbol.scope if symbol else None

    def _definition(self, name: str) -> Symbol | None:
        return self.index.definitions.get(name) if self.index else None

    # ---- behind a dot

    def _members(self) -> Iterable[CompletionItem]:
        if self.context.statement in ("freeze", "group"):
            return self._path(self.context.dotted)
        names = self.context.dotted
        scope = self._scope()
        symbol = scope.find(names[0]) if names and scope else None
        return self._inside(symbol, names[1:])

    def _path(self, names: list[str]) -> Iterator[CompletionItem]:
        """Yield what may stand behind `names` in a path of weights: labels, numbered places, kinds of layers."""
        for name in self._parts_behind(names):
            yield CompletionItem(name, kind=CompletionItemKind.Field)
        scope = self._scope()
        root = scope.parent if scope and scope.parent else scope
        if self.index is None or root is None:
            return
        labels = reachable([(self.index, root.span)])
        if names:
            yield from self._inside(labels.get(names[0]), names[1:])
            return
        for name, symbol in labels.items():
            yield CompletionItem(name, kind=CompletionItemKind.Field, detail=symbol.kind.value)
        for name in ("weight", "bias", *self._kinds()):
            yield CompletionItem(
                name, kind=CompletionItemKind.Class, detail="a kind", sort_text=f"z{name}"
            )

    def _parts_behind(self, names: list[str]) -> list[str]:
        """Return the next parts of the names of the weights, rounds of loops left out."""
        network = self.analysis.network
        found: dict[str, None] = {}
        for parameter in network.parameters if network else ():
            parts = [part for part in parameter.name.split(".") if not part.isdigit()]
            if parts[: len(names)] == names and len(parts) > len(names):
                found[parts[len(names)]] = None
        return list(found)

    def _kinds(self) -> list[str]:
        """Return the layers of the net that own weights."""
        calls = self.analysis.network.calls if self.analysis.network else ()
        return sorted({call.operation.language_name() for call in calls if call.parameters})

    def _inside(self, symbol: Symbol | None, names: list[str]) -> Iterator[CompletionItem]:
        """Yield the labels inside a label, and the weights of a single layer."""
        if symbol is None or self.index is None:
            return
        places = places_of(symbol, self.index)
        if names:
            yield from self._inside(reachable(places).get(names[0]), names[1:])
            return
        for name, inner in reachable(places).items():
            yield CompletionItem(name, kind=CompletionItemKind.Field, detail=inner.kind.value)
        for name in self._weights(symbol):
            yield CompletionItem(name, kind=CompletionItemKind.Field, detail="weights")

    def _weights(self, symbol: Symbol) -> Iterator[str]:
        network = self.analysis.network
        for parameter in network.parameters if network else ():
            head, _, name = parameter.name.rpartition(".")
            if head == symbol.name:
                yield name

    def _files(self) -> Iterator[CompletionItem]:
        for path in self.analysis.folder.importable():
            yield CompletionItem(path, kind=CompletionItemKind.File)


def _signature(symbol: Symbol) -> str:
    node = symbol.node
    return block_signature_of(node).text if isinstance(node, tree.Block | tree.Net) else ""
