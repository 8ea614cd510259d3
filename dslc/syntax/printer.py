"""Tree to canonical text: reading the text again gives the same tree.

Kept from the source are blank lines between statements and bodies of one row on one line. Comments other than
documentation are not in the tree's statements and are not printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dslc.syntax import tree
from dslc.syntax.expressions import Expressions, bracketed

WIDTH = 120
BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
# A row that begins so would be read as a `check` line.
CHECK_LINE = re.compile(r'check *[\w("]')


def print_tree(file: tree.File) -> str:
    """Return the text of a file."""
    return Printer().file(file)


class Printer(Expressions):
    """Statements and bodies; `indent` counts spaces."""

    def file(self, file: tree.File) -> str:
        parts = []
        if file.doc and not (file.items and documentation(file.items[0])):
            parts += self.doc(file.doc, 0)
        previous: tree.Item | None = None
        for item in file.items:
            if previous is not None and not self._close(previous, item):
                parts.append("")
            parts += self.doc(documentation(item), 0)
            parts.append(self.item(item))
            previous = item
        return "".join(f"{part}\n" for part in parts)

    def _close(self, previous: tree.Item, item: tree.Item) -> bool:
        """Tell whether two items stand on consecutive lines: imports and defaults do."""
        together = (tree.Import, tree.Default)
        same = type(previous) is type(item) and isinstance(item, together)
        return same and not blank_between(previous, item)

    def doc(self, text: str, indent: int) -> list[str]:
        if not text:
            return []
        return [f"{' ' * indent}## {line}".rstrip() for line in text.split("\n")]

    def item(self, item: tree.Item) -> str:
        match item:
            case tree.Import():
                return f'import {names(item.names)} from "{item.path.value}"'
            case tree.Default():
                return f"default {item.name.text}({self.arguments(item.arguments, 0)})"
            case tree.Block():
                return f"block {self.definition(item)}"
            case tree.Net():
                return f"net {self.definition(item)}"
            case tree.Train():
                name = f" {item.name.text}" if item.name else ""
                return f"train{name} {self.braces(item, item.statements, 0)}"

    def definition(self, item: tree.Block | tree.Net) -> str:
        header = ", ".join(self.header_parameter(parameter) for parameter in item.parameters)
        brackets = f"({header})" if header else ""
        return f"{item.name.text}{brackets} {self.body(item.body, 0)}"

    def header_parameter(self, parameter: tree.HeaderParameter) -> str:
        text, sign = parameter.name.text, "="
        if parameter.type is not None:
            text, sign = f"{text}: {self.type(parameter.type)}", " = "
        if parameter.default is not None:
            text += f"{sign}{self.expression(parameter.default, 0)}"
        return text

    # ---- bodies

    def body(self, body: tree.Body, indent: int) -> str:
        return self.braces(body, body.statements, indent)

    def braces(
        self,
        node: tree.Node,
        statements: Sequence[tree.Statement | tree.TrainStatement],
        indent: int,
    ) -> str:
        if not statements:
            return "{ }"
        if len(statements) == 1 and stood_on_one_line(node):
            text = self.statements(statements, indent)
            if len(text) == 1 and len(text[0]) + 4 <= WIDTH // 2:
                return f"{{ {text[0].strip()} }}"
        lines = self.statements(statements, indent + 2)
        return "\n".join(["{", *lines, " " * indent + "}"])

    def branch(self, branch: tree.Branch, indent: int) -> list[str]:
        """Return the lines of a branch: the first row stands behind `|`, the others below it."""
        lines = self.statements(branch.statements, indent + 2)
        if not lines:
            return [" " * indent + "|"]
        if lines[0].lstrip().startswith("#"):
            return [" " * indent + "|", *lines]
        return [f"{' ' * indent}| {lines[0].lstrip()}", *lines[1:]]

    def statements(
        self, statements: Iterable[tree.Statement | tree.TrainStatement], indent: int
    ) -> list[str]:
        lines: list[str] = []
        previous: tree.Node | None = None
        for statement in statements:
            if previous is not None and blank_between(previous, statement):
                lines.append("")
            lines += self.doc(documentation(statement), indent)
            lines.append(" " * indent + self.statement(statement, indent))
            previous = statement
        return lines

    # ---- statements

    def statement(self, statement: tree.Statement | tree.TrainStatement, indent: int) -> str:
        match statement:
            case tree.Row() | tree.Bind():
                return self.row(statement, indent)
            case tree.Output(definition=None):
                return f"output {names(statement.names)}"
            case tree.Output(definition=definition):
                assert definition is not None
                return f"output {self.row(definition, indent)}"
            case tree.Input():
                return f"input {names(statement.names)}: {self.type(statement.type)}"
            case tree.Parameter():
                head = f"param {statement.name.text}: {self.type(statement.type)}"
                return f"{head} = {self.value(statement.value, indent)}"
            case tree.Layer():
                return f"layer {statement.name.text} = {self.value(statement.value, indent)}"
            case tree.Check():
                text = self.value(statement.condition, indent)
                # Behind `check`, a sign would be read as an operator, and [ as an index.
                return f"check {bracketed(text, text[0] in '-[')}"
            case _:
                return self.recipe(statement, indent)

    def row(self, row: tree.Row | tree.Bind, indent: int) -> str:
        text = self.value(row.value, indent)
        if isinstance(row, tree.Bind):
            return f"{names(row.names)} = {text}"
        if row.labels:
            return f"{names(row.labels)}: {text}"
        return bracketed(text, CHECK_LINE.match(text) is not None)

    def recipe(self, statement: tree.TrainStatement, indent: int) -> str:
        match statement:
            case tree.Target():
                return f"target {names(statement.names)}: {self.type(statement.type)}"
            case tree.Loss() | tree.Metric():
                word = type(statement).__name__.lower()
                name = f"{statement.name.text} = " if statement.name else ""
                return f"{word} {name}{self.value(statement.value, indent)}"
            case tree.Freeze() | tree.Group():
                word = type(statement).__name__.lower()
                arguments = self.arguments(statement.arguments, indent)
                brackets = f" ({arguments})" if arguments or word == "group" else ""
                return f"{word} {', '.join(map(str, statement.paths))}{brackets}"
            case tree.Augment():
                head = f"augment {statement.name.text}: {self.type(statement.type)}"
                return f"{head} = {self.value(statement.value, indent)}"
            case tree.Setting():
                return f"{statement.name.text} = {self.value(statement.value, indent)}"

    def value(self, value: tree.Expression, indent: int) -> str:
        """Return the value of a statement; a row that is too long is broken before its arrows."""
        text = self.expression(value, indent)
        if isinstance(value, tree.Pipe) and "\n" not in text and indent + len(text) > WIDTH - 20:
            return f"\n{' ' * (indent + 4)}-> ".join(self.stages(value, indent + 4))
        return text


def names(identifiers: Iterable[tree.Identifier]) -> str:
    """Return a list of names."""
    return ", ".join(identifier.text for identifier in identifiers)


def documentation(node: tree.Node) -> str:
    """Return the documentation of a node; some kinds have none."""
    return str(getattr(node, "doc", ""))


def blank_between(first: tree.Node, second: tree.Node) -> bool:
    """Tell whether the source has a blank line between two nodes."""
    text = first.span.source.text[first.span.end : second.span.start]
    return BLANK_LINE.search(text) is not None


def stood_on_one_line(node: tree.Node) -> bool:
    """Tell whether the source has the node on one line."""
    return "\n" not in node.span.text
