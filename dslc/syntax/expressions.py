"""Expressions as text, with brackets only where the grammar needs them, or where the reader does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from dslc.syntax import tree

# How tightly an expression holds together, as the levels of the grammar.
PIPE, OR, AND, NOT, COMPARISON, SUM, PRODUCT, NEGATIVE, POWER, OPERAND = range(10)

# operator: (its level, the least level of its left operand, of its right operand)
BINARY = {
    "or": (OR, OR, AND),
    "and": (AND, AND, NOT),
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), (COMPARISON, SUM, SUM)),
    **dict.fromkeys(("+", "-"), (SUM, SUM, PRODUCT)),
    **dict.fromkeys(("*", "/", "//", "%", "@"), (PRODUCT, PRODUCT, NEGATIVE)),
    "**": (POWER, OPERAND, NEGATIVE),
}
APPLICABLE = (
    tree.Name,
    tree.List,
    tree.Call,
    tree.Attribute,
    tree.Index,
    tree.Merge,
    tree.Repeat,
    tree.For,
    tree.If,
    tree.Scan,
)


class Expressions(ABC):
    """Prints expressions. Those that hold a stack of statements need `body` and `branch` of the printer."""

    ONE_LINE: ClassVar[int] = 60

    @abstractmethod
    def body(self, body: tree.Body, indent: int) -> str:
        """Return a body in its braces."""

    @abstractmethod
    def branch(self, branch: tree.Branch, indent: int) -> list[str]:
        """Return the lines of a branch."""

    def expression(self, node: tree.Expression, indent: int, least: int = PIPE) -> str:
        """Return `node` as text, in brackets when it holds together less tightly than `least`."""
        match node:
            case tree.Binary():
                return self.binary(node, indent, least)
            case tree.Unary():
                return self.unary(node, indent, least)
            case tree.Pipe():
                return bracketed(" -> ".join(self.stages(node, indent)), least > PIPE)
            case tree.Call() | tree.Attribute() | tree.Index() | tree.Merge():
                return self.applied(node, indent)
            case tree.Repeat() | tree.For() | tree.If() | tree.Scan():
                return self.control(node, indent)
            case tree.List():
                return f"[{self.items(node.items, indent)}]"
            case _:
                return leaf(node)

    def items(self, items: Iterable[tree.Expression], indent: int) -> str:
        return ", ".join(self.expression(item, indent) for item in items)

    def type(self, type_: tree.Type) -> str:
        dtype = type_.dtype.text if type_.dtype else ""
        return f"{dtype}[{self.items(type_.dims, 0)}]"

    def arguments(self, arguments: Iterable[tree.Argument], indent: int) -> str:
        return ", ".join(self.argument(argument, indent) for argument in arguments)

    def argument(self, argument: tree.Argument, indent: int) -> str:
        name = f"{argument.name.text}=" if argument.name else ""
        return name + self.expression(argument.value, indent)

    # ---- operators

    def binary(self, node: tree.Binary, indent: int, least: int) -> str:
        level, left_least, right_least = BINARY[node.operator]
        left = self.expression(node.left, indent, left_least)
        right = self.expression(node.right, indent, right_least)
        space = "" if node.operator == "**" else " "
        return bracketed(f"{left}{space}{node.operator}{space}{right}", level < least)

    def unary(self, node: tree.Unary, indent: int, least: int) -> str:
        level, sign = (NOT, "not ") if node.operator == "not" else (NEGATIVE, "-")
        return bracketed(sign + self.expression(node.operand, indent, level), level < least)

    def stages(self, pipe: tree.Pipe, indent: int) -> list[str]:
        """Return the stages of a row; arithmetic in front of the first arrow stands in brackets."""
        first, *others = pipe.stages
        head = self.expression(first, indent, OPERAND)
        return [head, *(self.expression(stage, indent) for stage in others)]

    # ---- calls, parts and groups

    def applied(
        self, node: tree.Call | tree.Attribute | tree.Index | tree.Merge, indent: int
    ) -> str:
        match node:
            case tree.Call():
                arguments = self.arguments(node.arguments, indent)
                return f"{self.head(node.function, indent)}({arguments})"
            case tree.Attribute():
                return f"{self.head(node.value, indent)}.{node.name.text}"
            case tree.Index():
                items = ", ".join(self.subscript(item, indent) for item in node.items)
                return f"{self.head(node.value, indent)}[{items}]"
            case tree.Merge():
                return self.merge(node, indent)

    def head(self, node: tree.Expression, indent: int) -> str:
        text = self.expression(node, indent)
        return text if isinstance(node, APPLICABLE) else f"({text})"

    def subscript(self, item: tree.Expression | tree.Slice, indent: int) -> str:
        if not isinstance(item, tree.Slice):
            return self.expression(item, indent)
        lower = self.expression(item.lower, indent) if item.lower else ""
        upper = self.expression(item.upper, indent) if item.upper else ""
        return f"{lower}:{upper}"

    def merge(self, node: tree.Merge, indent: int) -> str:
        function = self.head(node.function, indent)
        lines = [line for branch in node.branches for line in self.branch(branch, indent + 2)]
        flat = " ".join(line.strip() for line in lines)
        one_row_each = len(lines) == len(node.branches)
        if one_row_each and len(flat) <= self.ONE_LINE and "\n" not in node.span.text + flat:
            return f"{function} {{ {flat} }}"
        return "\n".join([f"{function} {{", *lines, " " * indent + "}"])

    # ---- repeat, for, if, scan

    def control(self, node: tree.Repeat | tree.For | tree.If | tree.Scan, indent: int) -> str:
        match node:
            case tree.Repeat():
                head = f"repeat {self.expression(node.count, indent, OR)}"
            case tree.For():
                head = f"for {node.variable.text} in {self.expression(node.iterable, indent, OR)}"
            case tree.If():
                return self.condition(node, indent)
            case tree.Scan():
                sequence = self.expression(node.sequence, indent, OR)
                carries = "".join(f", {self.carry(carry, indent)}" for carry in node.carries)
                head = f"scan {node.variable.text} in {sequence}{carries}"
        return f"{head} {self.body(node.body, indent)}"

    def carry(self, carry: tree.Carry, indent: int) -> str:
        return f"{carry.name.text} = {self.expression(carry.value, indent, OR)}"

    def condition(self, node: tree.If, indent: int) -> str:
        head = f"if {self.expression(node.condition, indent, OR)} {self.body(node.body, indent)}"
        if isinstance(node.otherwise, tree.If):
            return f"{head} else {self.condition(node.otherwise, indent)}"
        return f"{head} else {self.body(node.otherwise, indent)}" if node.otherwise else head


def bracketed(text: str, needed: bool) -> str:
    """Return `text`, in brackets where they are needed."""
    return f"({text})" if needed else text


def leaf(node: tree.Expression) -> str:
    """Return an expression that holds no other."""
    match node:
        case tree.Name(text=text) | tree.Number(text=text):
            return text
        case tree.Quantity(value=value, unit=unit):
            return f"{value} {unit}"
        case tree.Size(sizes=sizes):
            return "x".join(map(str, sizes))
        case tree.String(value=value):
            return f'"{value}"'
        case tree.Boolean(value=value):
            return "true" if value else "false"
        case tree.Dots():
            return "..."
    raise AssertionError(f"no way to print {type(node).__name__}")
