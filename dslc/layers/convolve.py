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


def convolve(window: Window, groups: int, x: Array, weight: Array, bias: Array | None) -> Reference:
    """Return [N, M, ...] and the backward pass: dx, dweight and dbias (None without a bias)."""
    counts = count_windows(window, x.shape[2:])
    outputs = weight.shape[0]
    rows = weight.reshape(groups, outputs // groups, -1)
    y = np.empty((x.shape[0], outputs, *counts), x.dtype)
    windows = _windows(_padded(window, x), window, counts)
    for block in _blocks(windows, len(counts)):
        y[_of(block)] = _images(rows @ _columns(windows, block, groups), y[_of(block)].shape)
    if bias is not None:
        y += bias.reshape(-1, *(1,) * len(counts))

    def backward(dy: Array) -> tuple[Array | None, ...]:
        padded = _padded(window, x)
        windows = _windows(padded, window, counts)
        dpadded, drows = np.zeros_like(padded), np.zeros_like(rows)
        dwindows = _windows(dpadded, window, counts, writeable=True)
        for block in _blocks(windows, len(counts)):
            dy_rows = _rows(dy[_of(block)], groups)
            drows += dy_rows @ _columns(windows, block, groups).swapaxes(1, 2)
            _add_columns(dwindows, block, rows.swapaxes(1, 2) @ dy_rows)
        dx = crop_spatial(dpadded, window.before, x.shape[2:])
        dbias = None if bias is None else dy.sum(axis=(0, *range(2, dy.ndim)))
        return dx, drows.reshape(weight.shape), dbias

    return y, backward


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
