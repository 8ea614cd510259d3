"""What the formatter arranges: the tokens of a file in their brackets, lists and statements, with the comments.

Nothing here knows the meaning of a statement. `gap` is the number of spaces in front of an atom; the alignment of
columns changes gaps, and the writer adds line breaks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dslc.syntax.tree import Comment


@dataclass(slots=True, eq=False)
class Atom:
    """One token. `apart` is how far it stood from the one before it in the source, None where it began a line."""

    text: str
    kind: str
    start: int
    gap: int = 0
    apart: int | None = 0
    comments: list[Comment] = field(default_factory=list)

    @property
    def is_broken(self) -> bool:
        """Whether a line must end in or behind this."""
        return bool(self.comments)

    def flat(self) -> str:
        return " " * self.gap + self.text

    def first(self) -> Atom:
        return self

    def last(self) -> Atom:
        return self


@dataclass(slots=True, eq=False)
class Item:
    """One item of a list in brackets; its comments stand behind the comma."""

    elements: list[Element]
    comments: list[Comment] = field(default_factory=list)

    @property
    def is_broken(self) -> bool:
        return bool(self.comments) or any(element.is_broken for element in self.elements)


@dataclass(slots=True, eq=False)
class Round:
    """What stands in ( ) or [ ]: a list that may end with a comma, or (`is_list` false) one expression.

    A list whose last comma ended a line stays on several lines (`stays`).
    """

    open: Atom
    items: list[Item]
    close: Atom
    is_list: bool
    stays: bool = False

    @property
    def is_broken(self) -> bool:
        return (
            self.stays
            or bool(self.open.comments)
            or bool(self.close.comments)
            or any(item.is_broken for item in self.items)
        )

    def flat(self) -> str:
        return f"{self.open.flat()}{','.join(map(_flat_item, self.items))}{self.close.text}"

    def first(self) -> Atom:
        return self.open

    def last(self) -> Atom:
        return self.close


@dataclass(slots=True, eq=False)
class Branch:
    """One `|` with the stack behind it; `before` are the comments above it."""

    before: list[Entry]
    bar: Atom
    stack: Stack
    blank: bool


@dataclass(slots=True, eq=False)
class Braces:
    """What stands in { }: a stack, or branches with the comments below the last one."""

    open: Atom
    content: Stack | list[Branch]
    below: list[Entry]
    close: Atom
    on_one_line: bool

    @property
    def is_broken(self) -> bool:
        if not self.on_one_line or self.open.comments or self.close.comments or self.below:
            return True
        return any(stack.is_broken for stack in self.stacks())

    def stacks(self) -> Iterator[Stack]:
        """Yield the stack, or that of every branch."""
        if isinstance(self.content, Stack):
            yield self.content
        else:
            yield from (branch.stack for branch in self.content)

    def flat(self) -> str:
        if isinstance(self.content, Stack):
            inside = self.content.flat()
        else:
            inside = " ".join(f"| {branch.stack.flat()}".rstrip() for branch in self.content)
        return f"{self.open.flat()} {inside} }}" if inside else f"{self.open.flat()} }}"

    def first(self) -> Atom:
        return self.open

    def last(self) -> Atom:
        return self.close


Element = Atom | Round | Braces


@dataclass(slots=True, eq=False)
class Statement:
    """One statement; `kind` is its word (`INPUT`, `LOSS`, `NET`), or empty. `comments` stand behind it, on its line."""

    kind: str
    elements: list[Element]
    comments: list[Comment] = field(default_factory=list)

    @property
    def is_broken(self) -> bool:
        """Whether it takes several lines, however short it is."""
        return any(element.is_broken for element in self.elements) or self.has_kept_breaks

    @property
    def has_kept_breaks(self) -> bool:
        """Whether a line of the source began with one of its arrows."""
        return any(starts_line(element) for element in self.elements)

    def flat(self) -> str:
        return flat(self.elements)


@dataclass(slots=True, eq=False)
class Entry:
    """What a stack holds: a statement, or a comment on a line of its own. `blank`: behind a blank line."""

    content: Statement | Comment
    blank: bool


@dataclass(slots=True, eq=False)
class Stack:
    """The statements and comments of a body, a branch or the file."""

    entries: list[Entry]

    @property
    def is_broken(self) -> bool:
        """Whether it needs lines of its own: it holds a comment, or anything but one short statement."""
        contents = [entry.content for entry in self.entries]
        if len(contents) > 1:
            return True
        return any(
            not isinstance(one, Statement) or one.is_broken or one.comments for one in contents
        )

    def statements(self) -> Iterator[Statement]:
        for entry in self.entries:
            if isinstance(entry.content, Statement):
                yield entry.content

    def flat(self) -> str:
        return " ".join(statement.flat() for statement in self.statements())


def flat(elements: list[Element]) -> str:
    """Return elements as one line, without the space in front of the first."""
    return "".join(element.flat() for element in elements).lstrip(" ")


def starts_line(element: Element) -> bool:
    """Tell whether an element is an arrow with which a line of the source began."""
    return isinstance(element, Atom) and element.text == "->" and element.apart is None


def _flat_item(item: Item) -> str:
    return "".join(element.flat() for element in item.elements)
