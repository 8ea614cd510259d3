"""The docstring of a definition, taken apart: the first sentence, what follows it, and the fields."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

FIELDS = ("Shapes", "Formula", "Errors", "Kinks", "Source", "Example")
"""The fields of a docstring, in their order. `Example` is the body of a net, or a line of a train section."""

_FIELD = re.compile(rf"^({'|'.join(FIELDS)}): *", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=\.)\s+(?=[^a-z\s])")


@dataclass(frozen=True)
class Documentation:
    """The first sentence, the paragraphs behind it, and each field as text without indentation."""

    sentence: str
    details: str
    fields: Mapping[str, str]


def documentation_of(definition: type[Any]) -> Documentation:
    """Read the docstring of a class; without one of its own, everything is empty."""
    return read(_own_docstring(definition))


def read(text: str) -> Documentation:
    """Take a docstring apart."""
    found = [*_FIELD.finditer(text)]
    starts = [one.start() for one in found]
    introduction = text[: starts[0]] if starts else text
    fields = {
        one[1]: _body(text[one.end() : end])
        for one, (_, end) in zip(found, pairwise([*starts, len(text)]), strict=True)
    }
    first, *rest = _SENTENCE.split(introduction.strip(), maxsplit=1)
    return Documentation(_joined(first), _paragraphs("".join(rest)), fields)


def _own_docstring(definition: type[Any]) -> str:
    text = vars(definition).get("__doc__") or ""
    generated = text.startswith(f"{definition.__name__}(")  # what `dataclass` writes
    return "" if generated else inspect.cleandoc(text)


def _body(text: str) -> str:
    """Return the text of a field: its continuation lines lose the indentation they share."""
    first, _, rest = text.partition("\n")
    return "\n".join(part for part in (first.strip(), textwrap.dedent(rest).rstrip()) if part)


def _paragraphs(text: str) -> str:
    return "\n\n".join(_joined(part) for part in text.split("\n\n")).strip()


def _joined(text: str) -> str:
    return " ".join(text.split())
