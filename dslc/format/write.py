"""From elements to lines: what fits stays on one line, the rest is broken before arrows, in lists and at braces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dslc.format.elements import (
    Atom,
    Braces,
    Element,
    Entry,
    Item,
    Round,
    Stack,
    Statement,
    flat,
    starts_line,
)
from dslc.format.spacing import OPERATORS
from dslc.syntax.tree import Comment

WIDTH = 120
STEP = 2
HANG = 4


@dataclass(slots=True)
class Line:
    """One line of the result, with the comment behind its text."""

    text: str = ""
    comment: Comment | None = None

    @property
    def indent(self) -> int:
        return len(self.text) - len(self.text.lstrip(" "))


class Writer:
    """Writes the lines of one file. `indent` is where the current line, or what stands behind its `|`, begins."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.indent = 0
        self.must_break = False

    @property
    def column(self) -> int:
        return len(self.lines[-1].text)

    # ---- lines

    def begin(self, indent: int) -> None:
        """Begin a line."""
        self.lines.append(Line(" " * indent))
        self.indent = indent
        self.must_break = False

    def blank(self) -> None:
        self.lines.append(Line())

    def put(self, text: str, hang: int) -> None:
        """Write on the current line, or behind a comment on the next."""
        if self.must_break:
            self.begin(hang)
        line = self.lines[-1]
        line.text += text.lstrip(" ") if not line.text.strip(" ") else text

    def comments(self, comments: Sequence[Comment], hang: int) -> None:
        """Write the comments behind an atom: the first one on its line, if it stood there."""
        for comment in comments:
            if comment.own_line or self.must_break:
                self.begin(hang)
                self.lines[-1].text += comment.text
            else:
                self.lines[-1].comment = comment
            self.must_break = True

    # ---- stacks

    def stack(self, stack: Stack, indent: int) -> None:
        """Write the entries of a stack, each on lines of its own."""
        for entry in stack.entries:
            self.entry(entry, indent)

    def entry(self, entry: Entry, indent: int) -> None:
        if entry.blank:
            self.blank()
        self.begin(indent)
        if isinstance(entry.content, Statement):
            self.statement(entry.content)
        else:
            self.lines[-1].text += entry.content.text

    def statement(self, statement: Statement) -> None:
        """Write a statement from the current column on."""
        begin = self.indent
        self.sequence(statement.elements, begin + HANG, kept=True)
        self.comments(statement.comments, begin)

    # ---- elements

    def sequence(
        self, elements: Sequence[Element], hang: int, kept: bool = False, behind: int = 0
    ) -> None:
        """Write elements one behind the other; a line may end before an arrow and behind an operator.

        `kept` keeps such line ends of the source; `behind` is the width of what must stand behind the last element.
        """
        begin = self.indent
        before: Element | None = None
        for index, element in enumerate(elements):
            is_kept = kept and starts_line(element)
            rest = elements[index:]
            if is_kept or (_may_break(before, element) and self._should_break(rest, hang, behind)):
                self.must_break = True
            back = isinstance(element, Atom) and element.kind == "ELSE"
            self.element(element, rest[1:], begin if back else hang, behind)
            before = element

    def _should_break(self, rest: Sequence[Element], hang: int, behind: int) -> bool:
        """Tell whether what comes next up to the next possible break is better off on a line of its own."""
        if self.must_break or self.column <= hang:
            return False
        end = 1
        while end < len(rest) and not _may_break(rest[end - 1], rest[end]):
            end += 1
        segment = rest[:end]
        gap = segment[0].first().gap
        if not any(element.is_broken for element in segment):
            width = len(flat([*segment])) + (behind if end == len(rest) else 0)
            if self.column + gap + width <= WIDTH:
                return False
            if hang + width <= WIDTH:
                return True
        return self.column + _least(segment) > WIDTH

    def element(self, element: Element, rest: Sequence[Element], hang: int, behind: int) -> None:
        """Write one element; `rest` is what follows it, with `behind` more characters."""
        if isinstance(element, Atom):
            self.put(element.flat(), hang)
            self.comments(element.comments, hang)
            return
        if not element.is_broken:
            text = element.flat()
            tail = _least(rest, element) if rest else behind
            if self.column + len(text) + tail <= WIDTH or _is_inseparable(element):
                self.put(text, hang)
                return
        if isinstance(element, Round):
            self.round(element, hang)
        else:
            self.braces(element, hang)

    def round(self, element: Round, hang: int) -> None:
        """Write brackets on several lines."""
        self.put(element.open.flat(), hang)
        begin = self.indent
        if not element.is_list:
            self.comments(element.open.comments, hang)
            for item in element.items:
                self.sequence(item.elements, hang, behind=1)
        else:
            self.comments(element.open.comments, begin + STEP)
            self.items(element.items, begin + STEP)
            self.begin(begin)
        self.put(element.close.text, hang)
        self.comments(element.close.comments, hang)

    def items(self, items: Sequence[Item], indent: int) -> None:
        """Write the items of a list: each on a line of its own, plain numbers and names as many as fit."""
        filled = all(_is_plain(item) for item in items)
        for index, item in enumerate(items):
            text = flat(item.elements) if filled else ""
            if filled and index and self.column + len(text) + 2 <= WIDTH:
                self.put(f" {text}", indent)
            else:
                self.begin(indent)
                self.sequence(item.elements, indent + HANG, behind=1)
            self.put(",", indent)
            self.comments(item.comments, indent)

    def braces(self, element: Braces, hang: int) -> None:
        """Write braces on several lines."""
        self.put(element.open.flat(), hang)
        begin = self.indent
        self.comments(element.open.comments, begin + STEP)
        if isinstance(element.content, Stack):
            self.stack(element.content, begin + STEP)
        else:
            for index, branch in enumerate(element.content):
                self.above_branch(branch.before, branch.blank, index == 0, begin + STEP)
                self.branch(branch.bar, branch.stack, begin + STEP)
            for entry in element.below:
                self.entry(entry, begin + STEP)
        self.begin(begin)
        self.put(element.close.text, hang)
        self.comments(element.close.comments, hang)

    def above_branch(
        self, comments: Sequence[Entry], blank: bool, is_first: bool, indent: int
    ) -> None:
        """Write the comments and the blank line above a branch."""
        for index, entry in enumerate(comments):
            if is_first and index == 0:
                entry.blank = False
            self.entry(entry, indent)
        if blank and not (is_first and not comments):
            self.blank()

    def branch(self, bar: Atom, stack: Stack, indent: int) -> None:
        """Write a branch: its first row stands behind `|`, the others below that."""
        self.begin(indent)
        self.lines[-1].text += "|"
        self.comments(bar.comments, indent + STEP)
        entries = stack.entries
        if entries and isinstance(entries[0].content, Statement) and not bar.comments:
            self.lines[-1].text += " "
            self.indent = indent + STEP
            self.statement(entries[0].content)
            entries = entries[1:]
        for entry in entries:
            self.entry(entry, indent + STEP)


