"""From tokens to statements: which line ends end one, which names are words, and whether the brackets fit.

In: the tokens of a file. Out: the tokens the grammar reads, the comments, and the mistakes that tokens alone show. A
statement with such a mistake is left out, so that the parser can look for others behind it. The order of the words of a
statement is not looked at here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lark import Token

from dslc.errors import Diagnostic, Label
from dslc.source import Source, Span
from dslc.syntax import limits, tree
from dslc.syntax.literals import check_literal, percent
from dslc.syntax.mistakes import edited, mistake
from dslc.syntax.strays import stray
from dslc.syntax.tokens import span_of
from dslc.syntax.words import (
    CONTINUING,
    FILE_WORDS,
    OPERATORS,
    UNITS,
    begins_operand,
    ends_operand,
    is_statement_word,
    is_word,
)

CLOSING = {"(": ")", "[": "]", "{": "}"}
OPENING = {")": "(", "]": "[", "}": "{"}
LOOK_AHEAD = 200


@dataclass(slots=True)
class Open:
    """A bracket that is open, or the file itself.

    `begin` is where in the output the statement being read begins; `broken` says that it has a mistake. `size` counts
    the operators and brackets of the expression being read, `largest` those of the largest one before it.
    """

    token: Token | None
    section: str
    begin: int
    broken: bool = False
    assumed: bool = False
    size: int = 0
    largest: int = 0

    @property
    def sign(self) -> str:
        return str(self.token) if self.token is not None else ""

    @property
    def is_round(self) -> bool:
        return self.sign in ("(", "[")


@dataclass(slots=True)
class Lines:
    """What is read from the tokens of one file; `docs` is keyed by where the documented statement begins."""

    source: Source
    raw: list[Token]
    tokens: list[Token] = field(default_factory=list)
    comments: list[tree.Comment] = field(default_factory=list)
    docs: dict[int, str] = field(default_factory=dict)
    mistakes: list[Diagnostic] = field(default_factory=list)
    stack: list[Open] = field(default_factory=list)
    at: int = 0
    pending: list[str] = field(default_factory=list)

    def read(self) -> None:
        """Read every token.

        Errors: E0101 brackets, E0103 characters, E0104 text, E0105 numbers, E0109 braces of a header, E0902-E0906 limits.
        """
        self.stack = [Open(None, "file", 0)]
        for self.at, token in enumerate(self.raw):
            if token.type == "_END":
                self._line_end(token)
            else:
                self._token(token)
        self._end_of_file()

    # ---- one token

    def _token(self, token: Token) -> None:
        if self.stack[-1].is_round and self._runs_on(token):
            self._forget_round(token)
        if self._at_start():
            self._begin(token)
            if self.stack[-1].section != "file" and self._begins_item(token):
                self._close_all(token)
            if is_word(self.stack[-1].section, token, self._following()):
                token = token.update(type=token.upper())
        elif token in UNITS and self.tokens[-1].type in ("INTEGER", "FLOAT"):
            token = token.update(type="UNIT")
        elif token == "from" and self.tokens[self.stack[-1].begin].type == "IMPORT":
            token = token.update(type="FROM")
        self.pending.clear()
        self._check(token)
        self._emit(token)

    def _emit(self, token: Token) -> None:
        if token.type == "STRING":
            self.tokens.append(token)
        elif token in CLOSING:
            self._open(token)
        elif token in OPENING:
            self._close(token)
        elif token == "|" and self.stack[-1].section == "branches":
            self._end_statement()
            self._append_and_begin(token)
        else:
            self._measure(token)
            self.tokens.append(token)

    def _check(self, token: Token) -> None:
        if token.type == "STRAY":
            self._report(stray(self.source, token))
        else:
            found = check_literal(self.source, token, self.tokens)
            if found:
                self._report(found)

    def _measure(self, token: Token) -> None:
        """Count the operators of an expression; a tree is never deeper than that."""
        top = self.stack[-1]
        if token in (",", "->"):
            top.largest = max(top.largest, top.size)
            top.size = 0
        elif token in OPERATORS:
            self._grow(token, 1)

    def _grow(self, token: Token, size: int) -> None:
        top = self.stack[-1]
        top.size += size
        if top.size > limits.EXPRESSION:
            message = f"this expression has more than {limits.EXPRESSION} operators and brackets"
            help_ = "give parts of it a name:\npart = ..."
            limits.refuse("E0906", span_of(self.source, token), message, "one too many", help_)

    # ---- statements

    def _at_start(self) -> bool:
        top = self.stack[-1]
        return not top.is_round and len(self.tokens) == top.begin

    def _begin(self, token: Token) -> None:
        if self.pending and token.start_pos is not None:
            self.docs[token.start_pos] = "\n".join(self.pending)

    def _following(self) -> Token | None:
        return self.raw[self.at + 1] if self.at + 1 < len(self.raw) else None

    def _append_and_begin(self, token: Token) -> None:
        self.tokens.append(token)
        self.stack[-1].begin = len(self.tokens)

    def _end_statement(self) -> None:
        top = self.stack[-1]
        if top.broken:
            del self.tokens[top.begin :]
            top.broken = False
        top.largest = max(top.largest, top.size)
        top.size = 0
        top.begin = len(self.tokens)

    def _line_end(self, token: Token) -> None:
        self._keep_comments(token)
        if self.stack[-1].is_round or self._at_start():
            return
        last, following = self.tokens[-1], self._following()
        found = percent(self.source, self.tokens)
        if found:
            self._report(found)
        elif last in CONTINUING and last.type != "STRING":
            return
        if following is not None and following in ("->", "else"):
            return
        if self.stack[-1].section == "file" and self._lacks_brace():
            self._assume_brace()
        else:
            self._end_line(token)

    def _end_line(self, token: Token) -> None:
        whole = not self.stack[-1].broken
        self._end_statement()
        if whole:
            self._append_and_begin(token)

    def _keep_comments(self, token: Token) -> None:
        assert token.start_pos is not None
        start = token.start_pos
        for line in token.split("\n"):
            text = line.strip()
            if text:
                begin = start + line.index("#")
                self._keep_comment(Span(self.source, begin, begin + len(text)), text)
            start += len(line) + 1

    def _keep_comment(self, span: Span, text: str) -> None:
        before = self.source.text[self.source.line_starts[span.line - 1] : span.start]
        own_line = not before.strip(" \t\ufeff")
        self.comments.append(tree.Comment(span, text, own_line))
        if own_line and text.startswith("##"):
            self.pending.append(text.removeprefix("##").removeprefix(" "))

    # ---- brackets

    def _open(self, token: Token) -> None:
        if len(self.stack) > limits.NESTING:
            message = f"brackets are nested deeper than {limits.NESTING}"
            limits.refuse("E0902", span_of(self.source, token), message, "one too many")
        section = self._section(token)
        if section == "branches":
            token = token.update(type="BRANCHES")
        self.tokens.append(token)
        self.stack.append(Open(token, section, len(self.tokens)))

    def _section(self, token: Token) -> str:
        """Return what stands in a bracket: `stack` and `train` have their own words, brackets have none."""
        if token != "{":
            return "bracket"
        following = next((t for t in self.raw[self.at + 1 :] if t.type != "_END"), None)
        if following is not None and following == "|":
            return "branches"
        top = self.stack[-1]
        return "train" if self.tokens[top.begin :] and self.tokens[top.begin].type == "TRAIN" else "stack"

    def _close(self, token: Token) -> None:
        opener = self.stack[-1].sign
        if token == "}" and self.stack[-1].is_round:
            self._forget_round(token)
            opener = self.stack[-1].sign
        if not opener:
            self._report(self._closes_nothing(token))
            return
        if CLOSING[opener] != token:
            self._report(self._mismatch(token))
            if opener == "{":
                return
            token = token.update(type="RPAR" if opener == "(" else "RSQB", value=CLOSING[opener])
        self._end_bracket(token)

    def _end_bracket(self, token: Token) -> None:
        self._end_statement()
        closed = self.stack.pop()
        self.tokens.append(token)
        self._grow(token, closed.largest + 1)

    def _closes_nothing(self, token: Token) -> Diagnostic:
        span = span_of(self.source, token)
        message = f"this `{token}` closes nothing"
        return mistake("E0101", message, span, f"no `{OPENING[token]}` is open here", "delete it")

    def _mismatch(self, token: Token) -> Diagnostic:
        opener = self.stack[-1].token
        assert opener is not None
        if opener == "{":
            return self._closes_nothing(token)
        span = span_of(self.source, token)
        others = (Label(span_of(self.source, opener), "opened here"),)
        message = f"`{opener}` is closed by `{token}`"
        help_ = f"write {CLOSING[opener]}:\n{edited(span, CLOSING[opener])}"
        return mistake("E0101", message, span, f"`{CLOSING[opener]}` belongs here", help_, others=others)

    # ---- brackets that are never closed

    def _runs_on(self, token: Token) -> bool:
        """Tell whether a new statement begins with `token` although a bracket is open."""
        if self.at == 0 or self.raw[self.at - 1].type != "_END":
            return False
        following = self._following()
        if is_statement_word(token, following):
            return True
        if token.type == "NAME" and following == ":" and self.stack[-1].sign == "(":
            return True
        return ends_operand(self.tokens[-1]) and begins_operand(token) and not self._closed_later()

    def _closed_later(self) -> bool:
        """Tell whether the innermost bracket is closed before another statement begins."""
        depth = 1
        for index in range(self.at, min(self.at + LOOK_AHEAD, len(self.raw))):
            token = self.raw[index]
            following = self.raw[index + 1] if index + 1 < len(self.raw) else None
            if self.raw[index - 1].type == "_END" and is_statement_word(token, following):
                return False
            depth += (token in ("(", "[")) - (token in (")", "]"))
            if depth == 0 or token == "}":
                return depth == 0
        return False

    def _forget_round(self, token: Token | None) -> None:
        """Report the innermost open bracket, and go on as if all were closed at the end of the line before."""
        opener = self.stack[-1].token
        assert opener is not None
        last = self.tokens[-1]
        others = []
        if token is not None and span_of(self.source, token).line > span_of(self.source, opener).line:
            others = [Label(span_of(self.source, token), "this line begins something new")]
        span = span_of(self.source, last)
        end = Span(self.source, span.end, span.end)
        help_ = f"close it, for example at the end of line {span.line}:\n{edited(end, CLOSING[opener])}"
        message = f"this `{opener}` is never closed"
        span = span_of(self.source, opener)
        self._report(mistake("E0101", message, span, "opened here", help_, others=others))
        while self.stack[-1].is_round:
            self.stack.pop()
        if token != "}":
            self._end_line(Token.new_borrow_pos("_END", "\n", last))

    def _begins_item(self, token: Token) -> bool:
        """Tell whether `token` begins a statement that stands outside every brace."""
        following = self._following()
        if token not in FILE_WORDS or following is None:
            return False
        return following.type == "NAME" or (token == "train" and following == "{")

    def _close_all(self, token: Token) -> None:
        """Report the innermost open brace, and close all, because `token` begins an item of the file."""
        span = span_of(self.source, token)
        text = f"`{token}` can only stand outside a net, so a `}}` is missing above"
        self._unclosed([Label(span, text)])

    def _unclosed(self, others: list[Label]) -> None:
        top, last = self.stack[-1], self.tokens[-1]
        assert top.token is not None
        if not top.assumed:
            line = span_of(self.source, last).line
            if last.type == "_END":
                line = span_of(self.source, self.tokens[-2]).line
            help_ = f"add a line with }} after line {line}"
            span = span_of(self.source, top.token)
            found = mistake("E0101", "this `{` is never closed", span, "opened here", help_, others=others)
            self.mistakes.append(found)
        while len(self.stack) > 1:
            self._end_bracket(Token.new_borrow_pos("RBRACE", "}", last))
        self._end_line(Token.new_borrow_pos("_END", "\n", last))

    def _lacks_brace(self) -> bool:
        statement = self.tokens[self.stack[-1].begin :]
        header = statement[0].type in ("NET", "BLOCK", "TRAIN")
        return header and statement[-1] != "}" and statement[-1] not in CONTINUING

    def _assume_brace(self) -> None:
        """Report a header without its brace, and go on as if it were there."""
        top, last = self.stack[-1], self.tokens[-1]
        first = self.tokens[top.begin]
        opener = Token.new_borrow_pos("LBRACE", "{", last)
        following = self._following()
        end = span_of(self.source, last)
        if last == ":":
            self.tokens.pop()
        else:
            end = Span(self.source, end.end, end.end)
        message = f"the brace of this {first} is missing"
        text = "`{` belongs at the end of this line"
        self.mistakes.append(mistake("E0109", message, end, text, f"write it so:\n{edited(end, ' {')}"))
        if following is None or following != "{":
            section = "train" if first.type == "TRAIN" else "stack"
            self.tokens.append(opener)
            self.stack.append(Open(opener, section, len(self.tokens), assumed=True))

    def _end_of_file(self) -> None:
        self.at = len(self.raw)
        if self.stack[-1].is_round:
            self._forget_round(None)
        if len(self.stack) > 1:
            self._unclosed([])
        self._end_statement()

    def _report(self, found: Diagnostic) -> None:
        """Keep the first mistake of a statement; what follows it is often its consequence."""
        frame = next(frame for frame in reversed(self.stack) if not frame.is_round)
        if not frame.broken:
            frame.broken = True
            self.mistakes.append(found)
