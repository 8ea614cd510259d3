"""Calls of operations: settings and values -> a `Call` of the network, with its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dslc.augmentations.base import Augmentation
from dslc.elaborate.arguments import bind
from dslc.elaborate.constants import constant
from dslc.elaborate.gradients import gradient_body
from dslc.elaborate.left_out import no_value
from dslc.elaborate.limits import check_tensor
from dslc.elaborate.makers import OtherWeightsError, check_specs
from dslc.elaborate.mending import Wording, help_with, inputs_given, name_of
from dslc.elaborate.misfits import data_change
from dslc.elaborate.places import Form, Place
from dslc.elaborate.scope import (
    NONE,
    POISON,
    Entity,
    Frame,
    MistakeError,
    Operator,
    PoisonedError,
    Result,
    Results,
    Scope,
)
from dslc.elaborate.settings import entity_text, make
from dslc.elaborate.signature import NO_FLOW, Bound, Flow, Signature
from dslc.elaborate.static import is_static
from dslc.errors import Label, RuleError
from dslc.layers.grad import Grad
from dslc.metrics.base import Metric
from dslc.network.network import Body, Call, Constant, Input, Parameter, Target, Value
from dslc.operation import Operation, ParameterSpec
from dslc.source import Span
from dslc.syntax import tree
from dslc.types import DType, TensorType, shape_text


def operation_signature(operation: type[Operation]) -> Signature:
    """Return what a call of an operation takes."""
    return Signature(
        operation.language_name(), operation.values(), operation.settings(), operation.signature()
    )


def call_operation(
    operation: type[Operation],
    arguments: Sequence[tree.Argument],
    frame: Frame,
    flow: Flow,
    span: Span,
    *,
    name_span: Span,
    ready: Mapping[int, Entity],
    kind: str = "",
) -> Result:
    """Bind and apply an operation."""
    signature = operation_signature(operation)
    name = operation.language_name()
    if issubclass(operation, Augmentation) and frame.line != "augment":
        raise data_change(name, name_span, frame)
    defaults = frame.module.defaults.get(name, [])
    bound = bind(signature, arguments, frame, flow, span, defaults, file_frame(frame), ready)
    return operate(operation, bound, frame, name_span, kind=kind)


def bind_settings(
    signature: Signature, arguments: Sequence[tree.Argument], frame: Frame, span: Span
) -> Bound:
    """Bind the settings of a call whose values come from elsewhere: branches, or later calls."""
    defaults = frame.module.defaults.get(signature.name, [])
    without = replace(signature, values=(), implicit=True)
    return bind(without, arguments, frame, NO_FLOW, span, defaults, file_frame(frame))


def file_frame(frame: Frame) -> Frame:
    """Return the frame in which `default` lines are read: they see no names of a body."""
    return Frame(frame.work, Scope(frame.module), Place(Form.BLOCK, ""), frame.maker)


def operate(
    operation: type[Operation],
    bound: Bound,
    frame: Frame,
    name_span: Span,
    *,
    described: Sequence[str] = (),
    kind: str = "",
) -> Result:
    """Append the call of an operation whose arguments are bound. `described` names its values in messages."""
    name = operation.language_name()
    values = operands(bound, frame, name)
    instance = make(operation, bound, frame, name)
    types = [None if value is None else value.type for value in values]
    site = Site(bound, values, frame, name_span, described)
    try:
        found = instance.infer(*types)
        specs = instance.parameters(*types)
        check_specs(name, specs)
        body = _body(instance, values, frame)
    except RuleError as error:
        raise exchanged(site, error, instance, types) from error
    for spec in specs:
        check_tensor(spec.type, f"the {spec.name} of `{name}`", bound.span, frame)
    if specs:  # they follow the values: those that are left out at the end hold their places
        values += (None,) * (len(operation.values()) - len(values))
    parameters = _weights(specs, site)
    place = Place(Form.CALL, kind or name.lower())
    names = (spec.name for spec in specs)
    place.parameters = list(zip(names, parameters, strict=True))
    return _append(instance, values, parameters, found, frame, bound.span, place, body)


def operands(bound: Bound, frame: Frame, name: str) -> tuple[Value | None, ...]:
    """Return the values of a call; numbers and lists become constants."""
    flat: list[tuple[Entity, Span]] = []
    for entity, span in zip(bound.values, bound.value_spans, strict=True):
        items = entity.items if isinstance(entity, Results) else (entity,)
        flat.extend((item, span or bound.span) for item in items)
    if any(entity is POISON for entity, _ in flat):
        raise PoisonedError
    bound.value_spans = [span for _, span in flat]
    tensors = [entity.value.type.dtype for entity, _ in flat if isinstance(entity, Result)]
    return tuple(_operand(entity, span, tensors, frame, name) for entity, span in flat)


def _operand(
    entity: Entity, span: Span, tensors: Sequence[DType], frame: Frame, name: str
) -> Value | None:
    if entity is None:
        return None
    if isinstance(entity, Result):
        return entity.value
    if is_static(entity):
        return constant(entity, span, frame, tensors)
    if entity is NONE:
        raise no_value(span, frame, f"`{name}` needs a value here")
    helps = (
        (f"to apply it, give it a value:  {entity.name}(x)",)
        if isinstance(entity, Operator)
        else ()
    )
    raise frame.mistake(
        "E0403", f"`{name}` needs a value here", span, f"this is {entity_text(entity)}", helps=helps
    )


@dataclass(frozen=True)
class Site:
    """A call as its messages see it."""

    bound: Bound
    values: Sequence[Value | None]
    frame: Frame
    name_span: Span
    described: Sequence[str]

    def mistake(self, error: RuleError) -> MistakeError:
        """Put places to what a rule says, and the values as they are written."""
        wording = Wording(self.bound, self.values, self.frame)
        others = self._origins(error)
        shown = {label.text for label in others} | {error.text}
        facts = [wording.filled(fact) for fact in error.facts]
        return self.frame.mistake(
            error.code,
            wording.filled(error.message),
            self._primary(error.about),
            wording.filled(error.text),
            others=others,
            facts=[fact for fact in facts if fact not in shown],
            helps=[
                *self._pytorch(error),
                *(wording.edit(edit) for edit in error.edits),
                *(wording.filled(help_) for help_ in error.helps),
            ],
        )

    def _pytorch(self, error: RuleError) -> list[str]:
        """Where a kernel does not fit, it may be the second number of PyTorch, the channels."""
        if error.code != "E0304":
            return []
        place = inputs_given("Conv", self.bound.span, self.values)
        sentence = "the number of input channels comes from the value and is not written:"
        return [] if place is None else [help_with(sentence, place, "")]

    def other_weights(self, error: OtherWeightsError) -> MistakeError:
        made = shape_text(error.made.shape) if error.made else "missing"
        wanted = shape_text(error.wanted.shape) if error.wanted else "not there"
        return self.frame.mistake(
            "E0312",
            "a shared layer is called with values of another shape",
            self.bound.span,
            f"here its {error.name} would be {wanted}",
            others=self._origins(None),
            facts=(f"the first call made its {error.name}: {made}",),
            helps=("call the layer by its kind to give this call weights of its own",),
        )

    def _primary(self, about: str | int | None) -> Span:
        if isinstance(about, str):
            return self.bound.spans.get(about, self.name_span)
        spans = self.bound.value_spans
        if isinstance(about, int) and 0 <= about < len(spans):
            span = spans[about]
            if span is not None and span != self.bound.span:
                return span
        return self.name_span

    def _origins(self, error: RuleError | None) -> list[Label]:
        """Label where the values come from with what they are: their types where it is about those, else shapes."""
        primary = self._primary(error.about if error else None)
        typed = error is not None and error.code.startswith("E04")
        labels: list[Label] = []
        for index, value in enumerate(self.values[:4]):
            if value is None or value.span == primary or isinstance(value, Constant):
                continue
            span = self.bound.value_spans[index]
            place = span if self.described and span is not None else value.span
            if place != primary and all(label.span != place for label in labels):
                labels.append(Label(place, self._origin(index, value, typed)))
        return labels

    def _origin(self, index: int, value: Value, typed: bool) -> str:
        what = str(value.type) if typed else shape_text(value.type.shape)
        if self.described:
            return f"{self.described[index]} gives {what}"
        name = name_of(value, self.frame)
        if name:
            return f"`{name}` is {what}"
        declared = isinstance(value, Input | Target | Parameter)
        return f"this {'is' if declared else 'gives'} {what}"


def exchanged(
    site: Site, error: RuleError, rule: Operation | Metric, types: Sequence[TensorType | None]
) -> MistakeError:
    """Say what a rule says; where a loss or metric takes its two values in the other order, propose that instead."""
    mistake = site.mistake(error)
    spans = [span for span in site.bound.value_spans[:2] if span not in (None, site.bound.span)]
    if site.frame.line not in ("loss", "metric") or len(spans) < 2 or len(types) < 2:
        return mistake
    try:
        rule.infer(types[1], types[0], *types[2:])
    except RuleError:
        return mistake
    first, second = sorted((span for span in spans if span), key=lambda span: span.start)
    between = Span(first.source, first.end, second.start).text
    names = [value.name for value in rule.values()[:2]]
    help_ = help_with(
        f"`{names[0]}` comes first, then `{names[1]}`:",
        first.to(second),
        f"{second.text}{between}{first.text}",
    )
    return MistakeError(replace(mistake.diagnostic, helps=(help_,)))


def _weights(specs: tuple[ParameterSpec, ...], site: Site) -> tuple[Parameter, ...]:
    if not specs:
        return ()
    try:
        return site.frame.maker.make(specs, site.bound.span, site.frame.chain)
    except OtherWeightsError as error:
        raise site.other_weights(error) from error


def _body(operation: Operation, values: Sequence[Value | None], frame: Frame) -> Body | None:
    if not isinstance(operation, Grad):
        return None
    y, x = values
    assert y is not None and x is not None
    return gradient_body(frame.work.calls, y, x)


def _append(
    operation: Operation,
    values: tuple[Value | None, ...],
    parameters: tuple[Parameter, ...],
    found: TensorType | tuple[TensorType, ...],
    frame: Frame,
    span: Span,
    place: Place,
    body: Body | None,
) -> Result:
    frame.work.count(span)
    types = found if isinstance(found, tuple) else (found,)
    for one in types:
        check_tensor(one, f"the result of `{operation.language_name()}`", span, frame)
    outputs = tuple(Value("", one, span, frame.chain) for one in types)
    inputs = values if body is None else (values[0], *body.inputs)
    call = Call("", operation, inputs, parameters, outputs, span, frame.chain, body=body)
    call.segment = frame.segment
    frame.work.calls.append(call)
    place.call = call
    return Result(outputs, frame.place.add(place))
