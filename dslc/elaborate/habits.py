"""Calls as other frameworks write them, as messages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dslc.dims import Expression
from dslc.elaborate.conversion import expected
from dslc.elaborate.mending import LABEL_LINES, help_with
from dslc.elaborate.scope import Frame, MistakeError, Result
from dslc.elaborate.signature import Signature
from dslc.errors import Label
from dslc.operation import Operation, SettingInfo
from dslc.syntax import tree
from dslc.types import shape_text


def written_as_method(
    node: tree.Call, function: tree.Attribute, operation: type[Operation], mistake: MistakeError
) -> MistakeError:
    """Add to E0211 that what is a method elsewhere is a function here: `x.view(-1, 10)`."""
    given = [one.span.text for one in node.arguments]
    settings = operation.settings()
    if len(given) > 1 and settings and takes_list(settings[0]):
        given = [f"[{', '.join(given)}]"]
    before = node.span.source.line_text(node.span.line)[: node.span.column - 1]
    if not before.rstrip().endswith("->"):
        given.insert(0, function.value.span.text)
    written = f"{operation.language_name()}({', '.join(given)})"
    help_ = help_with("functions stand in front of their value:", node.span, written)
    label = Label(mistake.diagnostic.primary.span, "a function of the language")
    return MistakeError(replace(mistake.diagnostic, primary=label, helps=(help_,)))


def takes_list(info: SettingInfo) -> bool:
    """Tell whether a setting takes a list of numbers, and no single one."""
    return expected(info.annotation).startswith("a list of")


def unlisted(
    signature: Signature, arguments: Sequence[tree.Argument], frame: Frame
) -> MistakeError | None:
    """Say that numbers side by side are one list: `reshape(N, 10)` (E0402)."""
    info = next(iter(signature.settings), None)
    if info is None or not takes_list(info):
        return None
    numbers = [a.value.span for a in arguments if a.name is None and _is_number(a.value, frame)]
    if not numbers or any(a.name is not None and a.name.text == info.name for a in arguments):
        return None
    span = numbers[0].to(numbers[-1])
    return frame.mistake(
        "E0402",
        f"`{info.name}` of `{signature.name}` takes {expected(info.annotation)}",
        span,
        "its brackets are missing",
        helps=(help_with("write it so:", span, f"[{span.text}]"),),
    )


def number_as_target(
    signature: Signature, arguments: Sequence[tree.Argument], frame: Frame
) -> MistakeError | None:
    """Say that a loss compares every element: `bce_with_logits(on_fake, 0)` (E0309)."""
    needed = [value.name for value in signature.values if not value.optional]
    if not frame.line or len(needed) < 2 or len(arguments) < 2 or signature.name in LABEL_LINES:
        return None
    first, second = arguments[0].value, arguments[1]
    entity = frame.scope.find(first.text) if isinstance(first, tree.Name) else None
    is_target = second.name is None or second.name.text == needed[1]
    if not is_target or not isinstance(entity, Result) or not entity.value.type.rank:
        return None
    shape, number = shape_text(entity.value.type.shape), second.value.span.text
    if isinstance(second.value, tree.Number):
        same = {"0": f"zeros({shape})", "1": f"ones({shape})"}
        written = same.get(number, f"{number} * ones({shape})")
    elif number in ("ones", "zeros"):
        written = f"{number}({shape})"
    else:
        return None
    return frame.mistake(
        "E0309",
        f"`{signature.name}` compares every element of `{first.span.text}`",
        second.value.span,
        "this is a single number",
        facts=("losses never broadcast",),
        helps=(help_with("write it so:", second.value.span, written),),
    )


def _is_number(node: tree.Expression, frame: Frame) -> bool:
    """Tell, without working it out, whether an argument is a whole number or a dimension."""
    match node:
        case tree.Number(value=value):
            return isinstance(value, int)
        case tree.Unary(operand=operand):
            return _is_number(operand, frame)
        case tree.Binary(left=left, right=right):
            return _is_number(left, frame) and _is_number(right, frame)
        case tree.Name(text=name):
            found = frame.scope.find(name)
            return isinstance(found, int | Expression) and not isinstance(found, bool)
    return False


_OPERATOR_AT_END = re.compile(r"[-+*/@%]\s*$")
_OPERATOR_AT_START = re.compile(r"\s*(\+|-(?!>)|[*/@%])")


def called_twice(node: tree.Call, made: tree.Call, frame: Frame) -> MistakeError:
    """Say that the result of a call takes no arguments: Keras makes the layer first, and calls it then."""
    layer = made.span.text.removesuffix("()")
    first = node.arguments[0].value if node.arguments else None
    values = first.items if isinstance(first, tree.List) else [one.value for one in node.arguments]
    line, column = node.span.source.line_text(node.span.line), node.span.column - 1
    before, behind = line[:column], line[column + len(node.span.text) :]
    if len(values) > 1:
        given = ", ".join(one.span.text for one in (*values, *made.arguments))
        written = f"{made.function.span.text}({given})"
    elif not values or before.rstrip().endswith("->"):
        written = layer
    else:
        written = f"{values[0].span.text} -> {layer}"
        if _OPERATOR_AT_END.search(before) or _OPERATOR_AT_START.match(behind):
            written = f"({written})"
    return frame.mistake(
        "E0214",
        f"`{made.span.text}` is called already, and its result is a value",
        node.span,
        "called twice",
        facts=("a call makes the layer and applies it to the value that flows in",),
        helps=(help_with("write it so:", node.span, written),),
    )
