"""Gradients of gradients: the set of rules is closed, and every operation can be differentiated twice.

The second derivative of a row is that of the sum of its first gradients, each times an array: by symmetry, the slope of
the gradient along those arrays. The graph gives it by differentiating the nodes of its own gradient; the reference, by
central differences of its backward pass, with random numbers and kinks as they were.

A row that stands on a kink (`differences=False`: `relu at 0`, ties, norms of zeros) has no second derivative. There it
is only asked that the graph gives numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest
from dslc_runtime import counter

from dslc.gradient.differentiate import differentiate
from dslc.gradient.registry import NOT_DIFFERENTIABLE, RULES
from dslc.graph.builder import Builder
from dslc.reference.run import Run
from dslc.types import DType
from tests.gradient.harness import Graph, slope
from tests.gradient.test_rules import GRADIENT_CASES
from tests.operations import evaluate as ev
from tests.operations.harness import Array, Case
from tests.operations.test_operations import CASES

BOUND = 2e-4
"""Of the length of a second derivative in float32, where it is not tiny beside the others."""

TRAINED = [case for case in CASES if case.operation.differentiable and ev.trained_operands(case)]

every_trained_case = pytest.mark.parametrize("case", TRAINED, ids=lambda case: case.name)

Arrays = Sequence["Array | None"]


def is_training(case: Case) -> bool:
    return True in case.modes


def operands_of(case: Case) -> tuple[Array | None, ...]:
    values, owned = ev.draw(case)
    return (*values, *owned)


def weights_of(case: Case, operands: Arrays) -> dict[int, Array]:
    """Return what each gradient is multiplied with: between -1 and 1, exact in float32."""
    rng = np.random.default_rng(5)
    found = {}
    for i in ev.trained_operands(case):
        x = operands[i]
        assert x is not None
        found[i] = rng.uniform(-1, 1, x.shape).astype(np.float32).astype(np.float64)
    return found


def twice(case: Case, operands: Arrays, weights: Mapping[int, Array]) -> ev.Lowered:
    """Return the graph of the second derivatives, `dd0`, `dd1` by operand."""
    results = ev.evaluate(case, is_training(case), operands).results
    lowered = ev.lower(case, is_training(case), case.sizes)
    g = lowered.builder
    pairs = zip(lowered.results, ev.cotangents(results), strict=True)
    total = weighted(g, ((y, weight) for y, weight in pairs if g.dtype_of(y).is_float))
    values = {i: lowered.operands[i] for i in weights}
    wanted = [value for value in values.values() if value is not None]
    first = differentiate(g, total, wanted, zeros=True)
    slopes = weighted(g, ((first[v], weights[i]) for i, v in values.items() if v is not None))
    second = differentiate(g, slopes, wanted, zeros=True)
    g.graph.outputs.clear()
    lowered.names.clear()
    for i, value in values.items():
        assert value is not None
        lowered.names.append(f"dd{i}")
        g.output(f"dd{i}", second[value])
    return lowered


def weighted(g: Builder, pairs: Iterable[tuple[ir.Value, Array]]) -> ir.Value:
    total: ir.Value = g.constant(0.0, DType.FLOAT32)
    for value, weight in pairs:
        products = g.Mul(value, g.constant(weight.astype(np.float32)))
        total = g.Add(total, g.ReduceSum(products, keepdims=0))
    return total


class Beside:
    """The gradient of the reference at a point and near it, every kink as it falls at the point."""

    def __init__(self, case: Case, operands: Arrays) -> None:
        self.case, self.operands = case, operands
        self.found: Arrays = ()
        self.fallen: Sequence[Array] | None = None
        self.fallen = self._run({}).decisions

    def gradients(self, shift: Mapping[int, Array]) -> dict[int, Array]:
        self._run(shift)
        return {i: _whole(self.found[i], like) for i, like in shift.items()}

    def _run(self, shift: Mapping[int, Array]) -> Run:
        case = self.case
        key = (ev.STEP_KEY + 2 * counter.stream_of(ev.SCOPE)) % 2**64
        run = Run(is_training(case), case.sizes, key, fallen=self.fallen)
        moved = [
            x + shift[i] if x is not None and i in shift else x for i, x in enumerate(self.operands)
        ]
        results, backward = case.operation.reference(run, *moved)
        results = results if isinstance(results, tuple) else (results,)
        self.found = backward(*ev.cotangents(results))
        return run


@every_trained_case
def test_second_derivative(case: Case) -> None:
    operands = operands_of(case)
    weights = weights_of(case, operands)
    found = ev.on_onnxruntime(twice(case, operands, weights), operands)
    if not case.differences:
        assert all(np.isfinite(array).all() for array in found.values())
        return
    expected = second_derivatives(case, operands, weights)
    whole = np.sqrt(sum(float(np.vdot(x, x)) for x in expected.values()))
    for i, exact in expected.items():
        size = max(float(np.linalg.norm(exact)), 1e-3 * whole)
        error = float(np.linalg.norm(found[f"dd{i}"].astype(np.float64) - exact))
        assert error <= BOUND * size + 1e-5, f"operand {i}: off by {error:.2e} of {size:.2e}"


def second_derivatives(
    case: Case, operands: Arrays, weights: Mapping[int, Array]
) -> dict[int, Array]:
    beside = Beside(case, operands)
    ends = {
        t: beside.gradients({i: t * weight for i, weight in weights.items()})
        for h in (case.step, case.step / 2)
        for t in (h, -h)
    }

    def slope_of(i: int) -> Array:
        def along(t: float) -> Any:
            return ends[t][i]

        return np.asarray(slope(along, case.step))

    return {i: slope_of(i) for i in weights}


def _whole(gradient: Array | None, like: Array) -> Array:
    return np.zeros_like(like) if gradient is None else gradient


# ---- the set of rules is closed


@cache
def emitted() -> Mapping[str, str]:
    """Return every operator on the way of a first or second gradient, with a row that emits it."""
    found: dict[str, str] = {}
    for case in CASES:
        operands = operands_of(case)
        floats = [y for y in ev.evaluate(case, is_training(case), operands).results if _is_float(y)]
        if case in TRAINED and floats:
            _note(found, case.name, twice(case, operands, weights_of(case, operands)).builder)
        else:
            _note(found, case.name, ev.lower(case, True, case.sizes).builder)
    for row in GRADIENT_CASES:
        graph = Graph.of(row.build, row.shapes, DType.FLOAT32)
        first = list(graph.add_gradients().values())
        for gradient in first:
            differentiate(graph.builder, gradient, graph.inputs, zeros=True)
        _note(found, row.name, graph.builder)
    return found


def _is_float(array: Array) -> bool:
    return array.dtype.kind == "f"


def _note(found: dict[str, str], name: str, g: Builder) -> None:
    for node in g.graph:
        found.setdefault(node.op_type, name)


def test_every_emitted_operator_has_a_rule_or_a_reason() -> None:
    open_ends = {
        operator: row
        for operator, row in emitted().items()
        if operator not in RULES and not NOT_DIFFERENTIABLE.get(operator)
    }
    assert not open_ends


def test_the_walk_over_rows_sees_all_rules() -> None:
    """Every rule is for an operator that is emitted: one that no row reaches would not be looked at."""
    assert set(RULES) <= set(emitted())
