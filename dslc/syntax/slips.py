"""What the parser cannot read on from, in the words of the language.

A slip is recognised by the token that does not fit, the tokens around it, the open bracket and the section, never by the
list of what the grammar expects there. The first function of SLIPS that knows the place explains it.
"""

from __future__ import annotations

from collections.abc import Callable

from dslc.errors import Diagnostic, Label
from dslc.source import Span
from dslc.syntax import literals, words
from dslc.syntax.mistakes import between, edit, edited, mistake, shown
from dslc.syntax.operators import foreign_operator
from dslc.syntax.place import Place
from dslc.syntax.sections import misplaced
from dslc.syntax.tokens import span_of

Slip = Callable[[Place], Diagnostic | None]
STAGES = "a call, a name, a merge group, repeat, for, if, scan or a shape [..]"


def explain(place: Place) -> Diagnostic:
    """Return what is wrong at the token that does not fit."""
    for slip in SLIPS:
        found = slip(place)
        if found is not None:
            return found
    return _unexpected(place)


def _fraction(place: Place) -> Diagnostic | None:
    """`.5` and `1.`"""
    dot = place.token if place.token == "." else place.previous
    digits = place.following if place.token == "." else place.token
    if dot is None or dot != ".":
        return None
    if digits is not None and digits.type in ("INTEGER", "FLOAT") and literals.adjacent(dot, digits):
        span = between(place.source, dot, digits)
        help_ = edit("write it so:", span, f"0.{digits}")
        return mistake("E0105", "a number begins with a digit", span, f"write 0.{digits}", help_)
    before = place.previous if place.token == "." else place.before
    if before is not None and before.type == "INTEGER" and literals.adjacent(before, dot):
        span = between(place.source, before, dot)
        help_ = edit("write it so:", span, f"{before}.0")
        return mistake("E0105", "a number ends with a digit", span, f"write {before}.0", help_)
    return None


def _percent(place: Place) -> Diagnostic | None:
    """`50%)`"""
    if place.token in (")", "]", ",", "}") or place.token.type in ("_END", "$END"):
        return literals.percent(place.source, place.tokens[max(place.at - 2, 0) : place.at])
    return None


def _grouped(place: Place) -> Diagnostic | None:
    """`steps = 10,000`"""
    first, last = place.previous, place.following
    if place.token != "," or first is None or last is None:
        return None
    if first.type != "INTEGER" or last.type != "INTEGER" or len(last) != 3:
        return None
    return literals.grouped(place.source, first, last)


def _size(place: Place) -> Diagnostic | None:
    """`3 x 3`, `3x`, `k x k`"""
    first, sign = place.previous, place.token
    if first is None or first.type not in ("INTEGER", "NAME") or not _is_times(sign):
        return None
    last = place.following if sign in ("x", "X") else sign
    if first.type == "NAME" and (place.opener is None or place.opener == "{" or sign not in ("x", "X")):
        return None
    if last is None or (last is not sign and last.type not in ("INTEGER", "NAME")):
        span = between(place.source, first, sign)
        return mistake("E0106", "this size has no second number", span, f"for example {first}x{first}")
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


def _digits(place: Place) -> Diagnostic | None:
    """`1_000`, `5k`, `30epochs` is fine"""
    first, token = place.previous, place.token
    if first is None or first.type not in ("INTEGER", "FLOAT", "SIZE") or token.type != "NAME":
        return None
    if token in ("epoch", "step"):
        span = span_of(place.source, token)
        help_ = edit("write it so:", span, f"{token}s")
        return mistake("E0105", f"durations are written `epochs` or `steps`, also `1 {token}s`", span, f"write {token}s", help_)
    if not literals.adjacent(first, token):
        return None
    span = between(place.source, first, token)
    plain = str(token).replace("_", "")
    if plain.isdigit():
        help_ = edit("write it so:", span, f"{first}{plain}")
        return mistake("E0105", "digits are written without `_`", span, f"write {first}{plain}", help_)
    return mistake("E0105", f"`{first}{token}` is neither a number nor a name", span, "a name does not begin with a digit")


def _assignment(place: Place) -> Diagnostic | None:
    """`name := value`"""
    if place.token != "=" or place.previous is None or place.previous != ":":
        return None
    span = between(place.source, place.previous, place.token)
    return mistake(
        "E0112",
        "`:=` is not a sign of the language",
        span,
        "write `:` or `=`",
        edit("to make a row of the stack and name it, use a colon:", _with_space(span), ":"),
        edit("to name a value beside the stack:", span, "="),
    )


