"""Whether two cores share a cache: those of a virtual machine do at one moment, and at the next they do not.

What one of them wrote is then slow to read for the other. onnxruntime's operators that run on one thread (Slice,
Transpose, Concat) read what both have written, and take several times as long.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import numpy as np

FAR = 1.35
"""From where on cores are far: with one cache between them `crossing` is 1.0 to 1.2, without one 1.5 to 2.5."""

SIZE = 1 << 20
"""Bytes that are written and read: as many as a core's own cache has; of fewer it may keep what it read before."""

TRIES = 25
"""Of which the fastest counts: what else the machine does makes the others slower."""


def crossing() -> float | None:
    """Return how many times as long a core takes to read what another one wrote as what it wrote itself.

    The two are the first ones that this process may use; None where that cannot be told.
    """
    processors = sorted(os.sched_getaffinity(0))[:2] if sys.platform == "linux" else []
    if len(processors) < 2:
        return None
    written, copy = np.zeros(SIZE, np.uint8), np.zeros(SIZE, np.uint8)

    def seconds() -> float:
        begin = perf_counter()
        np.copyto(copy, written)
        return perf_counter() - begin

    with _pinned(processors[0]) as here, _pinned(processors[1]) as there:

        def after(writer: ThreadPoolExecutor) -> float:
            writer.submit(written.fill, 1).result()
            return here.submit(seconds).result()

        pairs = [(after(there), after(here)) for _ in range(TRIES)]
    others, own = zip(*pairs, strict=True)
    return float(min(others) / min(own))


def _pinned(processor: int) -> ThreadPoolExecutor:
    """Return a thread that stays on one core."""
    return ThreadPoolExecutor(1, initializer=os.sched_setaffinity, initargs=(0, {processor}))
