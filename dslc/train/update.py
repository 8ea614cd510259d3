"""The update of a training step: accumulation, clipping, schedule, optimiser, averages; and whether all is finite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import onnx_ir as ir

from dslc.graph.builder import Builder
from dslc.lower import doc_of
from dslc.network.network import Parameter, Training
from dslc.schedules.clock import Clock, Pace
from dslc.schedules.duration import lower_batch, lower_updates

Gradients = dict[Parameter, ir.Value]
States = Mapping[str, ir.Value]


def following_state(
    g: Builder, training: Training, gradients: Gradients, current: States, supplied: States
) -> dict[str, ir.Value]:
    """Return the next value of every trained parameter, its slots, its average, and the schedule.

    `current` are the states by name, `supplied` what the loop says: `step`, `steps_per_epoch`, `validation`.
    """
    with g.at("schedule", doc_of(training.span)):
        clock = _clock(g, training, supplied)
    kept: dict[str, ir.Value] = {}
    if training.accumulate > 1:
        with g.at("accumulate", doc_of(training.span)):
            rest = g.Mod(supplied["step"], training.accumulate)
            due = g.Equal(rest, training.accumulate - 1)
            gradients = _accumulated(g, training, gradients, current)
            kept = {
                training.slot_name(p, "accumulated"): g.Where(due, 0.0, gradient)
                for p, gradient in gradients.items()
            }
    following = _updated(g, training, _clip(g, training, gradients), current, clock)
    if training.accumulate > 1:
        with g.at("accumulate", doc_of(training.span)):
            following = {
                name: g.Where(due, value, current[name]) for name, value in following.items()
            }
    return {**following, **kept}


def _clock(g: Builder, training: Training, supplied: States) -> Clock[ir.Value]:
    """Return the time in updates: the loop counts the steps of the section, and the batches of an epoch."""
    step, per_epoch = supplied["step"], g.Max(supplied["steps_per_epoch"], 1)
    pace = Pace(training.every, training.accumulate)
    clock = Clock(
        step=g.Div(step, pace.accumulate) if pace.accumulate > 1 else step,
        batches_per_epoch=per_epoch,
        total_steps=_total_steps(g, training, supplied, pace),
        validation=supplied["validation"],
        pace=pace,
    )
    now = lower_batch(g, clock)
    ended = g.Greater(g.Div(now, per_epoch), g.Div(g.Sub(now, pace.batches), per_epoch))
    return replace(clock, epoch_begins=g.And(ended, g.Greater(clock.step, 0)))


def _total_steps(g: Builder, training: Training, supplied: States, pace: Pace) -> ir.Value | None:
    """The length of the training in updates, from its batches: given, or epochs times those of one."""
    if training.length is None:
        return None
    amount = round(training.length.amount)
    if training.length.unit == "steps":
        return lower_updates(g, g.constant(amount), pace)
    return lower_updates(g, g.Mul(supplied["steps_per_epoch"], amount), pace)


def _accumulated(
    g: Builder, training: Training, gradients: Gradients, current: States
) -> Gradients:
    """Add this batch's share of the mean gradient to those before it."""
    share = 1 / training.accumulate
    return {
        p: g.Add(current[training.slot_name(p, "accumulated")], g.Mul(gradient, share))
        for p, gradient in gradients.items()
    }


def _clip(g: Builder, training: Training, gradients: Gradients) -> Gradients:
    """Limit the gradients as the train section says: by value, then by the norm of all of them together.

    Source: PyTorch, clip_grad_norm_: the factor is min(1, limit / (norm + 1e-6)).
    """
    if training.clip_grad_value is not None:
        limit = training.clip_grad_value
        with g.at("clip_grad_value", doc_of(training.span)):
            gradients = {p: g.Clip(gradient, -limit, limit) for p, gradient in gradients.items()}
    if training.clip_grad_norm is not None:
        with g.at("clip_grad_norm", doc_of(training.span)):
            squares = [g.ReduceSumSquare(gradient, keepdims=0) for gradient in gradients.values()]
            norm = g.Sqrt(g.Sum(*squares))
            factor = g.Min(g.Div(training.clip_grad_norm, g.Add(norm, 1e-6)), 1.0)
            gradients = {p: g.Mul(gradient, factor) for p, gradient in gradients.items()}
    return gradients


def _updated(
    g: Builder, training: Training, gradients: Gradients, current: States, clock: Clock[ir.Value]
) -> dict[str, ir.Value]:
    """Return what one update makes of parameters, slots, averages and the schedule, by the name of the state."""
    with g.at("schedule", doc_of(training.span)):
        own = {name: current[training.schedule_name(name)] for name in training.schedule.state}
        factor, schedule = training.schedule.lower(g, clock, own)
    following = {training.schedule_name(name): value for name, value in schedule.items()}
    rates: dict[float, ir.Value] = {}
    for parameter, gradient in gradients.items():
        rate = training.optimizers[parameter].lr
        if rate not in rates:
            with g.at("rate", doc_of(training.span)):
                rates[rate] = g.Mul(factor, rate)
        with g.at(f"update.{parameter.name}", doc_of(parameter.span)):
            following |= _one(g, training, parameter, gradient, current, rates[rate], clock.step)
    return following


def _one(
    g: Builder,
    training: Training,
    parameter: Parameter,
    gradient: ir.Value,
    current: States,
    rate: ir.Value,
    step: ir.Value,
) -> dict[str, ir.Value]:
    """Return the next value of one parameter, of its slots, and of its average."""
    optimizer, name = training.optimizers[parameter], parameter.name
    if optimizer.l1:
        gradient = g.Add(gradient, g.Mul(g.Sign(current[name]), optimizer.l1))
    names = [training.slot_name(parameter, slot) for slot in optimizer.slots]
    slots = tuple(current[slot] for slot in names)
    new, after = optimizer.lower(g, current[name], gradient, slots, rate, step)
    following = {name: new, **dict(zip(names, after, strict=True))}
    if training.ema is not None:
        before = g.Mul(current[training.slot_name(parameter, "ema")], training.ema)
        following[training.slot_name(parameter, "ema")] = g.Add(
            before, g.Mul(new, 1 - training.ema)
        )
    return following


def finite(g: Builder, values: Sequence[ir.Value]) -> ir.Value:
    """Tell whether every element of every value is a number.

    A sum carries each NaN and infinity to the end; a maximum may lose a NaN.
    """
    total = g.Sum(*(g.ReduceSum(value, keepdims=0) for value in values))
    result: ir.Value = g.Not(g.Or(g.IsNaN(total), g.IsInf(total)))
    return result
