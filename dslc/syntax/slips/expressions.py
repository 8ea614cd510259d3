"""Slips in expressions, and statements that run together."""

from __future__ import annotations

from lark import Token

from dslc.errors import Diagnostic, Label
from dslc.source import Span
from dslc.syntax import words
from dslc.syntax.mistakes import edit, mistake, shown
from dslc.syntax.place import Place
from dslc.syntax.tokens import span_of

STAGES = "a call, a name, a merge group, repeat, for, if or a shape [..]"


# What is missing behind a sign that something must follow, when it is not just a value.
WHAT = {
    ":": "a row or a type",
    "=": "a value",
    ",": "something",
    "->": "a layer or a shape",
    "in": "a value",
    "not": "a condition",
    ".": "a name",
}
BOUNDARIES = frozenset({")", "]", "}", ",", "{", "->"})


def unfinished(place: Place) -> Diagnostic | None:
    """`x +`, `c1:`, `f(a, =`, and lines that begin with an operator"""
    token, previous = place.token, place.previous
    span = span_of(place.source, token)
    binary = words.ARITHMETIC | words.COMPARISONS | {"and", "or"}
    if place.at_start and (token in binary or token == "->"):
        helps = ("put the operator at the end of the line above, or the value in front of it",)
        return mistake(
            "E0115",
            f"a line cannot begin with `{token}`",
            span,
            "a value is missing in front of it",
            *helps,
        )
    if previous is None or not (place.ends or token in BOUNDARIES or token in binary):
        return None
    leading_comma = token == "," and previous in ("(", "[")
    if leading_comma or previous in binary or previous in WHAT:
        where = span_of(place.source, previous)
        what = WHAT.get(str(previous), "a value")
        follows = "the end of the line" if place.ends else shown(token)
        message = f"{what} is missing after `{previous}`"
        if previous == "." and token == "*" and place.first.type in ("FREEZE", "GROUP"):
            both = where.to(span)
            inside = edit("a path means all that is inside:", both, "")
            return mistake("E0115", message, where, f"{follows} follows", inside)
        ends = previous == "->" and (place.ends or token == "}")
        mended = (edit("leave it out:", where, ""),) if ends else ()
        return mistake("E0115", message, where, f"{follows} follows", *mended)
    return None


def arrow_at_end(place: Place) -> Diagnostic | None:
    """`relu ->` above `h: Linear(3)`: the line goes on with what was meant to be a row of its own."""
    named = place.token in (":", "=", ",") or place.previous in words.STATEMENT_WORDS
    at = place.at - 1 if named else place.at
    if at - 1 <= place.start or place.tokens[at - 1] != "->":
        return None
    if not named and place.token not in words.STATEMENT_WORDS:
        return None
    if place.line_of(at) == place.line_of(at - 1):
        return None
    where = span_of(place.source, place.tokens[at - 1])
    begins = span_of(place.source, place.tokens[at])
    return mistake(
        "E0115",
        "a layer or a shape is missing after `->`",
        where,
        "the line ends here",
        edit("leave it out: the value flows into the next row by itself:", where, ""),
        others=[Label(begins, "a statement of its own begins here")],
    )


def after_arrow(place: Place) -> Diagnostic | None:
    """`x -> 3`, `x -> (a + b)`, `x -> f + 1`"""
    span = span_of(place.source, place.token)
    if place.previous is not None and place.previous == "->":
        if (
            place.token == "("
            or place.token == "-"
            or place.token.type in words.LITERALS | {"TRUE", "FALSE", "NOT"}
        ):
            text = f"right of `->` stands {STAGES}"
            return mistake(
                "E0114", f"{shown(place.token)} cannot take the value from the left", span, text
            )
        return None
    if (
        place.token in words.ARITHMETIC | words.COMPARISONS | {"and", "or"}
        and place.arrow is not None
    ):
        others = [Label(span_of(place.source, place.arrow), "it ends here")]
        help_ = _bracketed(place, place.arrow, span)
        message = "`->` binds loosest, so no arithmetic can follow it"
        return mistake(
            "E0114", message, span, "this would belong to the layer alone", help_, others=others
        )
    return None


