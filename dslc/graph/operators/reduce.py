"""Operators that shrink dimensions to one number, or number the elements along a dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dslc.graph.operators.call import Call, Rule
from dslc.types import Shape

REDUCTIONS = (
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
)


def _reduction(call: Call) -> list[Shape]:
    """Reduce the axes that operand 1 names, all of them where it is missing or empty."""
    shape = call.shape(0)
    axes = call.axes(call.whole(1), len(shape)) if call.has(1) else ()
    if not axes:
        if call.flag("noop_with_empty_axes"):
            return [shape]
        axes = tuple(range(len(shape)))
    return [_reduced(shape, axes, keep=call.flag("keepdims"))]


def _reduced(shape: Shape, axes: Sequence[int], *, keep: bool) -> Shape:
    """Return `shape` with the axes at 1, or without them."""
    if keep:
        return tuple(1 if axis in axes else dim for axis, dim in enumerate(shape))
    return tuple(dim for axis, dim in enumerate(shape) if axis not in axes)


def _arg_reduction(call: Call) -> list[Shape]:
    shape = call.shape(0)
    axis = call.axis(call.attribute("axis"), len(shape))
    return [_reduced(shape, (axis,), keep=call.flag("keepdims"))]


def _top_k(call: Call) -> list[Shape]:
    """Keep k elements along an axis: the elements and where they were."""
    shape = call.shape(0)
    axis = call.axis(call.attribute("axis"), len(shape))
    (k,) = call.whole(1)
    dim = shape[axis]
    if k < 0 or (isinstance(dim, int) and k > dim):
        raise call.fault(f"{k} elements of {dim} are wanted")
    kept = call.type(0).with_axis(axis, k).shape
    return [kept, kept]


def _along_attribute(call: Call) -> list[Shape]:
    """Work along one axis, named by an attribute, and keep the shape."""
    call.axis(call.attribute("axis"), call.rank(0))
    return [call.shape(0)]


def _cum_sum(call: Call) -> list[Shape]:
    if call.rank(1) > 1:
        raise call.fault("the axis is not a single number")
    return [call.shape(0)]


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(REDUCTIONS, _reduction),
    **dict.fromkeys(["ArgMax", "ArgMin"], _arg_reduction),
    **dict.fromkeys(["Hardmax", "LogSoftmax", "LpNormalization", "Softmax"], _along_attribute),
    "CumSum": _cum_sum,
    "TopK": _top_k,
}
