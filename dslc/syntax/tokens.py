"""Text to tokens: Lark's lexer, which cannot fail, behind a check of the characters."""

from __future__ import annotations

import re
from itertools import islice

from lark import Token

from dslc.errors import CompileError, Diagnostic, Label
from dslc.source import Source, Span
from dslc.syntax import limits
from dslc.syntax.grammar import grammar

CONTROL = re.compile(
    r"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    r"|(?<!^)\ufeff"
)


def scan(source: Source) -> list[Token]:
    """Return the tokens of `source`, line ends and characters the language does not have among them.

    Errors: E0103 for control characters, also in comments and strings; E0901 for a file that is too large.
    """
    text = source.text
    _check_size(source)
    found = CONTROL.search(text)
    if found:
        raise CompileError([_control_character(source, found)])
    if text.startswith("\ufeff"):
        text = " " + text[1:]
    reading = grammar().parse_interactive(text)
    # Lark leaves this one function without types.
    lexed = reading.lexer_thread.lex(reading.parser_state)  # type: ignore[no-untyped-call]
    tokens = list(islice(lexed, limits.TOKENS + 1))
    if len(tokens) > limits.TOKENS:
        message = f"this file has more than {limits.TOKENS:,} words, numbers and signs"
        limits.refuse("E0901", span_of(source, tokens[-1]), message, "one too many")
    return tokens


def span_of(source: Source, token: Token) -> Span:
    """Return the place of a token."""
    assert token.start_pos is not None and token.end_pos is not None
    return Span(source, token.start_pos, token.end_pos)


def _check_size(source: Source) -> None:
    limit = limits.FILE_BYTES
    text = source.text[: limit + 1]
    if len(text.encode("utf-8", "surrogatepass")) <= limit:
        return
    end = len(text.encode("utf-8", "surrogatepass")[:limit].decode("utf-8", "ignore"))
    span = Span(source, end, end + 1)
    limits.refuse("E0901", span, "this file is larger than 1 MiB", "the limit is reached here")


def _control_character(source: Source, found: re.Match[str]) -> Diagnostic:
    label = Label(Span(source, found.start(), found.end()), "here")
    character = found.group()
    if character == "\r":
        helps = ("save the file with the line ends of Unix or Windows",)
        return Diagnostic("E0103", "a lone carriage return does not end a line", label, helps=helps)
    if "\ud800" <= character <= "\udfff":
        return Diagnostic(
            "E0103", "this is not text in UTF-8", label, helps=("save the file as UTF-8",)
        )
    name = f"U+{ord(character):04X}"
    return Diagnostic(
        "E0103", f"the control character {name} cannot stand in a file", label, helps=("delete it",)
    )
