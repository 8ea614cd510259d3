"""Calls of operations: settings and values -> a `Call` of the network, with its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dslc.errors import Label, RuleError
from dslc.network.arguments import NO_FLOW, Bound, Flow, Signature, bind, entity_text, make
from dslc.network.network import Call, Constant, Parameter, Value
from dslc.network.places import Form, Place
from dslc.network.scope import (
    POISON,
    Chain,
    Entity,
    Frame,
    Maker,
    Mistake,
    Operator,
    Poisoned,
    Result,
    Results,
    Scope,
    Work,
)
from dslc.network.static import describe, is_static
from dslc.operation import Operation, ParameterSpec
from dslc.source import Span
from dslc.syntax import tree
from dslc.types import DType, Size, TensorType, shape_text


@dataclass(frozen=True)
class Fresh:
    """Makes new weights for every call."""

    work: Work

    def make(
        self, specs: tuple[ParameterSpec, ...], span: Span, chain: Chain
    ) -> tuple[Parameter, ...]:
        made = tuple(
            Parameter(
                spec.name,
                spec.type,
                span,
                chain,
                initializer=spec.initializer,
                trained=spec.trained,
            )
            for spec in specs
        )
        self.work.parameters.extend(made)
        return made


class OtherWeights(Exception):
    """A shared layer is called with values that would need other weights."""

    def __init__(self, name: str, made: TensorType | None, wanted: TensorType | None) -> None:
        super().__init__(name)
        self.name, self.made, self.wanted = name, made, wanted


@dataclass
class Shared:
    """Makes weights in the first call of a shared layer and gives the same ones to every later call."""

    parent: Maker
    made: list[tuple[Parameter, ...]] = field(default_factory=list)
    position: int = 0
    complete: bool = False

    def begin(self) -> None:
        self.position = 0

    def make(
        self, specs: tuple[ParameterSpec, ...], span: Span, chain: Chain
    ) -> tuple[Parameter, ...]:
        if not self.complete:
            self.made.append(self.parent.make(specs, span, chain))
            return self.made[-1]
        known = self.made[self.position] if self.position < len(self.made) else ()
        self.position += 1
        for index in range(max(len(known), len(specs))):
            made = known[index].type if index < len(known) else None
            wanted = specs[index].type if index < len(specs) else None
            if made != wanted:
                raise OtherWeights(specs[index].name if wanted else "weight", made, wanted)
        return known


def operation_signature(operation: type[Operation]) -> Signature:
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
    except RuleError as error:
        raise site.mistake(error) from error
    parameters = _weights(specs, site)
    place = Place(Form.CALL, kind or name.lower())
    names = (spec.name for spec in specs)
    place.parameters = list(zip(names, parameters, strict=True))
    return _append(instance, values, parameters, found, frame, bound.span, place)


def check_specs(name: str, specs: Sequence[ParameterSpec]) -> None:
    """Refuse weights whose size is not known, or that their initializer cannot fill (RuleError)."""
    for spec in specs:
        if not spec.type.is_static:
            raise RuleError(
                "E0313",
                f"the {spec.name} of `{name}` would have no fixed size",
                text=f"it would be {shape_text(spec.type.shape)}",
            )
        spec.initializer.check(spec.type.sizes)


def operands(bound: Bound, frame: Frame, name: str) -> tuple[Value | None, ...]:
    """Return the values of a call; numbers and lists become constants."""
    flat: list[tuple[Entity, Span]] = []
    for entity, span in zip(bound.values, bound.value_spans, strict=True):
        items = entity.items if isinstance(entity, Results) else (entity,)
        flat.extend((item, span or bound.span) for item in items)
    if any(entity is POISON for entity, _ in flat):
        raise Poisoned
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
    helps = (
        (f"to apply it, give it a value:  {entity.name}(x)",)
        if isinstance(entity, Operator)
        else ()
    )
    raise frame.mistake(
        "E0403", f"`{name}` needs a value here", span, f"this is {entity_text(entity)}", helps=helps
    )


def constant(entity: Any, span: Span, frame: Frame, others: Sequence[DType] = ()) -> Constant:
    """Make a constant of a static value.

    Numbers are float32, ranges int64, truth values bool. Beside a tensor, a number takes its element type where
    that can hold it.
    """
    items = entity.sizes if isinstance(entity, Size) else entity
    listed = np.asarray(items) if isinstance(items, bool | int | float | tuple | range) else None
    if listed is None or listed.dtype.kind not in "biuf":
        raise frame.mistake("E0403", "a value is needed here", span, f"this is {describe(entity)}")
    if isinstance(entity, range):
        dtype = DType.INT64
    elif listed.dtype.kind == "b":
        dtype = DType.BOOL
    else:
        dtype = next((d for d in others if _holds(d, listed)), DType.FLOAT32)
    array = listed.astype(dtype.numpy)
    return Constant("", TensorType(dtype, array.shape), span, frame.chain, array=array)


def _holds(dtype: DType, numbers: Any) -> bool:
    """Tell whether an element type can hold some numbers: floats any, integers whole ones in their range."""
    if dtype.is_float:
        return True
    if not dtype.is_integer or numbers.dtype.kind == "f":
        return False
    limits = np.iinfo(dtype.value)
    return bool(((numbers >= limits.min) & (numbers <= limits.max)).all())


def as_result(entity: Entity, span: Span, frame: Frame) -> Result:
    """Return an entity as tensors; numbers become constants. Raises Mistake for anything else."""
    if entity is POISON:
        raise Poisoned
    if isinstance(entity, Result):
        return entity
    if is_static(entity):
        return Result((constant(entity, span, frame),))
    raise frame.mistake("E0403", "a value is needed here", span, f"this is {entity_text(entity)}")


@dataclass(frozen=True)
class Site:
    """A call as its messages see it."""

    bound: Bound
    values: Sequence[Value | None]
    frame: Frame
    name_span: Span
    described: Sequence[str]

    def mistake(self, error: RuleError) -> Mistake:
        """Put places to what a rule says."""
        return self.frame.mistake(
            error.code,
            error.message,
            self._primary(error.about),
            error.text,
            others=self._origins(error),
            facts=error.facts,
            helps=error.helps,
        )

    def other_weights(self, error: OtherWeights) -> Mistake:
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
        """Label where the values come from with what they are."""
        primary = self._primary(error.about if error else None)
        labels: list[Label] = []
        for index, value in enumerate(self.values[:4]):
            if value is None or value.span == primary or isinstance(value, Constant):
                continue
            span = self.bound.value_spans[index]
            place = span if self.described and span is not None else value.span
            if place != primary and all(label.span != place for label in labels):
                labels.append(Label(place, self._origin(index, value)))
        return labels

    def _origin(self, index: int, value: Value) -> str:
        if self.described:
            return f"{self.described[index]} gives {shape_text(value.type.shape)}"
        return f"this gives {value.type}"


def _weights(specs: tuple[ParameterSpec, ...], site: Site) -> tuple[Parameter, ...]:
    if not specs:
        return ()
    try:
        return site.frame.maker.make(specs, site.bound.span, site.frame.chain)
    except OtherWeights as error:
        raise site.other_weights(error) from error


def _append(
    operation: Operation,
    values: tuple[Value | None, ...],
    parameters: tuple[Parameter, ...],
    found: TensorType | tuple[TensorType, ...],
    frame: Frame,
    span: Span,
    place: Place,
) -> Result:
    frame.work.count(span)
    types = found if isinstance(found, tuple) else (found,)
    outputs = tuple(Value("", one, span, frame.chain) for one in types)
    call = Call("", operation, values, parameters, outputs, span, frame.chain)
    frame.work.calls.append(call)
    place.call = call
    return Result(outputs, frame.place.add(place))
