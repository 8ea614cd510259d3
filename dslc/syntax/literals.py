"""Numbers, names and text: their limits, and numbers written in ways the language does not have."""

from __future__ import annotations

import math

from lark import Token

from dslc.errors import Diagnostic
from dslc.source import Source
from dslc.syntax import limits
from dslc.syntax.mistakes import between, edit, mistake
from dslc.syntax.tokens import span_of

# kind of token: (code, limit, what it is called)
LENGTHS = {
    "NAME": ("E0903", limits.NAME_CHARACTERS, "name"),
    "INTEGER": ("E0904", limits.NUMBER_CHARACTERS, "number"),
    "FLOAT": ("E0904", limits.NUMBER_CHARACTERS, "number"),
    "SIZE": ("E0904", limits.NUMBER_CHARACTERS, "size"),
    "STRING": ("E0905", limits.STRING_CHARACTERS, "text"),
}


def check_literal(source: Source, token: Token, before: list[Token]) -> Diagnostic | None:
    """Return what is wrong with a token on its own, `before` being the tokens in front of it."""
    length = LENGTHS.get(token.type)
    if length is None:
        return None
    code, limit, kind = length
    if len(token) > limit:
        message = f"this {kind} is longer than {limit} characters"
        limits.refuse(code, span_of(source, token), message, f"{len(token)} characters")
    if token.type == "FLOAT":
        return _leading_zero(source, token) or _float(source, token)
    if token.type in ("INTEGER", "SIZE"):
        return thousands(source, token, before) or _leading_zero(source, token)
    return None


def adjacent(first: Token, second: Token) -> bool:
    """Tell whether no space stands between two tokens."""
    return first.end_pos == second.start_pos


def thousands(source: Source, token: Token, before: list[Token]) -> Diagnostic | None:
    """Explain `1,000`, when `token` is its `000`."""
    if len(before) < 2 or token[0] != "0" or len(token) != 3:
        return None
    comma, first = before[-1], before[-2]
    if comma != "," or first.type != "INTEGER":
        return None
    if not (adjacent(first, comma) and adjacent(comma, token)):
        return None
    return grouped(source, first, token)


def grouped(source: Source, first: Token, last: Token) -> Diagnostic:
    """Say that digits are not grouped by commas."""
    span = between(source, first, last)
    help_ = edit("write it so:", span, f"{first}{last}")
    return mistake("E0105", "digits are not grouped by commas", span, f"write {first}{last}", help_)


def percent(source: Source, tokens: list[Token]) -> Diagnostic | None:
    """Explain `20%`, when `%` is the last token."""
    if len(tokens) < 2 or tokens[-1] != "%" or tokens[-2].type not in ("INTEGER", "FLOAT"):
        return None
    if not adjacent(tokens[-2], tokens[-1]):
        return None
    span = between(source, tokens[-2], tokens[-1])
    fraction = f"{float(tokens[-2]) / 100:g}"
    help_ = edit("write the fraction:", span, fraction)
    return mistake(
        "E0105", "there are no percentages; `%` is the remainder", span, f"write {fraction}", help_
    )


def _leading_zero(source: Source, token: Token) -> Diagnostic | None:
    digits = token.replace(".", "x").replace("e", "x").replace("E", "x").split("x")
    digits = digits if token.type == "SIZE" else digits[:1]
    if all(part == "0" or not part.startswith("0") for part in digits):
        return None
    span = span_of(source, token)
    if token.type == "FLOAT":
        plain = token.lstrip("0")
        plain = plain if plain[0].isdigit() else "0" + plain
    else:
        plain = "x".join(str(int(part)) for part in digits)
    help_ = edit("write it so:", span, plain)
    return mistake(
        "E0105", "a number does not begin with further zeros", span, f"write {plain}", help_
    )


def _float(source: Source, token: Token) -> Diagnostic | None:
    value = float(token)
    span = span_of(source, token)
    if not math.isfinite(value):
        text = "the largest is about 1.8e308"
        return mistake("E0105", "this number is too large to be held as a float64", span, text)
    if value == 0 and token.lower().split("e")[0].strip("0."):
        text = "the smallest is about 4.9e-324"
        return mistake("E0105", "this number cannot be told from 0", span, text)
    return None
