"""Filling a tensor with random numbers, in NumPy and as ONNX operators, with the same bits.

Both start from whole numbers between 0 and 2^32 - 1, as float64: the words of the parameter's
stream are taken 2^20 at a time; first come the upper halves of these, then their lower halves.
Float64 holds the numbers exactly, and what follows is the same few IEEE operations in the same
order; one rounding to float32 is the last.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from dslc_runtime.counter import BLOCK, words
from numpy.typing import NDArray

from dslc import dims
from dslc.operation import Array
from dslc.types import DType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

Doubles = NDArray[np.float64]

RANGE = 2.0**32
"""How many whole numbers there are to draw from."""

CHUNK = 1 << 20
"""Words taken at a time. It is part of the definition: another number gives another order."""

_LOWER = np.uint64(2**32 - 1)
_HALF = np.uint64(32)


def sample(
    shape: tuple[int, ...],
    key: int,
    transform: Callable[[Doubles], Doubles],
    dtype: DType = DType.FLOAT32,
) -> Array:
    """Return `transform` of random whole numbers, rounded to `dtype`. It gets a block at a time."""
    words_needed = -(-math.prod(shape) // 2)
    result = np.empty(2 * words_needed, dtype.numpy)

    def fill(first: int) -> None:
        drawn = words(key, min(BLOCK, words_needed - first), first)
        chunk = first - first % CHUNK
        start = chunk + first
        result[start : start + len(drawn)] = transform((drawn >> _HALF).astype(np.float64))
        start += min(CHUNK, words_needed - chunk)
        result[start : start + len(drawn)] = transform((drawn & _LOWER).astype(np.float64))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(fill, range(0, words_needed, BLOCK)))
    return result[: math.prod(shape)].reshape(shape)


def lower(
    g: Builder,
    shape: tuple[int, ...],
    key: ir.Value,
    transform: Callable[[ir.Value], ir.Value],
    dtype: DType = DType.FLOAT32,
) -> ir.Value:
    """Return `transform` of the same random whole numbers, rounded to `dtype`."""
    from dslc.graph.random import word_chunks

    chunks = word_chunks(g, key, -(-math.prod(shape) // 2), CHUNK)
    return in_shape(g, [g.cast(transform(_halves(g, drawn)), dtype) for drawn in chunks], shape)


def _halves(g: Builder, drawn: ir.Value) -> ir.Value:
    """Return the upper halves of words and below them the lower ones, float64 [2, words]."""
    both = np.array([[1], [2**32]], np.uint64)
    return g.cast(g.Div(g.Mul(drawn, both), np.uint64(2**32)), DType.FLOAT64)


def in_shape(g: Builder, halves: Sequence[ir.Value], shape: tuple[int, ...]) -> ir.Value:
    """Put the numbers of all chunks behind each other, and into a shape."""
    count = math.prod(shape)
    parts = [g.reshape(part, (dims.count(g.shape_of(part)),)) for part in halves]
    flat = parts[0] if len(parts) == 1 else g.Concat(*parts, axis=0)
    if g.shape_of(flat) != (count,):
        flat = g.Slice(flat, g.axes(0), g.axes(count), g.axes(0))
    return g.reshape(flat, shape)
