"""Statements in a section they do not belong to, and words that are misspelled."""

from __future__ import annotations

import re
from difflib import get_close_matches

from lark import Token

from dslc.errors import Diagnostic
from dslc.source import Span
from dslc.syntax import words
from dslc.syntax.mistakes import edit, mistake, shown
from dslc.syntax.place import Place
from dslc.syntax.tokens import span_of

PLACES = {"file": "outside a net", "stack": "in a net or a block", "train": "in a train section"}


PYTHON = re.compile(r"\s*from\s+([\w.]+)\s+import\s+([\w, ]+)")
"""An import as Python has it."""


def misplaced(place: Place) -> Diagnostic | None:
    """Explain a statement whose beginning does not fit its section."""
    first, section = place.first, place.section
    span = span_of(place.source, first)
    if section == "file":
        return _in_file(place, first, span)
    if section == "train":
        return _in_train(place, first, span)
    return _in_stack(place, first, span)


def _in_file(place: Place, first: Token, span: Span) -> Diagnostic | None:
    if not place.at_start:
        return None
    if first.type == "NAME" and place.following is not None and place.following.type == "NAME":
        suggested = _suggested(first, span, words.FILE_WORDS)
        if suggested is not None:
            return suggested
    home = _home(first)
    if home is not None:
        message = f"`{first}` stands {PLACES[home]}, not outside"
        return mistake("E0111", message, span, f"belongs {PLACES[home]}")
    if first == "from" and (found := PYTHON.match(place.source.line_text(span.line))):
        line = f'import {found.group(2).strip()} from "{found.group(1).replace(".", "/")}.net"'
        return mistake(
            "E0117",
            "an import begins with `import`",
            span,
            "the file comes last",
            f"write it so:\n{line}",
        )
    if first in ("def", "function", "func", "fn", "class", "module", "layer"):
        text = "a block is written so"
        help_ = "for example:\nblock Stage(width, stride=1) { }"
        return mistake("E0120", f"no statement begins with `{first}` here", span, text, help_)
    message = "outside nets and blocks stand only import, default, block, net and train"
    return mistake("E0111", message, span, "belongs in a net, a block or a train section")


def _in_train(place: Place, first: Token, span: Span) -> Diagnostic | None:
    if first.type == "NAME" and first in words.TRAIN_WORDS and place.following is not None:
        return None
    unsigned = _setting_without_sign(place, first, span)
    if unsigned is not None:
        return unsigned
    if first in words.STACK_WORDS and place.at == place.start + 1 and place.token.type == "NAME":
        message = f"`{first}` stands in a net or a block, not in a train section"
        return mistake("E0111", message, span, "move it into the net")
    if place.at_start and place.token.type not in ("_END", "RBRACE"):
        return _row_in_train(span)
    if place.at != place.start + 1 or first.type != "NAME":
        return None
    if place.token.type == "NAME":
        suggested = _suggested(first, span, words.TRAIN_WORDS)
        if suggested is not None:
            return suggested
    if place.token == ":":
        colon = span_of(place.source, place.token)
        help_ = edit(
            "a setting is written with `=`:", Span(colon.source, colon.start, colon.end), " ="
        )
        return mistake(
            "E0111",
            "a train section has settings, not rows",
            colon,
            "a row cannot stand here",
            help_,
        )
    return _row_in_train(span)


SETTINGS = re.compile(
    r"optim(izer)?|schedule(r)?|lr|learning_rate|(mini)?batch(_?size)?|(n_|num_)?epochs|steps|data|seed"
)
"""Names of settings, also as they are called elsewhere."""


def _setting_without_sign(place: Place, first: Token, span: Span) -> Diagnostic | None:
    """`optimizer Adam(lr=0.001)`, `batch 32`"""
    if place.at != place.start + 1 or not SETTINGS.fullmatch(first) or place.ends:
        return None
    if not words.begins_operand(place.token):
        return None
    help_ = edit("write it so:", span, f"{first} =")
    message = f"`=` is missing behind `{first}`"
    return mistake("E0112", message, span_of(place.source, place.token), "in front of it", help_)


def _row_in_train(span: Span) -> Diagnostic:
    message = "a train section has settings and losses, not rows"
    facts = (f"`name = value`, or a line that begins with {', '.join(sorted(words.TRAIN_WORDS))}",)
    return mistake("E0111", message, span, "a row belongs in a net", facts=facts)


def _in_stack(place: Place, first: Token, span: Span) -> Diagnostic | None:
    if place.at != place.start + 1 or first.type != "NAME":
        return None
    if first in words.LINE_WORDS and place.token.type == "NAME":
        message = f"`{first}` stands outside nets and blocks, not inside"
        return mistake("E0111", message, span, "move this line above, to the beginning of the file")
    if first in words.TRAIN_WORDS and words.begins_operand(place.token):
        message = f"`{first}` stands in a train section, not in a net"
        line = place.source.line_text(span.line).strip()
        help_ = f"move it into the train section:\ntrain {{\n  {line}\n}}"
        return mistake("E0111", message, span, "belongs in `train { }`", help_)
    if place.token.type == "NAME":
        return _suggested(first, span, words.STACK_WORDS)
    return None


def _home(first: Token) -> str | None:
    if first in words.STACK_WORDS:
        return "stack"
    return "train" if first in words.TRAIN_WORDS else None


def _suggested(first: Token, span: Span, known: frozenset[str]) -> Diagnostic | None:
    """Suggest the word of the section that a misspelled one is nearest to."""
    near = get_close_matches(str(first), sorted(known), n=1, cutoff=0.7)
    if not near:
        return None
    help_ = edit("write it so:", span, near[0])
    message = f"no statement begins with {shown(first)}"
    return mistake("E0120", message, span, f"did you mean `{near[0]}`?", help_)
