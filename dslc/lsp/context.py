"""Where in a text something is being typed, told from the tokens before it: the text need not be whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dslc.syntax.words import CONTINUING

TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*) | (?P<string>"[^"\n]*"?) | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>[0-9][0-9A-Za-z_.]*) | (?P<end>\n) | (?P<sign>->|\*\*|//|[=!<>]=|[^\s])""",
    re.VERBOSE,
)
CLOSING = {")": "(", "]": "[", "}": "{"}
WORDS_BEFORE_NAMES = frozenset({"repeat", "in", "if", "and", "or", "not"})


@dataclass(slots=True)
class Open:
    """An open bracket, or the file: the tokens of its statement or argument list so far.

    `section` is `file`, `stack`, `branches`, `train`, `call` for ( and `list` for [; `head` what stands before it.
    """

    section: str
    head: Sequence[str] = ()
    tokens: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Context:
    """Where something is typed. `stack` are the open brackets, innermost last; `prefix` is what of a name is there."""

    stack: Sequence[Open]
    prefix: str
    inside: str = ""
    """`comment` or `string`, where that is where one is."""

    @property
    def top(self) -> Open:
        return self.stack[-1]

    @property
    def previous(self) -> str:
        """The token before the name being typed."""
        return self.top.tokens[-1] if self.top.tokens else ""

    @property
    def body(self) -> Open:
        """The innermost brace around, or the file; its tokens are those of the statement."""
        return next(one for one in reversed(self.stack) if one.section not in ("call", "list"))

    @property
    def statement(self) -> str:
        """The first word of the statement."""
        return self.body.tokens[0] if self.body.tokens else ""

    @property
    def item(self) -> str:
        """The name of the block or net around, or nothing."""
        head = self.stack[1].head if len(self.stack) > 1 else self.stack[0].tokens
        return head[1] if len(head) > 1 and head[0] in ("block", "net") else ""

    @property
    def callee(self) -> str:
        """What is called, inside the brackets of a call."""
        return self.top.head[-1] if self.top.section == "call" and self.top.head else ""

    @property
    def argument(self) -> str:
        """The name of the argument whose value is being typed."""
        tokens = _last_argument(self.top.tokens)
        return tokens[0] if len(tokens) == 2 and tokens[1] == "=" else ""

    @property
    def begins_argument(self) -> bool:
        return self.top.section == "call" and not _last_argument(self.top.tokens)

    @property
    def given(self) -> set[str]:
        """The names of the arguments that are there already."""
        tokens = self.top.tokens
        return {name for name, sign in pairwise(tokens) if sign == "="}

    @property
    def dotted(self) -> list[str]:
        """The names before a dot, outermost first: `stage1`, `basic2` for `stage1.basic2.`."""
        names: list[str] = []
        tokens = [*self.top.tokens]
        while len(tokens) >= 2 and tokens.pop() == ".":
            while tokens and tokens[-1] == "[]":
                tokens.pop()
            if tokens:
                names.insert(0, tokens.pop())
        return names


def context_at(text: str, offset: int) -> Context:
    """Return where an offset stands."""
    stack = [Open("file")]
    before = text[:offset]
    found = list(TOKEN.finditer(before))
    prefix = ""
    if found and found[-1].end() == offset:
        last = found[-1]
        if last.lastgroup == "comment" or _is_open_string(last):
            return Context(_opened(stack, found[:-1], text), last.group(), str(last.lastgroup))
        if last.lastgroup == "name":
            prefix = last.group()
            found.pop()
    return Context(_opened(stack, found, text), prefix)


def _is_open_string(token: re.Match[str]) -> bool:
    return token.lastgroup == "string" and (
        len(token.group()) == 1 or not token.group().endswith('"')
    )


def _opened(stack: list[Open], tokens: Sequence[re.Match[str]], text: str) -> list[Open]:
    """Return the brackets that the tokens leave open."""
    for token in tokens:
        word = token.group()
        if token.lastgroup == "comment":
            continue
        if token.lastgroup == "end":
            _end_line(stack[-1], text[token.end() :])
        elif word in ("(", "[", "{"):
            stack.append(_open(word, stack[-1], text[token.end() :]))
        elif word in CLOSING:
            _close(stack, word)
        elif word == "|" and stack[-1].section == "branches":
            stack[-1].tokens.clear()
        else:
            stack[-1].tokens.append(word)
    return stack


def _open(bracket: str, around: Open, following: str) -> Open:
    head = [*around.tokens]
    if bracket == "(":
        is_call = bool(head) and re.fullmatch(r"\w+", head[-1]) is not None
        is_call = is_call and head[-1] not in WORDS_BEFORE_NAMES
        return Open("call", head if is_call else ())
    if bracket == "[":
        return Open("list", head)
    if following.lstrip().startswith("|"):
        return Open("branches", head)
    return Open("train" if head[:1] == ["train"] else "stack", head)


def _close(stack: list[Open], bracket: str) -> None:
    """Close the innermost bracket of this kind; those left open inside it end with it."""
    kinds = {"(": ("call",), "[": ("list",), "{": ("stack", "branches", "train")}[CLOSING[bracket]]
    if not any(one.section in kinds for one in stack):
        return
    while stack[-1].section not in kinds:
        stack.pop()
    stack.pop()
    stack[-1].tokens.append({"(": "()", "[": "[]", "{": "{}"}[CLOSING[bracket]])


def _end_line(top: Open, following: str) -> None:
    """End a statement, unless the line goes on."""
    if top.section in ("call", "list") or not top.tokens or top.tokens[-1] in CONTINUING:
        return
    if not re.match(r"\s*(->|else\b)", following):
        top.tokens.clear()


def _last_argument(tokens: Sequence[str]) -> list[str]:
    """Return the tokens behind the last comma."""
    commas = [index for index, token in enumerate(tokens) if token == ","]
    return [*tokens[commas[-1] + 1 if commas else 0 :]]
