"""Every gradient rule, against central differences, against itself in float32, and at its kinks."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any
from zlib import crc32

import numpy as np
import onnx_ir as ir
import pytest

from dslc.gradient.differentiate import differentiate
from dslc.gradient.registry import NOT_DIFFERENTIABLE, RULES
from dslc.gradient.rule import Node, Rule
from dslc.graph.builder import Builder, type_of
from dslc.graph.operators import OPERATORS
from dslc.types import DType
from tests.gradient.case import Array, Case
from tests.gradient.cases_elementwise import ELEMENTWISE
from tests.gradient.cases_linear import LINEAR, NORMALISATION, REDUCTIONS
from tests.gradient.cases_shape import INDEX, SHAPE
from tests.gradient.cases_window import WINDOWS
from tests.gradient.harness import (
    Graph,
    check_against_differences,
    check_close,
    feeds_of,
    in_float64,
    in_onnxruntime,
)

GRADIENT_CASES: list[Case] = [
    *ELEMENTWISE,
    *LINEAR,
    *REDUCTIONS,
    *NORMALISATION,
    *SHAPE,
    *INDEX,
    *WINDOWS,
]

WITHOUT_RULE = {
    **dict.fromkeys(
        ["LSTM", "GRU", "RNN", "Scan"], "training unrolls recurrence; these serve inference"
    ),
    **dict.fromkeys(
        ["BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor"], "whole numbers"
    ),
    "Celu": "float32 alone, so float64 cannot judge it; no layer of the language lowers to it",
    "RoiAlign": "training lowers to products; this serves inference",
}
"""Operators that have a type rule, but neither a gradient rule nor a place among those without
gradient.
"""


def rows(*, smooth: bool = False, points: bool = False) -> Any:
    chosen = [c for c in GRADIENT_CASES if (c.smooth or not smooth) and (c.points or not points)]
    return pytest.mark.parametrize("case", chosen, ids=lambda case: case.name)


def rng_of(case: Case) -> np.random.Generator:
    return np.random.default_rng(crc32(case.name.encode()))


def check_row(case: Case, rules: Mapping[str, Rule] = RULES) -> None:
    """Judge the gradient in float64 by differences of the forward graph."""
    rng = rng_of(case)
    values = case.values(rng)
    forward = Graph.of(case.build, case.shapes, DType.FLOAT64)
    forward.builder.output("y", forward.result)
    run = in_float64(forward.builder)
    dy = rng.uniform(0.5, 1.5, type_of(forward.result).sizes)
    found = gradients_at(case, values, dy, DType.FLOAT64, rules)
    assert found.keys() == set(range(len(values)))
    check_against_differences(
        lambda xs: float(np.sum(run(feeds_of(xs))[0] * dy)), values, found, rng, case.step
    )


def gradients_at(
    case: Case,
    values: list[Array],
    dy: Array,
    dtype: DType,
    rules: Mapping[str, Rule] = RULES,
) -> dict[int, Array]:
    """Return the gradients by the number of their input."""
    graph = Graph.of(case.build, [np.shape(x) for x in values], dtype)
    found = graph.add_gradients(rules)
    for x, gradient in found.items():
        assert type_of(gradient) == type_of(x)
        graph.builder.output(f"d{x.name}", gradient)
    run = (in_onnxruntime if dtype is DType.FLOAT32 else in_float64)(graph.builder)
    feeds = {**feeds_of(values), "dy": dy}
    types = {x.name: type_of(x).dtype.numpy for x in graph.builder.graph.inputs}
    results = run({name: value.astype(types[name]) for name, value in feeds.items()})
    return {graph.inputs.index(x): r for x, r in zip(found, results, strict=True)}


@rows()
def test_gradient_is_the_slope(case: Case) -> None:
    check_row(case)


@rows()
def test_float32_agrees(case: Case) -> None:
    rng = rng_of(case)
    values = case.values(rng)
    shape = type_of(Graph.of(case.build, case.shapes, DType.FLOAT64).result).sizes
    dy = rng.uniform(0.5, 1.5, shape).astype(np.float32).astype(np.float64)
    exact = gradients_at(case, values, dy, DType.FLOAT64)
    found = gradients_at(case, values, dy, DType.FLOAT32)
    rms = max(float(np.sqrt(np.mean(gradient**2))) for gradient in exact.values())
    assert found.keys() == exact.keys()
    for index, gradient in found.items():
        if case.exact:
            np.testing.assert_array_equal(gradient, exact[index])
        check_close(gradient, exact[index], rms)


@rows(points=True)
def test_special_points(case: Case) -> None:
    for point in case.points:
        values = [np.asarray(x, dtype=np.float64) for x in point.values]
        y = type_of(Graph.of(case.build, [x.shape for x in values], DType.FLOAT64).result)
        for dtype, tolerance in ((DType.FLOAT64, 1e-12), (DType.FLOAT32, 1e-6)):
            found = gradients_at(case, values, np.ones(y.sizes), dtype)
            for index, expected in enumerate(point.gradients):
                np.testing.assert_allclose(
                    found[index], np.asarray(expected), rtol=tolerance, atol=1e-30
                )


@rows(smooth=True)
def test_second_order(case: Case) -> None:
    """Differentiate <gradient, v>, and judge it by differences of the gradient graph."""
    rng = rng_of(case)
    values = case.values(rng)
    graph = Graph.of(case.build, case.shapes, DType.FLOAT64)
    g = graph.builder
    first = graph.add_gradients()
    dy = rng.uniform(0.5, 1.5, type_of(graph.result).sizes)
    total = sum_of_products(g, list(first.values()), rng)
    second = differentiate(g, total, graph.inputs)
    g.output("total", total)
    for x, gradient in second.items():
        g.output(f"d{x.name}", gradient)
    run = in_float64(g)
    results = run({**feeds_of(values), "dy": dy})[1:]
    found = {graph.inputs.index(x): r for x, r in zip(second, results, strict=True)}
    check_against_differences(
        lambda xs: float(run({**feeds_of(xs), "dy": dy})[0]), values, found, rng, case.step
    )


def sum_of_products(g: Builder, values: list[ir.Value], rng: np.random.Generator) -> ir.Value:
    parts = [
        g.ReduceSum(
            g.Mul(x, g.constant(rng.uniform(0.5, 1.5, type_of(x).sizes), DType.FLOAT64)), keepdims=0
        )
        for x in values
    ]
    total: ir.Value = g.Sum(*parts)
    return total


def one_percent_off(rule: Rule, index: int) -> Rule:
    """Return the rule with the gradient of one input 1 % too large."""

    def changed(g: Builder, node: Node, *cotangents: ir.Value | None) -> Any:
        found = rule(g, node, *cotangents)
        gradients = list(found if isinstance(found, tuple) else (found,))
        if index < len(gradients) and gradients[index] is not None:
            gradient = gradients[index]
            gradients[index] = lambda: g.Mul(gradient() if callable(gradient) else gradient, 1.01)
        return tuple(gradients)

    return changed


FIRST_ROWS = [
    next(found)
    for _, found in groupby(sorted(GRADIENT_CASES, key=lambda c: c.operator), lambda c: c.operator)
]


@pytest.mark.parametrize("case", FIRST_ROWS, ids=lambda case: case.operator)
def test_a_rule_one_percent_off_is_caught(case: Case) -> None:
    caught = 0
    for index in range(6):
        broken = {**RULES, case.operator: one_percent_off(RULES[case.operator], index)}
        try:
            check_row(case, broken)
        except AssertionError:
            caught += 1
        if caught == len(case.shapes):
            return
    pytest.fail(f"only {caught} of {len(case.shapes)} gradients were found to be wrong")


def test_every_rule_has_a_row() -> None:
    assert {case.operator for case in GRADIENT_CASES} == set(RULES)


def test_every_operator_is_accounted_for() -> None:
    known = set(RULES) | set(NOT_DIFFERENTIABLE) | set(WITHOUT_RULE)
    assert set(OPERATORS) - known == set()
    assert set(WITHOUT_RULE) - set(OPERATORS) == set()
    assert set(WITHOUT_RULE) & (set(RULES) | set(NOT_DIFFERENTIABLE)) == set()


def test_names_of_rows_are_distinct() -> None:
    names = [case.name for case in GRADIENT_CASES]
    assert len(set(names)) == len(names)
