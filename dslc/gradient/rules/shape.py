"""Gradients of operators that move, repeat or drop elements."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from dslc.gradient.rule import Gradients, Node, full, rule
from dslc.graph.builder import Builder, type_of

END = 2**31 - 1
"""A slice bound behind every element."""


@rule("Reshape", "Flatten", "Squeeze", "Unsqueeze")
def reshape(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Give dy the shape of x."""
    return g.reshape(dy, node.dims(0))


@rule("Transpose")
def transpose(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Put the axes back in order."""
    rank = node.rank(0)
    order = node.attribute("perm") or list(range(rank))[::-1]
    return g.Transpose(dy, perm=[order.index(axis) for axis in range(rank)])


@rule("Expand")
def expand(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Pass dy on: the walk sums it to the shape of the input."""
    return dy


@rule("Tile")
def tile(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Sum over the repeats: dimension d, repeated r times, is r dimensions of d."""
    repeats = node.integers(1) or ()
    split = [size for pair in zip(repeats, node.dims(0), strict=True) for size in pair]
    axes = [2 * axis for axis, times in enumerate(repeats) if times != 1]
    folded = g.reshape(dy, split)
    if axes:
        folded = g.ReduceSum(folded, g.axes(*axes), keepdims=0)
    return g.reshape(folded, node.dims(0))


@rule("Concat")
def concat(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Cut dy apart again."""
    axis = node.axis(0)
    lengths = [node.size(node.input(index), axis) for index in range(len(node.inputs))]
    return tuple(g.Split(dy, g.axes(*lengths), axis=axis))


@rule("Split")
def split(g: Builder, node: Node, *cotangents: ir.Value | None) -> Gradients:
    """Put the parts together again, zeros for those nobody used."""
    parts = [
        cotangent if cotangent is not None else full(g, type_of(value).shape, 0, node.dtype())
        for value, cotangent in zip(node.outputs, cotangents, strict=True)
    ]
    return g.Concat(*parts, axis=node.axis(0))


@rule("Slice")
def slice_(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Put dy back between zeros."""
    rank = node.rank(0)
    before, after = [0] * rank, [0] * rank
    for axis, taken in _slices(node).items():
        if taken.step < 0:
            dy = flipped(g, dy, axis)
            taken = taken[::-1]
        if taken.step > 1:
            dy = _spread(g, node, dy, axis, taken.step)
        before[axis] = taken.start
        after[axis] = node.size(node.input(0), axis) - taken.start - node.size(dy, axis)
    return padded(g, dy, before, after)


def _slices(node: Node) -> dict[int, range]:
    """Return which elements a Slice takes, by axis."""
    rank = node.rank(0)
    starts, ends = node.integers(1) or (), node.integers(2) or ()
    axes = node.integers(3) or tuple(range(len(starts)))
    steps = node.integers(4) or (1,) * len(starts)
    taken: dict[int, range] = {}
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        size = node.size(node.input(0), axis)
        stop = None if step < 0 and end < -size else end
        found = range(size)[start:stop:step]
        if found != range(size):
            taken[axis % rank] = found if len(found) != 1 else range(found[0], found[0] + 1)
    return taken


def flipped(g: Builder, x: ir.Value, axis: int) -> ir.Value:
    """Return x in reverse order along an axis."""
    result: ir.Value = g.Slice(x, g.axes(-1), g.axes(-END), g.axes(axis), g.axes(-1))
    return result


def cut(g: Builder, x: ir.Value, axis: int, start: int, end: int) -> ir.Value:
    """Return the elements from `start` to `end` (exclusive) along an axis."""
    result: ir.Value = g.Slice(x, g.axes(start), g.axes(end), g.axes(axis))
    return result


def _spread(g: Builder, node: Node, x: ir.Value, axis: int, step: int) -> ir.Value:
    """Put `step - 1` zeros between the elements along an axis."""
    shape = type_of(x).shape
    wide = g.reshape(x, (*shape[: axis + 1], 1, *shape[axis + 1 :]))
    after = [0] * (len(shape) + 1)
    after[axis + 1] = step - 1
    wide = padded(g, wide, [0] * len(after), after)
    total = node.size(x, axis) * step
    wide = g.reshape(wide, (*shape[:axis], total, *shape[axis + 1 :]))
    return cut(g, wide, axis, 0, total - step + 1)


def padded(g: Builder, x: ir.Value, before: Sequence[int], after: Sequence[int]) -> ir.Value:
    """Add zeros before and after each axis; negative numbers cut."""
    if not any(before) and not any(after):
        return x
    if max(*before, *after) <= 0:
        return cropped(g, x, [-n for n in before], [-n for n in after])
    result: ir.Value = g.Pad(x, g.axes(*before, *after), 0)
    return result


def cropped(g: Builder, x: ir.Value, before: Sequence[int], after: Sequence[int]) -> ir.Value:
    """Take elements away before and after each axis."""
    axes = [axis for axis in range(len(before)) if before[axis] or after[axis]]
    if not axes:
        return x
    starts = [before[axis] for axis in axes]
    ends = [-after[axis] if after[axis] else END for axis in axes]
    result: ir.Value = g.Slice(x, g.axes(*starts), g.axes(*ends), g.axes(*axes))
    return result


@rule("Pad")
def pad(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Take the constant away; fold what was mirrored or copied back onto where it came from."""
    rank = node.rank(0)
    pads = node.integers(1) or ()
    axes = [axis % rank for axis in node.integers(3) or range(rank)]
    before, after = [0] * rank, [0] * rank
    for index, axis in enumerate(axes):
        before[axis], after[axis] = pads[index], pads[index + len(axes)]
    mode = node.attribute("mode", "constant")
    if mode != "constant":
        return _unfolded(g, node, dy, before, after, mode)
    minus_before, minus_after = [-n for n in before], [-n for n in after]
    dx = padded(g, dy, minus_before, minus_after)

    def of_constant() -> ir.Value:
        rest: ir.Value = g.Sub(dy, padded(g, dx, before, after))
        return g.reshape(g.ReduceSum(rest, keepdims=0), node.dims(2))

    return dx, None, of_constant


def _unfolded(
    g: Builder, node: Node, dy: ir.Value, before: list[int], after: list[int], mode: str
) -> ir.Value:
    if mode not in ("reflect", "edge", "wrap") or min(*before, *after) < 0:
        raise node.refuse(f"pads of mode {mode} below 0 have no rule")
    for axis in range(node.rank(0)):
        if before[axis] or after[axis]:
            size = node.size(node.input(0), axis)
            dy = _fold_axis(g, dy, axis, size, (before[axis], after[axis]), mode, node)
    return dy


def _fold_axis(
    g: Builder,
    dy: ir.Value,
    axis: int,
    size: int,
    pads: tuple[int, int],
    mode: str,
    node: Node,
) -> ir.Value:
    """Add the two ends of an axis to the elements they were copies of."""
    before, after = pads
    total: ir.Value = cut(g, dy, axis, before, before + size)
    ends = ((0, before, True), (before + size, before + size + after, False))
    for start, end, first in ends:
        if end == start:
            continue
        strip = cut(g, dy, axis, start, end)
        if mode == "reflect":
            strip = flipped(g, strip, axis)
            place = 1 if first else size - 1 - after
        elif mode == "edge":
            strip = g.ReduceSum(strip, g.axes(axis), keepdims=1)
            place = 0 if first else size - 1
        else:
            place = size - before if first else 0
        rank = node.rank(0)
        zeros_before, zeros_after = [0] * rank, [0] * rank
        zeros_before[axis] = place
        zeros_after[axis] = size - place - node.size(strip, axis)
        total = g.Add(total, padded(g, strip, zeros_before, zeros_after))
    return total


@rule("Trilu")
def triangle(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Keep the same triangle of dy."""
    diagonal = [node.input(1)] if node.has(1) else []
    return g.Trilu(dy, *diagonal, upper=node.attribute("upper", 1))


@rule("DepthToSpace")
def depth_to_space(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Put the blocks back into channels."""
    block = int(node.attribute("blocksize"))
    if node.attribute("mode", "DCR") == "DCR":
        return g.SpaceToDepth(dy, blocksize=block)
    n, c, h, w = node.shape(0)
    blocks = g.reshape(dy, (n, c // block**2, h, block, w, block))
    return g.reshape(g.Transpose(blocks, perm=[0, 1, 3, 5, 2, 4]), (n, c, h, w))


@rule("SpaceToDepth")
def space_to_depth(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Put the channels back into blocks."""
    return g.DepthToSpace(dy, blocksize=int(node.attribute("blocksize")), mode="DCR")


@rule("ReverseSequence")
def reverse_sequence(g: Builder, node: Node, dy: ir.Value) -> Gradients:
    """Reversing twice is the identity."""
    batch, time = node.attribute("batch_axis", 1), node.attribute("time_axis", 0)
    return g.ReverseSequence(dy, node.input(1), batch_axis=batch, time_axis=time)
