"""Calls that no value flows into, as messages."""

from __future__ import annotations

from collections.abc import Sequence

from dslc.elaborate.mending import help_with, known_names, name_of
from dslc.elaborate.scope import Frame, MistakeError, Result
from dslc.elaborate.signature import Bound, Signature
from dslc.errors import Label
from dslc.network.network import Parameter
from dslc.source import Span
from dslc.syntax import tree


def nothing_flows(signature: Signature, bound: Bound, frame: Frame) -> MistakeError:
    """Say that a call has no value to work on (E0501, E0502)."""
    if frame.expression is not None and _head(frame.expression).span != bound.span:
        return _inside(bound, frame, frame.expression)
    if frame.bind is not None:
        return _beside(bound, frame, frame.bind)
    if len(frame.starts) > 1:
        return _which_start(bound, frame)
    source = bound.span.text
    if known_names(frame):
        help_ = help_with("name the value it works on:", bound.span, f"{_start(frame)} -> {source}")
    else:
        help_ = "declare what comes in above it, for example:\n  input x: float32[N, 10]"
    return frame.mistake(
        "E0501",
        f"`{source}` has nothing to work on",
        bound.span,
        "no value flows into it",
        facts=(signature.text,),
        helps=(help_,),
    )


def _head(node: tree.Expression) -> tree.Expression:
    """Return what a row begins with: what flows into the row goes there."""
    return _head(node.stages[0]) if isinstance(node, tree.Pipe) else node


# ---- beside the stack, or at its beginning


def _beside(bound: Bound, frame: Frame, bind: tree.Bind) -> MistakeError:
    source, name = bound.span.text, bind.names[0].text
    sign = _up_to_sign(bind)
    row = help_with("to make it a row of the stack and name it, use a colon:", sign, f"{name}:")
    value = help_with(
        "to compute it from another value, name that value:",
        bound.span,
        f"{_start(frame)} -> {source}",
    )
    # With several inputs and no row yet, a row would have to say where it starts.
    helps = [value] if len(frame.starts) > 1 else [row, value]
    if bind.value.span == bound.span and source[:1].isupper():
        front = Span(sign.source, sign.start, sign.start)
        helps.append(help_with("to call it in other rows, name the layer:", front, "layer "))
    return frame.mistake(
        "E0501",
        f"`{source}` has nothing to work on",
        bound.span,
        "an `=` line stands beside the stack, so no value flows into it",
        helps=helps,
    )


def _up_to_sign(bind: tree.Bind) -> Span:
    """Return the names of a bind with the `=` behind them."""
    start = bind.names[0].span.start
    sign = bind.span.source.text.index("=", bind.names[-1].span.end)
    return Span(bind.span.source, start, sign + 1)


def _which_start(bound: Bound, frame: Frame) -> MistakeError:
    count = len(frame.starts)
    words = {2: "two", 3: "three", 4: "four"}.get(count, str(count))
    return frame.mistake(
        "E0502",
        f"{words} inputs: where does the stack start?",
        bound.span,
        "no value flows into the first row",
        others=[
            Label(span, "this one?" if index == 0 else "or this one?")
            for index, (_, span) in enumerate(frame.starts)
        ],
        helps=(
            help_with(
                "begin the row with a value:",
                bound.span,
                f"{frame.starts[0][0]} -> {bound.span.text}",
            ),
        ),
    )


# ---- inside a row


def _inside(bound: Bound, frame: Frame, row: tree.Expression) -> MistakeError:
    """Say that nothing flows into arguments and operands."""
    outer = _call_with(bound.span, row)
    if outer is None and isinstance(row, tree.List):
        return _in_list(bound, row, frame)
    if outer is None:
        return _in_arithmetic(bound, frame)
    source, start = bound.span.text, _start(frame)
    # A row takes what flows by itself; beside the stack, and before anything flows, it begins with a name.
    front = f"{start} -> " if frame.flow is None else ""
    place, text = bound.span, "no value flows into the arguments of a call"
    helps = []
    if _merges(outer, frame):
        place, text = outer.span, "no value flows into its arguments"
        written = front + _with_branches(outer)
        helps.append(help_with("let the value flow into branches:", outer.span, written))
    elif outer.arguments[0].value.span == bound.span:
        written = f"{front}{source} -> {_without_first(outer)}"
        helps.append(help_with("pass its result on with an arrow:", outer.span, written))
    if place == bound.span:
        sentence = f"{'or ' if helps else ''}name the value it works on:"
        helps.append(help_with(sentence, bound.span, f"{start} -> {source}"))
    return frame.mistake(
        "E0501", f"`{source}` has nothing to work on", place, text, helps=tuple(helps)
    )


def _in_list(bound: Bound, row: tree.List, frame: Frame) -> MistakeError:
    """Say that layers side by side are no list: `[random_crop(32), random_flip]`."""
    chain = " -> ".join(item.span.text for item in row.items)
    return frame.mistake(
        "E0501",
        f"`{bound.span.text}` has nothing to work on",
        bound.span,
        "a list holds numbers",
        helps=(help_with("join them by arrows:", row.span, chain),),
    )


def _in_arithmetic(bound: Bound, frame: Frame) -> MistakeError:
    source = bound.span.text
    written = f"({_start(frame)} -> {source})"
    return frame.mistake(
        "E0501",
        f"`{source}` has nothing to work on",
        bound.span,
        "no value flows into arithmetic",
        helps=(help_with("name the value it works on:", bound.span, written),),
    )


def _call_with(argument: Span, node: tree.Node) -> tree.Call | None:
    """Return the innermost call in `node` that has the argument."""
    for child in node.children():
        found = _call_with(argument, child)
        if found is not None:
            return found
    own = isinstance(node, tree.Call) and any(a.value.span == argument for a in node.arguments)
    return node if own and isinstance(node, tree.Call) else None


def _merges(call: tree.Call, frame: Frame) -> bool:
    """Tell whether a call has branches when it is written with braces."""
    values = [one for one in call.arguments if one.name is None]
    return call.function.span.text in frame.work.library.merges and len(values) > 1


def _with_branches(call: tree.Call) -> str:
    """Return a merge with a branch for each value."""
    settings = [one.span.text for one in call.arguments if one.name is not None]
    branches = [f"| {one.span.text}" for one in call.arguments if one.name is None]
    return f"{_written(call, settings)} {{ {' '.join(branches)} }}"


def _without_first(call: tree.Call) -> str:
    """Return a call that gets its first argument from an arrow."""
    return _written(call, [one.span.text for one in call.arguments[1:]])


def _written(call: tree.Call, arguments: Sequence[str]) -> str:
    name = call.function.span.text
    return f"{name}({', '.join(arguments)})" if arguments else name


def _start(frame: Frame) -> str:
    """Return the name of the value that flows, else of the last one known."""
    flowing = name_of(frame.flow.value, frame) if isinstance(frame.flow, Result) else ""
    own = [name.text for name in frame.bind.names] if frame.bind else []
    known = [name for name in known_names(frame) if name not in own and not _is_weight(name, frame)]
    return flowing or (known[-1] if known else "x")


def _is_weight(name: str, frame: Frame) -> bool:
    entity = frame.scope.find(name)
    return isinstance(entity, Result) and isinstance(entity.value, Parameter)
