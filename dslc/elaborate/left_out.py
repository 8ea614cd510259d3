"""Data inputs that a call may leave out: `key: [N, S, K] = query`, `mask: bool[T, S] = none`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dslc.elaborate.scope import NONE, POISON, Entity, Frame, MistakeError, Result
from dslc.errors import Diagnostic, Label
from dslc.source import Span
from dslc.syntax import tree

NONE_WORD = "none"


def header_mistakes(node: tree.Block | tree.Net) -> Iterator[Diagnostic]:
    """Yield what is wrong with the data inputs of a header (E0510)."""
    inputs = [parameter for parameter in node.parameters if parameter.type is not None]
    if isinstance(node, tree.Net):
        yield from map(_input_of_a_net, inputs)
        return
    for place, one in enumerate(inputs):
        before = inputs[:place]
        if one.default is None and any(other.default is not None for other in before):
            yield _behind_one_left_out(one)
        elif one.default is not None and not before:
            yield _first(one)
        elif one.default is not None and not _is_known(one.default, before):
            yield _no_such_default(one, before)


def filled(
    headers: Sequence[tree.HeaderParameter], given: Sequence[Result | None]
) -> list[Result | Entity]:
    """Return what every data input stands for: what the call gives, else what the header says."""
    found: dict[str, Result | Entity] = {}
    for place, header in enumerate(headers):
        value = given[place] if place < len(given) else None
        found[header.name.text] = value or _default(header, found)
    return [found[header.name.text] for header in headers]


def _default(header: tree.HeaderParameter, before: dict[str, Result | Entity]) -> Result | Entity:
    if not isinstance(header.default, tree.Name):
        return POISON
    if header.default.text == NONE_WORD:
        return NONE
    return before.get(header.default.text, POISON)


def is_left_out(operator: str, left: Entity, right: Entity) -> bool | None:
    """Return what `x == none` or `x != none` comes to; None where neither side is `none`."""
    if operator not in ("==", "!=") or NONE not in (left, right):
        return None
    return (left is right) == (operator == "==")


def no_value(span: Span, frame: Frame, needs: str = "a value is needed here") -> MistakeError:
    """Say that there is no value because a call left it out."""
    name = span.text
    if name == NONE_WORD:
        return frame.mistake("E0403", needs, span, "`none` is no value")
    return frame.mistake(
        "E0403",
        needs,
        span,
        "this is `none`: the call of the block leaves it out",
        helps=(f"ask first whether it is there:  if {name} != none {{ ... }}",),
    )


def _is_known(default: tree.Expression, before: Sequence[tree.HeaderParameter]) -> bool:
    names = [NONE_WORD, *(other.name.text for other in before)]
    return isinstance(default, tree.Name) and default.text in names


def _input_of_a_net(one: tree.HeaderParameter) -> Diagnostic:
    assert one.type is not None
    dtype = "" if one.type.dtype is not None else "float32"
    line = f"input {one.name.text}: {dtype}{one.type.span.text}"
    return Diagnostic(
        "E0510",
        "the header of a net holds hyper-parameters; its inputs are lines of their own",
        Label(one.span, "this is a data input"),
        helps=(f"write it in the body:\n  {line}",),
    )


def _behind_one_left_out(one: tree.HeaderParameter) -> Diagnostic:
    return Diagnostic(
        "E0510",
        f"`{one.name.text}` stands behind an input that may be left out",
        Label(one.span, "this one must be given"),
        helps=("put the inputs that every call gives in front",),
    )


def _first(one: tree.HeaderParameter) -> Diagnostic:
    return Diagnostic(
        "E0510",
        f"`{one.name.text}` is the value that flows into the block: it cannot be left out",
        Label(one.span, "the first data input"),
        helps=("let every call give it, and put inputs that may be left out behind it",),
    )


def _no_such_default(
    one: tree.HeaderParameter, before: Sequence[tree.HeaderParameter]
) -> Diagnostic:
    assert one.default is not None
    names = " or ".join(f"`{name}`" for name in [*(o.name.text for o in before), NONE_WORD])
    return Diagnostic(
        "E0510",
        f"what stands for `{one.name.text}` where a call leaves it out is {names}",
        Label(one.default.span, "this is neither" if len(before) == 1 else "this is none of them"),
    )
