"""Random numbers from a counter: the n-th one of a stream is a function of n and a key.

There is no generator state, so a resumed run draws the numbers it would have drawn, and the same
numbers come out of NumPy (here), of onnxruntime on any device (`dslc.graph.random`) and of any
other language with 64-bit integers.

Source: Widynski, "Squares: A Fast Counter-Based RNG" (2020), the 64-bit form with five rounds; its
last step adds instead of using exclusive or, because CUDA has no kernel for that in onnxruntime.
All arithmetic is modulo 2^64.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

BLOCK = 1 << 14
"""Words drawn at a time: the few arrays in use then stay in the cache of a core."""

_SEED_KEY = 0x548C9DECBCE65297
_MASK = 2**64 - 1
_HALF = np.uint64(32)


def squares64(counters: Words, key: int) -> Words:
    """Return one random word per counter, for an array of at least one dimension. Keys are odd."""
    factor = np.uint64(key & _MASK)
    y = counters * factor
    z = y + factor
    x = y.copy()
    spare = np.empty_like(x)
    for added in (y, z, y):
        _square_and_add(x, added)
        _rotate(x, spare)
    _square_and_add(x, z)
    result = x.copy()
    _rotate(x, spare)
    _square_and_add(x, y)
    x >>= _HALF
    result += x
    return result


def _square_and_add(x: Words, added: Words) -> None:
    x *= x
    x += added


def _rotate(x: Words, spare: Words) -> None:
    """Exchange the upper and the lower half of every word."""
    np.left_shift(x, _HALF, out=spare)
    x >>= _HALF
    x |= spare


def words(key: int, count: int, start: int = 0) -> Words:
    """Return the words number `start` to `start + count - 1` of a stream, uint64 [count]."""
    result = np.empty(count, np.uint64)
    for first in range(0, count, BLOCK):
        last = min(first + BLOCK, count)
        counters = np.arange(start + first, start + last, dtype=np.uint64)
        result[first:last] = squares64(counters, key)
    return result


@lru_cache(64)
def step_key(seed: int, step: int) -> int:
    """Return the key of a step or an epoch, an odd number; `seed` and `step` count modulo 2^64."""
    return _odd(_word(step, _odd(_word(seed, _SEED_KEY))))


def stream_key(seed: int, step: int, stream: int) -> int:
    """Return the key of one stream within a step."""
    return (step_key(seed, step) + 2 * stream) & _MASK


def stream_of(name: str) -> int:
    """Return the stream of a name: the first eight bytes of its SHA-256."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")


def _word(counter: int, key: int) -> int:
    return int(squares64(np.array([counter & _MASK], np.uint64), key)[0])


def _odd(word: int) -> int:
    return (2 * word + 1) & _MASK
