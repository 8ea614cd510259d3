"""Text to tree.

The parser reads on behind a mistake, at the next statement, so that one run tells of all independent ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import lark
from lark import Token
from lark.exceptions import UnexpectedToken
from lark.parsers.lalr_parser_state import ParserState

from dslc.errors import CompileError, Diagnostic
from dslc.source import Source
from dslc.syntax import limits, tree
from dslc.syntax.build import Builder
from dslc.syntax.grammar import grammar
from dslc.syntax.lines import Lines
from dslc.syntax.place import Place
from dslc.syntax.slips.table import explain
from dslc.syntax.tokens import scan


@dataclass(frozen=True, slots=True)
class Begin:
    """Where the current statement of an open brace, or of the file, begins.

    `kind` is that of the brace's token, `size` the number of tokens kept in front of the statement; `states` and
    `values` are the parser's stacks there.
    """

    kind: str
    size: int
    states: list[Any]
    values: list[Any]


def parse(source: Source) -> tree.File:
    """Return the tree of a file.

    Errors: E01xx, the first ten; E09xx when the file is larger or deeper than the limits allow.
    """
    file, mistakes = parse_partly(source)
    if mistakes or file is None:
        raise CompileError(mistakes)
    return file


def parse_partly(source: Source) -> tuple[tree.File | None, list[Diagnostic]]:
    """Return the tree of the statements that could be read, and the mistakes in the others.

    The tree is None where nothing could be read. Errors: as `parse` for characters and limits.
    """
    lines = Lines(source, raw=scan(source))
    lines.read()
    parsed, mistakes, whole = _read(source, lines.tokens)
    if parsed is not None and mistakes:
        # The stacks that the parser went back to may share lists with what it had read since.
        parsed, _, _ = _read(source, whole)
    mistakes += lines.mistakes
    mistakes.sort(key=lambda mistake: mistake.primary.span.start)
    if parsed is None:
        return None, mistakes[: limits.ERRORS]
    file = Builder(source, lines.docs).node(parsed)
    assert isinstance(file, tree.File)
    first = file.items[0].span.start if file.items else 0
    doc = lines.docs.get(first, "")
    return replace(file, comments=tuple(lines.comments), doc=doc), mistakes[: limits.ERRORS]


def _read(
    source: Source, tokens: list[Token]
) -> tuple[lark.Tree[Token] | None, list[Diagnostic], list[Token]]:
    """Return what the parser makes of the tokens, the mistakes, and the tokens of the statements without one.

    Where a token does not fit, the parser goes back to where its statement began, and that is skipped.
    """
    state = grammar().parse_interactive("").parser_state
    last = tokens[-1] if tokens else Token("_END", "", 0, end_pos=0)
    tokens = [*tokens, Token.new_borrow_pos("$END", "", last)]
    parsed = None
    mistakes: list[Diagnostic] = []
    whole: list[Token] = []
    begins = [_begin("", whole, state)]
    at = 0
    while at < len(tokens) and len(mistakes) < limits.ERRORS:
        token = tokens[at]
        try:
            parsed = state.feed_token(token, is_end=token.type == "$END")
        except UnexpectedToken:
            mistakes.append(explain(Place(source, tokens, at)))
            begin = begins[-1]
            state.state_stack[:], state.value_stack[:] = begin.states, begin.values
            del whole[begin.size :]
            at = _next_statement(tokens, at, begin.kind)
            continue
        at += 1
        whole.append(token)
        if token.type == "RBRACE":
            begins.pop()
        elif token.type in ("LBRACE", "BRANCHES"):
            begins.append(_begin(token.type, whole, state))
        elif token.type in ("_END", "VBAR"):
            begins[-1] = _begin(begins[-1].kind, whole, state)
    return parsed, mistakes, [token for token in whole if token.type != "$END"]


def _begin(kind: str, whole: list[Token], state: ParserState[Any]) -> Begin:
    return Begin(kind, len(whole), [*state.state_stack], [*state.value_stack])


def _next_statement(tokens: list[Token], at: int, kind: str) -> int:
    """Return where the statement behind the one that holds `at` begins, or the token that ends the stack."""
    ends = ("RBRACE", "VBAR", "$END") if kind == "BRANCHES" else ("RBRACE", "$END")
    depth = 0
    while True:
        type_ = tokens[at].type
        if type_ in ("LBRACE", "BRANCHES"):
            depth += 1
        elif depth == 0 and type_ in ends:
            return at
        elif type_ == "RBRACE":
            depth -= 1
        elif depth == 0 and type_ == "_END":
            return at + 1
        at += 1
