"""Brackets and statements: where each begins and ends, whether the brackets fit, and how deep they go.

A statement in which a mistake was found is taken out again when it ends, so that the parser can look for others behind
it. Not looked at here: which line ends end a statement, and what the words mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lark import Token

from dslc.errors import Diagnostic
from dslc.source import Source
from dslc.syntax import limits
from dslc.syntax.brackets import (
    CLOSING,
    brace_unclosed,
    closes_nothing,
    mismatched,
    round_unclosed,
)
from dslc.syntax.tokens import span_of
from dslc.syntax.words import OPERATORS


@dataclass(slots=True)
class Open:
    """A bracket that is open, or the file itself.

    `section` tells what stands in it: `file`, `stack`, `branches`, `train`, or `bracket` for ( and [. `begin` is where
    in the output the statement being read begins; `broken` says that it has a mistake. `assumed` braces are missing in
    the file. `size` counts the operators and brackets of the expression being read, `largest` is that of the largest
    one before it.
    """

    token: Token | None
    section: str
    begin: int
    broken: bool = False
    assumed: bool = False
    size: int = 0
    largest: int = 0

    @property
    def is_round(self) -> bool:
        return self.section == "bracket"


@dataclass
class Structure:
    """The tokens read so far, the brackets open behind them, and the mistakes."""

    source: Source
    tokens: list[Token] = field(default_factory=list)
    mistakes: list[Diagnostic] = field(default_factory=list)
    stack: list[Open] = field(default_factory=lambda: [Open(None, "file", 0)])

    @property
    def top(self) -> Open:
        return self.stack[-1]

    def report(self, found: Diagnostic) -> None:
        """Keep the first mistake of a statement; what follows it is often its consequence."""
        frame = next(frame for frame in reversed(self.stack) if not frame.is_round)
        if not frame.broken:
            frame.broken = True
            self.mistakes.append(found)

    # ---- statements

    @property
    def at_start(self) -> bool:
        """Whether the next token begins a statement."""
        return not self.top.is_round and len(self.tokens) == self.top.begin

    def end_statement(self) -> None:
        top = self.top
        if top.broken:
            del self.tokens[top.begin :]
            top.broken = False
        self._end_expression()
        top.begin = len(self.tokens)

    def end_line(self, token: Token) -> None:
        """End a statement, and keep the line end unless the statement is taken out."""
        whole = not self.top.broken
        self.end_statement()
        if whole:
            self.begin_behind(token)

    def begin_behind(self, token: Token) -> None:
        """Take in a token behind which a statement begins."""
        self.tokens.append(token)
        self.top.begin = len(self.tokens)

    # ---- how large an expression is

    def measure(self, token: Token) -> None:
        """Count the operators of an expression; its tree is never deeper than that."""
        if token in OPERATORS:
            self._grow(token, 1)
        elif token in (",", "->"):
            self._end_expression()

    def _end_expression(self) -> None:
        self.top.largest = max(self.top.largest, self.top.size)
        self.top.size = 0

    def _grow(self, token: Token, size: int) -> None:
        self.top.size += size
        if self.top.size > limits.EXPRESSION:
            message = f"this expression has more than {limits.EXPRESSION} operators and brackets"
            help_ = "give parts of it a name:\npart = ..."
            limits.refuse("E0906", span_of(self.source, token), message, "one too many", help_)

    # ---- brackets

    def open(self, token: Token, section: str) -> None:
        if len(self.stack) > limits.NESTING:
            message = f"brackets are nested deeper than {limits.NESTING}"
            limits.refuse("E0902", span_of(self.source, token), message, "one too many")
        self.tokens.append(token)
        self.stack.append(Open(token, section, len(self.tokens)))

    def close(self, token: Token) -> None:
        if token == "}" and self.top.is_round:
            self.forget_round(token)
        opener = self.top.token
        if opener is None or (opener == "{" and token != "}"):
            self.report(closes_nothing(self.source, token))
            return
        needed = CLOSING[opener]
        if token != needed:
            self.report(mismatched(self.source, opener, token))
            token = token.update(type="RPAR" if needed == ")" else "RSQB", value=needed)
        self._end_bracket(token)

    def _end_bracket(self, token: Token) -> None:
        self.end_statement()
        closed = self.stack.pop()
        self.tokens.append(token)
        if len(self.stack) > 1:
            self._grow(token, closed.largest + 1)

    def forget_round(self, token: Token | None) -> None:
        """Report the innermost open ( or [, and go on as if all were closed at the end of the line before."""
        opener, last = self.top.token, self.tokens[-1]
        assert opener is not None
        self.report(round_unclosed(self.source, opener, last, token))
        while self.top.is_round:
            self.stack.pop()
        if token is not None and token not in ("{", "}"):
            self.end_line(Token.new_borrow_pos("_END", "\n", last))

    def close_all(self, token: Token | None) -> None:
        """Report the innermost open {, and close all.

        `token` begins an item of the file; None says that the file ends.
        """
        top, last = self.top, self.tokens[-1]
        assert top.token is not None
        if last.type == "_END":
            last = self.tokens[-2]
        if not top.assumed:
            self.mistakes.append(brace_unclosed(self.source, top.token, last, token))
        while len(self.stack) > 1:
            self._end_bracket(Token.new_borrow_pos("RBRACE", "}", last))
        self.end_line(Token.new_borrow_pos("_END", "\n", last))
