"""What a call lacks, as messages."""

from __future__ import annotations

from collections.abc import Sequence

from dslc.elaborate.mending import help_with, known_names, with_argument
from dslc.elaborate.misfits import shown
from dslc.elaborate.scope import Frame, MistakeError, Result
from dslc.elaborate.signature import Bound, Signature
from dslc.operation import SettingInfo
from dslc.syntax import tree
from dslc.types import shape_text, text


def missing_value(signature: Signature, bound: Bound, frame: Frame, index: int) -> MistakeError:
    """Say which value a call lacks (E0204)."""
    name = signature.values[index].name
    values = [known for known in known_names(frame) if isinstance(frame.scope.find(known), Result)]
    helps = []
    if values:
        example = with_argument(bound.span, values[-1])
        helps = [help_with("name it, for example:", bound.span, example)]
    return frame.mistake(
        "E0204",
        f"`{signature.name}` is missing its value `{name}`",
        bound.span,
        "one value flows in, the other is not given" if index else "no value is given",
        facts=(signature.text,),
        helps=helps,
    )


EXAMPLES = {
    "kernel": "3x3", "channels": "64", "units": "10", "lr": "0.1", "p": "0.5", "size": "5", "axes": "[0, 2, 1]",
    "shape": "[N, 10]", "every": "30 epochs", "gamma": "0.1", "at": "[30 epochs, 60 epochs]", "factor": "0.1",
    "std": "0.01", "padding": "1", "axis": "1", "min": "0", "max": "1", "value": "0.1", "rows": "1000",
    "features": "64", "stride": "2", "groups": "2", "dilation": "2", "momentum": "0.9", "weight_decay": "0.0005",
    "layers": "2", "init": "xavier_uniform", "classes": "10", "label_smoothing": "0.1",
    "scale": "2", "dtype": "float32", "c": "0.1", "a": "-0.1", "b": "0.1",
}  # fmt: skip
"""What one might write for a setting that is missing."""


def missing_settings(
    signature: Signature, bound: Bound, frame: Frame, missing: Sequence[SettingInfo]
) -> MistakeError:
    """Say which settings a call lacks (E0204)."""
    given = [f"{name} = {text(value)}" for name, value in bound.settings.items()]
    lacking = [f"{info.name} = ?" for info in missing]
    helps = []
    if all(info.name in EXAMPLES for info in missing):
        written = _with_settings(signature, bound, missing)
        helps = [help_with("for example:", bound.span, written)]
    if signature.implicit and not helps and isinstance(frame.flow, Result):
        first = f"x: {shape_text(frame.flow.value.type.shape)}"
        helps = [
            f"a value that flows in is declared with its shape:  block {signature.name}({first}, ...)"
        ]
    return frame.mistake(
        "E0204",
        f"`{signature.name}` is missing its {' and '.join(info.name for info in missing)}",
        bound.span,
        ", ".join([*given, *lacking]),
        facts=(shown(signature),),
        helps=helps,
    )


def setting_without_value(
    signature: Signature, info: SettingInfo, name: tree.Name, frame: Frame
) -> MistakeError:
    """Say that a setting is named, and nothing is said of it: `LSTM(64, bidirectional)` (E0204)."""
    default = info.default
    value = str(not default).lower() if isinstance(default, bool) else EXAMPLES.get(info.name, "")
    return frame.mistake(
        "E0204",
        f"`{info.name}` of `{signature.name}` has no value here",
        name.span,
        "this is the name of a setting",
        facts=(shown(signature),),
        helps=(help_with("for example:", name.span, f"{info.name}={value}"),) if value else (),
    )


def _with_settings(signature: Signature, bound: Bound, missing: Sequence[SettingInfo]) -> str:
    """Return the call with examples of its missing settings, in their places where the ones before are there."""
    source = bound.span.text
    head, bracket, _ = source.partition("(")
    if not bracket:
        return f"{source}({', '.join(EXAMPLES[info.name] for info in missing)})"
    names = [info.name for info in signature.settings]
    placed = [s for n, s in bound.spans.items() if not s.text.startswith(f"{n}=") and n in names]
    inner = [span for span in placed if bound.span.start < span.start <= bound.span.end]
    first = names.index(missing[0].name)
    if len(inner) == first and signature.values:
        values = [
            s for s in bound.value_spans if s and bound.span.start < s.start <= bound.span.end
        ]
        start = bound.span.start + len(head) + 1
        cut = max((span.end for span in (*inner, *values)), default=start)
        before, after = source[: cut - bound.span.start], source[cut - bound.span.start :]
        examples = ", ".join(EXAMPLES[info.name] for info in missing)
        joint = ", " if cut > start else ""
        rest = after if after.startswith((",", ")")) else f", {after}"
        return f"{before}{joint}{examples}{rest}"
    written = source
    for info in missing:
        argument = f"{info.name}={EXAMPLES[info.name]}"
        inside = written[written.index("(") + 1 : -1].strip()
        written = f"{written[:-1]}{', ' if inside else ''}{argument})"
    return written
