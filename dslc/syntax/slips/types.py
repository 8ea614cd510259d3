"""Slips in the types that declarations have."""

from __future__ import annotations

import re

from lark import Token

from dslc.errors import Diagnostic
from dslc.source import Span
from dslc.syntax.mistakes import edit, mistake
from dslc.syntax.place import CLOSERS, Place
from dslc.syntax.tokens import span_of

EXAMPLES = {
    "INPUT": "float32[N, 10]",
    "TARGET": "int64[N]",
    "PARAM": "float32[10, 10]",
    "AUGMENT": "float32[N, 3, 256, 256]",
}
"""A type for each declaration that has one."""

ELEMENT = re.compile(r"(float|u?int)\d*|bool|double|half|long")
ANY_SIZE = re.compile(r"\bNone\b|-\s*1\b")
"""What stands for the size of the batch elsewhere."""


def missing_type(place: Place) -> Diagnostic | None:
    """`input x`, `input x = float32[N]`, `input x: float32(N)`, `input x: float32`, `param W: float32[3]`"""
    word, previous = place.first, place.previous
    if word.type not in EXAMPLES or previous is None:
        return None
    behind_names = place.start + 2 + place.commas
    if place.at == behind_names and place.token != ":":
        return _without_colon(place, previous)
    if place.at in (behind_names + 1, behind_names + 2) and place.token == "(":
        return _in_round_brackets(place, behind_names + 1)
    if place.at == behind_names + 2 and previous.type == "NAME":
        where = span_of(place.source, previous)
        message = f"the type `{previous}` has no brackets"
        return mistake(
            "E0116",
            message,
            where,
            "its dimensions belong behind it",
            edit("for example:", where, f"{previous}[N, 10]"),
            edit("a single number is written so:", where, f"{previous}[]"),
        )
    if word.type in ("PARAM", "AUGMENT") and previous == "]" and place.token.type == "_END":
        where = span_of(place.source, previous)
        what, value = (
            ("an initialiser", "zeros") if word.type == "PARAM" else ("a value", "random_flip")
        )
        help_ = edit("for example:", where, f"] = {value}")
        return mistake(
            "E0116", f"`{word}` needs {what}", where, "`=` and a value belong behind it", help_
        )
    return None


def _without_colon(place: Place, name: Token) -> Diagnostic:
    """`input x`, `input x float32[N, 8]`, `input x = Input(shape=[N, 8])`, `param W = zeros`"""
    where = span_of(place.source, name)
    if place.first.type == "AUGMENT" and place.token == "(":
        example = f"augment image: {EXAMPLES['AUGMENT']} = {_line_from(place, where).strip()}"
        message = "`augment` needs the input that it changes"
        text = "a name, a colon and the type belong in front of it"
        return mistake("E0116", message, where, text, f"for example:\n{example}")
    written = _written(place, place.at)
    has_value = place.first.type in ("PARAM", "AUGMENT")
    if written is not None:
        span, word, type_ = written
        if place.first.type == "PARAM" and place.token == "=":  # `param W = zeros(3)`
            type_ += f" = {'zeros' if ELEMENT.fullmatch(word) else word}"
        help_ = edit("write it so:", where.to(span), f"{name}: {type_}")
    else:
        kept = place.ends or (place.token == "=" and has_value)
        gap = where if kept else where.to(_rest(place))
        help_ = edit("for example:", gap, f"{name}: {EXAMPLES[place.first.type]}")
    message = f"`{place.first}` needs a type"
    return mistake("E0116", message, where, "a colon and the type belong behind it", help_)


def _in_round_brackets(place: Place, start: int) -> Diagnostic | None:
    """`input x: float32(N, 8)`, `input x: (N, 8)`"""
    written = _written(place, start)
    if written is None:
        return None
    span, _, type_ = written
    help_ = edit("write it so:", span, type_)
    message = "the dimensions of a type stand in square brackets"
    return mistake("E0116", message, span_of(place.source, place.token), "not in round ones", help_)


def _written(place: Place, start: int) -> tuple[Span, str, str] | None:
    """Return where the rest of a statement has a type however written, the word in it, and the type as it should be."""
    tokens = place.tokens
    stop = start
    while stop < len(tokens) and tokens[stop].type not in ("_END", "$END"):
        stop += 1
    for opener in range(start, stop):
        if tokens[opener] not in ("(", "["):
            continue
        closer = opener + 1
        while closer < stop and _is_dimension(tokens[closer]):
            closer += 1
        if closer == stop or tokens[closer] not in (")", "]") or closer == opener + 1:
            continue
        inner = Span(
            place.source,
            span_of(place.source, tokens[opener]).end,
            span_of(place.source, tokens[closer]).start,
        )
        word = str(tokens[opener - 1])
        while closer + 1 < stop and tokens[closer + 1] in CLOSERS:
            closer += 1
        span = span_of(place.source, tokens[start]).to(span_of(place.source, tokens[closer]))
        element = word if ELEMENT.fullmatch(word) else "float32"
        return span, word, f"{element}[{ANY_SIZE.sub('N', inner.text).strip(' ,')}]"
    return None


def _is_dimension(token: Token) -> bool:
    return token.type in ("NAME", "INTEGER") or token in (",", "+", "-", "*", "//")


def _line_from(place: Place, span: Span) -> str:
    """Return the rest of the line from a place on."""
    return place.source.text[span.start :].partition("\n")[0]


def _rest(place: Place) -> Span:
    """Return the end of the line."""
    span = span_of(place.source, place.token)
    line = place.source.line_text(span.line)
    end = span.start + len(line) - span.column + 1
    return Span(place.source, end, end)
