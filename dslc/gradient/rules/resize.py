"""The gradient of Resize: along each axis it is a matrix, so its gradient is the transpose of that
matrix.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from dslc.gradient.rule import Gradients, Node, rule
from dslc.graph.builder import Builder, type_of

Matrix = NDArray[Any]


@rule("Resize")
def resize(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Errors: the cubic mode, anti-aliasing and cropping have no rule."""
    if node.attribute("mode", "nearest") not in ("nearest", "linear"):
        raise node.refuse(f"the mode {node.attribute('mode')} has no rule")
    if node.attribute("antialias", 0):
        raise node.refuse("anti-aliasing has no rule")
    for axis, scale in _scales(node, dy).items():
        dy = _back_along(g, node, dy, axis, scale, node.size(node.input(0), axis))
    return dy


def _scales(node: Node, dy: ir.Value) -> dict[int, float]:
    """Return the scale of each axis that is resized."""
    old, new = node.dims(0), type_of(dy).shape
    axes = [axis % len(old) for axis in node.attribute("axes") or range(len(old))]
    if node.has(3):
        changed = [axis for axis in axes if old[axis] != new[axis]]
        sizes = {axis: (node.size(dy, axis), node.size(node.input(0), axis)) for axis in changed}
        return {axis: float(np.float32(to) / np.float32(by)) for axis, (to, by) in sizes.items()}
    scales = dict(zip(axes, node.constant(2).reshape(-1).tolist(), strict=True))
    return {axis: by for axis, by in scales.items() if by != 1 or old[axis] != new[axis]}


def _back_along(
    g: Builder, node: Node, dy: ir.Value, axis: int, scale: float, size: int
) -> ir.Value:
    shape, new = type_of(dy).shape, node.size(dy, axis)
    factor = _whole_factor(node, new, scale, size)
    if factor is not None:
        split = g.reshape(dy, (*shape[:axis], size, factor, *shape[axis + 1 :]))
        result: ir.Value = g.ReduceSum(split, g.axes(axis + 1), keepdims=0)
        return result
    matrix = g.constant(_matrix(node, new, scale, size), node.dtype())
    last = len(shape) - 1
    if axis == last:
        result = g.MatMul(dy, matrix)
        return result
    order = [*range(axis), *range(axis + 1, last + 1), axis]
    turned = g.MatMul(g.Transpose(dy, perm=order), matrix)
    result = g.Transpose(turned, perm=[order.index(i) for i in range(last + 1)])
    return result


def _whole_factor(node: Node, new: int, scale: float, size: int) -> int | None:
    """Return k where every element is simply repeated k times, else None."""
    if node.attribute("mode", "nearest") != "nearest" or new % size:
        return None
    chosen = _nearest(node, new, scale, size)
    factor = new // size
    return factor if np.array_equal(chosen, np.arange(new) // factor) else None


def _positions(node: Node, new: int, scale: float, size: int) -> Matrix:
    """Return which place of the old axis each new element looks at; in float32, as runtimes compute
    it.
    """
    kind = node.attribute("coordinate_transformation_mode", "half_pixel")
    one, half = np.float32(1), np.float32(0.5)
    at, by = np.arange(new, dtype=np.float32), np.float32(scale)
    if kind == "asymmetric":
        return at / by
    if kind == "align_corners":
        return at * np.float32(size - 1) / np.float32(new - 1) if new > 1 else at * 0
    if kind == "pytorch_half_pixel" and new == 1:
        return at * 0
    if kind in ("half_pixel", "pytorch_half_pixel"):
        return (at + half) / by - half
    if kind == "half_pixel_symmetric":
        adjustment = np.float32(new) / (by * np.float32(size))
        offset = np.float32(size) / 2 * (one - adjustment)
        return offset + (at + half) / by - half
    raise node.refuse(f"the coordinates {kind} have no rule")


def _nearest(node: Node, new: int, scale: float, size: int) -> Matrix:
    at = _positions(node, new, scale, size)
    half = np.float32(0.5)
    rounded = {
        "round_prefer_floor": lambda: np.ceil(at - half),
        "round_prefer_ceil": lambda: np.floor(at + half),
        "floor": lambda: np.floor(at),
        "ceil": lambda: np.ceil(at),
    }[node.attribute("nearest_mode", "round_prefer_floor")]()
    return np.clip(rounded, 0, size - 1).astype(np.int64)


def _matrix(node: Node, new: int, scale: float, size: int) -> Matrix:
    """Return the matrix [new, old] of the resize along one axis."""
    matrix = np.zeros((new, size))
    rows = np.arange(new)
    if node.attribute("mode", "nearest") == "nearest":
        matrix[rows, _nearest(node, new, scale, size)] = 1
        return matrix
    at = np.clip(_positions(node, new, scale, size), 0, size - 1).astype(np.float64)
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, size - 1)
    np.add.at(matrix, (rows, low), 1 - (at - low))
    np.add.at(matrix, (rows, high), at - low)
    return matrix
