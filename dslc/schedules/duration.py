"""Durations as whole numbers of steps, at least 1: `3 epochs` is 3 times the steps of an epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dslc.types import DType, Duration

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


def steps(duration: Duration, steps_per_epoch: float) -> int:
    """Return how many steps a duration takes, at least 1."""
    factor = steps_per_epoch if _in_epochs(duration) else 1
    return max(1, round(duration.amount * factor))


def lower_steps(g: Builder, duration: Duration, steps_per_epoch: ir.Value) -> ir.Value:
    """Return the same as an int64 scalar. It is never 0, so a graph may divide by it."""
    if not _in_epochs(duration):
        return g.constant(steps(duration, 1), DType.INT64)
    if duration.amount == int(duration.amount):
        product = g.Mul(steps_per_epoch, int(duration.amount))
    else:
        exact = g.Mul(g.cast(steps_per_epoch, DType.FLOAT64), duration.amount)
        product = g.cast(g.Round(exact), DType.INT64)
    result: ir.Value = g.Max(product, 1)
    return result


def _in_epochs(duration: Duration) -> bool:
    return duration.unit.startswith("epoch")
