"""From the tokens and comments of a file to the elements that the formatter arranges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from lark import Token

from dslc.format.elements import (
    Atom,
    Braces,
    Branch,
    Element,
    Entry,
    Item,
    Round,
    Stack,
    Statement,
)
from dslc.format.spacing import ends_operand, gap, tighten
from dslc.syntax import tree
from dslc.syntax.words import STATEMENT_WORDS

PATHS = ("FREEZE", "GROUP")
ENDINGS = ("_END", "RBRACE", "VBAR", "$END")
WORD_KINDS = frozenset(word.upper() for word in STATEMENT_WORDS)


@dataclass(frozen=True, slots=True)
class Places:
    """What the tree tells of the tokens, as offsets.

    `arithmetic` is what stands left of an arrow and lacks brackets, from and to; `carries` is where the names of the
    values that a `scan` carries begin: the commas in front of them separate no items.
    """

    arithmetic: list[tuple[int, int]] = field(default_factory=list)
    carries: set[int] = field(default_factory=set)


def places_of(file: tree.File) -> Places:
    """Return what the tree tells of the tokens."""
    found = Places()
    pending: list[tree.Node] = [file]
    while pending:
        node = pending.pop()
        pending.extend(node.children())
        if isinstance(node, tree.Pipe) and _is_bare_arithmetic(node.stages[0]):
            span = node.stages[0].span
            found.arithmetic.append((span.start, span.end))
        elif isinstance(node, tree.Carry):
            found.carries.add(node.span.start)
    return found


def _is_bare_arithmetic(node: tree.Expression) -> bool:
    """Tell whether a node is arithmetic without brackets around it."""
    if isinstance(node, tree.Binary):
        return node.span.start == node.left.span.start
    return isinstance(node, tree.Unary) and not node.span.text.startswith("(")


def with_brackets(tokens: Iterable[Token], places: Iterable[tuple[int, int]]) -> list[Token]:
    """Return the tokens with a bracket added at both ends of each place."""
    opens = Counter(start for start, _ in places)
    closes = Counter(end for _, end in places)
    result = []
    for token in tokens:
        start, end = _place(token)
        for _ in range(opens[start] if token.type != "_END" else 0):
            result.append(Token("LPAR", "(", start, end_pos=start))
        result.append(token)
        for _ in range(closes[end] if token.type != "_END" else 0):
            result.append(Token("RPAR", ")", end, end_pos=end))
    return result


class Reader:
    """Reads the tokens of one file, in order, once."""

    def __init__(self, file: tree.File, tokens: Sequence[Token]) -> None:
        source, places = file.source, places_of(file)
        end = Token("$END", "", len(source.text), end_pos=len(source.text))
        self.text = source.text
        self.tokens = [*with_brackets(tokens, places.arithmetic), end]
        self.carries = places.carries
        self.comments = file.comments
        self.at = 0
        self.comment = 0
        self.end = 0
        self.last: Atom | None = None
        self.sign: Atom | None = None
        self.loose: Atom | None = None
        self.brackets: list[str] = []
        self.statement = ""

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    # ---- atoms

    def atom(self) -> Atom:
        """Take the next token, with the comments behind it that are not on lines between statements."""
        token = self.next
        self.at += 1
        start, end = _place(token)
        made = Atom(str(token), token.type, start, apart=self._apart(start))
        if self.last is not None:
            made.gap = gap(self.last, self.sign, made, self._bracket(made), self._is_spaced(made))
        is_operand = ends_operand(self.last)
        self.sign = made if made.text == "-" and not is_operand else None
        self.last, self.end = made, end
        self._comments_behind(made)
        return made

    def _bracket(self, atom: Atom) -> str:
        """Return the innermost open bracket; the `=` behind the name of a carry is as if it stood in none."""
        assert self.last is not None
        if atom.text == "=" and self.last.start in self.carries:
            self.loose = atom
        is_loose = self.loose is not None and self.loose in (atom, self.last)
        return self.brackets[-1] if self.brackets and not is_loose else ""

    def _is_spaced(self, atom: Atom) -> bool:
        return atom.text == "(" and self.statement in PATHS and not self.brackets

    def _apart(self, start: int) -> int | None:
        between = self.text[self.end : start]
        return None if "\n" in between else len(between)

    def _comments_behind(self, atom: Atom) -> None:
        """Give an atom the comment at the end of its line, and those below it that stand inside of its statement."""
        stays = self.next.type in ENDINGS or atom.text in ("{", "|")
        limit, _ = _place(self.next)
        if self.next.type == "_END":
            limit = _place(self.next)[1]
        while self.comment < len(self.comments):
            comment = self.comments[self.comment]
            if comment.span.start >= limit or (stays and comment.own_line):
                return
            atom.comments.append(comment)
            self.comment += 1
            self.end = comment.span.end

    # ---- stacks

    def file(self) -> Stack:
        """Return the whole file."""
        return self.stack(())

    def stack(self, ends: tuple[str, ...]) -> Stack:
        """Return the entries up to one of these tokens, or the end of the file."""
        entries: list[Entry] = []
        while True:
            while self.next.type == "_END":
                self.at += 1
            # What stands above a branch belongs to that, and what stands below the last one to the braces.
            if not ("VBAR" in ends and self.next.type in ends):
                entries += self.own_comments()
            if self.next.type in ends or self.next.type == "$END":
                break
            blank = self._is_behind_blank(_place(self.next)[0])
            entries.append(Entry(self.read_statement(), blank))
        if entries:
            entries[0].blank = False
        return Stack(entries)

    def own_comments(self) -> list[Entry]:
        """Take the comments in front of the next token."""
        limit, _ = _place(self.next)
        entries = []
        while self.comment < len(self.comments):
            comment = self.comments[self.comment]
            if comment.span.start >= limit:
                break
            entries.append(Entry(comment, self._is_behind_blank(comment.span.start)))
            self.comment += 1
            self.end = comment.span.end
        return entries

    def _is_behind_blank(self, start: int) -> bool:
        return self.text.count("\n", self.end, start) > 1

    def read_statement(self) -> Statement:
        """Return the next statement."""
        outer = self.statement
        kind = self.next.type if self.next.type in WORD_KINDS else ""
        self.statement = kind
        self.last = self.sign = None
        brackets, self.brackets = self.brackets, []
        elements = self.elements(ENDINGS)
        self.brackets, self.statement = brackets, outer
        last = elements[-1].last()
        comments, last.comments = last.comments, []
        return Statement(kind, elements, comments)

    def elements(self, ends: tuple[str, ...]) -> list[Element]:
        """Return what stands up to one of these tokens."""
        found: list[Element] = []
        while self.next.type not in ends or self._is_in_head():
            found.append(self.element())
            self._tighten(found)
        return found

    def _is_in_head(self) -> bool:
        """Tell whether a comma comes next that belongs to the head of a `scan`."""
        return self.next == "," and _place(self.tokens[self.at + 1])[0] in self.carries

    def _tighten(self, found: list[Element]) -> None:
        if len(found) < 3:
            return
        before, sign, behind = found[-3:]
        if isinstance(before, Atom) and isinstance(sign, Atom) and isinstance(behind, Atom):
            tighten(before, sign, behind)

    def element(self) -> Element:
        if self.next in ("(", "["):
            return self.round()
        if self.next.type == "LBRACE":
            return self.braces(self._body)
        if self.next.type == "BRANCHES":
            return self.braces(self._branches)
        return self.atom()

    # ---- brackets

    def round(self) -> Round:
        """Return what stands in ( ) or [ ]."""
        is_list = self._is_list()
        opener = self.atom()
        self.brackets.append(opener.text)
        items: list[Item] = []
        stays = False
        while self.next not in (")", "]"):
            item = Item(self.elements(("COMMA", "RPAR", "RSQB")))
            if is_list:
                last = item.elements[-1].last()
                item.comments, last.comments = last.comments, []
            items.append(item)
            if self.next == ",":
                comma = self.atom()
                item.comments += comma.comments
                stays = self.next in (")", "]") and "\n" in self._up_to_next()
        self.brackets.pop()
        return Round(opener, items, self.atom(), is_list, stays)

    def _up_to_next(self) -> str:
        return self.text[self.end : _place(self.next)[0]]

    def _is_list(self) -> bool:
        """Tell whether a comma may stand behind the last item: not in brackets around arithmetic, not in paths."""
        if self.next == "[":
            return self.statement not in PATHS or bool(self.brackets)
        return ends_operand(self.last)

    # ---- braces

    def braces(self, read: Callable[[], tuple[Stack | list[Branch], list[Entry]]]) -> Braces:
        opener = self.atom()
        begin = self.end
        outer, self.statement = self.statement, ""
        brackets, self.brackets = self.brackets, []
        content, below = read()
        is_empty = isinstance(content, Stack) and not content.entries
        on_one_line = is_empty or "\n" not in self.text[begin : _place(self.next)[0]]
        self.statement, self.brackets = outer, brackets
        self.last, self.sign = Atom("", "", 0), None
        closer = self.atom()
        return Braces(opener, content, below, closer, on_one_line)

    def _body(self) -> tuple[Stack, list[Entry]]:
        return self.stack(("RBRACE",)), []

    def _branches(self) -> tuple[list[Branch], list[Entry]]:
        branches: list[Branch] = []
        while True:
            while self.next.type == "_END":
                self.at += 1
            before = self.own_comments()
            if self.next.type != "VBAR":
                return branches, before
            blank = self._is_behind_blank(_place(self.next)[0])
            bar = self.atom()
            branches.append(Branch(before, bar, self.stack(("VBAR", "RBRACE")), blank))


def _place(token: Token) -> tuple[int, int]:
    assert token.start_pos is not None and token.end_pos is not None
    return token.start_pos, token.end_pos
