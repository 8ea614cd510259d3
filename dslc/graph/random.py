"""The random numbers of `dslc_runtime.counter` as ONNX operators: the same words, on every device.

Only uint64 Mul, Add and Div are used, which have kernels on CPU and CUDA; a rotation by 32 bits is
`x / 2^32 + x * 2^32`. Where a graph runs on the CPU alone, a shift divides (`words_at`). The products counter * key are
built as an outer sum that depends on the key: no list of counters is stored in the file, and onnxruntime cannot compute
one when it loads the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from dslc_runtime.counter import stream_of

from dslc.types import DType, TensorType

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder

    Upper = Callable[[Builder, ir.Value], ir.Value]

__all__ = ["step_key", "stream_of", "uniform", "word_chunks", "words", "words_at"]

CHUNK = 1 << 22
"""Words per chunk: what bounds the memory of a large draw."""

_ROW = 1 << 12
_SHORT = 64
_HALF = np.uint64(2**32)
_SEED_KEY = np.uint64(0x548C9DECBCE65297)


def step_key(g: Builder, seed: ir.Value, step: ir.Value) -> ir.Value:
    """Return the key of a step: a uint64 scalar, from int64 scalars."""
    seeded = _odd(g, _squares(g, *_with_next(g, g.cast(seed, DType.UINT64), _SEED_KEY)))
    return _odd(g, _squares(g, *_with_next(g, g.cast(step, DType.UINT64), seeded)))


def words(g: Builder, key: ir.Value, count: int) -> ir.Value:
    """Return the first `count` words of the stream `key` (uint64 scalar), uint64 [count]."""
    chunks = list(word_chunks(g, key, count))
    return chunks[0] if len(chunks) == 1 else g.Concat(*chunks, axis=0)


def word_chunks(g: Builder, key: ir.Value, count: int, chunk: int = CHUNK) -> Iterator[ir.Value]:
    """Return the same words in pieces of at most `chunk`.

    Who turns the words into something smaller, piece by piece, needs no memory for all of them.
    """
    for start in range(0, count, chunk):
        first = g.Mul(key, np.uint64(start)) if start else None
        yield _chunk(g, key, min(chunk, count - start), first)


def words_at(g: Builder, counters: ir.Value, key: ir.Value) -> ir.Value:
    """Return the words of these counters, for a graph that runs on the CPU: shifts are faster than divisions."""
    return _squares(g, *_with_next(g, counters, key), _shifted)


def uniform(g: Builder, words: ir.Value) -> ir.Value:
    """Return the upper 53 bits of each word as a number in [0, 1), float64."""
    upper = g.cast(g.Div(words, np.uint64(2**11)), DType.FLOAT64)
    result: ir.Value = g.Mul(upper, 2.0**-53)
    return result


def _chunk(g: Builder, key: ir.Value, count: int, first: ir.Value | None) -> ir.Value:
    """Return `count` words; `first` is the first counter times the key, None for 0."""
    rows = -(-count // _ROW)
    low = _multiples(g, key, min(count, _ROW))
    low = low if first is None else g.Add(low, first)
    above = g.Add(low, key)
    if rows == 1:
        return _squares(g, low, above)
    high = g.reshape(_multiples(g, g.Mul(key, np.uint64(_ROW)), rows), (rows, 1))
    drawn = _squares(g, g.Add(high, low), g.Add(high, above))
    return _first(g, g.reshape(drawn, (rows * _ROW,)), count)


def _multiples(g: Builder, key: ir.Value, count: int) -> ir.Value:
    """Return 0, key, 2 * key, ... as uint64 of shape [count], for at most `_ROW` of them."""
    if count <= _SHORT:
        result: ir.Value = g.Mul(key, np.arange(count, dtype=np.uint64))
        return result
    rows = -(-count // _SHORT)
    high = g.reshape(_multiples(g, g.Mul(key, np.uint64(_SHORT)), rows), (rows, 1))
    return _first(g, g.reshape(g.Add(high, _multiples(g, key, _SHORT)), (rows * _SHORT,)), count)


def _first(g: Builder, x: ir.Value, count: int) -> ir.Value:
    if g.shape_of(x) == (count,):
        return x
    result: ir.Value = g.node(
        "Slice", [x, g.axes(0), g.axes(count), g.axes(0)], type=TensorType(DType.UINT64, (count,))
    )
    return result


def _with_next(
    g: Builder, counter: ir.Value, key: ir.Value | np.uint64
) -> tuple[ir.Value, ir.Value]:
    y = g.Mul(counter, key)
    return y, g.Add(y, key)


def _divided(g: Builder, x: ir.Value) -> ir.Value:
    """Return the upper half of each word: on every device."""
    result: ir.Value = g.Div(x, _HALF)
    return result


def _shifted(g: Builder, x: ir.Value) -> ir.Value:
    """Return the upper half of each word: on the CPU, in a quarter of the time."""
    result: ir.Value = g.BitShift(x, np.uint64(32), direction="RIGHT")
    return result


def _squares(g: Builder, y: ir.Value, z: ir.Value, upper: Upper = _divided) -> ir.Value:
    """Return the random words, given counter * key and (counter + 1) * key."""
    x = y
    for added in (y, z, y):
        x = _rotated(g, g.Add(g.Mul(x, x), added), upper)
    last = g.Add(g.Mul(x, x), z)
    x = _rotated(g, last, upper)
    result: ir.Value = g.Add(last, upper(g, g.Add(g.Mul(x, x), y)))
    return result


def _rotated(g: Builder, x: ir.Value, upper: Upper) -> ir.Value:
    result: ir.Value = g.Add(upper(g, x), g.Mul(x, _HALF))
    return result


def _odd(g: Builder, word: ir.Value) -> ir.Value:
    result: ir.Value = g.Add(g.Mul(word, np.uint64(2)), np.uint64(1))
    return result
