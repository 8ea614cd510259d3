"""verify: every kind of damage is found, and named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest

from dslc import dims
from dslc.errors import InternalError
from dslc.graph.builder import Builder, set_type
from dslc.graph.verify import verify
from dslc.types import float32, int64

N = dims.free("N")


def sound() -> ir.Graph:
    """Return x -> Reshape -> Gemm -> y with a weight, and a MaxPool."""
    g = Builder()
    x = g.input("x", float32(N, 2, 3))
    w = g.initializer("w", np.ones((6, 4), np.float32))
    with g.at("fc", "spec.net:7 fc"):
        y = g.Gemm(g.Reshape(x, [0, -1]), w, alpha=0.5)
    g.output("y", y)
    g.output("z", g.MaxPool(x, kernel_shape=[2]))
    return g.graph


def node(graph: ir.Graph, operator: str) -> ir.Node:
    return next(node for node in graph if node.op_type == operator)


def _used_before(graph: ir.Graph) -> None:
    reshape = node(graph, "Reshape")
    graph.remove(reshape)
    graph.append(reshape)


def _foreign_operand(graph: ir.Graph) -> None:
    other = ir.Value(name="other")
    set_type(other, float32(N, 6))
    node(graph, "Gemm").replace_input_with(0, other)


def _huge_attribute(graph: ir.Graph) -> None:
    pool = node(graph, "MaxPool")
    pool.attributes["kernel_shape"] = ir.AttrInt64s("kernel_shape", [2**32])


def _attribute_kind(graph: ir.Graph) -> None:
    node(graph, "Gemm").attributes["alpha"] = ir.AttrInt64("alpha", 1)


def _unknown_attribute(graph: ir.Graph) -> None:
    node(graph, "Gemm").attributes["slope"] = ir.AttrFloat32("slope", 1.0)


def _wrong_type(graph: ir.Graph) -> None:
    set_type(graph.outputs[0], float32(N, 5))


def _written_differently(graph: ir.Graph) -> None:
    graph.outputs[0].shape = ir.Shape([1, 4])


def _element_type(graph: ir.Graph) -> None:
    graph.outputs[0].type = ir.TensorType(ir.DataType.DOUBLE)


def _no_type(graph: ir.Graph) -> None:
    del graph.outputs[0].meta["type"]


def _one_name(graph: ir.Graph) -> None:
    graph.outputs[0].name = "x"


def _one_node_name(graph: ir.Graph) -> None:
    node(graph, "Gemm").name = node(graph, "Reshape").name


def _domain(graph: ir.Graph) -> None:
    node(graph, "Gemm").domain = "com.microsoft"


def _not_computed(graph: ir.Graph) -> None:
    value = ir.Value(name="nowhere")
    set_type(value, float32(2))
    graph.outputs.append(value)


def _put_out_twice(graph: ir.Graph) -> None:
    graph.outputs.append(graph.outputs[0])


def _no_elements(graph: ir.Graph) -> None:
    graph.initializers["w"].const_value = None


def _other_elements(graph: ir.Graph) -> None:
    graph.initializers["w"].const_value = ir.tensor(np.ones((6, 5), np.float32))


def _operator(graph: ir.Graph) -> None:
    node(graph, "Reshape").op_type = "Compress"


def _operand_lost(graph: ir.Graph) -> None:
    node(graph, "Gemm").replace_input_with(1, None)


def scanning() -> ir.Graph:
    """Return the sums of a sequence so far, times a weight that the body reads from around it."""
    g = Builder()
    xs, start = g.input("xs", float32(N, 5, 2)), g.input("start", float32(N, 2))
    w = g.initializer("w", np.ones(2, np.float32))

    def step(inner: Builder, x: ir.Value, total: ir.Value) -> tuple[ir.Value]:
        return (inner.Mul(inner.Add(total, x), w),)

    (sums,) = g.scan(xs, [start], step)
    g.output("sums", sums)
    return g.graph


def _body(graph: ir.Graph) -> ir.Graph:
    return node(graph, "Scan").attributes["body"].as_graph()


def _reads_what_comes_later(graph: ir.Graph) -> None:
    node(_body(graph), "Mul").replace_input_with(1, graph.outputs[0])


def _name_of_the_graph_around(graph: ir.Graph) -> None:
    node(_body(graph), "Add").outputs[0].name = "xs"


def _name_of_a_node_around(graph: ir.Graph) -> None:
    node(_body(graph), "Add").name = node(graph, "Scan").name


def _other_carry(graph: ir.Graph) -> None:
    set_type(_body(graph).inputs[0], float32(N, 1))


BODY_DAMAGE: list[tuple[Callable[[ir.Graph], None], str]] = [
    (_reads_what_comes_later, "/Mul uses sums before it is defined"),
    (_name_of_the_graph_around, "two values are called xs"),
    (_name_of_a_node_around, "two nodes are called /Scan"),
    (_other_carry, "the body takes float32[N, 1], float32[N, 2], not float32[N, 2], float32[N, 2]"),
]


def test_a_sound_body_passes() -> None:
    verify(scanning())


@pytest.mark.parametrize(
    ("damage", "message"), BODY_DAMAGE, ids=lambda x: getattr(x, "__name__", "")
)
def test_damage_of_a_body_is_found(damage: Callable[[ir.Graph], None], message: str) -> None:
    graph = scanning()
    damage(graph)
    with pytest.raises(InternalError) as caught:
        verify(graph)
    assert message in str(caught.value)


DAMAGE: list[tuple[Callable[[ir.Graph], None], str]] = [
    (_used_before, "/fc/Gemm uses /fc/Reshape before it is defined"),
    (_foreign_operand, "/fc/Gemm uses other before it is defined"),
    (_huge_attribute, "MaxPool: the attribute kernel_shape is 4294967296"),
    (_attribute_kind, "Gemm: the attribute alpha of /fc/Gemm is INT"),
    (_unknown_attribute, "Gemm: the attribute slope of /fc/Gemm is FLOAT"),
    (_wrong_type, "gives float32[N, 4], but float32[N, 5] is written"),
    (_written_differently, "y is float32[N, 4], but the shape [1,4] is written on it"),
    (_element_type, "y is float32[N, 4], but DOUBLE is written on it"),
    (_no_type, "the value y has no type"),
    (_one_name, "two values are called x"),
    (_one_node_name, "two nodes are called /fc/Reshape"),
    (_domain, "/fc/Gemm is of the domain com.microsoft"),
    (_not_computed, "the output nowhere is not computed"),
    (_put_out_twice, "two outputs have one name"),
    (_no_elements, "the constant w has no elements"),
    (_other_elements, "w is float32[6, 4], but holds FLOAT[6,5]"),
    (_operator, "there is no type rule for the operator Compress"),
    (_operand_lost, "Gemm: operand 1 (B) is missing"),
]


def test_a_sound_graph() -> None:
    verify(sound())


@pytest.mark.parametrize(("damage", "message"), DAMAGE, ids=[d.__name__ for d, _ in DAMAGE])
def test_damage(damage: Callable[[ir.Graph], None], message: str) -> None:
    graph = sound()
    damage(graph)
    with pytest.raises(InternalError) as caught:
        verify(graph)
    assert message in str(caught.value)


def test_the_line_of_the_spec_is_named() -> None:
    graph = sound()
    _attribute_kind(graph)
    with pytest.raises(InternalError) as caught:
        verify(graph)
    assert caught.value.__notes__ == ["at the node /fc/Gemm: spec.net:7 fc"]


def test_a_told_type_has_as_many_elements() -> None:
    g = Builder()
    x, shape = g.input("x", float32(2, 3)), g.input("shape", int64(1))
    g.output("y", g.Reshape(x, shape, type=float32(7)))
    with pytest.raises(InternalError, match="makes 7 elements of 6"):
        verify(g.graph)
