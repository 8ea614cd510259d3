"""Text to tree.

The parser reads on behind a mistake, at the next statement, so that one run tells of all independent ones.
"""

from __future__ import annotations

from dataclasses import replace

import lark
from lark import Token
from lark.exceptions import UnexpectedToken

from dslc.errors import CompileError, Diagnostic
from dslc.source import Source
from dslc.syntax import limits, tree
from dslc.syntax.build import Builder
from dslc.syntax.grammar import grammar
from dslc.syntax.lines import Lines
from dslc.syntax.place import Place
from dslc.syntax.slips.table import explain
from dslc.syntax.tokens import scan

Stacks = tuple[list[int], list[object]]


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
    parsed, mistakes = _read(source, lines.tokens)
    mistakes += lines.mistakes
    mistakes.sort(key=lambda mistake: mistake.primary.span.start)
    if parsed is None:
        return None, mistakes[: limits.ERRORS]
    file = Builder(source, lines.docs).node(parsed)
    assert isinstance(file, tree.File)
    first = file.items[0].span.start if file.items else 0
    doc = lines.docs.get(first, "")
    return replace(file, comments=tuple(lines.comments), doc=doc), mistakes[: limits.ERRORS]


def _read(source: Source, tokens: list[Token]) -> tuple[lark.Tree[Token] | None, list[Diagnostic]]:
    """Feed the tokens to the parser; where one does not fit, go back to where its statement began and skip that."""
    state = grammar().parse_interactive("").parser_state
    # For every open brace, and the file: its kind, and the parser's stacks where the current statement began.
    begins: list[tuple[str, Stacks]] = [("", ([*state.state_stack], [*state.value_stack]))]
    mistakes: list[Diagnostic] = []
    last = tokens[-1] if tokens else Token("_END", "", 0, end_pos=0)
    end = Token.new_borrow_pos("$END", "", last)
    at = 0
    while at < len(tokens):
        token = tokens[at]
        try:
            state.feed_token(token)
        except UnexpectedToken:
            mistakes.append(explain(Place(source, tokens, at)))
            if len(mistakes) >= limits.ERRORS:
                return None, mistakes
            kind, (states, values) = begins[-1]
            state.state_stack[:], state.value_stack[:] = states, values
            at = _next_statement(tokens, at, kind)
            continue
        if token.type == "RBRACE":
            begins.pop()
        elif token.type in ("LBRACE", "BRANCHES"):
            begins.append((token.type, ([*state.state_stack], [*state.value_stack])))
        elif token.type in ("_END", "VBAR"):
            begins[-1] = (begins[-1][0], ([*state.state_stack], [*state.value_stack]))
        at += 1
    try:
        return state.feed_token(end, is_end=True), mistakes
    except UnexpectedToken:
        return None, [*mistakes, explain(Place(source, [*tokens, end], at))]


def _next_statement(tokens: list[Token], at: int, kind: str) -> int:
    """Return where the statement behind the one that holds `at` begins, or the bracket that ends the stack."""
    depth = 0
    while at < len(tokens):
        type_ = tokens[at].type
        if type_ in ("LBRACE", "BRANCHES"):
            depth += 1
        elif depth == 0 and (type_ == "RBRACE" or (type_ == "VBAR" and kind == "BRANCHES")):
            return at
        elif type_ == "RBRACE":
            depth -= 1
        elif depth == 0 and type_ == "_END":
            return at + 1
        at += 1
    return at
