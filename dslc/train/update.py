"""The update of a training step: accumulation, clipping, schedule, optimiser, averages; and whether all is finite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import onnx_ir as ir

from dslc.graph.builder import Builder
from dslc.lower import doc_of
from dslc.network.network import Parameter, Training
from dslc.network.precision import SMALLEST_SCALE
from dslc.schedules.clock import Clock, Pace
from dslc.schedules.duration import lower_batch, lower_updates
from dslc.train.scaling import following_scale

Gradients = dict[Parameter, ir.Value]
States = Mapping[str, ir.Value]


@dataclass(frozen=True)
class Update:
    """What a step makes of the state, by name.

    Where the loss is scaled, `counts` tells whether all gradients are finite: else everything but the scale stays.
    """

    following: dict[str, ir.Value]
    counts: ir.Value | None


def update_of(
    g: Builder,
    training: Training,
    gradients: Gradients,
    statistics: States,
    current: States,
    supplied: States,
) -> Update:
    """Return the next value of every trained parameter, its slots, its average, of statistics, schedule and loss scale.

    `statistics` are the next running statistics and `current` the states by name, `supplied` what the loop says:
    `step`, `steps_per_epoch`, `validation`.
    """
    with g.at("schedule", doc_of(training.span)):
        clock = _clock(g, training, supplied)
    kept: dict[str, ir.Value] = {}
    due: ir.Value | None = None
    if training.accumulate > 1:
        with g.at("accumulate", doc_of(training.span)):
            rest = g.Mod(supplied["step"], training.accumulate)
            due = g.Equal(rest, training.accumulate - 1)
            gradients = _accumulated(g, training, gradients, current)
            kept = {
                training.slot_name(p, "accumulated"): g.Where(due, 0.0, gradient)
                for p, gradient in gradients.items()
            }
    counts = _counts(g, training, gradients)
    schedule, factor = _schedule(g, training, current, clock)
    following = _updated(g, training, _clip(g, training, gradients), current, factor, clock)
    if counts is not None:
        with g.at("loss_scale", doc_of(training.span)):
            following, statistics = (_where(g, counts, s, current) for s in (following, statistics))
            schedule |= following_scale(g, training, counts, current)
    following |= schedule
    if due is not None:
        with g.at("accumulate", doc_of(training.span)):
            following = _where(g, due, following, current)
    return Update({**following, **kept, **statistics}, counts)


def _counts(g: Builder, training: Training, gradients: Gradients) -> ir.Value | None:
    if not training.scaled:
        return None
    with g.at("loss_scale", doc_of(training.span)):
        return finite(g, list(gradients.values()))


def _where(g: Builder, whether: ir.Value, new: States, current: States) -> dict[str, ir.Value]:
    return {name: g.Where(whether, value, current[name]) for name, value in new.items()}


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


def _schedule(
    g: Builder, training: Training, current: States, clock: Clock[ir.Value]
) -> tuple[dict[str, ir.Value], ir.Value]:
    """Return the next state of the schedule, by its name, and the factor that the schedule gives."""
    with g.at("schedule", doc_of(training.span)):
        own = {name: current[training.schedule_name(name)] for name in training.schedule.state}
        factor, after = training.schedule.lower(g, clock, own)
    return {training.schedule_name(name): value for name, value in after.items()}, factor


def _updated(
    g: Builder,
    training: Training,
    gradients: Gradients,
    current: States,
    factor: ir.Value,
    clock: Clock[ir.Value],
) -> dict[str, ir.Value]:
    """Return what one update makes of parameters, slots and averages, by the name of the state."""
    following: dict[str, ir.Value] = {}
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


def goes_on(g: Builder, training: Training, loss: ir.Value, update: Update) -> ir.Value:
    """Tell whether training can go on: loss and next state are finite.

    Where the loss is scaled, a step that does not count does no harm; so many that the scale is below 1 do.
    """
    following, counts = update.following, update.counts
    # A schedule's own state may rightly be infinite: the best figure before there is one.
    aside = {training.schedule_name(name) for name in training.schedule.state}
    if counts is not None:
        loss = g.Where(counts, loss, 0.0)
        aside |= {training.scale_name(), training.scale_name("good_updates")}
        # A sum of gradients stays infinite until it is due, and is thrown away then.
        aside |= {training.slot_name(p, "accumulated") for p in training.optimizers}
    sound = finite(g, [loss, *(v for name, v in following.items() if name not in aside)])
    if counts is not None:
        sound = g.And(sound, g.GreaterOrEqual(following[training.scale_name()], SMALLEST_SCALE))
    return sound


def finite(g: Builder, values: Sequence[ir.Value]) -> ir.Value:
    """Tell whether every element of every value is a number.

    A sum carries each NaN and infinity to the end; a maximum may lose a NaN. Vectors are small, and summed as one where
    they follow each other. It is the last node that onnxruntime looks for the way to, from its last operand backwards:
    so a layer's values are summed apart from those of the layers before it, whose gradients can wait, and what the
    gradients of the layer needed is given back before these are computed.
    """
    parts: list[ir.Value] = []
    for is_vector, run in groupby(values, key=lambda value: len(g.shape_of(value)) == 1):
        found = list(run)
        parts += [g.Concat(*found, axis=0)] if is_vector and len(found) > 1 else found
    total = g.Sum(*(g.ReduceSum(value, keepdims=0) for value in parts))
    result: ir.Value = g.Not(g.Or(g.IsNaN(total), g.IsInf(total)))
    return result
