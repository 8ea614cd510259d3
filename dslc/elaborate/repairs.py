"""What would mend a shape: settings tried one by one on the layers that made it, by their own shape rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from dslc.elaborate.mending import help_with, with_argument
from dslc.errors import RuleError
from dslc.network.network import Call, Input, Value
from dslc.operation import Operation
from dslc.source import Span
from dslc.syntax import tree
from dslc.types import Shape, Size, TensorType

MOST = 2
"""Proposals in one message."""


def shape_repairs(calls: Sequence[Call], fits: Callable[[Shape], bool]) -> list[str]:
    """Return edits after which the value that `calls` give one after the other has a shape that fits."""
    found: list[str] = []
    for index, call in enumerate(calls):
        types = [value.type for value in call.inputs if value is not None]
        for name, value in _changes(call.operation):
            changed = {name: Size((value,))}
            if len(found) < MOST and _fits(types, calls[index:], fits, changed):
                found.append(_said(call, name, value))
                break
    return [*found, *_other_input(calls, fits)] if calls else []


def chain_of(value: Value, made: Sequence[Call], line: Span) -> list[Call]:
    """Return the calls on the line of `line` that lead to a value, each with one value, first one first."""
    by_value = {call.outputs[0]: call for call in made}
    chain: list[Call] = []
    while value in by_value:
        call = by_value[value]
        inputs = [one for one in call.inputs if one is not None]
        same = call.span.source is line.source and call.span.line == line.line
        if len(inputs) != 1 or not same:
            break
        chain.append(call)
        value = inputs[0]
    return chain[::-1]


def _changes(operation: Operation) -> Iterator[tuple[str, int]]:
    """Yield the settings that might be meant: a padding or a stride."""
    names = {info.name for info in operation.settings()}
    kernel = getattr(operation, "kernel", None)
    if isinstance(kernel, Size) and {"padding", "stride"} <= names:
        yield from (("padding", padding) for padding in range(max(kernel.sizes)))
        yield from (("stride", stride) for stride in range(1, 5))


def _fits(
    types: Sequence[TensorType],
    calls: Sequence[Call],
    fits: Callable[[Shape], bool],
    changed: Mapping[str, object],
) -> bool:
    """Tell whether the shape fits when the first of the calls has other settings."""
    operation = calls[0].operation
    settings = {info.name: getattr(operation, info.name) for info in operation.settings()}
    try:
        found = _type(type(operation)(**{**settings, **changed}), types)
        for call in calls[1:]:
            found = _type(call.operation, [found])
    except (RuleError, ValueError):
        return False
    return fits(found.shape)


def _type(operation: Operation, types: Sequence[TensorType]) -> TensorType:
    found = operation.infer(*types)
    return found[0] if isinstance(found, tuple) else found


def _said(call: Call, name: str, value: int) -> str:
    return _edit(call.span, name, value, f"with {name}={value} it would be:")


def _edit(call: Span, name: str, value: int, sentence: str) -> str:
    """Return the edit of one setting, in the place where the call says it, else as its last argument."""
    source = call.text
    start = source.find(f"{name}=")
    if start < 0:
        return help_with(sentence, call, with_argument(call, f"{name}={value}"))
    end = start
    while end < len(source) and source[end] not in ",)":
        end += 1
    place = Span(call.source, call.start + start, call.start + end)
    return help_with(sentence, place, f"{name}={value}")


def _other_input(calls: Sequence[Call], fits: Callable[[Shape], bool]) -> list[str]:
    """Propose another size of the images, where the row begins with the input."""
    value = calls[0].inputs[0]
    if not isinstance(value, Input) or value.type.rank < 3:
        return []
    shape = value.type.shape
    size = shape[-1]
    if not isinstance(size, int) or any(dim != size for dim in shape[2:]):
        return []
    for other in sorted(range(max(1, size - 8), size + 9), key=lambda n: abs(n - size)):
        changed = value.type.with_shape((*shape[:2], *(other for _ in shape[2:])))
        if _fits([changed], calls, fits, {}):
            return [help_with(f"or with images of {other}x{other}:", value.span, str(changed))]
    return []


def wanted_fit(wanted: Sequence[object]) -> Callable[[Shape], bool]:
    """Return whether a shape is the one of a check, where None stands for any size."""

    def fits(shape: Shape) -> bool:
        return len(shape) == len(wanted) and all(
            size is None or size == dim for size, dim in zip(wanted, shape, strict=True)
        )

    return fits


def size_keeping(value: Value, made: Sequence[Call], branch: Span) -> list[str]:
    """Propose the padding with which a kernel of a branch keeps the size of the image."""
    by_value = {call.outputs[0]: call for call in made}
    while value in by_value:
        call = by_value[value]
        kernel, padding = (getattr(call.operation, name, None) for name in ("kernel", "padding"))
        inside = branch.start <= call.span.start and call.span.end <= branch.end
        if isinstance(kernel, Size) and isinstance(padding, Size) and inside:
            odd = len(set(kernel.sizes)) == 1 and kernel.sizes[0] % 2 == 1
            if odd and set(padding.sizes) == {0} and kernel.sizes[0] > 1:
                needed = kernel.sizes[0] // 2
                sentence = f"a {_times(kernel)} kernel keeps the size with padding={needed}:"
                return [_edit(call.span, "padding", needed, sentence)]
        inputs = [one for one in call.inputs if one is not None]
        if len(inputs) != 1:
            break
        value = inputs[0]
    return []


def _times(kernel: Size) -> str:
    k = kernel.sizes[0]
    return f"{k}x{k}"


def shortcut(
    branches: Sequence[tree.Branch], shapes: Sequence[Shape], names: Sequence[str]
) -> list[str]:
    """Propose a projection for the shortcut of a residual block, as the other branch says its channels.

    `names` are what is known here: where the block calls its channels C, the projection depends on them.
    """
    empty = [i for i, branch in enumerate(branches) if _is_identity(branch)]
    if len(branches) != 2 or len(empty) != 1:
        return []
    here, other = shapes[empty[0]], shapes[1 - empty[0]]
    channels, kind = _channels(branches[1 - empty[0]])
    if len(here) != len(other) or len(here) < 3 or not channels:
        return []
    steps = [_step(a, b) for a, b in zip(here[2:], other[2:], strict=True)]
    if None in steps or len(set(steps)) > 1:
        return []
    size = "1" if len(here) == 3 else "x".join("1" for _ in here[2:])
    by_name = "stride" in names
    stride = ", stride=stride" if by_name else f", stride={steps[0]}" if steps[0] != 1 else ""
    projection = f"{kind}({channels}, {size}{stride})"
    if "C" in names:
        condition = f"{'stride != 1 or ' if by_name else ''}C != {channels}"
        projection = f"if {condition} {{ {projection} }}"
    indent = " " * _indent(branches[empty[0]])
    return [f"project the shortcut to the same channels when they differ:\n{indent}| {projection}"]


def _indent(branch: tree.Branch) -> int:
    line = branch.span.source.line_text(branch.span.line)
    return len(line) - len(line.lstrip())


def _step(one: object, other: object) -> int | None:
    """Return the stride that makes `other` places of `one`."""
    if one == other:
        return 1
    if isinstance(one, int) and isinstance(other, int) and other:
        stride = -(-one // other)
        return stride if -(-one // stride) == other else None
    return None


def _is_identity(branch: tree.Branch) -> bool:
    if not branch.statements:
        return True
    row = branch.statements[0]
    single = len(branch.statements) == 1 and isinstance(row, tree.Row)
    return single and isinstance(row, tree.Row) and row.value.span.text == "identity"


def _channels(branch: tree.Branch) -> tuple[str, str]:
    """Return how the last call with arguments says its channels, and what makes a 1x1 projection like it."""
    last = branch.statements[-1] if branch.statements else None
    value = last.value if isinstance(last, tree.Row | tree.Bind) else None
    stages = value.stages if isinstance(value, tree.Pipe) else (value,) if value else ()
    for stage in reversed(stages):
        named = isinstance(stage, tree.Call) and isinstance(stage.function, tree.Name)
        if isinstance(stage, tree.Call) and named and len(stage.arguments) > 1:
            first, second = stage.arguments[:2]
            kind = stage.function.span.text if second.value.span.text == "1x1" else "Conv"
            return (first.value.span.text if first.name is None else ""), kind
    return "", "Conv"