def _bracketed(place: Place, arrow: Token, operator: Span) -> str:
    """Return the edit that puts the row left of an operator in brackets."""
    sentence = "put the row left of the operator in brackets"
    signs = [t for t in place.tokens[place.start : place.at] if t in ("=", ":")]
    start = (
        span_of(place.source, signs[0]).end if signs else span_of(place.source, place.first).start
    )
    row = Span(place.source, start, operator.start)
    if "\n" in row.text or len(place.tokens[place.start : place.at]) < 2:
        return sentence
    inner = row.text.strip()
    lead = " " if signs else ""
    return edit(f"{sentence}:", row, f"{lead}({inner}) ")


def chained(place: Place) -> Diagnostic | None:
    """`a < b < c`"""
    first = place.comparison
    if place.token not in words.COMPARISONS or first is None:
        return None
    span = span_of(place.source, place.token)
    others = [Label(span_of(place.source, first), "the first one")]
    middle = span.source.text[span_of(place.source, first).end : span.start].strip()
    help_ = edit("write it so:", span, f"and {middle} {place.token}")
    return mistake(
        "E0118", "comparisons are not chained", span, "the second one", help_, others=others
    )


def strided(place: Place) -> Diagnostic | None:
    """`x[0:8:2]`"""
    if place.token != ":" or place.opener is None or place.opener != "[":
        return None
    span = span_of(place.source, place.token)
    if place.first.type in ("FREEZE", "GROUP"):
        others = edit("name each of them:", *_rounds(place, span))
        return mistake("E0102", "a path has no slices", span, "one number stands here", others)
    return mistake(
        "E0102",
        "a slice has a beginning and an end, and no step",
        span,
        "the step would stand here",
    )


def _rounds(place: Place, colon: Span) -> tuple[Span, str]:
    """Return a path with a slice, and the paths of its rounds: `stage[0:2]` is `stage[0], stage[1]`."""
    line = place.source.text[: colon.start].rpartition("\n")[2]
    start = colon.start - len(line) + max(line.rfind(" "), line.rfind(",")) + 1
    end = place.source.text.find("]", colon.end) + 1 or colon.end
    path = Span(place.source, start, end)
    name, _, bounds = path.text.rstrip("]").partition("[")
    first, _, last = bounds.partition(":")
    rounds = range(int(first or 0) if first.strip().isdigit() or not first else 0, 2)
    if last.strip().isdigit():
        rounds = range(rounds.start, min(int(last), rounds.start + 100))
    return path, ", ".join(f"{name}[{number}]" for number in rounds)


def comment(place: Place) -> Diagnostic | None:
    """`Conv(8, 3x3)  // a comment`, `relu -> tanh  // a comment`"""
    for index in range(place.at, place.start - 1, -1):
        token = place.tokens[index]
        if token == "//" and _is_prose(place, index):
            span = span_of(place.source, token)
            return mistake(
                "E0119",
                "a comment begins with `#`",
                span,
                "write #",
                edit("write it so:", span, "#"),
            )
    return None


def comma(place: Place) -> Diagnostic | None:
    """`Conv(8, 3x3), relu`"""
    follows = place.previous is not None and place.previous in (")", "]", "}")
    if place.token != "," or place.opener is None or place.opener != "{" or not follows:
        return None
    span = span_of(place.source, place.token)
    message = "a comma does not join layers; an arrow does"
    return mistake("E0102", message, span, "write ->", edit("write it so:", span, " ->"))


def _is_prose(place: Place, index: int) -> bool:
    """Tell whether words stand side by side behind the `//` at `index`."""
    if index < place.at:
        return words.ends_operand(place.token) and place.line_of(index) == place.line_of(place.at)
    return all(token.type == "NAME" for token in place.tokens[index + 1 : index + 3])
