"""What operators give for constants, in NumPy.

Whole numbers wrap and are divided towards zero, as in onnxruntime. A result of None means: leave it
to the run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from dslc.operation import Array
from dslc.types import TensorType


@dataclass(frozen=True, slots=True)
class Node:
    """A node with the elements of its operands, and the type of its result."""

    node: ir.Node
    operands: Sequence[Array | None]
    type: TensorType

    def __getitem__(self, index: int) -> Array:
        array = self.operands[index]
        assert array is not None
        return array

    def has(self, index: int) -> bool:
        return index < len(self.operands) and self.operands[index] is not None

    def attribute(self, name: str, default: Any) -> Any:
        found = self.node.attributes.get(name)
        return default if found is None else found.value


Evaluator = Callable[[Node], "Array | None"]


def _plain(function: Callable[..., Any]) -> Evaluator:
    """Wrap a NumPy function of all operands."""
    return lambda node: np.asarray(function(*node.operands))


def _fold(function: Callable[..., Any]) -> Evaluator:
    """Wrap a NumPy function of two operands for any number of them."""

    def evaluate(node: Node) -> Array:
        total = node[0]
        for index in range(1, len(node.operands)):
            total = function(total, node[index])
        return np.asarray(total)

    return evaluate


def _divide(node: Node) -> Array | None:
    x, y = node[0], node[1]
    if x.dtype.kind == "f":
        return np.asarray(x / y)
    if not y.all():
        return None
    quotient = x // y
    # NumPy rounds down, onnxruntime towards zero.
    return np.asarray(quotient + ((quotient < 0) & (quotient * y != x)))


def _power(node: Node) -> Array | None:
    if node[0].dtype.kind != "f":
        return None
    return np.asarray(np.power(node[0], node[1].astype(node[0].dtype)))


def _cast(node: Node) -> Array | None:
    x, dtype = node[0], node.type.dtype
    if x.dtype.kind == "f" and dtype.is_integer and not (np.abs(x) < 2.0**31).all():
        return None
    return x.astype(dtype.numpy)


def _same_elements(node: Node) -> Array:
    return node[0].reshape(node.type.sizes)


def _expand(node: Node) -> Array:
    return np.broadcast_to(node[0], node.type.sizes)


def _transpose(node: Node) -> Array:
    return np.transpose(node[0], node.attribute("perm", None))


def _concat(node: Node) -> Array:
    return np.concatenate([node[i] for i in range(len(node.operands))], node.attribute("axis", 0))


def _slice(node: Node) -> Array:
    starts, ends = node[1], node[2]
    axes = node[3] if node.has(3) else np.arange(len(starts))
    steps = node[4] if node.has(4) else np.ones(len(starts), np.int64)
    where: list[slice] = [slice(None)] * node[0].ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        last = None if step < 0 and end < -(2**31) + 1 else int(end)
        where[axis] = slice(int(start), last, int(step))
    return node[0][tuple(where)]


def _gather(node: Node) -> Array:
    return np.take(node[0], node[1], axis=node.attribute("axis", 0))


def _reduction(function: Callable[..., Any]) -> Evaluator:
    def evaluate(node: Node) -> Array | None:
        x = node[0]
        axes = tuple(int(axis) for axis in node[1]) if node.has(1) else ()
        if not axes and node.attribute("noop_with_empty_axes", 0):
            return x
        if not x.size:
            return None
        keep = bool(node.attribute("keepdims", 1))
        return np.asarray(function(x, axis=axes or None, keepdims=keep), x.dtype)

    return evaluate


def _range(node: Node) -> Array:
    return np.asarray(node[0] + np.arange(node.type.sizes[0]) * node[2])


def _constant_of_shape(node: Node) -> Array:
    value = node.attribute("value", None)
    return np.full(node.type.sizes, 0 if value is None else value.numpy().reshape(()))


def _eye_like(node: Node) -> Array:
    rows, columns = node.type.sizes
    return np.eye(rows, columns, node.attribute("k", 0))


def _clip(node: Node) -> Array:
    x = node[0]
    x = np.maximum(x, node[1]) if node.has(1) else x
    return np.minimum(x, node[2]) if node.has(2) else x


EVALUATORS: Mapping[str, Evaluator] = {
    "Abs": _plain(np.abs),
    "Add": _plain(np.add),
    "And": _plain(np.logical_and),
    "Cast": _cast,
    "Ceil": _plain(np.ceil),
    "Clip": _clip,
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "Cos": _plain(np.cos),
    "Div": _divide,
    "Equal": _plain(np.equal),
    "Exp": _plain(np.exp),
    "Expand": _expand,
    "EyeLike": _eye_like,
    "Flatten": _same_elements,
    "Floor": _plain(np.floor),
    "Gather": _gather,
    "Greater": _plain(np.greater),
    "GreaterOrEqual": _plain(np.greater_equal),
    "Identity": _same_elements,
    "Less": _plain(np.less),
    "LessOrEqual": _plain(np.less_equal),
    "Log": _plain(np.log),
    "Max": _fold(np.maximum),
    "Min": _fold(np.minimum),
    "Mul": _plain(np.multiply),
    "Neg": _plain(np.negative),
    "Not": _plain(np.logical_not),
    "Or": _plain(np.logical_or),
    "Pow": _power,
    "Range": _range,
    "Reciprocal": _plain(np.reciprocal),
    "ReduceMax": _reduction(np.max),
    "ReduceMean": _reduction(np.mean),
    "ReduceMin": _reduction(np.min),
    "ReduceProd": _reduction(np.prod),
    "ReduceSum": _reduction(np.sum),
    "Reshape": _same_elements,
    "Sign": _plain(np.sign),
    "Sin": _plain(np.sin),
    "Slice": _slice,
    "Sqrt": _plain(np.sqrt),
    "Squeeze": _same_elements,
    "Sub": _plain(np.subtract),
    "Sum": _fold(np.add),
    "Tanh": _plain(np.tanh),
    "Tile": _plain(np.tile),
    "Transpose": _transpose,
    "Unsqueeze": _same_elements,
    "Where": _plain(np.where),
    "Xor": _plain(np.logical_xor),
}
