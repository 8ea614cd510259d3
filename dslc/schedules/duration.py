"""Durations in the time of a training: `3 epochs` is 3 times the batches of an epoch, `30 steps` is 30 updates.

A schedule counts updates. Where an update takes more than one batch an epoch is no whole number of them, so what comes
again and again after so many epochs is counted in batches: nothing drifts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dslc.schedules.clock import Clock, Pace
from dslc.types import DType, Duration

if TYPE_CHECKING:
    import onnx_ir as ir

    from dslc.graph.builder import Builder


def batch(clock: Clock[float]) -> float:
    """Return the batch at which the update is made, counted from 0."""
    return clock.step * clock.pace.batches + clock.pace.last


def steps(duration: Duration, clock: Clock[float]) -> int:
    """Return how many updates are made within a duration, at least 1."""
    if not _in_epochs(duration):
        return max(1, round(duration.amount))
    return max(1, updates(round(duration.amount * clock.batches_per_epoch), clock.pace))


def updates(batches: float, pace: Pace) -> int:
    """Return how many updates are made within so many batches."""
    return int(-(-(batches - pace.last) // pace.batches))


def rounds(time: Duration, clock: Clock[float], duration: Duration) -> tuple[float, int]:
    """Return the time of this update and the length of `duration`, both in the unit of `time`: updates, or batches."""
    if not _in_epochs(time):
        return clock.step, steps(duration, clock)
    if _in_epochs(duration):
        return batch(clock), max(1, round(duration.amount * clock.batches_per_epoch))
    return batch(clock), steps(duration, clock) * clock.pace.batches


def lower_batch(g: Builder, clock: Clock[ir.Value]) -> ir.Value:
    """Return the batch at which the update is made as an int64 scalar."""
    pace = clock.pace
    if pace.batches == 1:
        return clock.step
    result: ir.Value = g.Add(g.Mul(clock.step, pace.batches), pace.last)
    return result


def lower_steps(g: Builder, duration: Duration, clock: Clock[ir.Value]) -> ir.Value:
    """Return the updates within a duration as an int64 scalar. It is never 0, so a graph may divide by it."""
    if not _in_epochs(duration):
        return g.constant(max(1, round(duration.amount)), DType.INT64)
    batches = _lower_batches(g, duration, clock)
    result: ir.Value = g.Max(lower_updates(g, batches, clock.pace), 1)
    return result


def lower_updates(g: Builder, batches: ir.Value, pace: Pace) -> ir.Value:
    """Return how many updates are made within so many batches, as an int64 scalar."""
    if pace.batches == 1:
        return batches
    result: ir.Value = g.Div(g.Add(batches, pace.batches - 1 - pace.last), pace.batches)
    return result


def lower_rounds(
    g: Builder, time: Duration, clock: Clock[ir.Value], duration: Duration
) -> tuple[ir.Value, ir.Value]:
    """Return the same as `rounds`, as int64 scalars; the length is never 0."""
    if not _in_epochs(time) or clock.pace.batches == 1:
        return clock.step, lower_steps(g, duration, clock)
    now = lower_batch(g, clock)
    if _in_epochs(duration):
        return now, g.Max(_lower_batches(g, duration, clock), 1)
    return now, g.Mul(lower_steps(g, duration, clock), clock.pace.batches)


def _lower_batches(g: Builder, duration: Duration, clock: Clock[ir.Value]) -> ir.Value:
    """Return the batches of so many epochs."""
    batches: ir.Value
    if duration.amount == int(duration.amount):
        batches = g.Mul(clock.batches_per_epoch, int(duration.amount))
    else:
        exact = g.Mul(g.cast(clock.batches_per_epoch, DType.FLOAT64), duration.amount)
        batches = g.cast(g.Round(exact), DType.INT64)
    return batches


def _in_epochs(duration: Duration) -> bool:
    return duration.unit.startswith("epoch")
