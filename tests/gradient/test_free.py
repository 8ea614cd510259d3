"""Gradients with sizes that are free: the same numbers as with fixed ones, or a refusal that says which size it needs.

An inference graph takes batches of any size. First and second gradients of every row are taken that way. What cannot be
compiled so: the weight of a convolution, and what moves elements along a dimension that is free itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir
import pytest

from dslc.dims import UnknownSizeError
from dslc.gradient.differentiate import differentiate
from dslc.gradient.rule import FreeSizeError
from dslc.graph.builder import Builder, FreeExtentError
from tests.gradient.test_second import TRAINED, operands_of
from tests.operations import evaluate as ev
from tests.operations.harness import Case

RECURRENT = dict.fromkeys(["RNN", "LSTM", "GRU"], "unrolled, steps are cut out of rows of samples")
KERNEL = "the form of a kernel's gradient is chosen by the sizes"
BY_VALUES = {**RECURRENT, **dict.fromkeys(["conv", "conv_transpose"], KERNEL)}
BY_WEIGHTS = {**RECURRENT, **dict.fromkeys(["Conv", "ConvTranspose"], KERNEL)}
"""Operations whose gradients have to know the batch, and why."""


def is_free(case: Case) -> bool:
    sizes = [type.size for type in case.inputs if type is not None]
    floats = any(type.dtype.is_float for type in ev.types_of(case))
    return False in case.modes and floats and not all(isinstance(size, int) for size in sizes)


FREE = [case for case in TRAINED if is_free(case)]


def both_gradients(case: Case, wanted: Sequence[int], sizes: Mapping[str, int]) -> ev.Lowered:
    """Return a graph with the gradients of the results, and the gradients of those."""
    lowered = ev.lower(case, False, sizes, differentiated=True)
    g = lowered.builder
    values = [value for i in wanted if (value := lowered.operands[i]) is not None]
    floats = [y for y in lowered.results if g.dtype_of(y).is_float]
    first = differentiate(g, waves(g, floats), values, zeros=True)
    second = differentiate(g, waves(g, list(first.values())), values, zeros=True)
    g.graph.outputs.clear()
    lowered.names.clear()
    for order, found in enumerate((first, second)):
        for i, value in zip(wanted, values, strict=True):
            lowered.names.append(f"d{order}.{i}")
            g.output(f"d{order}.{i}", found[value])
    return lowered


def waves(g: Builder, values: Sequence[ir.Value]) -> ir.Value:
    """Return one number that every element of the values bends."""
    total: ir.Value = g.Sum(*[g.ReduceSum(g.Sin(value), keepdims=0) for value in values])
    return total


def is_the_batch(error: Exception) -> bool:
    return str(error).endswith((" know N", " size of N", " size of N is not known"))


def compare(case: Case, wanted: Sequence[int]) -> None:
    operands = operands_of(case)
    free = both_gradients(case, wanted, {})
    fixed = ev.on_onnxruntime(both_gradients(case, wanted, case.sizes), operands)
    for name, array in ev.on_onnxruntime(free, operands).items():
        np.testing.assert_allclose(array, fixed[name], rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("case", FREE, ids=lambda case: case.name)
def test_by_values(case: Case) -> None:
    wanted = [i for i in ev.trained_operands(case) if i < len(case.inputs)]
    if wanted:
        attempt(case, wanted, BY_VALUES)


@pytest.mark.parametrize(
    "case",
    [case for case in FREE if any(spec.trained for spec in ev.parameters_of(case))],
    ids=lambda case: case.name,
)
def test_by_weights(case: Case) -> None:
    attempt(case, [i for i in ev.trained_operands(case) if i >= len(case.inputs)], BY_WEIGHTS)


def attempt(case: Case, wanted: Sequence[int], may_refuse: Mapping[str, str]) -> None:
    """Only a few may refuse for the batch; for another size, those that cut or join along it may."""
    try:
        compare(case, wanted)
    except (FreeSizeError, FreeExtentError, UnknownSizeError) as error:
        assert case.operation.language_name() in may_refuse or not is_the_batch(error)
