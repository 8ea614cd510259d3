"""Texts that ask for too much: refused at the place where the limit is passed, without exhausting anything."""

from __future__ import annotations

import sys

import pytest

from dslc.errors import LimitError
from dslc.source import Source
from dslc.syntax import limits
from dslc.syntax.parser import parse
from dslc.syntax.printer import print_tree

HEAD = "net A {\n  y = "
DEEPEST = limits.NESTING - 1

REFUSED = {
    "file": ("E0901", 1, limits.FILE_BYTES + 1, "#" * (limits.FILE_BYTES + 1)),
    "brackets": ("E0902", 2, 7 + DEEPEST, HEAD + "(" * 100_000),
    "braces": ("E0902", 2, 1, "net A {\n" + "repeat 2 {\n" * 1000),
    "name": ("E0903", 2, 7, HEAD + "a" * 129),
    "number": ("E0904", 2, 7, HEAD + "9" * 5000),
    "text": ("E0905", 2, 7, HEAD + '"' + "a" * 5000 + '"'),
    "sum": ("E0906", 2, 8 + 2 * limits.EXPRESSION, HEAD + "1+" * 20_000 + "1"),
    "minus": ("E0906", 2, 7 + limits.EXPRESSION, HEAD + "-" * 20_000 + "1"),
    "powers": ("E0906", None, None, HEAD + "2**" * 20_000 + "1"),
    "parts": ("E0906", None, None, HEAD + "a" + ".b" * 20_000),
    "calls": ("E0906", None, None, HEAD + "a" + "()" * 20_000),
    "groups": ("E0906", None, None, HEAD + "a" + "{|}" * 20_000),
    "not": ("E0906", None, None, HEAD + "not " * 20_000 + "a"),
    "else if": ("E0906", None, None, HEAD + "if a { }" + " else if a { }" * 20_000),
    "sums in brackets": ("E0906", None, None, HEAD + "(1" + "+1" * 60 + "+(1" + "+1" * 70 + "))"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    code, line, column, text = REFUSED[name]
    with pytest.raises(LimitError) as caught:
        parse(Source("a.net", text))
    (found,) = caught.value.diagnostics
    assert found.code == code
    if name == "braces":
        assert found.primary.span.line == 1 + limits.NESTING
    elif line is not None:
        assert (found.primary.span.line, found.primary.span.column) == (line, column)


DEEP = {
    "brackets": HEAD + "(" * DEEPEST + "a" + ")" * DEEPEST + "\n}",
    "lists": HEAD + "[" * DEEPEST + "a" + "]" * DEEPEST + "\n}",
    "calls": HEAD + "f(g=" * DEEPEST + "a" + ")" * DEEPEST + "\n}",
    "braces": "net A {\n" + "repeat 2 {\n" * DEEPEST + "a\n" + "}\n" * DEEPEST + "}",
    "branches": "net A {\n" + "add { | " * DEEPEST + "a " + "}" * DEEPEST + "}",
    "sum": HEAD + "1 + " * limits.EXPRESSION + "1\n}",
    "powers": HEAD + "1**" * limits.EXPRESSION + "1\n}",
    "not": HEAD + "not " * limits.EXPRESSION + "a\n}",
    "else if": HEAD + "if a { }" + " else if a { }" * (limits.EXPRESSION - 1) + "\n}",
    "long list": HEAD + "[" + "1, " * 10_000 + "]\n}",
    "long row": HEAD + "a" + " -> a" * 3_000 + "\n}",
    "long stack": "net A {\n" + "a + b\n" * 3_000 + "}",
    "name": HEAD + "a" * limits.NAME_CHARACTERS + "\n}",
}


@pytest.mark.parametrize("name", DEEP)
def test_what_the_limits_allow_is_read_printed_and_compared_with_few_calls(name):
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(900)
    try:
        file = parse(Source("a.net", DEEP[name]))
        assert parse(Source("a.net", print_tree(file))) == file
    finally:
        sys.setrecursionlimit(limit)
