"""Slips at the braces of bodies and branches."""

from __future__ import annotations

from lark import Token

from dslc.errors import Diagnostic, Label
from dslc.source import Span
from dslc.syntax import words
from dslc.syntax.mistakes import edit, mistake
from dslc.syntax.place import Place
from dslc.syntax.tokens import span_of


def control(place: Place) -> Diagnostic | None:
    """`repeat 3 Conv(8)`, `if x relu`, `for h hidden { }`, `else` alone, a scan that carries nothing"""
    span = span_of(place.source, place.token)
    if place.token == "else":
        text = "it stands behind the `}` of an `if`"
        return mistake("E0115", "this `else` has no `if`", span, text, "if condition { } else { }")
    word = place.control
    if word is None:
        return None
    if (
        word in ("for", "scan")
        and place.previous is not None
        and place.before == word
        and place.token != "in"
    ):
        help_ = f"for example:\n{word} x in " + (
            "[1, 2, 3] { }" if word == "for" else "xs, h = zeros([N, 10]) { }"
        )
        return mistake("E0109", f"`in` is missing in this `{word}`", span, "write in", help_)
    if place.token == ":" and place.previous is not None and words.ends_operand(place.previous):
        return _colon(place, word, span)
    if word == "for" and place.token == ",":
        where = span_of(place.source, word)
        help_ = edit("`scan` carries values from step to step:", where, "scan")
        return mistake(
            "E0109", "`for` carries nothing from round to round", span, "it has one variable", help_
        )
    if word == "scan" and place.token == "{":
        help_ = "for example:\nscan x in xs, h = zeros([N, 10]) { }"
        return mistake(
            "E0109",
            "this `scan` carries nothing from step to step",
            span,
            "a name and its start belong here",
            help_,
        )
    if (
        place.previous is not None
        and words.ends_operand(place.previous)
        and words.begins_operand(place.token)
    ):
        gap = Span(place.source, span.start, span.start)
        text = "`{` belongs in front of it"
        return mistake(
            "E0109",
            f"what `{word}` applies to stands in braces",
            span,
            text,
            edit("write it so:", gap, "{ "),
        )
    return None


def _colon(place: Place, word: Token, span: Span) -> Diagnostic:
    """`for k in [1, 2]: Linear(k)`"""
    line = place.source.text[span.start :].partition("\n")[0].partition("#")[0].rstrip()
    whole = Span(place.source, span.start, span.start + len(line))
    body = line[1:].strip()
    help_ = edit("write it so:", whole, f" {{ {body} }}" if body else " {")
    message = f"what `{word}` applies to stands in braces"
    return mistake("E0109", message, span, "`{` belongs here", help_)


def foreign(place: Place) -> Diagnostic | None:
    """`if a { } elif b { }`, `while a { }`"""
    span = span_of(place.source, place.token)
    if place.token == "elif":
        help_ = edit("write it so:", span, "else if")
        return mistake("E0120", "there is no `elif`", span, "it is two words", help_)
    if "while" in (place.first, place.previous) and place.at <= place.start + 3:
        helps = ("repeat 3 { }", "scan x in xs, h = zeros([N, 10]) { }")
        where = span_of(place.source, next(t for t in place.tokens[place.start :] if t == "while"))
        text = "how often is known when the file is compiled, or a sequence says it"
        examples = [f"for example:\n{one}" for one in helps]
        return mistake("E0120", "there is no `while`", where, text, *examples)
    return None


def first_branch(place: Place) -> Diagnostic | None:
    """`add {` without `|`"""
    if place.token != "{" or place.previous is None or place.section not in ("stack", "train"):
        return None
    if not words.ends_operand(place.previous) or place.previous == "}":
        return None
    span = span_of(place.source, place.token)
    if place.previous.type == "NAME" and place.previous not in (
        "add",
        "concat",
        "mul",
        "max",
        "min",
        "stack",
    ):
        text = "no body and no group of branches can stand here"
        facts = (
            "a merge group is  add { | branch | branch } ; a body follows repeat, for, if, else and scan",
        )
        return mistake(
            "E0110", f"`{place.previous}` is followed by a brace", span, text, facts=facts
        )
    following = place.following
    others = [Label(span_of(place.source, following), "here")] if following is not None else []
    help_ = edit("write it so:", Span(place.source, span.end, span.end), " |")
    return mistake(
        "E0110",
        "every branch begins with `|`, the first one too",
        span,
        "`|` is missing behind this brace",
        help_,
        others=others,
    )


def branches(place: Place) -> Diagnostic | None:
    """A body that begins with `|`, and `|` outside a merge group."""
    token = place.token
    if token.type not in ("BRANCHES", "VBAR"):
        return None
    span = span_of(place.source, token)
    facts = ("branches stand in a merge group:  add { | branch | branch }",)
    if token.type == "VBAR":
        message = "`|` opens a branch, and no merge group is open here"
        return mistake("E0110", message, span, "not an operator", facts=facts)
    message = "this brace opens a group of branches, but no merge function stands in front of it"
    text = "add, concat, mul or max belongs in front of it"
    return mistake("E0110", message, span, text, facts=facts)


def missing_body(place: Place) -> Diagnostic | None:
    """`net Classifier` and nothing more."""
    word = place.first
    if word.type not in ("NET", "BLOCK", "TRAIN") or place.token.type not in ("_END", "$END"):
        return None
    previous = place.previous
    if previous is None or not (previous == word or words.ends_operand(previous)):
        return None
    span = span_of(place.source, previous)
    end = Span(place.source, span.end, span.end)
    help_ = edit("for example:", end, " { }")
    return mistake("E0109", f"this {word} has no body", span, "`{` belongs behind it", help_)
