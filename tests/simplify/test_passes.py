"""Each pass: what it leaves of a graph, and that the graph still computes the same."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from dslc import dims
from dslc.graph.builder import Builder, type_of
from dslc.graph.verify import verify
from dslc.simplify import PASSES, simplify
from dslc.simplify.common import merge_common
from dslc.simplify.dead import remove_dead
from dslc.simplify.rewriter import Rewriter
from dslc.types import float32
from tests.simplify.cases_passes import ROWS, Row
from tests.simplify.run import assert_same, feeds_of, run

N = dims.free("N")


def built(row: Row) -> ir.Graph:
    g = Builder()
    inputs = [g.input(f"x{index}", type) for index, type in enumerate(row.inputs)]
    with g.at("row", "spec.net:1 row"):
        results = row.build(g, *inputs)
    for index, value in enumerate(results if isinstance(results, tuple) else (results,)):
        g.output(f"y{index}", value)
    return g.graph


def operators(graph: ir.Graph) -> list[str]:
    return [node.op_type for node in graph]


def divides_by_zero(row: Row) -> bool:
    return row.about == "an integer division by zero"


def test_every_pass_has_rows() -> None:
    assert {row.run for row in ROWS} == set(PASSES)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_what_is_left(row: Row) -> None:
    graph = built(row)
    verify(graph)
    row.run(Rewriter(graph))
    assert operators(graph) == row.after.split()
    verify(graph)
    assert all(node.doc_string == "spec.net:1 row" for node in graph)
    assert all((node.name or "").startswith("/row/") for node in graph if node.op_type != "Shape")


@pytest.mark.parametrize("row", [row for row in ROWS if not divides_by_zero(row)], ids=str)
def test_same_results(row: Row) -> None:
    graph = built(row)
    feeds = feeds_of(graph)
    before = run(graph, feeds)
    row.run(Rewriter(graph))
    assert_same(before, run(graph, feeds))


def test_inputs_stay_and_unused_constants_go() -> None:
    g = Builder()
    x, _ = g.input("x", float32(3)), g.input("unused", float32(2))
    g.initializer("weight", np.ones(3, np.float32))
    g.output("y", g.Exp(x))
    remove_dead(g.graph)
    assert [value.name for value in g.graph.inputs] == ["x", "unused"]
    assert not g.graph.initializers


def test_parameters_of_equal_numbers_keep_their_names() -> None:
    g = Builder()
    x = g.input("x", float32(3))
    ones = [g.initializer(name, np.ones(3, np.float32)) for name in ("a", "b")]
    g.output("y", g.Mul(g.Exp(g.Mul(x, ones[0])), ones[1]))
    merge_common(Rewriter(g.graph))
    assert set(g.graph.initializers) == {"a", "b"}


def test_large_equal_constants_are_one() -> None:
    g = Builder()
    x = g.input("x", float32(100))
    y = [g.Mul(x, np.arange(100, dtype=np.float32)) for _ in range(2)]
    g.output("y", g.Add(*y))
    merge_common(Rewriter(g.graph))
    remove_dead(g.graph)
    assert (len(g.graph.initializers), operators(g.graph)) == (1, ["Mul", "Add"])


def test_what_a_body_reads_is_kept_and_simplified() -> None:
    g = Builder()
    xs, start = g.input("xs", float32(N, 3, 2)), g.input("start", float32(N, 2))
    scale = g.Exp(g.Mul(start, 1.0))
    unused = g.Tanh(start)

    def step(inner: Builder, x: ir.Value, total: ir.Value) -> list[ir.Value]:
        return [inner.Add(inner.Mul(total, scale), x), inner.Tanh(inner.Mul(x, scale))]

    sums, more = g.scan(xs, [start], step)
    g.output("sums", sums)
    g.output("more", more)
    g.scan(xs, [start], lambda inner, x, total: [inner.Add(inner.Mul(total, unused), x)])
    feeds = feeds_of(g.graph)
    before = run(g.graph, feeds)
    simplify(g.graph, debug=True)
    assert operators(g.graph) == ["Exp", "Scan"]
    assert_same(before, run(g.graph, feeds))


def test_scans_with_different_bodies_stay_apart() -> None:
    g = Builder()
    xs, start = g.input("xs", float32(N, 3, 2)), g.input("start", float32(N, 2))
    for index in range(2):
        (y,) = g.scan(xs, [start], lambda g, x, h, by=index + 2: [g.Add(g.Mul(h, by), x)])
        g.output(f"y{index}", y)
    feeds = feeds_of(g.graph)
    before = run(g.graph, feeds)
    simplify(g.graph, debug=True)
    assert operators(g.graph) == ["Scan", "Scan"]
    assert_same(before, run(g.graph, feeds))


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs(seed: int) -> None:
    graph = random_graph(seed)
    feeds = feeds_of(graph, seed)
    types = {value.name: type_of(value) for value in graph.outputs}
    with np.errstate(all="ignore"):
        before = run(graph, feeds)
        simplify(graph, debug=True)
        after = run(graph, feeds)
    assert_same(before, after)
    assert {value.name: type_of(value) for value in graph.outputs} == types
    left = operators(graph)
    simplify(graph, debug=True)
    assert operators(graph) == left, "a second round finds nothing"


def random_graph(seed: int) -> ir.Graph:
    """Return a graph of about 25 nodes over matrices, with many numbers that are 0, 1 or equal."""
    random = np.random.default_rng(seed)
    g = Builder()
    values = [g.input("a", float32(N, 3)), g.input("b", float32(3)), g.input("c", float32(3, 3))]
    values.append(g.initializer("w", random.uniform(-1, 1, (3, 3)).astype(np.float32)))
    while len(g.graph) < 25:
        values.append(_random_node(g, random, values))
    for index in range(3):
        g.output(f"y{index}", values[-1 - index])
    return g.graph


def _random_node(g: Builder, random: np.random.Generator, values: list[ir.Value]) -> ir.Value:
    def pick(rank: int | None = None) -> ir.Value:
        found = [v for v in values if rank is None or type_of(v).rank == rank]
        return found[random.integers(len(found))]

    number = float(random.choice([0.0, 1.0, 2.0, -0.5]))
    square = next(v for v in reversed(values) if type_of(v).shape == (3, 3))
    made = [
        lambda: g.Add(pick(), number),
        lambda: g.Mul(pick(), number),
        lambda: g.Mul(number, pick()),
        lambda: g.Sub(pick(), number),
        lambda: g.Neg(pick()),
        lambda: g.Tanh(pick()),
        lambda: g.Identity(pick()),
        lambda: g.Transpose(g.Transpose(pick(2))),
        lambda: g.MatMul(pick(2), g.Transpose(square)),
        lambda: g.Sub(pick(1), g.Neg(pick(1))),
        lambda: g.Add(pick(2), pick(1)) if random.random() < 0.5 else g.Tanh(pick(2)),
        lambda: g.Mul(x := pick(2), g.expand(g.constant(number), g.shape_of(x))),
        lambda: g.reshape(g.Flatten(x := pick(2)), g.shape_of(x)),
        lambda: g.Add(pick(1), np.asarray([number, 1, 2])),
        lambda: g.Tanh(g.cast(g.cast(pick(), DOUBLE), SINGLE)),
        lambda: g.ReduceMean(pick(2), [0], keepdims=0),
    ]
    result: ir.Value = made[random.integers(len(made))]()
    return result if all(dim in (N, 3) for dim in type_of(result).shape) else values[-1]


DOUBLE, SINGLE = type(float32().dtype).FLOAT64, float32().dtype
