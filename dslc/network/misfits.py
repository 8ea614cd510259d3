"""Arguments that do not fit a call, as messages."""

from __future__ import annotations

from collections.abc import Sequence

from dslc.errors import Label
from dslc.network.scope import Entity, Frame, MistakeError
from dslc.network.signature import Bound, Signature
from dslc.network.static import text
from dslc.network.suggest import did_you_mean
from dslc.operation import SettingInfo
from dslc.source import Span
from dslc.syntax import tree


def unknown_argument(signature: Signature, name: tree.Identifier, frame: Frame) -> MistakeError:
    """Say that a call has no such argument (E0203)."""
    known = [info.name for info in signature.settings]
    known += [value.name for value in signature.values]
    return frame.mistake(
        "E0203",
        f"`{signature.name}` has no argument `{name.text}`",
        name.span,
        did_you_mean(name.text, known),
        facts=(signature.text,),
    )


def surplus_argument(signature: Signature, span: Span, frame: Frame) -> MistakeError:
    """Say that every value and setting is taken (E0203)."""
    return frame.mistake(
        "E0203",
        f"`{signature.name}` takes no more arguments",
        span,
        "this one is too many",
        facts=(signature.text,),
    )


def too_many_values(
    signature: Signature,
    bound: Bound,
    frame: Frame,
    given: Sequence[tuple[Entity, Span]],
    named: int,
) -> MistakeError:
    """Say that a call gets more values than it takes, the flow among them (E0203)."""
    takes = _counted(len(signature.values), "value")
    return frame.mistake(
        "E0203",
        f"`{signature.name}` takes {takes}, here it gets {len(given) + named}",
        given[-1][1],
        facts=(signature.text, "an arrow passes the value on its left as the first one"),
    )


def ambiguous_merge(
    signature: Signature, bound: Bound, frame: Frame, given: Sequence[tuple[Entity, Span]]
) -> MistakeError:
    """Say that a merge with all its values stands where a value flows (E0503)."""
    source = bound.span.text
    return frame.mistake(
        "E0503",
        f"does the row above flow into this `{signature.name}`?",
        bound.span,
        "all its values are given here, and a value flows into the row as well",
        helps=(
            "to merge the flow with one value, name only that value:  "
            f"{signature.name}({given[-1][1].text})",
            f"to leave the flow alone, write it beside the stack:  merged = {source}",
        ),
    )


def missing_value(signature: Signature, bound: Bound, frame: Frame, index: int) -> MistakeError:
    """Say which value a call lacks (E0204)."""
    return frame.mistake(
        "E0204",
        f"`{signature.name}` is missing its value `{signature.values[index].name}`",
        bound.span,
        facts=(signature.text,),
    )


def missing_settings(
    signature: Signature, bound: Bound, frame: Frame, missing: Sequence[SettingInfo]
) -> MistakeError:
    """Say which settings a call lacks (E0204)."""
    given = [f"{name} = {text(value)}" for name, value in bound.settings.items()]
    lacking = [f"{info.name} = ?" for info in missing]
    return frame.mistake(
        "E0204",
        f"`{signature.name}` is missing its {' and '.join(info.name for info in missing)}",
        bound.span,
        ", ".join([*given, *lacking]),
        facts=(signature.text,),
    )


def nothing_flows(signature: Signature, bound: Bound, frame: Frame) -> MistakeError:
    """Say that a call has no value to work on (E0501, E0502)."""
    source = bound.span.text
    if frame.bind is None and frame.starts:
        return _which_start(bound, frame)
    if frame.bind is None:
        return frame.mistake(
            "E0501",
            f"`{source}` has nothing to work on",
            bound.span,
            "no value flows into it",
            facts=(signature.text,),
            helps=(f"name the value it works on:\nx -> {source}",),
        )
    name = frame.bind.names[0].text
    return frame.mistake(
        "E0501",
        f"`{source}` has nothing to work on",
        bound.span,
        "an `=` line stands beside the stack, so no value flows into it",
        helps=(
            f"to make it a row of the stack and name it, use a colon:\n{name}: {source}",
            f"to compute it from another value, name that value:\n{name} = x -> {source}",
        ),
    )


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
        helps=(f"begin the row with a value:\n{frame.starts[0][0]} -> {bound.span.text}",),
    )


def _counted(count: int, noun: str) -> str:
    words = {0: "no", 1: "one", 2: "two", 3: "three"}
    return f"{words.get(count, str(count))} {noun}{'' if count == 1 else 's'}"
