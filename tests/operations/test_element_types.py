"""Whatever an operation accepts has kernels: every row with other element types, taken by onnxruntime.

A kernel is chosen by the operator and the element types of its operands: a graph that holds none that is new is not
loaded again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import onnx_ir as ir
import pytest

from dslc.elaborate.makers import check_specs
from dslc.errors import RuleError
from dslc.graph.builder import type_of
from dslc.operation import Operation
from dslc.registry import operations
from dslc.types import DType, TensorType
from tests.operations import evaluate as ev
from tests.operations.harness import Array, Case
from tests.operations.test_operations import CASES

WIDE = (DType.FLOAT64, DType.FLOAT16)
WHOLE = (DType.INT64, DType.INT32, DType.UINT64, DType.UINT8, DType.INT8, DType.BOOL)

_accepted: set[tuple[object, ...]] = set()
"""Operators with element types that onnxruntime has taken."""


def _retyped(case: Case) -> Iterator[Case]:
    """Yield a row with other element types: for all its floats, or for all its whole numbers."""
    for dtype in (*WIDE, *WHOLE):
        for inputs in (_floats(case, dtype), _floats(case, dtype, others=True)):
            if inputs != case.inputs:
                yield replace(case, inputs=inputs)


def _floats(case: Case, dtype: DType, *, others: bool = False) -> tuple[TensorType | None, ...]:
    """Give the floats among the values of a row, or all the others, an element type."""
    return tuple(
        type.with_dtype(dtype) if type and type.dtype.is_float is not others else type
        for type in case.inputs
    )


def _is_accepted(case: Case) -> bool:
    """Tell whether the language takes the call."""
    try:
        case.operation.infer(*case.inputs)
        check_specs(case.name, ev.parameters_of(case))
    except RuleError:
        return False
    return True


def _graphs(case: Case) -> Iterator[ev.Lowered]:
    """Yield the call for inference, and in training with its gradient."""
    types = [type.bind(case.sizes) for type in ev.types_of(case)]
    for training in case.modes:
        if training and any(type.dtype.is_float for type in types):
            yield ev.lower_gradient(case, training, [np.ones(type.sizes) for type in types])
        else:
            yield ev.lower(case, training, case.sizes)


def _kernels(lowered: ev.Lowered) -> set[tuple[object, ...]]:
    return {
        (node.op_type, *(None if value is None else type_of(value).dtype for value in node.inputs))
        for node in ir.traversal.RecursiveGraphIterator(lowered.builder.graph)
    }


@pytest.mark.parametrize("name", operations())
def test_what_is_accepted_has_kernels(name: str) -> None:
    rows = [case for case in CASES if type(case.operation) is operations()[name]]
    retyped = (case for row in rows for case in _retyped(row) if _is_accepted(case))
    calls = {(repr(case.operation), case.inputs): case for case in retyped}
    for case in calls.values():
        for lowered in _graphs(case):
            kernels = _kernels(lowered)
            if not kernels <= _accepted:
                ev.session_of(lowered)
                _accepted.update(kernels)


@pytest.mark.parametrize("name", operations())
def test_what_computes_in_halves_has_kernels(name: str) -> None:
    """Weights become halves where training mixes precisions, which a spec cannot say of them."""
    rows = [case for case in CASES if type(case.operation) is operations()[name]]
    halves = (
        replace(case, inputs=_floats(case, DType.FLOAT16))
        for case in rows
        if case.operation.precision in ("half", "follow") and ev.parameters_of(case)
    )
    for case in (case for case in halves if True in case.modes and case.inputs):
        types = [type.bind(case.sizes) for type in ev.types_of(case)]
        lowered = ev.lower_gradient(case, True, [np.ones(type.sizes) for type in types])
        kernels = _kernels(lowered)
        if not kernels <= _accepted:
            ev.session_of(lowered)
            _accepted.update(kernels)


REFUSED = {"erf", "gelu", "avg_pool", "lp_pool", "lrn", "upsample", "conv", "conv_transpose"}
"""What onnxruntime computes in float32 alone."""


@pytest.mark.parametrize("name", operations())
def test_only_what_has_no_kernel_is_refused(name: str) -> None:
    rows = (case for case in CASES if type(case.operation) is operations()[name])
    for case in (case for case in rows if not ev.parameters_of(case)):
        inputs = _floats(case, DType.FLOAT64)
        approximate = getattr(case.operation, "approximate", None) is not None
        refused = name in REFUSED and not approximate and inputs != case.inputs
        assert _is_refused(case.operation, inputs) == refused


def _is_refused(operation: Operation, inputs: tuple[TensorType | None, ...]) -> bool:
    try:
        operation.infer(*inputs)
    except RuleError as error:
        return error.code == "E0590"
    return False


ROUNDING = {DType.FLOAT16: 2.0**-9, DType.FLOAT64: 1e-12}
"""Of the largest element: a few units in the last place."""

COMPUTED = (
    "softplus without overflow",
    "log_sigmoid without overflow",
    "gather the same often",
    "max_unpool, overlapping",
    "max_pool, 3/1 on 3",
    "group_norm, not affine",
    "adaptive_avg_pool 9x9 to (3, 3)",
    "roi_align",
)


@pytest.mark.parametrize("dtype", ROUNDING, ids=str)
@pytest.mark.parametrize("name", COMPUTED)
def test_results_and_gradients_of_other_types(name: str, dtype: DType) -> None:
    """What is written around a kernel computes the same."""
    (row,) = (case for case in CASES if case.name == name)
    case = replace(row, inputs=_floats(row, dtype))
    values = ev.cast(ev.cast(ev.draw(case)[0], dtype.numpy.type), np.float64)
    exact = ev.evaluate(case, True, values)
    weights = ev.cotangents(exact.results)
    found = ev.on_onnxruntime(ev.lower_gradient(case, True, weights), values)
    results = {f"y{i}": y for i, y in enumerate(exact.results)}
    gradients = {f"d{i}": d for i, d in enumerate(exact.backward(*weights)) if d is not None}
    for key, expected in (results | gradients).items():
        _near(found[key], expected, dtype)


def _near(found: Array, expected: Array, dtype: DType) -> None:
    assert found.dtype == (dtype.numpy if expected.dtype.kind == "f" else expected.dtype)
    scale = float(np.abs(expected).max())
    np.testing.assert_allclose(found, expected, rtol=0, atol=ROUNDING[dtype] * scale)
