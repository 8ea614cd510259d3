"""The parts of a statement that stand in columns: its head, its stages, its checked shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dslc.format.elements import Atom, Element, Round, Stack, Statement, flat
from dslc.format.write import WIDTH

LEAST = 3
"""Spaces in front of the checks in a paragraph, at least."""
DECLARATIONS = frozenset({"INPUT", "PARAM", "TARGET", "AUGMENT"})


@dataclass(slots=True, eq=False)
class Row:
    """A statement, taken apart. `sign` is the `:` or `=` behind its names, at `head`; `check` is its last arrow."""

    statement: Statement
    head: int | None
    check: Atom | None

    @property
    def elements(self) -> list[Element]:
        return self.statement.elements

    @property
    def sign(self) -> str:
        element = self.elements[self.head] if self.head is not None else None
        return element.text if isinstance(element, Atom) else ""

    def width(self) -> int:
        """Return the width of the row without its check."""
        return len(flat(self.elements[:-2] if self.check else self.elements))

    def fits(self, indent: int) -> bool:
        """Tell whether the row stands on one line, its check a little apart."""
        if self.statement.is_broken:
            return False
        check = len(flat(self.elements[-2:])) + LEAST if self.check else 0
        return indent + self.width() + check <= WIDTH

    def stages(self) -> list[list[Element]]:
        """Return what stands between the arrows, behind the head and without the check."""
        begin = 0 if self.head is None else self.head + 1
        found: list[list[Element]] = [[]]
        for element in self.elements[begin : -2 if self.check else None]:
            if isinstance(element, Atom) and element.text == "->":
                found.append([])
            found[-1].append(element)
        return found


def row_of(statement: Statement) -> Row:
    """Take a statement apart."""
    return Row(statement, _head(statement), _check(statement))


def _head(statement: Statement) -> int | None:
    """Return where the `:` or `=` behind the names of a statement stands."""
    for index, element in enumerate(statement.elements):
        if not isinstance(element, Atom):
            return None
        if element.text in (":", "="):
            return index
        is_word = index == 0 and statement.kind
        if element.kind != "NAME" and element.text != "," and not is_word:
            return None
    return None


def _check(statement: Statement) -> Atom | None:
    """Return the arrow in front of a checked shape at the end of a statement."""
    if len(statement.elements) < 3:
        return None
    arrow, shape = statement.elements[-2:]
    is_arrow = isinstance(arrow, Atom) and arrow.text == "->"
    if is_arrow and isinstance(shape, Round) and shape.open.text == "[":
        return arrow.first()
    return None


def paragraphs(stack: Stack) -> Iterator[list[Statement]]:
    """Yield the statements from blank line to blank line."""
    found: list[Statement] = []
    for entry in stack.entries:
        if entry.blank and found:
            yield found
            found = []
        if isinstance(entry.content, Statement):
            found.append(entry.content)
    if found:
        yield found
