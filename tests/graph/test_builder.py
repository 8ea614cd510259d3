"""The builder: what plain numbers, names and free dimensions become."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from dslc import dims
from dslc.errors import InternalError
from dslc.graph.builder import Builder, constant_of, type_of
from dslc.graph.verify import verify
from dslc.types import DType, TensorType, float32, int64

N, T = dims.free("N"), dims.free("T")


@pytest.mark.parametrize(
    ("operator", "operands", "place", "dtype"),
    [
        ("Add", (int64(2), 1), 1, "int64"),
        ("Add", (TensorType(DType.FLOAT64, (2,)), 0.5), 1, "float64"),
        ("Add", (TensorType(DType.UINT64, (2,)), np.uint64(2**63)), 1, "uint64"),
        ("Gather", (float32(2), 1), 1, "int64"),
        ("Pow", (float32(2), 2), 1, "float32"),
        ("Where", (TensorType(DType.BOOL, (2,)), 1.0, 0.0), 2, "float32"),
        ("Where", (TensorType(DType.BOOL, (2,)), float32(2), 0), 2, "float32"),
        ("ReduceSum", (float32(2), [0]), 1, "int64"),
        ("OneHot", (int64(2), 3, [0.0, 1.0]), 2, "int64"),
        ("Resize", (float32(1, 1, 2), None, [1, 1, 2]), 2, "float32"),
    ],
    ids=lambda item: str(item) if isinstance(item, str) else None,
)
def test_plain_numbers(operator: str, operands: tuple[object, ...], place: int, dtype: str) -> None:
    g = Builder()
    made = [g.input(f"x{i}", x) if isinstance(x, TensorType) else x for i, x in enumerate(operands)]
    y = g.node(operator, made)
    assert str(type_of(y.producer().inputs[place]).dtype) == dtype


def test_a_fraction_is_no_whole_number() -> None:
    g = Builder()
    with pytest.raises(InternalError, match=r"an operand cannot be 0\.5"):
        g.Add(g.input("x", int64(2)), 0.5)


def test_equal_constants_are_one() -> None:
    g = Builder()
    assert g.constant(1.0) is g.constant(np.float32(1))
    assert g.constant(1.0) is not g.constant(1)
    assert g.constant(0.0) is not g.constant(-0.0)
    assert g.constant(np.zeros(2)) is not g.constant(np.zeros((2, 1)))


def test_attributes_take_the_kind_of_the_operator() -> None:
    g = Builder()
    x = g.input("x", float32(2, 2))
    y = g.Gemm(x, x, alpha=2, transA=True, beta=None)
    attributes = y.producer().attributes
    assert attributes["alpha"].type is ir.AttributeType.FLOAT
    assert attributes["transA"].type is ir.AttributeType.INT
    assert "beta" not in attributes
    assert type_of(g.Cast(x, to=DType.INT64)).dtype is DType.INT64


@pytest.mark.parametrize(
    ("outputs", "count"), [(None, 1), (1, 1), (2, 2)], ids=["not said", "one", "two"]
)
def test_number_of_results(outputs: int | None, count: int) -> None:
    g = Builder()
    x = g.input("x", float32(1, 1, 4))
    found = g.MaxPool(x, kernel_shape=[2], outputs=outputs)
    assert len(found if isinstance(found, tuple) else (found,)) == count


def test_split_is_always_a_tuple() -> None:
    g = Builder()
    assert len(g.Split(g.input("x", float32(4)), num_outputs=1)) == 1


def test_names() -> None:
    g = Builder()
    x = g.input("x", float32(2))
    with g.at("stage1.block.conv", "spec.net:3 conv"):
        first, second = g.Exp(x), g.Exp(x)
    assert (first.name, second.name) == ("/stage1/block/conv/Exp", "/stage1/block/conv/Exp_1")
    assert first.producer().doc_string == "spec.net:3 conv"
    assert g.Exp(x).name == "/Exp"
    g.output("y", first)
    assert first.name == "y"


def test_outputs_that_need_a_node_of_their_own() -> None:
    g = Builder()
    x = g.input("x", float32(2))
    y = g.Exp(x)
    for name, value in (("a", x), ("b", g.constant(1.0)), ("c", y), ("d", y)):
        g.output(name, value)
    assert [value.name for value in g.graph.outputs] == ["a", "b", "c", "d"]
    assert [node.op_type for node in g.graph] == ["Exp", "Identity", "Identity", "Identity"]
    verify(g.graph)


def test_an_input_or_weight_can_be_an_output() -> None:
    g = Builder()
    x, w = g.input("x", float32(2)), g.initializer("w", np.ones(2, np.float32))
    for value in (x, w):
        assert g.output(value.name, value) is value
    verify(g.graph)
    assert not [*g.graph]


@pytest.mark.parametrize("again", ["input", "output", "initializer"])
def test_names_are_not_given_twice(again: str) -> None:
    g = Builder()
    x = g.input("x", float32(2))
    with pytest.raises(InternalError, match="two values are called x"):
        if again == "input":
            g.input("x", float32(2))
        elif again == "output":
            g.output("x", g.Exp(x))
        else:
            g.initializer("x", np.zeros(2, np.float32))


def test_a_builder_goes_on_with_a_graph() -> None:
    g = Builder()
    x = g.input("x", float32(N, 2))
    one = g.constant(1.0)
    g.Exp(x)
    more = Builder(g.graph)
    assert more.constant(1.0) is one
    assert more.Exp(x).name == "/Exp_1"
    assert more.extent(N).producer().inputs[0] is x


def test_an_empty_graph_is_used_too() -> None:
    graph = ir.Graph([], [], nodes=[], opset_imports={"": 18})
    assert Builder(graph).graph is graph


@pytest.mark.parametrize(
    ("old", "new", "sizes"),
    [
        ((N, 3, 4), (N, 12), [0, 12]),
        ((N, 12), (N, 3, 4), [0, 3, 4]),
        ((N, T, 4), (N * T, 4), [-1, 4]),
        ((N * T, 4), (N, T, 4), None),
        ((2, 3), (6,), [6]),
        ((N, T, 3), (N, T * 3), [0, -1]),
        ((N, 3), (3, N), [3, -1]),
    ],
)
def test_reshape(old: tuple[object, ...], new: tuple[object, ...], sizes: list[int] | None) -> None:
    g = Builder()
    g.input("sizes", float32(N, T))
    y = g.reshape(g.input("x", float32(*old)), new)
    assert type_of(y).shape == new
    held = constant_of(y.producer().inputs[1])
    assert (None if held is None else held.tolist()) == sizes
    verify(g.graph)


def test_sizes_are_put_in() -> None:
    g = Builder(sizes={"N": 6})
    x = g.input("x", float32(3))
    assert type_of(g.expand(x, (N, 3))).shape == (6, 3)
    assert constant_of(g.shape_tensor((N // 2, 3))).tolist() == [3, 3]


def test_free_dimensions_are_read_and_computed() -> None:
    g = Builder()
    g.input("x", float32(N, 2 * T + 1))
    g.output("n", g.extent(N))
    g.output("whole", g.extent(2 * T + 1))
    g.output("half", g.extent((N + 3 * N * N) // 2))
    verify(g.graph)
    with pytest.raises(InternalError, match="no input tells the size of T"):
        g.extent(T)


def test_a_computed_shape_has_to_be_told() -> None:
    g = Builder()
    x, shape = g.input("x", float32(2, 3)), g.input("shape", int64(1))
    with pytest.raises(InternalError, match="type="):
        g.Reshape(x, shape)
    assert type_of(g.Reshape(x, shape, type=float32(6))).shape == (6,)


def test_a_told_type_must_be_right() -> None:
    g = Builder()
    with pytest.raises(InternalError, match=r"is float32\[6\], not float32\[7\]"):
        g.Reshape(g.input("x", float32(2, 3)), [6], type=float32(7))
