"""What a word of a user's stands for: a name, a sign or word of the language, a spelling of another framework."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dslc.elaborate.operators import BINARY, UNARY
from dslc.elaborate.suggest import FOREIGN, nearest
from dslc.help import words
from dslc.help.entry import SECTIONS, Entry, entries, everything
from dslc.layers.merge import MERGES

INDEX = frozenset({"[]", "[", "[...]", "x[...]"})

SIGNS: Mapping[str, str] = {
    "->": "`a -> f(b)` is `f(a, b)`: the value on the left is the first one of the call on the right. A new line does "
    "the same. A shape behind the last arrow is checked:  `Conv(16, 3x3) -> relu   -> [N, 16, 32, 32]`.",
    "|": "`concat { | relu | tanh }`: each `|` begins a branch, which takes the value that flows into the group.",
    "=": "`y = x * 2` names a value; `y: Conv(8, 3x3)` names a row with its weights.",
    ":": "`c1: Conv(8, 3x3)` names a row with its weights; in brackets, `x[:, 1:3]` takes part of a value.",
    "#": "A remark up to the end of the line; `## text` above a block or net is its documentation.",
}  # fmt: skip
"""Signs that stand for no function."""


def find(word: str) -> list[Entry]:
    """Return every entry that a word leads to: one word may be a function and a schedule, or a sign of a function."""
    names = dict.fromkeys([word, *_functions(word)])
    found = [entries(one)[name] for name in names for one in SECTIONS if name in entries(one)]
    return found or ([] if FOREIGN.get(word) in (None, word) else find(FOREIGN[word]))


def notes(word: str) -> Iterator[str]:
    """Yield sentences about a sign or word of the language, a merge group, a foreign spelling."""
    if word in BINARY:
        yield f"`a {word} b` is `{BINARY[word]}(a, b)`; of two numbers it is arithmetic of the compiler."
    if word in UNARY:
        yield f"`{word}{' ' if word.isalpha() else ''}a` is `{UNARY[word]}(a)`."
    if word in INDEX:
        yield "`x[:, -1]` is `index`: numbers, slices and `...` take part of a value."
    if word in MERGES:
        merged = MERGES[word].language_name()
        yield f"`{word} {{ | ... | ... }}` hands one value to every branch and merges their results by `{merged}`."
    if word in FOREIGN and not any(word in entries(section) for section in SECTIONS):
        yield f"`{word}` is `{FOREIGN[word]}` here."
    yield from (table[word] for table in (SIGNS, words.KEYWORDS, words.NAMES) if word in table)
    if word in words.SETTINGS:
        yield f"A setting of the train section. {words.SETTINGS[word]}"
    if word not in words.SETTINGS and (takers := [*_takers(word)]):
        yield f"`{word}` is a setting of {', '.join(takers)}."
    if word in words.RULES:
        yield words.RULES[word]
    if heading := words.heading_of(word):
        yield f'More: docs/language.md, "{heading}".'


def near(word: str) -> list[str]:
    """Return the names that begin like the word, then those that contain it, else the nearest one."""
    names = sorted({name for section in SECTIONS for name in entries(section)})
    small = word.lower()
    begun = [name for name in names if name.lower().startswith(small)]
    inside = [name for name in names if small in name.lower()]
    one = nearest(word, names)
    return list(dict.fromkeys([*begun, *inside])) or ([one] if one else [])


def _takers(word: str) -> Iterator[str]:
    """Yield the definitions that a setting belongs to, unless the word is the name of one."""
    if not any(word in entries(section) for section in SECTIONS):
        yield from (one.name for one in everything() if one.signature.setting(word) is not None)


def _functions(word: str) -> Iterator[str]:
    """Yield the functions that a sign or a merge group means."""
    for table in (BINARY, UNARY):
        if word in table:
            yield table[word]
    if word in INDEX:
        yield "index"
    if word in MERGES:
        yield MERGES[word].language_name()
