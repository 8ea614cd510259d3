"""Entries of a completion list: each with what it is, a line of detail, and its rank."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lsprotocol.types import (
    CompletionItem,
    CompletionItemKind,
    InsertTextFormat,
    MarkupContent,
    MarkupKind,
)

from dslc.elaborate import conversion
from dslc.elaborate.train_settings import SETTINGS
from dslc.help import words
from dslc.help.entry import Entry
from dslc.help.printing import hover_text
from dslc.layers.merge import MERGES
from dslc.lsp.library import setting_text
from dslc.operation import SettingInfo
from dslc.types import DType, default_text

CONTROL: Mapping[str, str] = {
    "repeat": "repeat ${1:2} { $0 }",
    "for": "for ${1:x} in ${2:list} { $0 }",
    "if": "if ${1:condition} { $0 }",
}
KINDS: Mapping[str, CompletionItemKind] = {
    "layer": CompletionItemKind.Class,
    "function": CompletionItemKind.Function,
    "loss": CompletionItemKind.Function,
    "metric": CompletionItemKind.Function,
    "initializer": CompletionItemKind.Constructor,
    "optimizer": CompletionItemKind.Class,
    "schedule": CompletionItemKind.Class,
    "augmentation": CompletionItemKind.Function,
}


def entry_item(entry: Entry, rank: int, snippets: bool) -> CompletionItem:
    """Return the entry of something of the library; brackets come with it where it needs arguments."""
    needs = snippets and any(conversion.required(info) for info in entry.settings)
    return CompletionItem(
        entry.name,
        kind=KINDS[entry.kind],
        detail=entry.signature.text,
        documentation=MarkupContent(MarkupKind.Markdown, hover_text(entry)),
        sort_text=f"{rank}{entry.name}",
        insert_text=f"{entry.name}($0)" if needs else None,
        insert_text_format=InsertTextFormat.Snippet if needs else None,
    )


def setting_items() -> Iterator[CompletionItem]:
    """Yield the settings of a train section."""
    for name in ["optimizer", "schedule", *SETTINGS]:
        info = SETTINGS.get(name)
        default = "" if info is None or info.default is None else default_text(info.default)
        yield CompletionItem(
            name,
            kind=CompletionItemKind.Property,
            detail=f"default {default}" if default else "training setting",
            documentation=words.SETTINGS.get(name),
            insert_text=f"{name} = ",
            sort_text=f"1{name}",
        )


def group_items(snippets: bool) -> Iterator[CompletionItem]:
    """Yield merge groups and what the compiler unfolds."""
    for name in MERGES:
        body = f"{name} {{\n  | $1\n  | $2\n}}"
        yield _snippet(f"{name} {{ | | }}", name, body, "merge parallel branches", snippets)
    for name, body in CONTROL.items():
        yield _snippet(name, name, body, words.KEYWORDS[name], snippets)


def _snippet(label: str, name: str, body: str, about: str, snippets: bool) -> CompletionItem:
    return CompletionItem(
        label,
        kind=CompletionItemKind.Keyword,
        detail=about,
        filter_text=name,
        sort_text=f"6{name}",
        insert_text=body if snippets else name,
        insert_text_format=InsertTextFormat.Snippet if snippets else None,
    )


def keyword_items(found: Iterable[str]) -> Iterator[CompletionItem]:
    """Yield words of the language."""
    for word in sorted(found):
        yield word_item(word, words.KEYWORDS[word])


def word_item(word: str, about: str) -> CompletionItem:
    """Return the entry of a word."""
    return CompletionItem(
        word, kind=CompletionItemKind.Keyword, documentation=about, sort_text=f"4{word}"
    )


def dtype_items() -> Iterator[CompletionItem]:
    """Yield the element types."""
    for dtype in DType:
        yield CompletionItem(dtype.value, kind=CompletionItemKind.TypeParameter)


def choice_items(info: SettingInfo | None) -> Iterator[CompletionItem]:
    """Yield the words that a setting knows."""
    if info is None:
        return
    choices = [*conversion.words(info.annotation)]
    if info.annotation is bool or isinstance(info.default, bool):
        choices += ["true", "false"]
    for choice in choices:
        yield CompletionItem(choice, kind=CompletionItemKind.EnumMember, sort_text=f"0{choice}")


def argument_item(info: SettingInfo, owner: str, position: int) -> CompletionItem:
    """Return the entry of an argument that a call does not have yet."""
    default = "required" if conversion.required(info) else f"default {default_text(info.default)}"
    return CompletionItem(
        f"{info.name}=",
        kind=CompletionItemKind.Field,
        detail=default,
        documentation=MarkupContent(MarkupKind.Markdown, setting_text(info, owner)),
        insert_text=f"{info.name}=",
        filter_text=info.name,
        sort_text=f"00{position:02}",
    )
