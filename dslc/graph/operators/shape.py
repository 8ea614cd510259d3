"""Operators that move elements without looking at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dslc import dims
from dslc.graph.operators.call import Call, Dim, Rule, least
from dslc.types import Shape, shape_text

FAR = 2**31 - 1
"""A slice bound from here on means "to the end"."""


def _reshape(call: Call) -> list[Shape]:
    """Read the sizes: 0 keeps a dimension (unless `allowzero`), one -1 takes what is left."""
    old, sizes = call.shape(0), call.whole(1)
    new: list[Dim] = []
    for axis, size in enumerate(sizes):
        if size == 0 and not call.flag("allowzero"):
            if axis >= len(old):
                raise call.fault(f"there is no dimension {axis} to keep")
            new.append(old[axis])
        elif size < -1:
            raise call.fault(f"a size is {size}")
        else:
            new.append(size)
    return [_same_count(call, old, new, [axis for axis, size in enumerate(sizes) if size == -1])]


def _same_count(call: Call, old: Shape, new: list[Dim], open_axes: Sequence[int]) -> Shape:
    if len(open_axes) > 1:
        raise call.fault("two sizes are -1")
    # Dimensions on both sides cancel first: `N * 0` elements would say nothing of the others.
    total, given = _without_common(old, [dim for i, dim in enumerate(new) if i not in open_axes])
    if open_axes:
        rest = dims.quotient(total, given)
        if rest is None and dims.known((total, given)) is None:
            raise call.not_known(f"{total} elements are divided by {given}")
        if rest is None:
            raise call.fault(f"{given} does not divide {total} elements")
        new[open_axes[0]] = rest
    elif total != given:
        raise call.fault(f"{shape_text(old)} has not as many elements as {shape_text(new)}")
    return tuple(new)


def _without_common(old: Sequence[Dim], new: Sequence[Dim]) -> tuple[Dim, Dim]:
    left, right = list(old), []
    for dim in new:
        if dim != 0 and dim in left:
            left.remove(dim)
        else:
            right.append(dim)
    return dims.product(left), dims.product(right)


def _flatten(call: Call) -> list[Shape]:
    shape, axis = call.shape(0), call.attribute("axis")
    if not -len(shape) <= axis <= len(shape):
        raise call.fault(f"there is no axis {axis}")
    axis = axis + len(shape) if axis < 0 else axis
    return [(dims.product(shape[:axis]), dims.product(shape[axis:]))]


def _transpose(call: Call) -> list[Shape]:
    shape = call.shape(0)
    order = call.attribute("perm")
    if order is None:
        return [shape[::-1]]
    if sorted(order) != list(range(len(shape))):
        raise call.fault(f"perm {list(order)} is no order of {len(shape)} dimensions")
    return [tuple(shape[axis] for axis in order)]


def _squeeze(call: Call) -> list[Shape]:
    shape = call.shape(0)
    if call.has(1):
        axes = call.axes(call.whole(1), len(shape))
    else:
        axes = tuple(axis for axis, dim in enumerate(shape) if dim == 1)
    for axis in axes:
        call.equal(shape[axis], 1, f"dimension {axis}")
    return [tuple(dim for axis, dim in enumerate(shape) if axis not in axes)]


def _unsqueeze(call: Call) -> list[Shape]:
    shape, added = call.shape(0), call.whole(1)
    axes = call.axes(added, len(shape) + len(added))
    rest = iter(shape)
    return [tuple(1 if axis in axes else next(rest) for axis in range(len(shape) + len(axes)))]


def _concat(call: Call) -> list[Shape]:
    """Join along one axis; the other dimensions are equal."""
    first = call.shape(0)
    axis = call.axis(call.attribute("axis"), len(first))
    total: Dim = 0
    for operand in range(len(call.types)):
        shape = call.shape(operand)
        if len(shape) != len(first) or (*shape[:axis], *shape[axis + 1 :]) != (
            *first[:axis],
            *first[axis + 1 :],
        ):
            raise call.fault(f"operand {operand} does not fit beside operand 0 on axis {axis}")
        total = total + shape[axis]
    return [call.type(0).with_axis(axis, total).shape]


def _split(call: Call) -> list[Shape]:
    """Cut along one axis into the lengths of operand 1, or into `num_outputs` parts.

    Those are equal, but for the last, which may be shorter.
    """
    x = call.type(0)
    axis = call.axis(call.attribute("axis"), x.rank)
    dim = x.shape[axis]
    lengths = call.whole(1) if call.has(1) else None
    if lengths is None:
        return [x.with_axis(axis, part).shape for part in _parts(call, dim)]
    call.equal(sum(lengths), dim, "the sum of the lengths")
    if min(lengths) < 0:
        raise call.fault("a length is negative")
    return [x.with_axis(axis, length).shape for length in lengths]


def _parts(call: Call, dim: Dim) -> list[Dim]:
    count = call.attribute("num_outputs")
    if count is None or not 1 <= count <= 2**16:
        raise call.fault(f"num_outputs is {count}")
    if not isinstance(dim, int):
        return [call.divided(dim, count)] * count
    longest = -(-dim // count)
    last = dim - longest * (count - 1)
    if last < 0:
        raise call.fault(f"{dim} cannot be cut into {count} parts")
    return [*[longest] * (count - 1), last]


def _slice(call: Call) -> list[Shape]:
    """Take from starts to ends (exclusive) by steps, along axes: all constants."""
    shape, starts, ends = call.shape(0), call.whole(1), call.whole(2)
    named = call.whole(3) if call.has(3) else range(len(starts))
    axes = call.axes(named, len(shape))
    steps = call.whole(4) if call.has(4) else (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise call.fault("starts, ends, axes and steps have not the same number")
    result = list(shape)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        if step == 0:
            raise call.fault("a step is 0")
        dim = shape[axis]
        if isinstance(dim, int):
            result[axis] = len(range(dim)[_exact(start, end, step)])
        else:
            result[axis] = _sliced(call, dim, start, end, step)
    return [tuple(result)]


def _exact(start: int, end: int, step: int) -> slice:
    """Return the Python slice; going backwards, an end far below 0 includes element 0."""
    return slice(start, None if step < 0 and end <= -FAR else end, step)


def _sliced(call: Call, dim: Dim, start: int, end: int, step: int) -> Dim:
    """Return the length of a slice of a free dimension, whose size is at least `least(dim)`."""
    if step < 0:
        if (start == -1 or start >= FAR) and end <= -FAR:
            return dims.ceil_div(dim, -step)
        raise call.not_known(f"a slice of {dim} goes backwards")
    sure = least(dim) or 0
    if max(start, -start) > sure or (abs(end) > sure and end < FAR):
        raise call.not_known(f"{dim} is sliced from {start} to {end}")
    first = start if start >= 0 else dim + start
    last = dim if end >= FAR else end if end >= 0 else dim + end
    length = last - first
    if isinstance(length, int) and length < 0:
        return 0
    return dims.ceil_div(length, step)


def _pad(call: Call) -> list[Shape]:
    """Add (or with negative numbers cut) elements before and after along axes."""
    shape, pads = call.shape(0), call.whole(1)
    axes = call.axes(call.whole(3), len(shape)) if call.has(3) else tuple(range(len(shape)))
    if len(pads) != 2 * len(axes):
        raise call.fault(f"{len(pads)} pads are given for {len(axes)} axes")
    result = list(shape)
    for axis, before, after in zip(axes, pads, pads[len(axes) :], strict=False):
        result[axis] = shape[axis] + before + after
    return [tuple(result)]


def _expand(call: Call) -> list[Shape]:
    return [call.broadcast(call.shape(0), call.whole(1))]


def _tile(call: Call) -> list[Shape]:
    shape, repeats = call.shape(0), call.whole(1)
    if len(repeats) != len(shape) or min(repeats, default=0) < 0:
        raise call.fault(f"the repeats are {list(repeats)}")
    return [tuple(dim * times for dim, times in zip(shape, repeats, strict=True))]


def _shape(call: Call) -> list[Shape]:
    """Give the sizes from `start` to `end` (exclusive; out of range is cut off)."""
    return [(len(call.shape(0)[call.attribute("start") : call.attribute("end")]),)]


def _size(call: Call) -> list[Shape]:
    return [()]


def _matrix(call: Call) -> list[Shape]:
    """Keep the shape of an operand that has at least two dimensions."""
    call.expect_rank(0, 2)
    return [call.shape(0)]


def _reverse_sequence(call: Call) -> list[Shape]:
    call.expect_rank(0, 2)
    call.expect(1, (call.shape(0)[call.attribute("batch_axis")],))
    return [call.shape(0)]


RULES: Mapping[str, Rule] = {
    "Concat": _concat,
    "Expand": _expand,
    "Flatten": _flatten,
    "Pad": _pad,
    "Reshape": _reshape,
    "ReverseSequence": _reverse_sequence,
    "Shape": _shape,
    "Size": _size,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Trilu": _matrix,
    "Unsqueeze": _unsqueeze,
}
