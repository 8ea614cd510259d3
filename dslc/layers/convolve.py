"""Convolution and its derivatives in NumPy: windows become columns, the rest is matrix products."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from dslc.layers.sliding import count_windows, crop_spatial, pad_spatial
from dslc.layers.windows import Window
from dslc.operation import Array, Reference

BLOCK = 1 << 22
"""Numbers in the columns made at a time: 32 MiB of float64."""

Block = tuple[slice, slice]
"""Some images, and some positions along the first spatial dimension."""


def convolve(
    window: Window, groups: int, x: Array, weight: Array, *bias: Array | None
) -> Reference:
    """Return [N, M, ...] and the backward pass; `bias` is an array, None or left out."""
    counts = count_windows(window, x.shape[2:])
    y = _correlated(window, groups, x, weight, counts)

    def backward(dy: Array) -> tuple[Array | None, ...]:
        dx = _scattered(window, groups, dy, weight, x.shape[2:])
        return dx, _weighed(window, groups, x, dy, weight.shape), *_over_channels(bias, dy)

    return _with_bias(y, *bias), backward


def convolve_transposed(
    window: Window, extra: Sequence[int], groups: int, x: Array, weight: Array, *bias: Array | None
) -> Reference:
    """Return [N, M, ...], in which each element of x has a window, and the backward pass.

    It is the linear map that `convolve` applies to a cotangent; so each of the two has the other in
    its backward pass. `extra` positions at the end belong to no window of that convolution.
    """
    y = _scattered(window, groups, x, weight, _spread_sizes(window, extra, x.shape[2:]))

    def backward(dy: Array) -> tuple[Array | None, ...]:
        dx = _correlated(window, groups, dy, weight, x.shape[2:])
        return dx, _weighed(window, groups, dy, x, weight.shape), *_over_channels(bias, dy)

    return _with_bias(y, *bias), backward


def _spread_sizes(window: Window, extra: Sequence[int], counts: Sequence[int]) -> list[int]:
    """Return the sizes without the padding: the last element of the last window is the end."""
    sizes = []
    for axis, count in enumerate(counts):
        last_start = range(0, count * window.stride[axis], window.stride[axis])[-1]
        last = last_start + (window.kernel[axis] - 1) * window.dilation[axis]
        sizes.append(last + 1 + extra[axis] - window.before[axis] - window.after[axis])
    return sizes


def _with_bias(y: Array, bias: Array | None = None) -> Array:
    return y if bias is None else y + bias.reshape(-1, *(1,) * (y.ndim - 2))


def _over_channels(bias: Sequence[Array | None], dy: Array) -> Iterator[Array | None]:
    for given in bias:
        yield None if given is None else dy.sum(axis=(0, *range(2, dy.ndim)))


def _correlated(
    window: Window, groups: int, image: Array, weight: Array, counts: Sequence[int]
) -> Array:
    """Multiply each window of the image by the weight and add up: [N, M, *counts]."""
    rows = _filters(weight, groups)
    result = np.empty((image.shape[0], weight.shape[0], *counts), image.dtype)
    windows = _windows(_padded(window, image), window, counts)
    for block in _blocks(windows, len(counts)):
        products = rows @ _columns(windows, block, groups)
        result[_of(block)] = _images(products, result[_of(block)].shape)
    return result


def _scattered(
    window: Window, groups: int, values: Array, weight: Array, sizes: Sequence[int]
) -> Array:
    """Add each value, times the weight, to the elements of its window: an image of the sizes."""
    rows = _filters(weight, groups)
    shape = (values.shape[0], groups * weight.shape[1], *sizes)
    padded = _padded(window, np.zeros(shape, values.dtype))
    windows = _windows(padded, window, values.shape[2:], writeable=True)
    for block in _blocks(windows, len(sizes)):
        _add_columns(windows, block, rows.swapaxes(1, 2) @ _rows(values[_of(block)], groups))
    return crop_spatial(padded, window.before, sizes)


def _weighed(
    window: Window, groups: int, image: Array, values: Array, shape: tuple[int, ...]
) -> Array:
    """Add up over all windows the products of a window of the image and its values: [M, C, ...]."""
    windows = _windows(_padded(window, image), window, values.shape[2:])
    result = np.zeros((groups, shape[0] // groups, math.prod(shape[1:])), image.dtype)
    for block in _blocks(windows, len(shape) - 2):
        columns = _columns(windows, block, groups)
        result += _rows(values[_of(block)], groups) @ columns.swapaxes(1, 2)
    return result.reshape(shape)


def _filters(weight: Array, groups: int) -> Array:
    """Return one row per filter: [groups, M / groups, C / groups * kernel]."""
    return weight.reshape(groups, weight.shape[0] // groups, -1)


def _padded(window: Window, x: Array) -> Array:
    return pad_spatial(x, window.before, window.after, 0)


def _windows(
    padded: Array, window: Window, counts: Sequence[int], *, writeable: bool = False
) -> Array:
    """View [N, C, ...] as [N, C, *kernel, *counts], without a copy."""
    strides = padded.strides[2:]
    inside = [s * d for s, d in zip(strides, window.dilation, strict=True)]
    between = [s * step for s, step in zip(strides, window.stride, strict=True)]
    return np.lib.stride_tricks.as_strided(
        padded,
        (*padded.shape[:2], *window.kernel, *counts),
        (*padded.strides[:2], *inside, *between),
        writeable=writeable,
    )


def _blocks(windows: Array, rank: int) -> Iterator[Block]:
    """Cut the work so that the columns of a block stay small: several images, or a part of one."""
    images, positions = windows.shape[0], windows.shape[2 + rank]
    per_position = math.prod(windows.shape[1:]) // positions
    some_positions = min(positions, max(1, BLOCK // per_position))
    some_images = max(1, BLOCK // (per_position * positions))
    for image, position in product(
        range(0, images, some_images), range(0, positions, some_positions)
    ):
        yield slice(image, image + some_images), slice(position, position + some_positions)


def _of(block: Block) -> tuple[slice, slice, slice]:
    """Return where the results of a block stand in [N, M, ...]."""
    return block[0], slice(None), block[1]


def _of_windows(block: Block, rank: int) -> tuple[slice, ...]:
    return (block[0], slice(None), *(slice(None),) * rank, block[1])


def _columns(windows: Array, block: Block, groups: int) -> Array:
    """Return the windows of a block as columns: [groups, C / groups * kernel, windows]."""
    rank = (windows.ndim - 2) // 2
    part = np.moveaxis(windows[_of_windows(block, rank)], 0, 1 + rank)
    depth = math.prod(part.shape[: 1 + rank]) // groups
    return part.reshape(groups, depth, -1)


def _rows(dy: Array, groups: int) -> Array:
    """Return the results of a block as rows: [groups, M / groups, windows]."""
    return dy.swapaxes(0, 1).reshape(groups, dy.shape[1] // groups, -1)


def _images(rows: Array, shape: tuple[int, ...]) -> Array:
    """Return rows [groups, M / groups, windows] as results of the shape [N, M, ...]."""
    return rows.reshape(shape[1], shape[0], *shape[2:]).swapaxes(0, 1)


def _add_columns(dwindows: Array, block: Block, columns: Array) -> None:
    """Add columns to the windows they were taken from.

    Windows overlap, so the places of the kernel take turns: those of one place do not.
    """
    rank = (dwindows.ndim - 2) // 2
    target = dwindows[_of_windows(block, rank)]
    images, kernel, counts = target.shape[0], target.shape[2 : 2 + rank], target.shape[2 + rank :]
    parts = columns.reshape(target.shape[1], *kernel, images, *counts)
    for place in product(*(range(k) for k in kernel)):
        visited: tuple[slice | int, ...] = (slice(None), slice(None), *place)
        target[visited] += parts[visited[1:]].swapaxes(0, 1)
