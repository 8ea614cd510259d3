"""NumPy's side of windows: it pads, slides and counts without the shape rules of `windows`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from dslc.layers.windows import Window
from dslc.operation import Array


def pad_spatial(x: Array, before: Sequence[int], after: Sequence[int], value: float) -> Array:
    """Pad the spatial dimensions of [N, C, ...]; the array itself where there is nothing to pad."""
    if not any(before) and not any(after):
        return x
    pads = [(0, 0), (0, 0), *zip(before, after, strict=True)]
    return np.pad(x, pads, constant_values=value)


def crop_spatial(x: Array, before: Sequence[int], sizes: Sequence[int]) -> Array:
    """Undo `pad_spatial`: `sizes` positions from `before` on."""
    cut = [slice(b, b + size) for b, size in zip(before, sizes, strict=True)]
    return x[(slice(None), slice(None), *cut)]


def count_windows(window: Window, sizes: Sequence[int]) -> tuple[int, ...]:
    """Count the windows by walking: every start whose window ends in the padded input.

    With `ceil` the windows that hang over the end count too, if they start before the padding at
    the end does.
    """
    counts = []
    for axis, size in enumerate(sizes):
        start, stride = -window.before[axis], window.stride[axis]
        last = (window.kernel[axis] - 1) * window.dilation[axis]
        end = size + window.after[axis]
        count = 0
        while start + last < end or (window.ceil and start + last - stride < end - 1):
            if window.ceil and start >= size:
                break
            count, start = count + 1, start + stride
        counts.append(count)
    return tuple(counts)


def overhang(window: Window, sizes: Sequence[int], counts: Sequence[int]) -> tuple[int, ...]:
    """Return the positions needed after the input, so that every window is complete."""
    ends = [
        (count - 1) * s + (k - 1) * d + 1 - b
        for count, s, k, d, b in zip(
            counts, window.stride, window.kernel, window.dilation, window.before, strict=True
        )
    ]
    return tuple(
        max(end - size, after) for end, size, after in zip(ends, sizes, window.after, strict=True)
    )


def offsets(window: Window, counts: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    """Yield the positions in the padded input that each place of the kernel visits, row-major."""
    for place in product(*(range(k) for k in window.kernel)):
        visited = [
            slice(p * d, p * d + (count - 1) * s + 1, s)
            for p, d, s, count in zip(place, window.dilation, window.stride, counts, strict=True)
        ]
        yield (slice(None), slice(None), *visited)