def _with_space(span: Span) -> Span:
    """Return the span with the spaces in front of it."""
    start = len(span.source.text[: span.start].rstrip(" \t"))
    return Span(span.source, start, span.end)


def _reserved(place: Place) -> Diagnostic | None:
    """`in: Conv(8, 3x3)`"""
    for token, following in ((place.previous, place.token), (place.token, place.following)):
        if token is None or token not in words.RESERVED or following is None:
            continue
        if following in (":", "=") or (following == "," and place.at_start):
            span = span_of(place.source, token)
            help_ = edit("choose another name, for example:", span, f"{token}_")
            message = f"`{token}` is a word of the language and cannot be a name"
            return mistake("E0113", message, span, "a word of the language", help_)
    return None


def _first_branch(place: Place) -> Diagnostic | None:
    """`add {` without `|`"""
    if place.token != "{" or place.previous is None or place.section not in ("stack", "train"):
        return None
    if not words.ends_operand(place.previous) or place.previous == "}":
        return None
    span = span_of(place.source, place.token)
    if place.previous.type == "NAME" and place.previous not in ("add", "concat", "mul", "max", "stack"):
        text = "no body and no group of branches can stand here"
        facts = ("a merge group is  add { | branch | branch } ; a body follows repeat, for, if, else and scan",)
        return mistake("E0110", f"`{place.previous}` is followed by a brace", span, text, facts=facts)
    following = place.following
    others = [Label(span_of(place.source, following), "here")] if following is not None else []
    help_ = edit("write it so:", Span(place.source, span.end, span.end), " |")
    return mistake("E0110", "every branch begins with `|`, the first one too", span, "`|` is missing behind this brace", help_, others=others)


def _unfinished(place: Place) -> Diagnostic | None:
    """`x +`, `c1:`, `f(a, =`, and lines that begin with an operator"""
    token, previous = place.token, place.previous
    span = span_of(place.source, token)
    binary = words.ARITHMETIC | words.COMPARISONS | {"and", "or"}
    if place.at_start and (token in binary or token == "->"):
        helps = ("put the operator at the end of the line above, or the value in front of it",)
        return mistake("E0115", f"a line cannot begin with `{token}`", span, "a value is missing in front of it", *helps)
    if previous is None or not (token.type in ("_END", "$END") or token in (")", "]", "}", ",", "{", "->")):
        return None
    if previous in binary or previous in ("->", "=", ":", "not", ",", "in"):
        where = span_of(place.source, previous)
        what = {":": "a row, or a type,", "=": "a value", ",": "something", "->": "a layer or a shape", "in": "a value"}
        message = f"{what.get(str(previous), 'a value')} is missing after `{previous}`"
        return mistake("E0115", message, where, f"{shown(token)} follows")
    return None


def _after_arrow(place: Place) -> Diagnostic | None:
    """`x -> 3`, `x -> (a + b)`, `x -> f + 1`"""
    span = span_of(place.source, place.token)
    if place.previous is not None and place.previous == "->":
        if place.token == "(" or place.token == "-" or place.token.type in words.LITERALS | {"TRUE", "FALSE", "NOT"}:
            text = f"right of `->` stands {STAGES}"
            return mistake("E0114", f"{shown(place.token)} cannot take the value from the left", span, text)
        return None
    if place.token in words.ARITHMETIC | words.COMPARISONS | {"and", "or"} and place.arrow is not None:
        others = [Label(span_of(place.source, place.arrow), "it ends here")]
        help_ = "put the row left of the operator in brackets, or give it a name:\nname = ..."
        message = "`->` binds loosest, so no arithmetic can follow it"
        return mistake("E0114", message, span, "this would belong to the layer alone", help_, others=others)
    return None


def _chained(place: Place) -> Diagnostic | None:
    """`a < b < c`"""
    first = place.comparison
    if place.token not in words.COMPARISONS or first is None:
        return None
    span = span_of(place.source, place.token)
    others = [Label(span_of(place.source, first), "the first one")]
    middle = span.source.text[span_of(place.source, first).end : span.start].strip()
    help_ = edit("write it so:", span, f"and {middle} {place.token}")
    return mistake("E0118", "comparisons are not chained", span, "the second one", help_, others=others)


