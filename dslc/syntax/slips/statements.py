"""Slips in the words, names and types a statement begins with."""

from __future__ import annotations

import re

from dslc.errors import Diagnostic
from dslc.source import Span
from dslc.syntax import words
from dslc.syntax.mistakes import between, edit, mistake
from dslc.syntax.place import Place
from dslc.syntax.tokens import span_of

NAMED_EXAMPLES = {
    "INPUT": "input x: float32[N, 10]",
    "OUTPUT": "output logits: Linear(10)",
    "LAYER": "layer embed = Embedding(1000, 64)",
    "PARAM": "param W: float32[10, 10] = xavier_uniform",
    "TARGET": "target label: int64[N]",
    "AUGMENT": "augment image: float32[N, 3, 256, 256] = random_crop(227)",
    "NET": "net Classifier(classes=10) { }",
    "BLOCK": "block Stage(width) { }",
    "DEFAULT": "default Conv(bias=false)",
    "FREEZE": "freeze backbone",
    "GROUP": "group backbone (lr=1e-4)",
}


def assignment(place: Place) -> Diagnostic | None:
    """`name := value`"""
    if place.token != "=" or place.previous is None or place.previous != ":":
        return None
    span = between(place.source, place.previous, place.token)
    return mistake(
        "E0112",
        "`:=` is not a sign of the language",
        span,
        "write `:` or `=`",
        *_row_or_value(place, span),
    )


def _row_or_value(place: Place, sign: Span) -> list[str]:
    """Return the edits for `:=`: a number stands beside the stack, a layer in it, a name may mean both."""
    follows = place.following
    is_layer = follows is not None and follows.type == "NAME" and follows[:1].isupper()
    is_number = follows is not None and follows.type in words.LITERALS
    row = edit("to make a row of the stack and name it, use a colon:", _with_space(sign), ":")
    value = edit("to name a value beside the stack:", sign, "=")
    return [row] if is_layer else [value] if is_number else [row, value]


def _with_space(span: Span) -> Span:
    """Return the span with the spaces in front of it."""
    start = len(span.source.text[: span.start].rstrip(" \t"))
    return Span(span.source, start, span.end)


def reserved(place: Place) -> Diagnostic | None:
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


def tuple_(place: Place) -> Diagnostic | None:
    """`output, (h, c): LSTM(10)`, `y, (h, c) = LSTM(10)`"""
    word = place.first
    behind_output = word.type == "OUTPUT" and place.token == "," and place.at == place.start + 1
    names = place.tokens[place.start : place.at]
    bracket = (
        place.token == "("
        and len(names) > 1
        and all(
            token.type == "NAME" if index % 2 == 0 else token == ","
            for index, token in enumerate(names)
        )
    )
    if not (behind_output or bracket):
        return None
    head = _head(place)
    first = "y" if behind_output else str(word)
    plain = first + head.text[len(word) :].replace("(", "").replace(")", "")
    help_ = edit("write it so:", head, plain)
    if behind_output:
        message = "`output` begins an output line and cannot be a name"
        return mistake(
            "E0113", message, span_of(place.source, word), "a word of the language", help_
        )
    message = "names stand side by side, without brackets"
    return mistake("E0112", message, span_of(place.source, place.token), "leave it out", help_)


def _head(place: Place) -> Span:
    """Return the names of the statement, up to the sign behind them."""
    start = span_of(place.source, place.first)
    line = place.source.text[start.start :].partition("\n")[0]
    length = next((at for at, sign in enumerate(line) if sign in ":="), len(line))
    return Span(place.source, start.start, start.start + len(line[:length].rstrip()))


FROZEN = re.compile(r"freeze\s*\(\s*([^()]+?)\s*\)")


def line_from(place: Place, span: Span) -> str:
    """Return the rest of the line from a place on."""
    return place.source.text[span.start :].partition("\n")[0]


def nameless(place: Place) -> Diagnostic | None:
    """`output: Linear(10)`, `net {`, `loss = mse(x, y)`"""
    word = place.first
    if place.at != place.start + 1 or place.token.type == "NAME":
        return None
    span = span_of(place.source, word)
    if word.type in ("LOSS", "METRIC"):
        where = between(place.source, word, place.token)
        help_ = edit("write it so:", where, str(word))
        message = f"`{word}` is followed by an expression, or by a name and `=`"
        return mistake("E0112", message, span_of(place.source, place.token), "leave it out", help_)
    if (
        word.type == "FREEZE"
        and place.token == "("
        and (found := FROZEN.match(line_from(place, span)))
    ):
        whole = Span(span.source, span.start, span.start + found.end())
        help_ = edit("write it so:", whole, f"freeze {found.group(1)}")
        return mistake("E0116", "`freeze` names what it keeps", whole, "without brackets", help_)
    if place.token.type == "STRING" and place.token[1:-1].isidentifier():
        text = span_of(place.source, place.token)
        help_ = edit("write it so:", text, place.token[1:-1])
        return mistake("E0116", "a name stands without quotes", text, "this is text", help_)
    if word.type == "OUTPUT" and place.token == "=" and place.following is not None:
        following = place.tokens[place.at + 2]
        if place.following.type == "NAME" and following.type in ("_END", "$END"):
            where = between(place.source, word, place.token)
            help_ = edit("write it so:", where, "output")
            return mistake("E0116", "`output` names what a net gives", where, "without `=`", help_)
    example = NAMED_EXAMPLES.get(word.type)
    if example is None:
        return None
    return mistake(
        "E0116",
        f"`{word}` needs a name",
        span,
        "a name belongs behind it",
        f"for example:\n{example}",
    )


GROUP = re.compile(
    r"group\s+([\w.,\[\] ]*?[\w\]])\s*[=:]?\s*[({]?\s*(\w+\s*=[^=(){}]*?)\s*[)}]?\s*(#|$)"
)


