"""Network -> graph: every call of a network as ONNX nodes.

What it does not do: decide which calls (the caller names the values it wants), make inputs (the caller binds inputs,
targets and parameters to values of the graph), or differentiate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from functools import partial

import onnx_ir as ir

from dslc.dims import UnknownSizeError
from dslc.errors import CompileError, Diagnostic, InternalError, Label, RuleError
from dslc.graph.builder import Builder, FreeExtentError, type_of
from dslc.network.network import Body, Call, Constant, Network, Value
from dslc.network.unrolled import check_unrolled
from dslc.source import Span
from dslc.types import DType

Environment = dict[Value, ir.Value]
"""What stands for each value of the network in the graph."""


def lower(
    g: Builder, network: Network, wanted: Iterable[Value], bound: Mapping[Value, ir.Value]
) -> Environment:
    """Append the calls that `wanted` depend on; return where every value of the network now stands.

    Running statistics that a call updates stand for their next value afterwards, so a shared layer updates them once
    per call, in row order.
    """
    environment: Environment = dict(bound)
    wanted = list(wanted)
    calls = network.needed(wanted)
    _check_length(g, network, calls)
    _lower_all(g, calls, environment)
    for value in wanted:
        _operand(g, value, environment)
    return environment


def _check_length(g: Builder, network: Network, calls: Sequence[Call]) -> None:
    """Refuse a graph that would write out too many steps of a recurrence. Errors: LimitError (E0901)."""
    held = {call for each in calls if each.body is not None for call in each.body.calls}
    unrolled = [call for call in calls if g.differentiated or call in held]
    trained = g.training and network.training is not None
    check_unrolled(unrolled, g.sizes, trained=trained)


def _lower_all(g: Builder, calls: Sequence[Call], environment: Environment) -> None:
    """Append calls in order; those that a gradient of the net goes through, in operators that have rules."""
    bodies = [call.body for call in calls if call.body is not None]
    apart = {body.inputs[0] for body in bodies if body.inputs}
    if g.training:
        several = (v for call in calls if len(call.outputs) > 1 for v in call.outputs)
        apart.update(value for value in several if value.type.dtype.is_float)
    held = {call for body in bodies for call in body.calls}
    for call in calls:
        with _differentiated(g, call in held):
            lower_call(g, call, environment)
        _part(g, call, environment, apart)


def _part(g: Builder, call: Call, environment: Environment, apart: Set[Value]) -> None:
    """Give the results in `apart` nodes of their own, where the call passes an operand on or makes one of another.

    A gradient by such a result is not one by the operand or the other result, which others may use as well.
    """
    operands = {environment[v] for v in call.inputs if v is not None and v in environment}
    for value in call.outputs:
        if value in apart and (environment[value] in operands or len(call.outputs) > 1):
            with g.at(call.name, doc_of(call.span)), _segment(g, call, environment):
                environment[value] = g.Identity(environment[value])


def lower_call(g: Builder, call: Call, environment: Environment) -> None:
    """Append one call and enter its results and updated statistics in `environment`."""
    half = g.training and call.half
    wide = call.operation.precision == "wide"
    with (
        g.at(call.name, doc_of(call.span)),
        _segment(g, call, environment),
        _mode(g, g.training and not call.frozen),
        g.holding(None if call.body is None else partial(_inside, call.body)),
    ):
        operands = [
            None
            if value is None
            else _given(g, value, _operand(g, value, environment), half=half, wide=wide)
            for value in (*call.inputs, *call.parameters)
        ]
        results = _lowered(g, call, operands)
        for value, result in zip(call.outputs, results, strict=True):
            environment[value] = _result(g, call, value, result, half=half, wide=wide)
    environment.update(_updates(g, call))


def typed(g: Builder, value: Value, lowered: ir.Value) -> ir.Value:
    """Return what stands for a value as the type that the network gives it."""
    return g.cast(lowered, value.type.dtype)


def _given(g: Builder, value: Value, lowered: ir.Value, *, half: bool, wide: bool) -> ir.Value:
    """Return an operand as its call takes it: with `half` a single as a half, with `wide` either as a single.

    In halves the squares of a statistic would overflow at 256, and its `eps` vanish.
    """
    dtype = value.type.dtype
    if wide and dtype is DType.FLOAT16:
        dtype = DType.FLOAT32
    elif half and not wide and dtype is DType.FLOAT32:
        dtype = DType.FLOAT16
    return g.cast(lowered, dtype)


def _lowered(g: Builder, call: Call, operands: Sequence[ir.Value | None]) -> tuple[ir.Value, ...]:
    try:
        results = call.operation.lower(g, *operands)
    except RuleError as error:
        raise _told(error, call) from error
    except (FreeExtentError, UnknownSizeError) as error:
        if g.training or not g.differentiated:
            raise
        raise _told(free_size(str(error)), call) from error
    return results if isinstance(results, tuple) else (results,)


def _inside(body: Body, g: Builder, *values: ir.Value) -> tuple[ir.Value, ...]:
    """Append the calls of a body on values for its inputs; return what stands for its outputs."""
    environment: Environment = dict(zip(body.inputs, values, strict=True))
    _lower_all(g, body.calls, environment)
    return tuple(_operand(g, value, environment) for value in body.outputs)


def _told(error: RuleError, call: Call) -> CompileError:
    """Put the place to what is found out only now: how a call is lowered depends on the graph."""
    place = Label(call.span, error.text)
    told = Diagnostic(error.code, error.message, place, facts=error.facts, helps=error.helps)
    return CompileError([told])


def free_size(fact: str) -> RuleError:
    """Return what is said where a `grad` of the net cannot be compiled for inputs of any size."""
    return RuleError(
        "E0341",
        "this gradient needs a size that is free",
        text="compiled for inputs of any size",
        facts=(fact,),
        helps=("give the inputs fixed sizes, for example  float32[64, 3]  for  float32[N, 3]",),
    )


def doc_of(span: Span) -> str:
    """Return the doc string of a node: the line of the spec it comes from."""
    return f"{span.source.path}:{span.line}  {span.source.line_text(span.line).strip()}"


def _operand(g: Builder, value: Value, environment: Environment) -> ir.Value:
    if value not in environment:
        if not isinstance(value, Constant):
            raise InternalError(
                "lower", f"`{value.name}` is used before it is computed", value.span
            )
        environment[value] = g.constant(value.array, value.type.dtype)
    return environment[value]


@contextmanager
def _differentiated(g: Builder, whether: bool) -> Iterator[None]:
    """Say that a gradient goes through what is lowered here, whatever the graph is for."""
    saved, g.differentiated = g.differentiated, g.differentiated or whether
    try:
        yield
    finally:
        g.differentiated = saved


@contextmanager
def _segment(g: Builder, call: Call, environment: Environment) -> Iterator[None]:
    """Say which part of the net is lowered, if that is computed again, and what goes into it.

    In a recurrence around the part each round is one of its own.
    """
    segment = call.segment if g.training else ""
    if segment:
        segment = segment if segment == g.segment else segment + g.rounds
        taken = (_operand(g, value, environment) for value in call.inputs if value is not None)
        g.entering.setdefault(segment, set()).update(taken)
    saved, g.segment = g.segment, segment
    try:
        yield
    finally:
        g.segment = saved


@contextmanager
def _mode(g: Builder, training: bool) -> Iterator[None]:
    saved, g.training = g.training, training
    g.updates.clear()
    try:
        yield
    finally:
        g.training = saved


def _updates(g: Builder, call: Call) -> Iterator[tuple[Value, ir.Value]]:
    by_name = {parameter.name.rpartition(".")[2]: parameter for parameter in call.parameters}
    for name, value in g.updates.items():
        yield by_name[name], typed(g, by_name[name], value)


def _result(
    g: Builder, call: Call, value: Value, result: ir.Value, *, half: bool, wide: bool
) -> ir.Value:
    """The layer's shape rule and the operators' type rules are written apart: hold one against the other."""
    expected = value.type.bind(g.sizes)
    if wide and expected.dtype is DType.FLOAT16:
        result = g.cast(result, DType.FLOAT16)
    found = type_of(result)
    if half and expected.dtype is DType.FLOAT32 and found.dtype in (DType.FLOAT32, DType.FLOAT16):
        found, result = found.with_dtype(DType.FLOAT32), g.cast(result, DType.FLOAT16)
    if found != expected:
        message = f"`{call.name}` should give {expected}, its nodes give {type_of(result)}"
        raise InternalError("lower", message, call.span)
    return result
