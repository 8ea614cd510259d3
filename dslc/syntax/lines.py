"""From tokens to what the grammar reads: which line ends end a statement, which names are words, where comments go.

In: the tokens of a file. Out: the tokens for the parser, the comments, the documentation of statements, and the
mistakes that tokens alone show.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lark import Token

from dslc.source import Span
from dslc.syntax import tree
from dslc.syntax.brackets import CLOSING, OPENING, brace_missing
from dslc.syntax.literals import check_literal, percent
from dslc.syntax.strays import stray
from dslc.syntax.structure import Open, Structure
from dslc.syntax.tokens import span_of
from dslc.syntax.words import (
    CONTINUING,
    FILE_WORDS,
    LINE_WORDS,
    UNITS,
    begins_operand,
    ends_operand,
    is_statement_word,
    is_word,
)

LOOK_AHEAD = 200


@dataclass
class Lines(Structure):
    """What is read from the tokens of one file; `docs` is keyed by where the documented statement begins."""

    raw: list[Token] = field(default_factory=list)
    at: int = 0
    comments: list[tree.Comment] = field(default_factory=list)
    docs: dict[int, str] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    closed: dict[int, bool] = field(default_factory=dict)

    def read(self) -> None:
        """Read every token.

        Errors: E0101 brackets, E0103 characters, E0104 text, E0105 numbers, E0109 braces of a head, E0902 to E0906.
        """
        for at, token in enumerate(self.raw):
            self.at = at
            if token.type == "_END":
                self._line_end(token)
            else:
                self._token(token)
        self._end_of_file()

    def _following(self) -> Token | None:
        return self.raw[self.at + 1] if self.at + 1 < len(self.raw) else None

    # ---- tokens

    def _token(self, token: Token) -> None:
        if self.top.is_round and self._runs_on(token):
            self.forget_round(token)
        token = self._first(token) if self.at_start else self._later(token)
        self.pending.clear()
        if token.type == "STRAY":
            self.report(stray(self.source, token))
        else:
            found = check_literal(self.source, token, self.tokens)
            if found is not None:
                self.report(found)
        self._take(token)

    def _first(self, token: Token) -> Token:
        """Return the first token of a statement: words are words here."""
        if self.pending and token.start_pos is not None:
            self.docs[token.start_pos] = "\n".join(self.pending)
        if self.top.section != "file" and self._begins_item(token):
            self.close_all(token)
        if is_word(self.top.section, token, self._following()):
            return token.update(type=token.upper())
        return token

    def _later(self, token: Token) -> Token:
        """Return a token inside a statement: `epochs` behind a number and `from` in an import are words."""
        last = self.tokens[-1]
        if token in UNITS and last.type in ("INTEGER", "FLOAT") and self._following() != "=":
            return token.update(type="UNIT")
        if token == "from" and self.top.section == "file":
            is_import = self.tokens[self.top.begin].type == "IMPORT"
            return token.update(type="FROM") if is_import else token
        return token

    def _take(self, token: Token) -> None:
        if token.type == "STRING":
            self.tokens.append(token)
        elif token in CLOSING:
            self._open(token)
        elif token in OPENING:
            self.close(token)
        elif token == "|" and self.top.section == "branches":
            self.end_statement()
            self.begin_behind(token)
        else:
            self.measure(token)
            self.tokens.append(token)

    def _open(self, token: Token) -> None:
        section = self._section(token)
        in_head = token == "{" and self.top.is_round and self.stack[-2].section == "file"
        if in_head and not self._is_closed():
            self.forget_round(token)
            section = self._section(token)
        if section == "branches":
            token = token.update(type="BRANCHES")
        self.open(token, section)

    def _section(self, token: Token) -> str:
        """Return what stands in a bracket."""
        if token != "{":
            return "bracket"
        following = next((t for t in self.raw[self.at + 1 : self.at + 3] if t.type != "_END"), None)
        if following is not None and following == "|":
            return "branches"
        first = self.tokens[self.top.begin : self.top.begin + 1]
        return "train" if first and first[0].type == "TRAIN" else "stack"

    # ---- line ends and comments

    def _line_end(self, token: Token) -> None:
        self._keep_comments(token)
        if self.top.is_round or self.at_start:
            return
        last, following = self.tokens[-1], self._following()
        found = percent(self.source, self.tokens)
        if found is not None:
            self.report(found)
        elif last in CONTINUING:
            return
        if following is not None and following in ("->", "else"):
            return
        if self.top.section == "file" and self._lacks_brace():
            self._assume_brace()
        else:
            self.end_line(token)

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

    # ---- what is not closed, or not opened

    def _runs_on(self, token: Token) -> bool:
        """Tell whether a new statement begins with `token` although ( or [ is open."""
        if self.raw[self.at - 1].type != "_END":
            return False
        following = self._following()
        if is_statement_word(token, following):
            return True
        in_header = self.stack[-2].section == "file"
        if token.type == "NAME" and following == ":" and self.top.token == "(" and not in_header:
            return True
        return (
            ends_operand(self.tokens[-1]) and begins_operand(token) and not self._is_closed_later()
        )

    def _is_closed(self) -> bool:
        """Tell whether the innermost bracket is closed, however far behind; worked out once for each."""
        opener = self.top.token
        assert opener is not None and opener.start_pos is not None
        if opener.start_pos not in self.closed:
            self.closed[opener.start_pos] = self._is_closed_later(len(self.raw))
        return self.closed[opener.start_pos]

    def _is_closed_later(self, most: int = LOOK_AHEAD) -> bool:
        """Tell whether the innermost bracket is closed before another statement begins, `most` tokens ahead."""
        depth = 1
        for index in range(self.at, min(self.at + most, len(self.raw))):
            token = self.raw[index]
            following = self.raw[index + 1] if index + 1 < len(self.raw) else None
            begins_line = depth == 1 and self.raw[index - 1].type == "_END"
            if begins_line and is_statement_word(token, following):
                return False
            depth += (token in CLOSING) - (token in OPENING)
            if depth == 0:
                return token != "}"
        return False

    def _begins_item(self, token: Token) -> bool:
        """Tell whether `token` begins a statement that stands outside every brace."""
        misplaced = token in LINE_WORDS and span_of(self.source, token).column > 1
        return token in FILE_WORDS and not misplaced and is_statement_word(token, self._following())

    def _lacks_brace(self) -> bool:
        first, last = self.tokens[self.top.begin], self.tokens[-1]
        return first.type in ("NET", "BLOCK", "TRAIN") and last != "}"

    def _assume_brace(self) -> None:
        """Report a head without its brace, and go on as if it were there."""
        first, last = self.tokens[self.top.begin], self.tokens[-1]
        self.mistakes.append(brace_missing(self.source, first, last))
        if last == ":":
            self.tokens.pop()
        if self._following() != "{":
            opener = Token.new_borrow_pos("LBRACE", "{", last)
            section = "train" if first.type == "TRAIN" else "stack"
            self.tokens.append(opener)
            self.stack.append(Open(opener, section, len(self.tokens), assumed=True))

    def _end_of_file(self) -> None:
        self.at = len(self.raw)
        if self.top.is_round:
            self.forget_round(None)
        if len(self.stack) > 1:
            self.close_all(None)
        self.end_statement()
