"""The walk: which nodes it passes, how it adds up, what it says when it cannot go on."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper

from dslc.gradient.differentiate import differentiate
from dslc.gradient.prepare import prepare
from dslc.gradient.registry import RULES
from dslc.gradient.rule import FreeSizeError, GradientError
from dslc.graph.builder import Builder, type_of
from dslc.types import DType, TensorType, float32, int64
from tests.gradient.harness import in_float64


def float64(*shape: int) -> TensorType:
    return TensorType(DType.FLOAT64, shape)


def names(g: Builder) -> list[str]:
    return [node.name or "" for node in g.graph]


def values_of(g: Builder, found: dict[ir.Value, ir.Value], **feeds: Any) -> dict[str, Any]:
    for x, gradient in found.items():
        g.output(f"d.{x.name}", gradient)
    results = in_float64(g)({name: np.asarray(value) for name, value in feeds.items()})
    return {x.name or "": result for x, result in zip(found, results, strict=True)}


def test_nodes_are_named_after_the_forward_node_and_lead_to_its_line() -> None:
    g = Builder()
    x = g.input("x", float32(3))
    with g.at("encoder.act", "lenet5.net:7"):
        y = g.Tanh(x)
    forward = len(names(g))
    differentiate(g, y, [x])
    added = list(g.graph)[forward:]
    assert [n.name for n in added if n.op_type != "Expand"] == [
        "/grad/encoder/act/Tanh/Mul",
        "/grad/encoder/act/Tanh/Sub",
        "/grad/encoder/act/Tanh/Mul_1",
    ]
    assert all(n.name and n.name.startswith("/grad/") for n in added)
    assert {n.doc_string for n in added if n.op_type != "Expand"} == {"lenet5.net:7"}


def test_values_with_several_uses_get_the_sum() -> None:
    g = Builder()
    x = g.input("x", float64(2))
    y = g.Add(g.Mul(x, x), g.Add(g.Exp(x), x))
    found = values_of(g, differentiate(g, y, [x]), x=[0.5, -1.0])
    np.testing.assert_allclose(found["x"], 2 * np.array([0.5, -1]) + np.exp([0.5, -1]) + 1)


def test_inner_values_have_gradients_too() -> None:
    g = Builder()
    x = g.input("x", float64(2))
    h = g.Exp(x)
    y = g.Mul(h, h)
    found = differentiate(g, y, [x, h, y])
    assert list(found) == [x, h, y]
    result = values_of(g, found, x=[0.0, 1.0])
    np.testing.assert_allclose(result[h.name or ""], 2 * np.exp([0, 1]))
    np.testing.assert_allclose(result["x"], 2 * np.exp([0, 2]))
    np.testing.assert_array_equal(result[y.name or ""], [1, 1])


def test_only_the_way_from_wrt_is_walked() -> None:
    g = Builder()
    x, w = g.input("x", float32(2, 3)), g.input("w", float32(3, 4))
    y = g.MatMul(g.Sin(x), w)
    before = len(names(g))
    differentiate(g, y, [w])
    assert not any("Cos" in name or "transB" in name for name in names(g)[before:])
    assert all("Sin" not in name for name in names(g)[before:])


def test_values_that_do_not_matter_are_missing_or_zero() -> None:
    g = Builder()
    x, other = g.input("x", float64(2)), g.input("other", float64(2, 3))
    n = g.input("n", int64(2))
    y = g.Add(g.Exp(x), g.cast(n, DType.FLOAT64))
    assert list(differentiate(g, y, [x, other, n])) == [x]
    assert list(differentiate(g, y, [other])) == []
    found = differentiate(g, y, [x, other, n], zeros=True)
    assert set(found) == {x, other}
    result = values_of(g, {other: found[other]}, x=[0.0, 0.0], other=np.ones((2, 3)), n=[1, 2])
    np.testing.assert_array_equal(result["other"], np.zeros((2, 3)))


@pytest.mark.parametrize("operator", ["Floor", "Sign", "Round", "Ceil"])
def test_steps_end_the_path(operator: str) -> None:
    g = Builder()
    x = g.input("x", float64(2))
    stepped = g.node(operator, [x])
    assert differentiate(g, stepped, [x]) == {}
    found = values_of(g, differentiate(g, g.Mul(stepped, x), [x]), x=[1.2, 2.0])
    expected = {"Floor": [1, 2], "Sign": [1, 1], "Round": [1, 2], "Ceil": [2, 2]}[operator]
    np.testing.assert_array_equal(found["x"], expected)


def test_a_missing_rule_is_named_with_the_line() -> None:
    g = Builder()
    x = g.input("x", float32(2))
    with g.at("act", "a.net:3"):
        y = g.Celu(x)
    with pytest.raises(GradientError, match=r"Celu at /act/Celu \(a\.net:3\): .*no gradient rule"):
        differentiate(g, y, [x])


def test_rules_can_be_replaced() -> None:
    g = Builder()
    x = g.input("x", float64(2))
    rules = {**RULES, "Relu": lambda g, node, dy: g.Mul(dy, 7)}
    found = values_of(g, differentiate(g, g.Relu(x), [x], rules=rules), x=[-1.0, 1.0])
    np.testing.assert_array_equal(found["x"], [7, 7])


def test_whole_numbers_have_no_gradient() -> None:
    g = Builder()
    n = g.input("n", int64(2))
    with pytest.raises(GradientError, match="int64"):
        differentiate(g, g.Add(n, 1), [n])


def test_free_dimensions_are_refused_where_a_rule_needs_them() -> None:
    from dslc.dims import free

    g = Builder()
    x, w = g.input("x", float32(free("N"), 3, 8)), g.input("w", float32(2, 3, 3))
    y = g.Conv(x, w)
    assert list(differentiate(g, y, [x])) == [x]
    with pytest.raises(FreeSizeError, match=r"Conv at /Conv: x is \[N, 3, 8\], .* know N"):
        differentiate(g, y, [w])


def test_a_training_batch_normalization_is_refused() -> None:
    shape, channels = [2, 3, 4], [3]
    nodes = [
        helper.make_node(
            "BatchNormalization", ["x", "s", "b", "m", "v"], ["y", "m2", "v2"], training_mode=1
        )
    ]
    given = [("x", shape), *[(name, channels) for name in "sbmv"]]
    results = [("y", shape), ("m2", channels), ("v2", channels)]
    with pytest.raises(GradientError, match="training form"):
        g, inputs, outputs = loaded(nodes, given, results)
        differentiate(g, outputs[0], inputs[:1])


def test_branches_are_refused_not_ignored() -> None:
    """A value that a branch reads from outside is on the path, though no operand of the If."""

    def branch(name: str, operator: str) -> Any:
        y = helper.make_tensor_value_info(f"{name}.y", TensorProto.FLOAT, [2])
        node = helper.make_node(operator, ["x"], [f"{name}.y"])
        return helper.make_graph([node], name, [], [y])

    choice = helper.make_tensor("choice", TensorProto.BOOL, [], [True])
    nodes = [
        helper.make_node(
            "If", ["choice"], ["y"], then_branch=branch("a", "Exp"), else_branch=branch("b", "Neg")
        )
    ]
    g, inputs, outputs = loaded(nodes, [("x", [2])], [("y", [2])], [choice])
    with pytest.raises(GradientError, match="If"):
        differentiate(g, outputs[0], inputs)


def loaded(
    nodes: list[Any],
    inputs: list[tuple[str, list[Any]]],
    outputs: list[tuple[str, list[Any]]],
    constants: list[Any] | None = None,
    **sizes: int,
) -> tuple[Builder, list[ir.Value], list[ir.Value]]:
    """Return a graph that other tools wrote, ready to be differentiated."""
    described = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in part]
        for part in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "other", *described, constants or [])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    g = prepare(ir.serde.deserialize_model(model).graph, sizes)
    return g, list(g.graph.inputs), list(g.graph.outputs)


def test_a_graph_from_elsewhere_is_differentiated() -> None:
    """Constants as nodes and as initializers, names of dimensions, unnamed nodes."""
    nodes = [
        helper.make_node("Constant", [], ["shape"], value=helper.make_tensor("", 7, [2], [-1, 6])),
        helper.make_node("Gemm", ["x", "w"], ["h"], transB=1),
        helper.make_node("Relu", ["h"], ["a"]),
        helper.make_node("Reshape", ["a", "shape"], ["y"]),
    ]
    w = helper.make_tensor("w", TensorProto.FLOAT, [3, 2], [1, -1, 0.5, 2, -3, 1])
    g, inputs, outputs = loaded(nodes, [("x", ["N", 2])], [("y", ["M", 6])], [w], N=4)
    assert type_of(outputs[0]) == float32(2, 6)
    found = differentiate(g, outputs[0], [*inputs, g.graph.initializers["w"]])
    x = np.random.default_rng(3).uniform(-1, 1, (4, 2)).astype(np.float32)
    g.graph.outputs.clear()
    result = values_of(g, found, x=x)
    weight = np.array([[1, -1], [0.5, 2], [-3, 1]], np.float32)
    active = (x @ weight.T > 0).astype(np.float32)
    np.testing.assert_allclose(result["x"], active @ weight, rtol=1e-6)
    np.testing.assert_allclose(result["w"], active.T @ x, rtol=1e-5)


def test_an_operator_we_do_not_know_keeps_the_type_of_the_file() -> None:
    nodes = [
        helper.make_node("Det", ["x"], ["d"]),
        helper.make_node("Exp", ["z"], ["e"]),
        helper.make_node("Add", ["d", "e"], ["y"]),
    ]
    g, inputs, outputs = loaded(nodes, [("x", [2, 2]), ("z", [])], [("y", []), ("d", [])])
    assert list(differentiate(g, outputs[0], inputs[1:])) == inputs[1:]
    with pytest.raises(GradientError, match="Det"):
        differentiate(g, outputs[0], inputs)


def test_a_value_of_unknown_shape_is_refused() -> None:
    with pytest.raises(GradientError, match="no shape"):
        loaded(
            [helper.make_node("Det", ["x"], ["d"]), helper.make_node("Exp", ["d"], ["y"])],
            [("x", [2, 2])],
            [("y", [])],
        )
