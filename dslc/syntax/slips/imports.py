"""Slips in imports, and imports as other languages have them."""

from __future__ import annotations

import re

from dslc.errors import Diagnostic
from dslc.source import Span
from dslc.syntax.mistakes import edit, mistake
from dslc.syntax.place import Place
from dslc.syntax.tokens import span_of

FORM = 'import Name, Name from "file.net"'

BRACED = re.compile(r"import\s*\{\s*([\w, ]+?)\s*\}\s*from\s*(\".*?\")")
RENAMED = re.compile(r"import\s+(\w+)\s+as\s+\w+\s+from\s*(\".*?\")")
UNQUOTED = re.compile(r"import\s+([\w, ]+?)\s+from\s+([\w./]+)")
NAMELESS = re.compile(r"import\s*(?:\*\s*from)?\s*(\".*?\")")
OF_PYTHON = re.compile(r"import\s+[\w.]+(\s+as\s+\w+)?\s*$")


def import_(place: Place) -> Diagnostic | None:
    """`import "resnet.net"`, `import *`, `import { A } from "a.net"`, `import torch.nn as nn`"""
    if place.first.type != "IMPORT":
        return None
    span, text, help_ = _understood(place)
    message = "an import lists names, and the file in double quotes"
    helps = (help_,) if help_ else ()
    return mistake("E0117", message, span, text, *helps, facts=(FORM,))


def _understood(place: Place) -> tuple[Span, str, str]:
    """Return the place, what is said there, and the edit."""
    start = span_of(place.source, place.first).start
    line = place.source.text[start:].partition("\n")[0]
    here = span_of(place.source, place.token)

    def write(sentence: str, length: int, text: str) -> str:
        return edit(sentence, Span(place.source, start, start + length), text)

    if found := BRACED.match(line):
        text = f"import {found.group(1)} from {found.group(2)}"
        return here, "no brackets stand here", write("write it so:", found.end(), text)
    if found := RENAMED.match(line):
        text = f"import {found.group(1)} from {found.group(2)}"
        return here, "what is imported keeps its name", write("write it so:", found.end(), text)
    if found := UNQUOTED.match(line):
        path = found.group(2).removesuffix(".net").replace(".", "/")
        path = "std/convolution" if path == "std" else path
        text = f'import {found.group(1)} from "{path}.net"'
        return here, "the file stands in double quotes", write("write it so:", found.end(), text)
    if found := NAMELESS.match(line):
        text = f"import Name from {found.group(1)}"
        sentence = "name the blocks and nets that are wanted, for example:"
        return here, "names are missing", write(sentence, found.end(), text)
    if OF_PYTHON.match(line):
        sentence = "leave it out: layers and functions need no import"
        return here, "blocks and nets come from other .net files", sentence
    return here, "not understood", ""
