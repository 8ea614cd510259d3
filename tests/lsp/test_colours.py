"""The TextMate grammar and the Pygments lexer: they know the words of the language, and every spec."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Error, Keyword, Name, Token

from dslc.pygments import NetLexer
from dslc.syntax.grammar import grammar_path
from dslc.syntax.words import UNITS
from dslc.types import DType
from tests.lsp.reading import ROOT, SPECS

EXTENSION = ROOT / "editors" / "vscode"
GRAMMAR = json.loads((EXTENSION / "syntaxes" / "dslc.tmLanguage.json").read_text())
FILES = [*SPECS, *sorted((ROOT / "tests" / "syntax" / "examples").glob("*.net"))]


def words_of_the_language() -> set[str]:
    """Return the words of grammar/net.lark: those it declares, and those in quotes."""
    text = re.sub(r"^//.*|\s//.*", "", grammar_path().read_text(), flags=re.MULTILINE)
    declared = set(re.findall(r"[A-Z]+", " ".join(re.findall(r"%declare(.*)", text))))
    quoted = set(re.findall(r'"([a-z]+)"', text))
    return quoted | {word.lower() for word in declared - {"UNIT", "BRANCHES"}} | UNITS


# ---- TextMate: its patterns are applied line by line, the first that fits at the earliest place


def patterns(rules: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for rule in rules:
        if "include" in rule:
            yield from patterns(
                GRAMMAR["repository"][rule["include"].removeprefix("#")]["patterns"]
            )
        else:
            yield rule


RULES = [(re.compile(rule["match"]), rule) for rule in patterns(GRAMMAR["patterns"])]


def scopes(line: str) -> Iterator[tuple[str, str]]:
    """Yield the pieces of a line that have a scope."""
    at = 0
    while at < len(line):
        found = [
            (match.start(), number)
            for number, (rule, _) in enumerate(RULES)
            if (match := rule.search(line, at))
        ]
        if not found:
            return
        _, number = min(found)
        expression, rule = RULES[number]
        match = expression.search(line, at)
        assert match is not None
        assert match.end() > at
        if "name" in rule:
            yield match.group(), rule["name"]
        for group, capture in rule.get("captures", {}).items():
            yield match.group(int(group)), capture["name"]
        at = match.end()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_textmate_scopes_every_character(path: Path) -> None:
    for line in path.read_text().splitlines():
        found = list(scopes(line))
        assert not [piece for piece, name in found if name.startswith("invalid")]
        assert "".join(piece for piece, _ in found).replace(" ", "") == line.replace(" ", "")


def test_textmate_has_the_words_of_the_language() -> None:
    found = set()
    for word in words_of_the_language():
        for line in (f"{word} x", f"f {word} x", f"{word} {{", f'a {word} "b"', f"3 {word}"):
            names = [name for piece, name in scopes(line) if piece == word]
            found |= {word for name in names if name.startswith(("keyword", "constant.language"))}
    assert found == words_of_the_language()
    text = json.dumps([rule for _, rule in RULES if "keyword" in json.dumps(rule)])
    alternatives = re.findall(r"\((?:\?:)?([a-z]+(?:\|[a-z]+)*)\)", text)
    written = {word for group in alternatives for word in group.split("|")}
    assert written <= words_of_the_language()


@pytest.mark.parametrize(
    ("line", "piece", "scope"),
    [
        ("  input image: float32[N, 3]", "input", "keyword.declaration"),
        ("  input -> relu", "input", "variable.other"),
        ("  c1: Conv(6, 5x5) -> tanh", "c1", "entity.name.label"),
        ("  c1: Conv(6, 5x5) -> tanh", "Conv", "entity.name.type.layer"),
        ("  c1: Conv(6, 5x5) -> tanh", "5x5", "constant.numeric.size"),
        ("  c1: Conv(6, 5x5) -> tanh", "tanh", "entity.name.function"),
        ("  group = 3", "group", "variable.parameter"),
        ("## The whole. input x", "## The whole. input x", "comment.line.documentation"),
        ("  schedule = step(every=30 epochs)", "epochs", "keyword.other.unit"),
    ],
)
def test_textmate(line: str, piece: str, scope: str) -> None:
    assert next(name for text, name in scopes(line) if text == piece).startswith(scope)


# ---- Pygments


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_pygments_reads_every_spec(path: Path) -> None:
    text = path.read_text()
    found = list(NetLexer(stripnl=False).get_tokens(text))
    assert not [piece for kind, piece in found if kind in Error]
    assert "".join(piece for _, piece in found) == text


def test_pygments_has_the_words_of_the_language() -> None:
    found = set()
    for word in words_of_the_language():
        for line in (f"{word} x", f"f {word} x", f'a {word} "b"', f"3 {word}"):
            found |= {p for kind, p in NetLexer().get_tokens(line) if kind in Keyword and p == word}
    assert found == words_of_the_language()


@pytest.mark.parametrize(
    ("line", "piece", "kind"),
    [
        ("  input image: float32[N, 3]", "input", Keyword.Declaration),
        ("  input -> relu", "input", Name),
        ("  group = 3", "group", Name.Attribute),
        ("  c1: Conv(6)", "c1", Name.Label),
        *[(f"  input x: {dtype.value}[N]", dtype.value, Keyword.Type) for dtype in DType],
    ],
)
def test_pygments(line: str, piece: str, kind: Any) -> None:
    assert {p: k for k, p in NetLexer().get_tokens(line)}[piece] is kind


def test_pygments_finds_the_lexer() -> None:
    assert type(get_lexer_by_name("dslc")).__name__ == "NetLexer"
    assert get_lexer_for_filename("a.net", "net A { }").__class__.__name__ == "NetLexer"
    assert Token.Error is Error


# ---- the extension


def test_the_extension_is_whole() -> None:
    package = json.loads((EXTENSION / "package.json").read_text())
    contributes = package["contributes"]
    files = [package["main"], contributes["languages"][0]["configuration"]]
    files += [one["path"] for one in [*contributes["grammars"], *contributes["snippets"]]]
    assert all((EXTENSION / file).is_file() for file in files)
    assert contributes["grammars"][0]["scopeName"] == GRAMMAR["scopeName"]
    assert contributes["languages"][0]["extensions"] == [".net"]
    json.loads((EXTENSION / contributes["languages"][0]["configuration"]).read_text())
    client = (EXTENSION / package["main"]).read_text()
    for name in re.findall(r'"(dslc\.[a-z.]+)"', client):
        assert name in json.dumps(contributes)


def test_the_snippets_are_the_language() -> None:
    """With its places filled in, each whole item parses."""
    from dslc.source import Source
    from dslc.syntax.parser import parse

    snippets = json.loads((EXTENSION / "snippets" / "dslc.json").read_text())
    for snippet in snippets.values():
        text = "\n".join(snippet["body"])
        text = re.sub(r"\$\{[0-9]+\|([a-z]+)[^}]*\|\}", r"\1", text)
        text = re.sub(r"\$\{[0-9]+:([^}]*)\}", r"\1", text)
        text = re.sub(r"\$[0-9]+", "relu", text)
        whole = text if snippet["prefix"] in ("net", "block", "train") else f"net A {{\n{text}\n}}"
        parse(Source(snippet["prefix"], whole))
