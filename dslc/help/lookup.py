"""What a word of a user's stands for: a name, a sign of the language, a spelling of another framework."""

from __future__ import annotations

from collections.abc import Mapping

from dslc.elaborate.suggest import FOREIGN, nearest
from dslc.help.entry import SECTIONS, Entry, entries

SIGNS: Mapping[str, str] = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "//": "floordiv",
    "%": "mod",
    "@": "matmul",
    "**": "pow",
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
    "and": "logical_and",
    "or": "logical_or",
    "not": "logical_not",
    "[]": "index",
    "x[...]": "index",
}
"""Signs of the language, and the functions they stand for."""


def find(word: str) -> list[Entry]:
    """Return every entry of a name: one word may be a function and a schedule."""
    name = SIGNS.get(word, word)
    found = [entries(section)[name] for section in SECTIONS if name in entries(section)]
    return found or ([] if FOREIGN.get(name) in (None, name) else find(FOREIGN[name]))


def near(word: str) -> list[str]:
    """Return the names that begin like the word, else the nearest one."""
    names = sorted({name for section in SECTIONS for name in entries(section)})
    begun = [name for name in names if name.lower().startswith(word.lower())]
    one = nearest(word, names)
    return begun or ([one] if one else [])
