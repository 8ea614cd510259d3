"""Python's collector of reference cycles, paused while what is made stays alive.

A large network is hundreds of thousands of objects, and each full collection looks at all of them: a third of the time
of compiling one, for nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Pause the collector; as a decorator, while the function runs."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
