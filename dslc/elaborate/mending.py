"""Edits that mend: the line of the source with one piece exchanged, ready to be pasted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from dslc.elaborate.scope import POISON, Frame, Result
from dslc.elaborate.signature import Bound
from dslc.errors import Edit
from dslc.network.network import Parameter, Target, Value
from dslc.operation import SettingInfo
from dslc.source import Span
from dslc.syntax import tree

NAME = re.compile(r"[A-Za-z_]\w*(\.\w+)*")
IN_FRONT = " -> {call}"
"""How an edit ends that puts calls in front of the call; where the value stands in the call, they go around it."""
LABEL_LINES = ("cross_entropy", "nll", "accuracy", "mean_iou", "perplexity")
"""Losses and metrics whose target is one class number per row."""
LONGEST = 40
"""Characters of a value that messages quote as it is written."""


def line_with(span: Span, replacement: str) -> str:
    """Return the line that holds `span`, with the span replaced; of a span of several lines, the part on its first."""
    line = span.source.line_text(span.line)
    start = span.column - 1
    end = min(start + span.end - span.start, len(line))
    return (line[:start] + replacement + line[end:]).rstrip()


def help_with(sentence: str, span: Span, replacement: str) -> str:
    """Return a help: a sentence, and below it the line as it should be."""
    return f"{sentence}\n{line_with(span, replacement)}"


def with_argument(span: Span, argument: str) -> str:
    """Return what stands in place of a call to give it one more argument."""
    source = span.text
    if not source.endswith(")"):
        return f"{source}({argument})"
    inside = source[source.index("(") + 1 : -1].strip()
    return f"{source[:-1]}{', ' if inside else ''}{argument})"


def without_argument(call: Span, argument: Span) -> str:
    """Return what stands in place of a call to take one argument out."""
    source, start, end = call.text, argument.start - call.start, argument.end - call.start
    before, after = source[:start].rstrip(), source[end:].lstrip()
    if before.endswith(","):
        return before[:-1].rstrip() + after
    return before + after.removeprefix(",").lstrip()


def name_of(value: Value, frame: Frame) -> str:
    """Return the name that a value has here, or nothing."""
    for name, entity in frame.scope.visible().items():
        if isinstance(entity, Result) and entity.value is value:
            return name
    return ""


class Wording:
    """How a call speaks of its values: by their names, or by what is written."""

    def __init__(self, bound: Bound, values: Sequence[Value | None], frame: Frame) -> None:
        self.bound, self.values, self.frame = bound, values, frame

    def written(self, index: int) -> str:
        """Return a value as it is written: a name, or a short expression; nothing where it flows in."""
        span = self.bound.value_spans[index] if index < len(self.bound.value_spans) else None
        if span is None or span == self.bound.span:
            return ""
        text = " ".join(span.text.split())
        return text if len(text) <= LONGEST else ""

    def name(self, index: int) -> str:
        """Return what to call a value in a sentence."""
        value = self.values[index] if index < len(self.values) else None
        known = name_of(value, self.frame) if value is not None else ""
        return self.written(index) or known or "the value above"

    def filled(self, text: str, *, code: bool = False) -> str:
        """Put the values, and the call, in place of `{0}`, `{1}` and `{call}`."""
        for index in range(len(self.values)):
            said = self.name(index)
            if code and not NAME.fullmatch(said):
                said = f"({said})"
            text = text.replace(f"{{{index}}}", said)
        return text.replace("{call}", " ".join(self.bound.span.text.split()))

    def edit(self, edit: Edit) -> str:
        """Return an edit as a help."""
        sentence, text = self.filled(edit.sentence), self.filled(edit.text, code=True)
        if isinstance(edit.about, str):
            place = self.bound.spans.get(edit.about)
            if place is None:
                text = with_argument(self.bound.span, text)
                return help_with(sentence, self.bound.span, text)
            return help_with(sentence, place, text)
        first = next(iter(self.bound.value_spans), None)
        if edit.about is None and edit.text.endswith(IN_FRONT) and first and self.written(0):
            steps = edit.text.removesuffix(IN_FRONT).split(" -> ")
            return help_with(sentence, first, self._through(steps))
        if edit.about is None:
            return help_with(sentence, self.bound.span, text)
        value = self.values[edit.about] if edit.about < len(self.values) else None
        if isinstance(value, Target | Parameter) and value.span.text.endswith("]"):
            return help_with(sentence, value.span, text)
        return f"{sentence.rstrip(':')}:  {text}"

    def _through(self, steps: Sequence[str]) -> str:
        """Return the first value as it is written, inside the calls that it should flow through."""
        value = self.written(0)
        for step in steps:
            name, _, rest = step.partition("(")
            value = f"{name}({value}, {rest}" if rest else f"{name}({value})"
        return value


def known_names(frame: Frame) -> tuple[str, ...]:
    """Return the names of values, those of failed rows too."""
    visible = frame.scope.visible()
    return tuple(
        name for name, entity in visible.items() if entity is POISON or isinstance(entity, Result)
    )


def whole_quotient(node: tree.Expression) -> tuple[str, ...]:
    """Propose `//` for `/` where a whole number is wanted."""
    if not isinstance(node, tree.Binary) or node.operator != "/":
        return ()
    return (help_with("`//` is the quotient without its fraction:", node.operator_span, "//"),)


NUMBER = re.compile(r"\(\s*(\d+)\s*,\s*(?=\d+\s*,\s*\d+\s*[,)])")
"""The first of three numbers of a call."""


def inputs_given(name: str, span: Span, inputs: Sequence[Value | None]) -> Span | None:
    """Return the number that only says how many channels come in, with the comma behind it, if there is one."""
    found = NUMBER.search(span.text)
    value = inputs[0] if inputs else None
    if name != "Conv" or found is None or value is None or len(value.type.shape) < 3:
        return None
    if str(value.type.shape[1]) != found.group(1):
        return None
    return Span(span.source, span.start + found.start(1), span.start + found.end())


def as_share(info: SettingInfo, value: Any, span: Span) -> tuple[str, ...]:
    """Propose the share for a number of percent."""
    highest = info.limits.get("maximum", info.limits.get("below"))
    percent = isinstance(value, int | float) and highest == 1 and 1 < value < 100
    if not percent:
        return ()
    share = f"{value / 100:g}"
    place = span.text
    text = place.replace(place.rpartition("=")[2], share) if "=" in place else share
    return (help_with(f"for {value:g} percent:", span, text),)


def inputs_left_out(entity: object, given: Iterable[Span], span: Span) -> tuple[str, ...]:
    """Propose to leave the first number of a layer out, where one too many is given at `span`."""
    spans = sorted(given, key=lambda one: one.start)
    if not spans or not isinstance(entity, int):
        return ()
    behind = spans[1].start if len(spans) > 1 else span.start
    cut = Span(span.source, spans[0].start, behind)
    return (help_with("the number of inputs comes from the value and is not written:", cut, ""),)
