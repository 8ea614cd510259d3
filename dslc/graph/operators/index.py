"""Operators that take or put elements by index, and those that make tensors out of numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dslc.graph.operators.call import Call, Dim, DTypeRule, Rule
from dslc.graph.values import dtype_of
from dslc.types import DType, Shape


def _gather(call: Call) -> list[Shape]:
    data, indices = call.shape(0), call.shape(1)
    axis = call.axis(call.attribute("axis"), len(data))
    return [(*data[:axis], *indices, *data[axis + 1 :])]


def _gather_elements(call: Call) -> list[Shape]:
    rank = call.rank(0)
    call.axis(call.attribute("axis"), rank)
    call.expect_rank(1, rank, rank)
    return [call.shape(1)]


def _gather_nd(call: Call) -> list[Shape]:
    data, indices = call.shape(0), call.shape(1)
    batch = call.attribute("batch_dims")
    depth = _depth(call, indices, len(data) - batch)
    if batch < 0 or batch >= len(indices) or data[:batch] != indices[:batch]:
        raise call.fault(f"the first {batch} dimensions are not the same")
    return [(*indices[:-1], *data[batch + depth :])]


def _scatter_elements(call: Call) -> list[Shape]:
    rank = call.rank(0)
    call.axis(call.attribute("axis"), rank)
    call.expect_rank(1, rank, rank)
    call.expect(2, call.shape(1))
    return [call.shape(0)]


def _scatter_nd(call: Call) -> list[Shape]:
    data, indices = call.shape(0), call.shape(1)
    depth = _depth(call, indices, len(data))
    call.expect(2, (*indices[:-1], *data[depth:]))
    return [data]


def _depth(call: Call, indices: Shape, most: int) -> int:
    """Return how many dimensions an index tuple names: the last dimension of `indices`."""
    depth = indices[-1] if indices else None
    if not isinstance(depth, int) or not 1 <= depth <= most:
        raise call.fault(f"an index of {depth} numbers does not fit {most} dimensions")
    return depth


def _one_hot(call: Call) -> list[Shape]:
    """Put a new axis of constant size `depth` (operand 1) into the shape of the indices."""
    indices = call.shape(0)
    (depth,) = call.whole(1)
    call.expect(2, (2,))
    if depth < 1:
        raise call.fault(f"the depth is {depth}")
    axis = call.axis(call.attribute("axis"), len(indices) + 1)
    return [(*indices[:axis], depth, *indices[axis:])]


def _non_zero(call: Call) -> list[Shape]:
    """Give the places of what is not zero, a row for each dimension: of a constant they can be counted."""
    found = call.constant(0)
    return [(found.ndim, int(np.count_nonzero(found)))]


def _range(call: Call) -> list[Shape]:
    """Count from start to limit (exclusive) by delta: constants."""
    start, limit, delta = (call.constant(operand).reshape(()).item() for operand in range(3))
    if delta == 0:
        raise call.fault("the step is 0")
    return [(max(0, int(np.ceil((limit - start) / delta))),)]


def _constant_of_shape(call: Call) -> list[Shape]:
    return [call.whole(0)]


def _constant_of_shape_dtype(call: Call) -> DType:
    value = call.attribute("value")
    return DType.FLOAT32 if value is None else DType(str(value.numpy().dtype))


def _eye_like(call: Call) -> list[Shape]:
    call.expect_rank(0, 2, 2)
    return [call.shape(0)]


def _eye_like_dtype(call: Call) -> DType:
    code = call.attribute("dtype")
    return call.type(0).dtype if code is None else dtype_of(code)


def _recurrent(call: Call) -> list[Shape]:
    """[T, N, I] ([N, T, I] in layout 1) -> all states, the last state, and for LSTM the last cell.

    Weights are [directions, gates * H, I] and [directions, gates * H, H].
    """
    call.expect_rank(0, 3, 3)
    call.expect_rank(1, 3, 3)
    layout = call.attribute("layout")
    first, second, features = call.shape(0)
    steps, batch = (second, first) if layout else (first, second)
    directions = 2 if call.attribute("direction") == "bidirectional" else 1
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[call.signature.operator]
    hidden: Dim = call.shape(2)[-1]
    if call.attribute("hidden_size") not in (None, hidden):
        raise call.fault(f"hidden_size is not {hidden}")
    call.expect(1, (directions, hidden * gates, features))
    call.expect(2, (directions, hidden * gates, hidden))
    call.expect(3, (directions, hidden * (2 * gates)))
    call.expect(4, (batch,))
    state: Shape = (batch, directions, hidden) if layout else (directions, batch, hidden)
    call.expect(5, state)
    if gates == 4:
        call.expect(6, state)
        call.expect(7, (directions, hidden * 3))
    every: Shape = (
        (batch, steps, directions, hidden) if layout else (steps, directions, batch, hidden)
    )
    return [every, state, state][: len(call.signature.results)]


RULES: Mapping[str, Rule] = {
    "ConstantOfShape": _constant_of_shape,
    "EyeLike": _eye_like,
    "GRU": _recurrent,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "LSTM": _recurrent,
    "NonZero": _non_zero,
    "OneHot": _one_hot,
    "RNN": _recurrent,
    "Range": _range,
    "ScatterElements": _scatter_elements,
    "ScatterND": _scatter_nd,
}

DTYPES: Mapping[str, DTypeRule] = {
    "ConstantOfShape": _constant_of_shape_dtype,
    "EyeLike": _eye_like_dtype,
}