def settings(place: Place) -> Diagnostic | None:
    """`group backbone`, `group backbone: lr=0.1`, `group backbone { lr = 0.1 }`, `default Conv`"""
    word, previous = place.first, place.previous
    if word.type == "GROUP" and (
        found := GROUP.match(line_from(place, span_of(place.source, word)))
    ):
        whole = span_of(place.source, word)
        whole = Span(place.source, whole.start, whole.start + found.end(2))
        end = line_from(place, whole).rstrip()
        whole = Span(place.source, whole.start, whole.start + len(end.partition("#")[0].rstrip()))
        help_ = edit("write it so:", whole, f"group {found.group(1)} ({found.group(2)})")
        message = "`group` has its settings in round brackets"
        return mistake("E0116", message, span_of(place.source, place.token), "not so", help_)
    if (
        word.type not in ("GROUP", "DEFAULT")
        or previous is None
        or not words.ends_operand(previous)
    ):
        return None
    if place.token.type not in ("_END", "$END") and place.token not in ("{", "["):
        return None
    where = span_of(place.source, previous)
    behind = Span(place.source, where.end, where.end)
    settings = " (lr=1e-4)" if word.type == "GROUP" else "(bias=false)"
    message = f"`{word}` needs its settings in round brackets"
    return mistake(
        "E0116", message, where, "they belong behind it", edit("for example:", behind, settings)
    )


PLAIN = frozenset({"int", "float", "bool", "str", "string", "list", "number"})
"""Types of numbers elsewhere."""


def header(place: Place) -> Diagnostic | None:
    """`train "judging" {`, `train judging: {`, `layer f: Linear(3)`"""
    word, token = place.first, place.token
    span = span_of(place.source, token)
    if word.type == "LAYER" and token == ":" and place.at == place.start + 2:
        help_ = edit("write it so:", _with_space(span), " =")
        return mistake("E0112", "a layer line has `=`", span, "not `:`", help_)
    if word.type not in ("NET", "BLOCK", "TRAIN"):
        return None
    if token.type == "STRING" and place.at == place.start + 1:
        help_ = edit("write it so:", span, token.strip('"'))
        return mistake("E0112", "a name stands without quotes", span, "this is text", help_)
    if place.before == ":" and place.previous in PLAIN and token in (")", ",", "="):
        where = span_of(place.source, place.tokens[place.at - 2]).to(
            span_of(place.source, place.tokens[place.at - 1])
        )
        help_ = edit("leave it out:", where, "")
        return mistake("E0112", "a hyper-parameter has no type", where, "delete it", help_)
    if token == "->" and place.previous == ")":
        brace = place.source.text.find("{", span.end)
        end = brace if 0 <= brace < span.start + len(line_from(place, span)) else span.end
        where = Span(place.source, span.start, end)
        help_ = edit("leave it out; the last row may end with its shape:", where, "")
        return mistake("E0112", "a header does not say what comes out", where, "delete it", help_)
    if token == ":" and place.following == "{":
        help_ = edit("leave it out:", span, "")
        return mistake("E0112", "no sign stands in front of a brace", span, "delete it", help_)
    return None


RETURN = re.compile(r"return\s+(\w+(\s*,\s*\w+)*)\s*$")


def returned(place: Place) -> Diagnostic | None:
    """`return h`, `return relu(h)`"""
    if place.first != "return" or place.at != place.start + 1 or place.token == ":":
        return None
    span = span_of(place.source, place.first)
    behind = Span(place.source, span.start, span_of(place.source, place.token).start)
    line = line_from(place, span).partition("#")[0].rstrip(" }")
    if RETURN.match(line):
        help_ = edit("write it so:", span, "output")
    else:
        help_ = edit("leave it out: the last row is the result:", behind, "")
    return mistake(
        "E0120", "no statement begins with `return`", span, "the result is an `output`", help_
    )


def listed(place: Place) -> Diagnostic | None:
    """`betas=(0.9, 0.99)`"""
    opener = place.opener
    if place.token != "," or opener is None or opener != "(":
        return None
    at = next(i for i, token in enumerate(place.tokens) if token is opener)
    if at == 0 or place.tokens[at - 1] not in ("=", ",", "(", "[", "in"):
        return None
    closer = at + 1
    while closer < len(place.tokens) and place.tokens[closer].type not in ("RPAR", "_END"):
        closer += 1
    span = between(place.source, opener, place.tokens[min(closer, len(place.tokens) - 1)])
    help_ = edit("write it so:", span, f"[{span.text[1:-1]}]") if span.text.endswith(")") else ""
    helps = (help_,) if help_ else ()
    return mistake("E0100", "a list stands in square brackets", span, "not in round ones", *helps)


def equals(place: Place) -> Diagnostic | None:
    """`f(a.b = 1)`, `x[0] = y`, `self.fc = Linear(3)`"""
    if place.token != "=" or place.previous is None:
        return None
    span = span_of(place.source, place.token)
    if place.first == "self" and place.at == place.start + 3:
        prefix = between(place.source, place.first, place.tokens[place.start + 1])
        help_ = edit("names stand for themselves:", prefix, "")
        return mistake("E0112", "left of `=` stands a name alone", prefix, "delete it", help_)
    facts = ("to compare two values, write `==`",)
    message = "left of `=` stands a name and nothing else"
    return mistake("E0112", message, span, "this would be named", facts=facts)


def comma_at_end(place: Place) -> Diagnostic | None:
    """`batch = 32,`"""
    if place.token != "," or place.following is not None or place.opener != "{":
        return None
    span = span_of(place.source, place.token)
    message = "a line ends without a comma"
    return mistake("E0107", message, span, "delete it", edit("leave it out:", span, ""))
