"""Damaged specs by seed: characters, words, lines, parts of the tree exchanged, and pieces of other files."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from dslc.source import Source
from dslc.syntax import tree
from dslc.syntax.parser import parse

ROOT = Path(__file__).resolve().parents[2]
PATHS = sorted([*ROOT.glob("specs/*.net"), *ROOT.glob("tests/syntax/examples/*.net")])

Change = Callable[[str, random.Random], str]

_WORD = re.compile(r"[A-Za-z_]\w*|\d+x\d+|[\d.]+(?:e-?\d+)?|->|\*\*|//|\S")
EXTREMES = r"""
0 1 -1 2 3.5 1e-9 1e400 2147483647 2147483648 4294967296 9223372036854775808 65536 0x0 1x1 999x999 true none N C H
training same relu Linear Conv max_pool add concat reshape [N,-1] [] {} () -> | : = .. , @ ** // % == not and or if else
repeat for in scan input output param layer block net train loss metric check default import from "x" "" é 中 # ## ' ; $
` \ 😀
"""

NUMBERS = """
0 1 2 3 5 7 -1 -3 0.5 1e-9 1e30 1e400 3x3 1x1 0x3 999x999 2147483647 2147483648 4294967296 100000 65536 2**40 2**70 1/3
[1,2] true none N C 7//0 9223372036854775808 x y
"""

INVISIBLE = ("\u00a0", " ", "\t", "\r", "\0", "\ufeff", "\u2028")


@cache
def texts() -> tuple[str, ...]:
    """Return the specs to start from."""
    return tuple(path.read_text(encoding="utf-8") for path in PATHS)


def damaged(seed: int) -> str:
    """Return a spec with one to four changes; the same for the same seed."""
    chance = random.Random(seed)
    text = chance.choice(texts())
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        text = chance.choices(CHANGES, WEIGHTS)[0](text, chance)
    return text


def _byte(text: str, chance: random.Random) -> str:
    """Exchange a byte; what is no longer text becomes U+FFFD."""
    content = bytearray(text.encode("utf-8"))
    if content:
        content[chance.randrange(len(content))] = chance.randrange(256)
    return content.decode("utf-8", "replace")


def _word(text: str, chance: random.Random) -> str:
    """Remove, double, exchange or replace a word."""
    words = list(_WORD.finditer(text))
    if not words:
        return text
    one, other = chance.choice(words), chance.choice(words)
    new = chance.choice(
        (
            "",
            one[0] * 2,
            other[0],
            chance.choice((*EXTREMES.split(), *INVISIBLE)),
            f"{one[0]} {other[0]}",
        )
    )
    return text[: one.start()] + new + text[one.end() :]


def _name(text: str, chance: random.Random) -> str:
    """Put another name of a file in the place of one."""
    names = list(re.finditer(r"\b[A-Za-z_]\w*", text))
    others = re.findall(r"\b[A-Za-z_]\w*", chance.choice((text, chance.choice(texts()))))
    if not names or not others:
        return text
    one = chance.choice(names)
    return text[: one.start()] + chance.choice(others) + text[one.end() :]


def _number(text: str, chance: random.Random) -> str:
    """Put another number in the place of one."""
    numbers = list(re.finditer(r"(?<![\w.])\d+(?:x\d+|\.\d+)?(?![\w.])", text))
    if not numbers:
        return text
    one = chance.choice(numbers)
    return text[: one.start()] + chance.choice(NUMBERS.split()) + text[one.end() :]


def _exchanged_words(text: str, chance: random.Random) -> str:
    """Let two words change places."""
    words = list(_WORD.finditer(text))
    if len(words) < 2:
        return text
    one, other = sorted(chance.sample(words, 2), key=lambda match: match.start())
    between = text[one.end() : other.start()]
    return text[: one.start()] + other[0] + between + one[0] + text[other.end() :]


def _line(text: str, chance: random.Random) -> str:
    """Remove, double or move a line."""
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    taken = lines.pop(at) if chance.random() < 0.6 else lines[at]
    if chance.random() < 0.6:
        lines.insert(chance.randrange(len(lines) + 1), taken)
    return "\n".join(lines)


def _piece(text: str, chance: random.Random) -> str:
    """Insert a piece of another file."""
    other = chance.choice(texts())
    start = chance.randrange(len(other))
    at = chance.randrange(len(text) + 1)
    return text[:at] + other[start : start + chance.randint(1, 200)] + text[at:]


def _crossed(text: str, chance: random.Random) -> str:
    """Go on with another file at some line."""
    lines, others = text.split("\n"), chance.choice(texts()).split("\n")
    return "\n".join(
        lines[: chance.randrange(len(lines) + 1)] + others[chance.randrange(len(others)) :]
    )


def _subtrees(text: str, chance: random.Random) -> str:
    """Let two parts of the tree change places, or put one in the place of the other."""
    spans = sorted(_spans(text))
    if len(spans) < 2:
        return text
    one, other = sorted(chance.sample(spans, 2))
    first, second = text[slice(*one)], text[slice(*other)]
    if one[1] > other[0]:  # one holds the other: it is put in its own place
        return text[: one[0]] + second + text[one[1] :]
    kept = first if chance.random() < 0.5 else second
    return text[: one[0]] + second + text[one[1] : other[0]] + kept + text[other[1] :]


def _spans(text: str) -> set[tuple[int, int]]:
    """Return where the nodes of the tree stand; none where the text is damaged already."""
    from dslc.errors import CompileError

    try:
        waiting: list[tree.Node] = [parse(Source("spec.net", text))]
    except CompileError:
        return set()
    found = set()
    while waiting:
        node = waiting.pop()
        waiting.extend(node.children())
        if node.span.end > node.span.start:
            found.add((node.span.start, node.span.end))
    return found


def _cut(text: str, chance: random.Random) -> str:
    """End early."""
    return text[: chance.randrange(len(text) + 1)]


CHANGES: tuple[Change, ...] = (
    _byte, _word, _name, _number, _exchanged_words, _line, _piece, _crossed, _subtrees, _cut,
)  # fmt: skip
WEIGHTS = (3, 6, 7, 7, 3, 3, 2, 2, 8, 1)
