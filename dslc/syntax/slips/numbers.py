"""Slips in numbers and sizes."""

from __future__ import annotations

from lark import Token

from dslc.errors import Diagnostic
from dslc.syntax import literals
from dslc.syntax.mistakes import between, edit, mistake
from dslc.syntax.place import Place
from dslc.syntax.tokens import span_of


def fraction(place: Place) -> Diagnostic | None:
    """`.5` and `1.`"""
    dot = place.token if place.token == "." else place.previous
    digits = place.following if place.token == "." else place.token
    if dot is None or dot != ".":
        return None
    if (
        digits is not None
        and digits.type in ("INTEGER", "FLOAT")
        and literals.adjacent(dot, digits)
    ):
        if place.token is digits:
            return _numbered_part(place, dot, digits)
        span = between(place.source, dot, digits)
        help_ = edit("write it so:", span, f"0.{digits}")
        return mistake("E0105", "a number begins with a digit", span, f"write 0.{digits}", help_)
    before = place.previous if place.token == "." else place.before
    if before is not None and before.type == "INTEGER" and literals.adjacent(before, dot):
        span = between(place.source, before, dot)
        help_ = edit("write it so:", span, f"{before}.0")
        return mistake("E0105", "a number ends with a digit", span, f"write {before}.0", help_)
    return None


def _numbered_part(place: Place, dot: Token, digits: Token) -> Diagnostic:
    """`layers.3`"""
    span = between(place.source, dot, digits)
    help_ = edit("a part has a name, a round of a loop an index:", span, f"[{digits}]")
    return mistake("E0105", "a name has no decimals", span, f"write [{digits}]", help_)


def percent(place: Place) -> Diagnostic | None:
    """`50%)`"""
    if place.token in (")", "]", ",", "}") or place.token.type in ("_END", "$END"):
        return literals.percent(place.source, place.tokens[max(place.at - 2, 0) : place.at])
    return None


def grouped(place: Place) -> Diagnostic | None:
    """`steps = 10,000`"""
    first, last = place.previous, place.following
    if place.token != "," or first is None or last is None:
        return None
    if first.type != "INTEGER" or last.type != "INTEGER" or len(last) != 3:
        return None
    return literals.grouped(place.source, first, last)


def size(place: Place) -> Diagnostic | None:
    """`3 x 3`, `3x`, `k x k`"""
    first, sign = place.previous, place.token
    if first is None or first.type not in ("INTEGER", "NAME") or not _is_times(sign):
        return None
    last = place.following if sign in ("x", "X") else sign
    if first.type == "NAME" and (
        place.opener is None or place.opener == "{" or sign not in ("x", "X")
    ):
        return None
    if last is None or (last is not sign and last.type not in ("INTEGER", "NAME")):
        span = between(place.source, first, sign)
        return mistake(
            "E0106", "this size has no second number", span, f"for example {first}x{first}"
        )
    span = between(place.source, first, last)
    second = str(last).lstrip("xX")
    if first.type == "INTEGER" and second.isdigit():
        size = f"{first}x{second}"
        help_ = edit("write it so:", span, size)
        return mistake("E0106", "a size is written without spaces", span, f"write {size}", help_)
    size = f"[{first}, {second}]"
    message = "in a size such as 3x3 both are numbers; with names it is a list"
    return mistake("E0106", message, span, f"write {size}", edit("write it so:", span, size))


def _is_times(token: object) -> bool:
    text = str(token)
    return text[:1] in ("x", "X") and (text[1:] == "" or text[1:].isdigit())


def digits(place: Place) -> Diagnostic | None:
    """`1_000`, `5k`, `30epochs` is fine"""
    first, token = place.previous, place.token
    if first is None or first.type not in ("INTEGER", "FLOAT", "SIZE") or token.type != "NAME":
        return None
    if token in ("epoch", "step"):
        span = span_of(place.source, token)
        help_ = edit("write it so:", span, f"{token}s")
        return mistake(
            "E0105",
            f"durations are written `epochs` or `steps`, also `1 {token}s`",
            span,
            f"write {token}s",
            help_,
        )
    if not literals.adjacent(first, token):
        return None
    span = between(place.source, first, token)
    plain = str(token).replace("_", "")
    if plain.isdigit():
        help_ = edit("write it so:", span, f"{first}{plain}")
        return mistake(
            "E0105", "digits are written without `_`", span, f"write {first}{plain}", help_
        )
    return mistake(
        "E0105",
        f"`{first}{token}` is neither a number nor a name",
        span,
        "a name does not begin with a digit",
    )
