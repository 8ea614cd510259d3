"""Colours for `.net` files wherever Pygments prints them: documentation, terminals, notebooks."""

from __future__ import annotations

from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups, words
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from dslc.syntax.words import RESERVED, STATEMENT_WORDS, UNITS
from dslc.types import DType

BEGINS = r"(?:^|(?<=[{|]))([ \t]*)"
FOLLOWED = r"(?=[ \t]*[A-Za-z_0-9\"({\[]|[ \t]+-(?!>))"
WORDS = "|".join(sorted(STATEMENT_WORDS))


class NetLexer(RegexLexer):  # type: ignore[misc]  # pygments comes without types
    """Lexer of the `.net` language. Statement words are words only where a statement begins."""

    name = "dslc"
    aliases: ClassVar = ["dslc", "dslc-net"]
    filenames: ClassVar = ["*.net"]
    mimetypes: ClassVar = ["text/x-dslc"]
    url = ""

    tokens: ClassVar = {
        "root": [
            (r"\s*?\n", Whitespace),
            (rf"{BEGINS}({WORDS})\b{FOLLOWED}", bygroups(Whitespace, Keyword.Declaration)),
            (
                rf"{BEGINS}([A-Za-z_]\w*)([ \t]*)(:)",
                bygroups(Whitespace, Name.Label, Whitespace, Punctuation),
            ),
            (r"[ \t]+", Whitespace),
            (r"##[^\n]*", Comment.Special),
            (r"#[^\n]*", Comment.Single),
            (r'"[^"\n]*"', String),
            (r"\bfrom\b(?=[ \t]*\")", Keyword.Namespace),
            (words(("true", "false"), prefix=r"\b", suffix=r"\b"), Keyword.Constant),
            (words(tuple(RESERVED - {"true", "false"}), prefix=r"\b", suffix=r"\b"), Keyword),
            (words(tuple(d.value for d in DType), prefix=r"\b", suffix=r"\b"), Keyword.Type),
            (
                rf"([0-9]+(?:\.[0-9]+)?)([ \t]+)({'|'.join(UNITS)})\b(?![ \t]*=)",
                bygroups(Number, Whitespace, Keyword.Type),
            ),
            (r"[0-9]+(?:x[0-9]+)+", Number.Integer),
            (r"[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)", Number.Float),
            (r"[0-9]+", Number.Integer),
            (r"[A-Z]\w*", Name.Class),
            (r"[a-z_]\w*(?=[ \t]*[({])", Name.Function),
            (r"[A-Za-z_]\w*(?=[ \t]*=(?!=))", Name.Attribute),
            (r"[A-Za-z_]\w*", Name),
            (r"->|\*\*|//|[=!<>]=|[-+*/%@<>=]", Operator),
            (r"\.\.\.|[(){}\[\],.:|]", Punctuation),
        ]
    }