def _may_break(before: Element | None, element: Element) -> bool:
    """Tell whether a line may end between two elements."""
    if isinstance(element, Atom) and element.text == "->":
        return True
    return isinstance(before, Atom) and before.text in OPERATORS and element.first().gap > 0


def _least(elements: Sequence[Element], before: Element | None = None) -> int:
    """Return the width up to the first place where a line can end; `before` stands in front of the elements."""
    width = 0
    for element in elements:
        if before is not None and _may_break(before, element):
            break
        first = element.first()
        width += first.gap + len(first.text)
        if isinstance(element, Braces) or (isinstance(element, Round) and element.is_list):
            break
        if isinstance(element, Atom) and element.comments:
            break
        before = element
    return width


def _is_inseparable(element: Element) -> bool:
    """Tell whether breaking an element would gain nothing: empty brackets and braces."""
    if isinstance(element, Round):
        return not element.items
    return isinstance(element, Braces) and not any(stack.entries for stack in element.stacks())


def _is_plain(item: Item) -> bool:
    """Tell whether an item is a number or a word, maybe with a sign."""
    atoms = [element for element in item.elements if isinstance(element, Atom)]
    is_short = len(atoms) == len(item.elements) and not item.is_broken
    return is_short and (len(atoms) == 1 or (len(atoms) == 2 and atoms[0].text == "-"))
