"""Values made of numbers, where their sizes are free: they follow the inputs of the graph."""

from __future__ import annotations

import numpy as np
import pytest

from dslc.errors import RuleError
from dslc.graph.builder import Builder, type_of
from dslc.layers.arithmetic import Add, Maximum, Minimum, Mul
from dslc.layers.creation import Full, Ones, Range, Zeros
from dslc.layers.merge import MERGES, check_branches
from dslc.operation import Function
from dslc.reference.run import Run
from dslc.types import float32
from tests.operations import evaluate as ev
from tests.operations.harness import Array, N, T


def _on_onnxruntime(operation: Function) -> Array:
    g = Builder()
    x = g.input("x0", float32(N, T))
    y = operation.lower(g)
    assert type_of(y) == operation.infer()
    lowered = ev.Lowered(g, [x], (y,), ["y"])
    g.output("y", y)
    return ev.on_onnxruntime(lowered, [np.zeros((2, 3))])["y"]


@pytest.mark.parametrize(
    "operation",
    [Zeros((N, 2)), Ones((T, N)), Full((N,), 0.5), Range(T), Range(N * 2)],
    ids=lambda operation: f"{operation.language_name()} {operation.infer()}",
)
def test_free_sizes_are_those_of_the_batch(operation: Function) -> None:
    run = Run(False, {"N": 2, "T": 3})
    expected, backward = operation.reference(run)
    np.testing.assert_array_equal(_on_onnxruntime(operation), expected)
    assert backward(expected) == ()


def test_merge_functions_by_name() -> None:
    assert (MERGES["add"], MERGES["mul"]) == (Add, Mul)
    assert (MERGES["max"], MERGES["min"]) == (Maximum, Minimum)
    assert all(merge.values()[0].variadic for merge in MERGES.values())


def test_branches_that_would_broadcast_are_refused() -> None:
    with pytest.raises(RuleError) as caught:
        check_branches("add", [float32(N, 256, 56, 56), float32(N, 64, 56, 56)])
    assert caught.value.code == "E0301"
    assert caught.value.about == 1
    assert "they differ in dimension 1 (channels): 256 and 64" in caught.value.facts
