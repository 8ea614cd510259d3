"""What compiles and is probably wrong: in losses, in what they reach, in outputs that nobody reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set

from dslc.elaborate.cuts import cut_warnings, cuts
from dslc.elaborate.mending import help_with, inputs_given
from dslc.elaborate.scope import BlockOutput
from dslc.elaborate.usage import Written, reaches
from dslc.errors import Diagnostic, Label
from dslc.layers.recurrent import Recurrent
from dslc.network.network import (
    Call,
    Constant,
    Input,
    Network,
    Target,
    Term,
    Training,
    Value,
    with_held,
)
from dslc.source import Span
from dslc.types import shape_text

SCORES = ("cross_entropy", "bce_with_logits")
"""Losses of raw scores."""

TWICE = {("softmax", "cross_entropy"), ("sigmoid", "bce_with_logits")}
"""Activations that a loss takes itself."""

CUT = {
    "relu": "every negative score becomes 0, and no gradient flows back from it",
    "sigmoid": "the scores stay between 0 and 1, so no probability comes near 1",
    "tanh": "the scores stay between -1 and 1, so no probability comes near 1",
}
"""Activations that take from the scores of classes what the loss needs."""


def loss_suspicions(network: Network, training: Training) -> Iterator[Diagnostic]:
    """Yield what is suspicious in the loss lines."""
    made = {value: call for call in network.calls for value in call.outputs}
    for call in network.calls:
        scores = call.inputs[0] if call.inputs else None
        if call.operation.language_name() in SCORES and scores is not None:
            yield from _scores(call, scores, made.get(scores))
    for term in training.terms:
        yield from _broadcasts(term, network)


def _scores(call: Call, scores: Value, before: Call | None) -> Iterator[Diagnostic]:
    name = call.operation.language_name()
    activation = before.operation.language_name() if before is not None else ""
    if before is not None and (activation, name) in TWICE:
        yield _twice(call, before, activation, name)
    elif before is not None and name == "cross_entropy" and activation in CUT:
        yield Diagnostic(
            "W0614",
            f"the scores pass through `{activation}` before the loss",
            Label(before.span, CUT[activation]),
            others=(Label(call.span, f"`{name}` wants raw scores of any sign"),),
            helps=(f"leave `{activation}` out behind the last layer",),
        )
    axis = getattr(call.operation, "axis", -1)
    shape = scores.type.shape
    if name == "cross_entropy" and shape and isinstance(axis, int) and shape[axis] == 1:
        yield Diagnostic(
            "W0615",
            "this classifier has one class",
            Label(call.span, f"the scores are {shape_text(shape)}: the only class is always right"),
            helps=("for yes or no use 2 classes, or `bce_with_logits` on one number",),
        )


def _twice(call: Call, before: Call, activation: str, loss: str) -> Diagnostic:
    return Diagnostic(
        "W0602",
        f"{activation} is applied twice",
        Label(call.span, f"and again inside `{loss}`, which wants raw scores (logits)"),
        others=(Label(before.span, "applied here"),),
        facts=("it still trains, only slowly and worse",),
        helps=(
            "keep the raw scores for the loss and export the probabilities as a second output:\n"
            + _two_outputs(before.span, activation),
        ),
    )


ROW = re.compile(r"(\s*)output (\w+):(.*?)\s*->\s*(\w+)(\(.*\))?\s*")


def _two_outputs(activation: Span, name: str) -> str:
    """Return the row without its activation, and the activation as an output beside it."""
    match = ROW.fullmatch(activation.source.line_text(activation.line))
    if match is None or match.group(4) != name:
        return f"  output logits: ...\n  output prob = {name}(logits)"
    indent, label, row, _, arguments = match.groups()
    inside = (arguments or "()")[1:-1]
    call = f"{name}(logits{', ' if inside else ''}{inside})"
    shown = "prob" if label == "logits" else label
    return f"{indent}output logits:{row}\n{indent}output {shown} = {call}"


# ---- broadcasts


def _broadcasts(term: Term, network: Network) -> Iterator[Diagnostic]:
    """A target against a value of the net, where both are stretched: every prediction against every target."""
    from_target = _depending(network)
    for call in network.needed([term.value]):
        if not _stands_in(call, term.span) or len(call.inputs) != 2:
            continue
        x, y = call.inputs
        if x is None or y is None or isinstance(x, Constant) or isinstance(y, Constant):
            continue
        shape = call.outputs[0].type.shape
        stretched = shape not in (x.type.shape, y.type.shape) and _broadcasting(call)
        if stretched and (x in from_target) != (y in from_target):
            yield _broadcast(call, x, y)


def _broadcasting(call: Call) -> bool:
    """Tell whether an operation works element by element: its result is as wide as its widest value."""
    shapes = [value.type.shape for value in call.inputs if value is not None]
    result = call.outputs[0].type.shape
    return len(result) == max(len(shape) for shape in shapes) and all(
        dim in (1, result[len(result) - len(shape) + axis])
        for shape in shapes
        for axis, dim in enumerate(shape)
    )


def _broadcast(call: Call, x: Value, y: Value) -> Diagnostic:
    one, other = shape_text(x.type.shape), shape_text(y.type.shape)
    wide = shape_text(call.outputs[0].type.shape)
    return Diagnostic(
        "W0611",
        f"this loss compares {one} with {other}",
        Label(call.span, f"broadcasting gives {wide}: every prediction against every target"),
        others=tuple(
            Label(value.span, f"this is {shape_text(value.type.shape)}")
            for value in (x, y)
            if value.span != call.span
        ),
        helps=("give both the same shape, for example in the `target` line",),
    )


def _depending(network: Network) -> Set[Value]:
    """Return the targets, and every value that is computed from one."""
    found: set[Value] = set()
    for call in network.calls:
        if any(isinstance(value, Target) or value in found for value in call.inputs):
            found.update(call.outputs)
            found.update(value for value in call.inputs if isinstance(value, Target))
    return found


def _stands_in(call: Call, span: Span) -> bool:
    place = call.chain[0][1] if call.chain else call.span
    return place.source is span.source and span.start <= place.start and place.end <= span.end


# ---- what a gradient reaches, and what is read


IMAGES = ("Conv", "conv", "max_pool", "avg_pool")


def channels_last(network: Network) -> Iterator[Diagnostic]:
    """Yield the inputs that look like images with their channels at the end, where a layer takes them as they are."""
    images: dict[Value, Input] = {value: value for value in network.inputs if _looks_last(value)}
    told: set[Value] = set()
    for call in network.calls:
        first = call.inputs[0] if call.inputs else None
        image = images.get(first) if first is not None else None
        if image is None:
            continue
        if call.operation.language_name() in IMAGES and image not in told:
            told.add(image)
            yield _last(call, image)
        elif call.outputs[0].type.shape == image.type.shape:
            images[call.outputs[0]] = image


def _looks_last(value: Value) -> bool:
    shape = value.type.shape
    return (
        len(shape) == 4
        and shape[3] in (1, 3, 4)
        and shape[1] == shape[2]
        and shape[1] not in (1, 3, 4)
    )


def _last(call: Call, image: Input) -> Diagnostic:
    n, height, width, channels = image.type.shape
    turned = image.type.with_shape((n, channels, height, width))
    name = call.operation.language_name()
    return Diagnostic(
        "W0320",
        f"`{name}` would take this image for one of {height} channels",
        Label(call.span, f"`{name}` works on [N, channels, height, width]"),
        others=(Label(image.span, f"[N, height, width, {channels}]?"),),
        helps=(
            help_with("images have their channels in front:", image.span, str(turned)),
            "or turn them in the net:  transpose([0, 3, 1, 2])",
        ),
    )


def inputs_first(network: Network) -> Iterator[Diagnostic]:
    """Yield convolutions whose first three numbers are those of PyTorch: input channels, channels, kernel."""
    for call in network.calls:
        found = inputs_given(call.operation.language_name(), call.span, call.inputs)
        if found is not None:
            yield Diagnostic(
                "W0321",
                "the first number of `Conv` is that of its own channels",
                Label(_number(found), "as many as come in"),
                facts=(
                    "Conv(channels, kernel, stride=1, ...): the input channels come from the value",
                ),
                helps=(help_with("leave the input channels out:", found, ""),),
            )


def idle_dropout(network: Network) -> Iterator[Diagnostic]:
    """Yield the recurrent layers whose `dropout` works between layers where there is one."""
    for call in with_held(network.calls):
        operation = call.operation
        if isinstance(operation, Recurrent) and operation.dropout and operation.layers == 1:
            yield Diagnostic(
                "W0331",
                f"the dropout of this `{operation.language_name()}` drops nothing",
                Label(call.span, "it works between layers, and here is one"),
                helps=_other_dropout(call, operation),
            )


def _other_dropout(call: Call, layer: Recurrent) -> tuple[str, ...]:
    more = "to stack several layers:  layers=2"
    if layer.return_state:
        return (more,)
    without = re.sub(r",\s*dropout\s*=[^,)]*", "", call.span.text)
    behind = f"{without} -> Dropout({layer.dropout:g})"
    return help_with("to drop what the layer gives:", call.span, behind), more


def _number(found: Span) -> Span:
    return Span(found.source, found.start, found.start + len(found.text.partition(",")[0].rstrip()))


def untrained(
    network: Network, training: Training, written: Sequence[Written]
) -> Iterator[Diagnostic]:
    """Yield the functions that keep gradients from weights, and the rows that no loss reaches for other reasons."""
    needed = {p for call in network.needed(network.outputs.values()) for p in call.parameters}
    trained = set(training.optimizers)
    losses = [term.value for term in training.terms]
    found = cuts(losses, trained, network.calls)
    yield from cut_warnings(found, written)
    told = {parameter for parameters in found.values() for parameter in parameters}
    reached = {p for loss in losses for p in reaches(loss, trained, network.calls)}
    for row in written:
        own = needed.intersection(row.parameters) & trained
        if own and own.isdisjoint(reached | told):
            count = sum(p.type.size for p in own if isinstance(p.type.size, int))
            yield Diagnostic(
                "W0612",
                "no loss reaches the weights of this row",
                Label(row.head, f"{count:,} parameters stay as they were drawn"),
                helps=("give what it computes a loss, or say that it is to stay with `freeze`",),
            )


def unread(outputs: Sequence[BlockOutput], used: Set[Value]) -> Iterator[Diagnostic]:
    """Yield the outputs of blocks that no call of the block is asked for; the first one flows on by itself."""
    spans = {(one.span.start, one.span.end): one for one in outputs}
    for place, one in spans.items():
        values = [o.value for o in outputs if (o.span.start, o.span.end) == place]
        if used.isdisjoint(values):
            yield Diagnostic(
                "W0613",
                f"no row reads the output `{one.name}` of `{one.block}`",
                Label(one.span, "nothing uses it"),
                helps=(
                    "name every output in front of the row that calls the block:  a, b: "
                    f"{one.block}(...)",
                ),
            )
