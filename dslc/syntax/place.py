"""A token that does not fit, and what stands around it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lark import Token

from dslc.source import Source
from dslc.syntax.tokens import span_of
from dslc.syntax.words import COMPARISONS

CLOSERS = {")", "]", "}"}
OPENERS = {"(", "[", "{"}


@dataclass(frozen=True)
class Place:
    """Token number `at` of a file does not fit; `tokens` are without those of statements that were left out."""

    source: Source
    tokens: list[Token]
    at: int

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    @property
    def previous(self) -> Token | None:
        return self._neighbour(-1)

    @property
    def before(self) -> Token | None:
        return self._neighbour(-2)

    @property
    def following(self) -> Token | None:
        return self._neighbour(1)

    def _neighbour(self, distance: int) -> Token | None:
        """Return a token of the same statement."""
        at = self.at + distance
        inside = self.start <= at < len(self.tokens) and self.tokens[at].type not in (
            "_END",
            "$END",
        )
        return self.tokens[at] if inside else None

    @property
    def first(self) -> Token:
        """The first token of the statement."""
        return self.tokens[self.start]

    @property
    def at_start(self) -> bool:
        return self.at == self.start

    @property
    def ends(self) -> bool:
        """Tell whether the statement ends here; a bracket that was closed for the user counts as its end."""
        token, previous = self.token, self.previous
        assumed = previous is not None and token.start_pos == previous.start_pos
        return assumed or token.type in ("_END", "$END")

    @property
    def commas(self) -> int:
        """How many tokens longer a list of names makes the head of the statement."""
        count = 0
        at = self.start + 2
        while (
            at + 1 < len(self.tokens)
            and self.tokens[at] == ","
            and self.tokens[at + 1].type == "NAME"
        ):
            count += 2
            at += 2
        return count

    def line_of(self, index: int) -> int:
        return span_of(self.source, self.tokens[index]).line

    @cached_property
    def opener(self) -> Token | None:
        """The innermost open bracket."""
        depth = 0
        for index in range(self.at - 1, -1, -1):
            depth += (self.tokens[index] in CLOSERS) - (self.tokens[index] in OPENERS)
            if depth < 0:
                return self.tokens[index]
        return None

    @cached_property
    def start(self) -> int:
        """The index of the statement's first token, in the innermost open brace."""
        depth = 0
        for index in range(self.at - 1, -1, -1):
            token = self.tokens[index]
            depth = max(depth + (token in CLOSERS) - (token in OPENERS), -1)
            if depth <= 0 and (token.type in ("_END", "VBAR") or (depth < 0 and token == "{")):
                return index + 1
        return 0

    @cached_property
    def section(self) -> str:
        """Where the statement stands: in the `file`, in a `stack`, or in a `train` section."""
        depth = 0
        for index in range(self.start - 1, -1, -1):
            token = self.tokens[index]
            depth += (token == "}") - (token == "{")
            if depth < 0:
                return "train" if self._opens_train(index) else "stack"
        return "file"

    def _opens_train(self, brace: int) -> bool:
        return any(token.type == "TRAIN" for token in self.tokens[max(brace - 2, 0) : brace])

    @property
    def arrow(self) -> Token | None:
        """The `->` in front of the token, in the same brackets."""
        return self._backwards({"->"}, {","})

    @property
    def comparison(self) -> Token | None:
        """The comparison in front of the token, in the same brackets and condition."""
        return self._backwards(COMPARISONS, {",", "and", "or", "not", "->", "="})

    @property
    def control(self) -> Token | None:
        """The `repeat`, `for`, `if` or `scan` in front of the token whose body has not begun."""
        return self._backwards({"repeat", "for", "if", "scan"}, {"->", "|", "{", "}"})

    def _backwards(self, wanted: set[str] | frozenset[str], stops: set[str]) -> Token | None:
        depth = 0
        for index in range(self.at - 1, self.start - 1, -1):
            token = self.tokens[index]
            depth += (token in CLOSERS) - (token in OPENERS)
            if depth < 0 or (depth == 0 and token in stops):
                return None
            if depth == 0 and token in wanted:
                return token
        return None
