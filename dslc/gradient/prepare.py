"""Makes a graph that came from elsewhere ready to be differentiated: every value gets a type."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from dslc.dims import Expression, free
from dslc.errors import InternalError
from dslc.gradient.rule import GradientError
from dslc.graph.attributes import attributes_of
from dslc.graph.builder import Builder, set_type
from dslc.graph.operators import infer
from dslc.graph.values import DTYPES
from dslc.types import TensorType


def prepare(graph: ir.Graph, sizes: Mapping[str, int] | None = None) -> Builder:
    """Return a builder for a loaded graph (opset 18), its free dimensions bound to `sizes`.

    Types come from our own rules; where these do not know an operator or a shape, from what the
    file says.

    Errors   GradientError where neither tells the type of a value
    """
    bound = dict(sizes or {})
    for value in [*graph.inputs, *graph.initializers.values()]:
        set_type(value, _declared(value, bound))
    for node in graph:
        if node.op_type == "Constant":
            _note_constant(node)
            continue
        for value, type in zip(node.outputs, _types(node, bound), strict=False):
            set_type(value, type)
    return Builder(graph, sizes=bound)


def _declared(value: ir.Value, sizes: Mapping[str, int]) -> TensorType:
    """Return the type the file states: of the contents where there are some."""
    shape = value.const_value.shape if value.const_value is not None else value.shape
    dtype = value.const_value.dtype if value.const_value is not None else value.dtype
    if shape is None or dtype is None or dtype not in DTYPES:
        raise GradientError(f"the file does not say what {value.name} is: no type, or no shape")
    return TensorType(DTYPES[dtype], tuple(_dim(value, dim, sizes) for dim in shape))


def _dim(
    value: ir.Value, dim: int | ir.SymbolicDimProtocol, sizes: Mapping[str, int]
) -> int | Expression:
    if isinstance(dim, int):
        return dim
    if dim.value is None:
        raise GradientError(f"a dimension of {value.name} has neither a size nor a name")
    return sizes.get(str(dim.value)) or free(str(dim.value))


def _note_constant(node: ir.Node) -> None:
    """Let a constant written as a node be known like one written as an initializer."""
    attribute = node.attributes.get("value")
    if attribute is None:
        raise GradientError(f"the constant {node.name} is not written as a tensor")
    value = node.outputs[0]
    value.const_value = attribute.as_tensor()
    set_type(value, _declared(value, {}))


def _types(node: ir.Node, sizes: Mapping[str, int]) -> tuple[TensorType, ...]:
    try:
        return infer(node.op_type, list(node.inputs), attributes_of(node))
    except InternalError:
        return tuple(_declared(value, sizes) for value in node.outputs if value.name)
