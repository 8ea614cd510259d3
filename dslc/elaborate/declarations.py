"""What a body declares: inputs, weights, shared layers."""

from __future__ import annotations

from dslc.elaborate.arguments import setting_value
from dslc.elaborate.blocks import signature_of
from dslc.elaborate.calls import bind_settings
from dslc.elaborate.dimensions import bind_header, declared_type
from dslc.elaborate.lookup import define, lookup
from dslc.elaborate.makers import OtherWeightsError, Shared, check_specs
from dslc.elaborate.places import Form, Place
from dslc.elaborate.scope import (
    POISON,
    Definition,
    Frame,
    Operator,
    PoisonedError,
    Result,
    SharedLayer,
)
from dslc.errors import Label, RuleError
from dslc.initializers.base import Initializer
from dslc.network.network import Input, Parameter
from dslc.operation import ParameterSpec, SettingInfo
from dslc.syntax import tree
from dslc.types import DType, TensorType


def declare_input(node: tree.Input, frame: Frame) -> None:
    """`input`: a data input of the net, or of a net called as a layer what the call gives it."""
    if not frame.stack or not isinstance(frame.stack[-1].node, tree.Net):
        raise frame.mistake(
            "E0507",
            "an `input` line stands in a net",
            node.span,
            helps=("a block declares its data inputs in its header:  block Name(x: [N, C, H, W])",),
        )
    for name in node.names:
        if frame.inputs is None:
            wanted = declared_type(node.type, frame)
            result = Result((Input(name.text, wanted, node.type.span, frame.chain, doc=node.doc),))
        else:
            result = _given(name, node, frame.inputs[name.text], frame)
        define(name.text, result, name.span, frame)
        _begin(name, result, frame)


def _given(name: tree.Identifier, node: tree.Input, result: Result, frame: Frame) -> Result:
    """Hold what a call of the net gives against its `input` line."""
    span = frame.chain[-1][1] if frame.chain else name.span
    bind_header(name, node.type, result, frame, span)
    return result


def _begin(name: tree.Identifier, result: Result, frame: Frame) -> None:
    """The stack starts at the only input; with two, the first row must say where."""
    first = not frame.made
    frame.made[name.text] = result.value
    if first:
        frame.flow = result
        frame.starts = ((name.text, name.span),)
    elif frame.starts:
        frame.flow = None
        frame.starts = (*frame.starts, (name.text, name.span))


_INITIAL = SettingInfo("value", Initializer, None, {})


def declare_parameter(node: tree.Parameter, frame: Frame) -> None:
    """`param W: float32[2, 2] = xavier_uniform`: a weight of its own."""
    wanted = declared_type(node.type, frame)
    if wanted.dtype is not DType.FLOAT32:
        raise frame.mistake(
            "E0590",
            f"weights of {wanted.dtype} are not supported yet: they are float32",
            node.type.span,
            helps=("declare it as float32, and `cast` what is computed with it",),
        )
    initializer = setting_value(_INITIAL, node.value, frame, node.name.text)
    spec = ParameterSpec("", wanted, initializer)
    _check_parameter(spec, node, wanted, frame)
    try:
        made = frame.maker.make((spec,), node.type.span, frame.chain)
    except OtherWeightsError as error:
        raise frame.mistake(
            "E0312", "a shared block is called with values of another shape", node.span
        ) from error
    _keep_parameter(made[0], node, frame)


def _check_parameter(
    spec: ParameterSpec, node: tree.Parameter, wanted: TensorType, frame: Frame
) -> None:
    try:
        check_specs(node.name.text, (spec,))
    except RuleError as error:
        raise frame.mistake(
            error.code,
            f"`{node.name.text}` cannot be filled: {error.message}"
            if wanted.is_static
            else f"`{node.name.text}` has no fixed size",
            node.value.span if wanted.is_static else node.type.span,
            error.text,
            others=[Label(node.type.span, f"this is {wanted}")] if wanted.is_static else [],
            facts=error.facts,
            helps=error.helps,
        ) from error


def _keep_parameter(parameter: Parameter, node: tree.Parameter, frame: Frame) -> None:
    place = frame.place.add(Place(Form.ROW, node.name.text, labels=(node.name.text,)))
    place.parameters = [("", parameter)]
    place.results = (parameter,)
    define(node.name.text, Result((parameter,)), node.name.span, frame)


def declare_layer(node: tree.Layer, frame: Frame) -> None:
    """`layer x = Conv(64, 3x3)`: the settings now, the weights at the first call."""
    call = node.value
    name = call.function if isinstance(call, tree.Call) else call
    target = lookup(name, frame, calling=True) if isinstance(name, tree.Name) else None
    if target is POISON:
        raise PoisonedError
    if not isinstance(target, Operator | Definition):
        raise frame.mistake(
            "E0504",
            "a `layer` line names a layer",
            call.span,
            helps=(f"for example:  layer {node.name.text} = Linear(64)",),
        )
    arguments = call.arguments if isinstance(call, tree.Call) else ()
    place = Place(Form.LAYER, node.name.text, labels=(node.name.text,))
    bound = bind_settings(signature_of(target), arguments, frame, call.span)
    layer = SharedLayer(node.name.text, target, bound, place, Shared(frame.maker))
    define(node.name.text, layer, node.name.span, frame)
    frame.place.add(place)
