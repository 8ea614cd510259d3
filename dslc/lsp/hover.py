"""What an editor shows about the word under the pointer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lsprotocol.types import Hover, MarkupContent, MarkupKind

from dslc.elaborate.freezing import Weights
from dslc.elaborate.notes import Note
from dslc.elaborate.places import owned
from dslc.elaborate.scope import Result
from dslc.elaborate.static import is_static
from dslc.elaborate.train_settings import SETTINGS
from dslc.help import words
from dslc.help.printing import code, hover_text
from dslc.lsp.analysis import Analysis
from dslc.lsp.library import block_signature_of, first_entry, setting_text
from dslc.lsp.nodes import way_to
from dslc.lsp.symbols import Kind, Symbol
from dslc.network.network import Parameter
from dslc.operation import SettingInfo
from dslc.source import Span
from dslc.syntax import tree
from dslc.types import default_text, text

ANYTHING = ("operation", "metric", "initializer", "optimizer", "schedule")
MOST = 8
"""Lines of a list."""


def hover(analysis: Analysis, offset: int) -> Hover | None:
    """Return what is to be said about the word at an offset."""
    found = _found(analysis, offset)
    if found is None:
        return None
    span, parts = found
    value = "\n\n".join(part for part in parts if part)
    return Hover(MarkupContent(MarkupKind.Markdown, value), analysis.positions.range(span))


def _found(analysis: Analysis, offset: int) -> tuple[Span, list[str]] | None:
    """Return the span of the word and what is known of it: a name of the file, of the library, a word."""
    if analysis.file is None or analysis.index is None:
        return _word(analysis, offset)
    way = way_to(analysis.file, offset)
    use = analysis.index.at(offset)
    if use is not None:
        return use.span, _symbol(use.symbol, way, analysis)
    for node in reversed(way):
        found = _described(node, way, analysis, offset)
        if found is not None:
            return found
    return _word(analysis, offset)


# ---- names of the file


def _symbol(symbol: Symbol, way: list[tree.Node], analysis: Analysis) -> list[str]:
    if symbol.kind in (Kind.BLOCK, Kind.NET):
        return [*_definition(symbol), *_gives(way, analysis)]
    notes = _notes(symbol, analysis)
    if symbol.kind is Kind.DIMENSION:
        return [code(f"{symbol.name}"), "a free dimension"]
    doc = str(getattr(symbol.node, "doc", ""))
    statics = list(dict.fromkeys(text(n.entity) for n in notes if is_static(n.entity)))
    if statics:
        return [_static(symbol, notes, statics), symbol.kind.value]
    return [*_values(symbol, notes), doc, _weights(symbol, notes)]


def _notes(symbol: Symbol, analysis: Analysis) -> tuple[Note, ...]:
    """Return what was noted of a symbol; the loop variable itself carries the notes of its loop."""
    node = symbol.node
    notes = analysis.notes.of(node.variable if isinstance(node, tree.For) else node)
    if notes or symbol.source is not analysis.source or analysis.index is None:
        return notes
    statements = (n for n in analysis.notes if isinstance(n, tree.Output) and n.definition is node)
    return next((analysis.notes.of(one) for one in statements), ())


def _definition(symbol: Symbol) -> list[str]:
    node = symbol.node
    assert isinstance(node, tree.Block | tree.Net)
    signature = block_signature_of(node).text
    return [code(f"{symbol.kind.value} {signature}"), node.doc.split("\n\n")[0]]


def _static(symbol: Symbol, notes: Iterable[Note], values: list[str]) -> str:
    """Return the value of a hyper-parameter or number; where it has several, the calls they come from."""
    if len(values) == 1:
        return code(f"{symbol.name} = {values[0]}")
    lines = dict.fromkeys(f"{symbol.name} = {text(n.entity)}{_from(n)}" for n in notes)
    return code("\n".join(_short(lines)))


def _values(symbol: Symbol, notes: Iterable[Note]) -> list[str]:
    """Return the types of a value, by the calls of its block where they differ."""
    notes = [note for note in notes if note.values]
    if not notes:
        return [code(symbol.name), symbol.kind.value]
    types = list(dict.fromkeys(str(_type(symbol, note)) for note in notes))
    if len(types) == 1:
        return [code(f"{symbol.name}: {types[0]}")]
    lines = dict.fromkeys(f"{symbol.name}: {_type(symbol, note)}{_from(note)}" for note in notes)
    return [code("\n".join(_short(lines)))]


def _type(symbol: Symbol, note: Note) -> Any:
    """Return the type of the label that a row of several labels gives to one of its values."""
    labels = getattr(symbol.node, "labels", getattr(symbol.node, "names", ()))
    position = next((i for i, label in enumerate(labels) if label.text == symbol.name), 0)
    is_input = isinstance(symbol.node, tree.Input | tree.Target)
    values = note.values
    return values[position if position < len(values) and not is_input else 0].type


def _from(note: Note) -> str:
    return f"   # {note.chain[-1][0]}" if note.chain else ""


def _weights(symbol: Symbol, notes: Iterable[Note]) -> str:
    """Return what a label owns, with counts."""
    return "" if symbol.kind is Kind.PARAMETER else _owned_once(notes)


def _owned_once(notes: Iterable[Note]) -> str:
    """Return what a row or call owns; in a block that is called several times, nothing: each call has its own."""
    places = [note.entity.place for note in notes if isinstance(note.entity, Result)]
    return owned_text(list(owned(places[0]))) if len(places) == 1 and places[0] else ""


def owned_text(parameters: list[Parameter]) -> str:
    """Return a table of parameters and their number."""
    weights = [one for one in parameters if not one.statistic]
    if not weights:
        return ""
    total = sum(one.type.size for one in weights if isinstance(one.type.size, int))
    lines = {f"{one.name}: {one.type}": None for one in weights}
    if len(lines) == 1:
        return f"{total:,} parameters: `{next(iter(lines))}`"
    return f"{total:,} parameters\n" + code("\n".join(_short(lines)))


def _short(lines: Mapping[str, None]) -> list[str]:
    """Return the first lines of a list, and how many more there are."""
    shown = list(lines)
    if len(shown) <= MOST:
        return shown
    return [*shown[: MOST - 1], f"... and {len(shown) - MOST + 1} more"]


def _gives(way: list[tree.Node], analysis: Analysis) -> Iterator[str]:
    """Say what the call around a name gives."""
    for node in reversed(way[-2:]):
        types = list(
            dict.fromkeys(
                ", ".join(str(value.type) for value in note.values)
                for note in analysis.notes.of(node)
                if note.values
            )
        )
        if types and isinstance(node, tree.Name | tree.Call | tree.Merge):
            yield f"gives `{'`, `'.join(types[:MOST])}`"
            yield _owned_once(analysis.notes.of(node))
            return


# ---- names of the library and words


def _described(
    node: tree.Node, way: list[tree.Node], analysis: Analysis, offset: int
) -> tuple[Span, list[str]] | None:
    match node:
        case tree.Name():
            return _library(node.span, node.text, ANYTHING, way, analysis)
        case tree.Default():
            inside = node.name.span.start <= offset <= node.name.span.end
            if inside:
                return _library(node.name.span, node.name.text, ANYTHING, way, analysis)
        case tree.Argument(name=name) if name is not None:
            if name.span.start <= offset <= name.span.end:
                return _argument(name, way, analysis)
        case tree.Setting():
            if offset <= node.name.span.end:
                return node.name.span, [_setting(node.name.text)]
        case tree.Path():
            return node.span, [_path(node, analysis)]
    return None


def _library(
    span: Span, name: str, kinds: tuple[str, ...], way: list[tree.Node], analysis: Analysis
) -> tuple[Span, list[str]] | None:
    if any(isinstance(node, tree.Metric) for node in way[-3:]):
        kinds = ("metric", *kinds)
    if any(isinstance(node, tree.Setting) for node in way[-3:]):
        kinds = ("optimizer", "schedule", *kinds)
    entry = first_entry(name, kinds)
    if entry is None:
        return None
    return span, [hover_text(entry), *_gives(way, analysis)]


def _argument(
    name: tree.Identifier, way: list[tree.Node], analysis: Analysis
) -> tuple[Span, list[str]] | None:
    """Describe the setting that an argument of a library call names."""
    owner = callee_name(way)
    entry = first_entry(owner, ANYTHING)
    settings = entry.settings if entry else ()
    info = next((one for one in settings if one.name == name.text), None)
    return (name.span, [setting_text(info, owner)]) if info else None


def callee_name(way: list[tree.Node]) -> str:
    """Return what the innermost call on the way calls."""
    for node in reversed(way):
        if isinstance(node, tree.Call) and isinstance(node.function, tree.Name):
            return node.function.text
        if isinstance(node, tree.Default):
            return node.name.text
    return ""


def _setting(name: str) -> str:
    info = SETTINGS.get(name, SettingInfo(name, Any, None, {}))
    described = words.SETTINGS.get(name, "")
    default = f"default {default_text(info.default)}" if info.default is not None else ""
    parts = (code(name), described, words.RULES.get(name, ""), default)
    return "\n\n".join(part for part in parts if part)


def _path(node: tree.Path, analysis: Analysis) -> str:
    network = analysis.network
    if network is None:
        return code(str(node))
    found = Weights(network.parameters, network.calls).chosen(node)
    return f"{code(str(node))}\n\n{owned_text(found)}"


def _word(analysis: Analysis, offset: int) -> tuple[Span, list[str]] | None:
    """Describe a word of the language."""
    text_, start, end = analysis.source.text, offset, offset
    while start and _is_letter(text_[start - 1]):
        start -= 1
    while end < len(text_) and _is_letter(text_[end]):
        end += 1
    word = text_[start:end]
    before = text_[:start].rpartition("\n")[2]
    if word not in words.KEYWORDS or "#" in before or before.count('"') % 2:
        return None
    said = [code(word), words.KEYWORDS[word], words.RULES.get(word, "")]
    return Span(analysis.source, start, end), [part for part in said if part]


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"
