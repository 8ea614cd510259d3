"""The layers, losses, metrics, optimizers and schedules that the language knows."""

from __future__ import annotations

from functools import cache

from dslc import registry
from dslc.elaborate.scope import Library
from dslc.layers.merge import MERGES


@cache
def standard_library() -> Library:
    """Return everything a spec can name."""
    return Library(
        registry.operations(),
        registry.initializers(),
        registry.metrics(),
        registry.optimizers(),
        registry.schedules(),
        MERGES,
    )
