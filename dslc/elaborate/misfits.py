"""Arguments that do not fit a call, as messages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dslc.elaborate import foreign
from dslc.elaborate.mending import help_with, without_argument
from dslc.elaborate.scope import Entity, Frame, MistakeError, Result
from dslc.elaborate.signature import Bound, Signature
from dslc.elaborate.suggest import nearest
from dslc.errors import Label
from dslc.network.network import Input
from dslc.source import Span
from dslc.syntax import tree


def unknown_argument(
    signature: Signature,
    name: tree.Identifier,
    frame: Frame,
    argument: tree.Argument | None = None,
    call: Span | None = None,
) -> MistakeError:
    """Say that a call has no such argument (E0203)."""
    known = [info.name for info in (*signature.settings, *signature.own)]
    known += [value.name for value in signature.values[_is_flow(signature) :]]
    ours = foreign.ARGUMENTS.get(name.text, "")
    meant = ours if ours in known else nearest(name.text, known) or ""
    dropped = "" if ours in known else foreign.DROPPED.get(name.text, "")
    text = dropped or (f"did you mean `{meant}`?" if meant else "")
    helps: list[str] = []
    if name.text in foreign.ACTIVATIONS and "recurrent_init" in known:
        text, helps = _inside(signature, name, argument, call)
    elif name.text in foreign.ACTIVATIONS and "act" not in known:
        text = "an activation is a function of its own"
        helps = [_behind(signature, argument, call)]
    elif dropped and argument is not None and call is not None:
        helps = [help_with("leave it out:", call, without_argument(call, argument.span))]
    elif meant:
        helps = [help_with("write it so:", name.span, meant)]
    return frame.mistake(
        "E0203",
        f"`{signature.name}` has no argument `{name.text}`",
        name.span,
        text,
        facts=(shown(signature),),
        helps=helps,
    )


def _inside(
    signature: Signature,
    name: tree.Identifier,
    argument: tree.Argument | None,
    call: Span | None,
) -> tuple[str, list[str]]:
    """Say which activations a recurrent layer has inside."""
    if signature.setting("nonlinearity") is not None:
        return "did you mean `nonlinearity`?", [
            help_with("write it so:", name.span, "nonlinearity")
        ]
    text = f"the activations inside `{signature.name}` are sigmoid and tanh"
    if argument is None or call is None:
        return text, []
    return text, [help_with("leave it out:", call, without_argument(call, argument.span))]


def _behind(signature: Signature, argument: tree.Argument | None, call: Span | None) -> str:
    """Propose to put the activation behind the layer."""
    sentence = "put it behind the layer:"
    if argument is None or call is None or argument.span.start < call.start:
        return f"{sentence}  {signature.name}(...) -> relu"
    activation = argument.value.span.text.strip('"').rpartition(".")[2].lower() or "relu"
    return help_with(sentence, call, f"{without_argument(call, argument.span)} -> {activation}")


def shown(signature: Signature) -> str:
    """Return what a call takes, as a row writes it: the one value of a layer flows in."""
    if not _is_flow(signature):
        return signature.text
    start = f"{signature.name}({signature.values[0].name}"
    return signature.text.replace(f"{start}, ", f"{signature.name}(", 1).replace(
        start, f"{signature.name}("
    )


def _is_flow(signature: Signature) -> bool:
    """Tell whether one value must be there, which flows in."""
    needed = sum(not value.optional for value in signature.values)
    return needed == 1 and signature.name[:1].isupper()


def surplus_argument(signature: Signature, span: Span, frame: Frame) -> MistakeError:
    """Say that every value and setting is taken (E0203)."""
    return frame.mistake(
        "E0203",
        f"`{signature.name}` takes no more arguments",
        span,
        "this one is too many",
        facts=(shown(signature),),
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
        facts=(
            signature.text,
            "a row or an arrow passes the value above or on its left as the first one",
        ),
        helps=_without_flow(bound, given, named),
    )


def _without_flow(bound: Bound, given: Sequence[tuple[Entity, Span]], named: int) -> list[str]:
    """Say how the value that flows in is one too many."""
    if given[0][1] != bound.span or named:
        return []
    if len(given) == 1:
        return [f"it begins a row of its own, without an arrow before it:  {bound.span.text}"]
    flow, first = given[0][0], given[1][0]
    if isinstance(flow, Result) and isinstance(first, Result) and flow.value is first.value:
        rest = ", ".join(span.text for _, span in given[2:])
        name = bound.span.text.partition("(")[0]
        return [help_with("leave it out of the brackets:", bound.span, f"{name}({rest})")]
    return [f"to start with the values in the brackets, leave the arrow out:  {bound.span.text}"]


def ambiguous_merge(
    signature: Signature, bound: Bound, frame: Frame, given: Sequence[tuple[Entity, Span]]
) -> MistakeError:
    """Say that a merge with all its values stands where a value flows (E0503)."""
    flow = frame.flow.value if isinstance(frame.flow, Result) else None
    twice = [span for entity, span in given if isinstance(entity, Result) and entity.value is flow]
    others = [Label(flow.span, "this flows into the row")] if flow is not None else []
    kept = next((span for _, span in given if span not in twice), given[-1][1])
    dropped = [span for _, span in given if span is not kept]
    alone = (
        without_argument(bound.span, dropped[0])
        if len(dropped) == 1
        else f"{signature.name}({kept.text})"
    )
    helps = (
        help_with("to merge the flow with one value, name only that value:", bound.span, alone),
        _beside(bound.span),
    )
    if not twice or bound.span.column - 1 != _indent(bound.span):
        message = f"does the row above flow into this `{signature.name}`?"
        text = "all its values are given here, and a value flows into the row as well"
        return frame.mistake("E0503", message, bound.span, text, others=others, helps=helps)
    written = ", ".join(span.text for _, span in given)
    return frame.mistake(
        "E0503",
        f"`{signature.name}` gets `{twice[0].text}` twice",
        twice[0],
        "and given again here",
        others=others,
        facts=(
            "a row passes the value above as the first argument, "
            f"so this is {signature.name}({twice[0].text}, {written})",
        ),
        helps=helps,
    )


def _beside(call: Span) -> str:
    """Propose to write a call beside the stack: a row with a label has its name already."""
    sentence = "to leave the flow alone, write it beside the stack:"
    before = call.source.text[: call.start]
    labelled = re.search(r"(\w+)[ \t]*:[ \t]*$", before)
    if labelled is None:
        return help_with(sentence, call, f"both = {call.text}")
    row = Span(call.source, labelled.start(), call.end)
    return help_with(sentence, row, f"{labelled[1]} = {call.text}")


def _indent(span: Span) -> int:
    line = span.source.line_text(span.line)
    return len(line) - len(line.lstrip())


def _counted(count: int, noun: str) -> str:
    words = {0: "no", 1: "one", 2: "two", 3: "three"}
    return f"{words.get(count, str(count))} {noun}{'' if count == 1 else 's'}"


def data_change(name: str, span: Span, frame: Frame) -> MistakeError:
    """Say that an augmentation is no function of a net (E0618)."""
    inputs = [value for value in frame.made.values() if isinstance(value, Input)]
    shown = f"{inputs[0].name}: {inputs[0].type}" if inputs else "image: uint8[N, 3, 32, 32]"
    return frame.mistake(
        "E0618",
        f"`{name}` changes the data of a training; it is no part of a net",
        span,
        "this would change what the exported network computes",
        helps=(f"put it into the train section, for example:\naugment {shown} = {name}",),
    )