def _comment(place: Place) -> Diagnostic | None:
    """`Conv(8, 3x3)  // a comment`"""
    for index in range(place.at - 1, place.start - 1, -1):
        token = place.tokens[index]
        if token == "//" and words.ends_operand(place.token) and place.line_of(index) == place.line_of(place.at):
            span = span_of(place.source, token)
            return mistake("E0119", "a comment begins with `#`", span, "write #", edit("write it so:", span, "#"))
    return None


def _missing_type(place: Place) -> Diagnostic | None:
    """`input x`, `input x: float32`, `input x = ...`"""
    word = place.first
    if word.type not in ("INPUT", "TARGET", "PARAM", "AUGMENT") or place.opener == "(":
        return None
    span = span_of(place.source, place.token)
    previous = place.previous
    assert previous is not None
    if place.at == place.start + 1:
        message = f"`{word}` needs a name"
        return mistake("E0116", message, span, "a name belongs here", f"for example:\n{word} x: float32[N, 10]")
    if place.at == place.start + 3 + place.commas and previous.type == "NAME" and place.token != ",":
        where = span_of(place.source, previous)
        help_ = edit("a single number is written so:", where, f"{previous}[]")
        return mistake("E0116", f"the type `{previous}` has no brackets", where, "its dimensions belong behind it", help_)
    if previous.type == "NAME" and place.at == place.start + 2 + place.commas:
        where = span_of(place.source, previous)
        help_ = edit("for example:", where, f"{previous}: float32[N, 10]")
        return mistake("E0116", f"`{word}` needs a type", where, "a colon and the type belong behind it", help_)
    if word.type in ("PARAM", "AUGMENT") and previous == "]" and place.token.type == "_END":
        what = "an initialiser" if word.type == "PARAM" else "what is done to it"
        where = span_of(place.source, previous)
        return mistake("E0116", f"`{word}` needs {what}", where, "`=` and a value belong behind it")
    return None


def _import(place: Place) -> Diagnostic | None:
    """`import "resnet.net"`, `import *`"""
    if place.first.type != "IMPORT":
        return None
    span = span_of(place.source, place.token)
    facts = ('import Name, Name from "file.net"',)
    return mistake("E0117", "an import lists names, and the file in double quotes", span, "not understood", facts=facts)


def _juxtaposed(place: Place) -> Diagnostic | None:
    """Two values with nothing between them: a missing comma, or two statements on a line."""
    previous, token = place.previous, place.token
    if previous is None or not words.ends_operand(previous):
        return None
    if not (words.begins_operand(token) or token in ("(", "[") or token.type.lower() in words.STATEMENT_WORDS):
        return None
    gap = Span(place.source, span_of(place.source, previous).end, span_of(place.source, token).start)
    span = span_of(place.source, token)
    if place.opener is not None and place.opener in ("(", "["):
        message = f"a comma is missing between {shown(previous)} and {shown(token)}"
        behind = Span(place.source, gap.start, gap.start)
        return mistake("E0108", message, span, "write a comma in front of it", f"write it so:\n{edited(behind, ',')}")
    if place.at == place.start + 1 and previous.type == "NAME" and token.type == "NAME":
        help_ = edit("if it is the label of the row, a colon follows:", gap, ": ")
        message = f"{shown(previous)} and {shown(token)} stand side by side"
        return mistake("E0107", message, span, "a sign or a line end is missing in front of it", help_)
    indent = " " * (place.source.line_text(span.line).find(place.source.line_text(span.line).lstrip()[:1]))
    help_ = edit("give each its own line:", gap, f"\n{indent}")
    return mistake("E0107", "two statements on one line", span, "a new line begins here", help_)


def _unexpected(place: Place) -> Diagnostic:
    span = span_of(place.source, place.token)
    if place.token.type in ("_END", "$END") and place.previous is not None:
        previous = place.previous
        span = span_of(place.source, previous)
        return mistake("E0100", f"{shown(place.token)} comes too early", span, "something is missing behind it")
    if place.previous is None or place.at_start:
        return mistake("E0100", f"no statement begins with {shown(place.token)}", span, "not understood")
    message = f"{shown(place.token)} cannot follow {shown(place.previous)}"
    return mistake("E0100", message, span, "not understood from here on")


SLIPS: tuple[Slip, ...] = (
    misplaced,
    _fraction,
    _percent,
    _grouped,
    _size,
    _digits,
    _assignment,
    foreign_operator,
    _reserved,
    _first_branch,
    _missing_type,
    _comment,
    _import,
    _after_arrow,
    _unfinished,
    _chained,
    _juxtaposed,
)
