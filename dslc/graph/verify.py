"""What is true of every graph between two passes, checked in one sweep.

Names are unique, values are defined once and before they are used, every node is an operator of
the standard domain with a type rule, and every type that is written is the type the rule gives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import onnx_ir as ir

from dslc import dims
from dslc.errors import InternalError
from dslc.graph.attributes import attributes_of
from dslc.graph.loops import bodies
from dslc.graph.operators import LARGEST, Inference, ShapeNotKnownError, signature_of
from dslc.graph.values import DTYPES, onnx_type, type_of
from dslc.types import TensorType


def verify(graph: ir.Graph) -> None:
    """Refuse a graph that is not well formed, with an InternalError that names the node."""
    _verify(graph, _Seen())


@dataclass
class _Seen:
    """What can be used at a place, and the names taken in the graph and in those inside its nodes."""

    defined: set[ir.Value] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    nodes: set[str] = field(default_factory=set)
    infer: Inference = field(default_factory=Inference)


def _verify(graph: ir.Graph, seen: _Seen) -> None:
    defined, names = seen.defined, seen.names
    for value in (*graph.inputs, *graph.initializers.values()):
        # An initializer may be an input as well: the default of it.
        if value not in defined:
            _define(value, defined, names)
    for value in graph.initializers.values():
        _check_constant(value)
    for node in graph:
        _check_bodies(node, seen)
        _check_node(node, seen)
        for value in node.outputs:
            _define(value, defined, names)
    for value in graph.outputs:
        if value not in defined:
            raise _fault(f"the output {value.name} is not computed")
    if len({value.name for value in graph.outputs}) < len(graph.outputs):
        raise _fault("two outputs have one name")


def _check_bodies(node: ir.Node, seen: _Seen) -> None:
    """Check the name of a node, and the graphs inside it: they read what is defined before the node."""
    if not node.name or node.name in seen.nodes:
        raise _fault(f"two nodes are called {node.name}")
    seen.nodes.add(node.name)
    for body in bodies(node):
        _verify(body, replace(seen, defined=set(seen.defined)))


def _define(value: ir.Value, defined: set[ir.Value], names: set[str]) -> None:
    """Note a value that can be used from here on."""
    if not value.name or value.name in names:
        raise _fault(f"two values are called {value.name}")
    names.add(value.name)
    defined.add(value)
    _check_type(value)


def _check_type(value: ir.Value) -> None:
    """Compare our type of a value with what is written for others; dimensions are in range."""
    type = type_of(value)
    if value.dtype is None or DTYPES.get(value.dtype) is not type.dtype:
        raise _fault(f"{value.name} is {type}, but {value.dtype} is written on it")
    shape = value.shape
    if shape is not onnx_type(type)[1] and (
        shape is None or (shape != type.shape and _texts(shape) != _texts(type.shape))
    ):
        raise _fault(f"{value.name} is {type}, but the shape {shape} is written on it")
    for dim in type.shape:
        if isinstance(dim, int) and not 0 <= dim <= LARGEST:
            raise _fault(f"{value.name} is {type}")


def _texts(shape: Iterable[object]) -> list[str]:
    return [str(dim) for dim in shape]


def _check_constant(value: ir.Value) -> None:
    type, held = type_of(value), value.const_value
    if held is None:
        if not value.is_graph_input():
            raise _fault(f"the constant {value.name} has no elements")
    elif DTYPES.get(held.dtype) is not type.dtype or tuple(held.shape.numpy()) != type.shape:
        raise _fault(f"{value.name} is {type}, but holds {held.dtype}{held.shape}")


def _check_node(node: ir.Node, seen: _Seen) -> None:
    if node.domain not in ("", "ai.onnx"):
        raise _fault(f"{node.name} is of the domain {node.domain}")
    for value in node.inputs:
        if value is not None and value not in seen.defined:
            raise _fault(f"{node.name} uses {value.name} before it is defined")
    try:
        _check_types(node, seen.infer)
    except InternalError as error:
        error.add_note(f"at the node {node.name}: {node.doc_string or 'of no line'}")
        raise


def _check_types(node: ir.Node, infer: Inference) -> None:
    _check_kinds(node)
    written = tuple(map(type_of, node.outputs))
    try:
        types = infer(node.op_type, node.inputs, attributes_of(node))
    except ShapeNotKnownError:
        _check_given(node, written)
        return
    if not written or written != types[: len(written)]:
        raise _fault(
            f"{node.name} ({node.op_type}) gives {_text(types)}, but {_text(written)} is written"
        )


def _check_kinds(node: ir.Node) -> None:
    signature = signature_of(node.op_type)
    for name, attribute in node.attributes.data.items():
        if signature.kinds.get(name) is not attribute.type:
            raise signature.fault(f"the attribute {name} of {node.name} is {attribute.type}")


def _check_given(node: ir.Node, written: tuple[TensorType, ...]) -> None:
    """Check what can be known of a type that was given to the builder."""
    if len(written) != 1:
        raise _fault(f"{node.name} has {len(written)} results of unknown shape")
    if node.op_type == "Reshape" and node.inputs[0] is not None:
        before = type_of(node.inputs[0]).size
        if dims.known((before, written[0].size)) and before != written[0].size:
            raise _fault(f"{node.name} makes {written[0].size} elements of {before}")


def _text(types: tuple[TensorType, ...]) -> str:
    return ", ".join(str(type) for type in types)


def _fault(message: str) -> InternalError:
    return InternalError("verify", message)
