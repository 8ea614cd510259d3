"""Damaged specs: a mistake is told, at a place inside the file, in words; nothing else ever happens."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dslc.errors import CompileError
from dslc.render import render
from dslc.source import Source
from dslc.syntax.grammar import grammar
from dslc.syntax.parser import parse
from dslc.syntax.printer import print_tree

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*ROOT.glob("specs/*.net"), *Path(__file__).parent.glob("examples/*.net")])
TEXTS = [path.read_text(encoding="utf-8") for path in FILES]
PIECES = [
    *"{}()[]|,:=.#\"'^+-*%;\n\r\x00\u00a0é",
    *("->", "..", "##", "**", "//", "3x3", "007", "1e999", "x", " "),
    *(
        "net ",
        "train ",
        "not ",
        "if ",
        "else ",
        "repeat ",
        "for ",
        "in ",
        "scan ",
        "loss ",
        "input ",
        "epochs",
    ),
]
SEEDS = 300


def damaged(seed):
    """Return a spec with one to six changes."""
    chance = random.Random(seed)
    text = chance.choice(TEXTS)
    for _ in range(chance.randint(1, 6)):
        text = changed(text, chance)
    return text


def changed(text, chance):
    at = chance.randrange(len(text) + 1)
    other = chance.choice(TEXTS)
    start = chance.randrange(len(other))
    lines = text.split("\n")
    del lines[chance.randrange(len(lines))]
    kinds = [
        text[:at] + chance.choice(PIECES) + text[at:],
        text[:at] + text[at + chance.randint(1, 8) :],
        "\n".join(lines),
        text[:at] + other[start : start + chance.randint(1, 60)] + text[at:],
        text[:at],
    ]
    return chance.choices(kinds, [4, 3, 3, 2, 1])[0]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_damaged_specs(seed):
    text = damaged(seed)
    try:
        file = parse(Source("a.net", text))
    except CompileError as error:
        assert 1 <= len(error.diagnostics) <= 10
        for diagnostic in error.diagnostics:
            check(diagnostic, text)
    else:
        assert parse(Source("b.net", print_tree(file))) == file


def check(diagnostic, text):
    """Assert that the places lie in the file and that no terminal of the grammar is named."""
    for label in (diagnostic.primary, *diagnostic.others):
        assert 0 <= label.span.start <= label.span.end <= len(text)
        assert 1 <= label.span.line <= text.count("\n") + 1
        assert label.span.column >= 1
    message = f"{diagnostic.message} {diagnostic.primary.text}"
    terminals = {
        terminal.name
        for terminal in grammar().parser.lexer_conf.terminals
        if len(terminal.name) > 3
    }
    assert not terminals & set(message.replace("`", " ").split()) - set(text.split())
    assert diagnostic.message in render(diagnostic).split("\n")[0]
