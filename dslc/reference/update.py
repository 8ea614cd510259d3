"""One update of a training step in NumPy: accumulation, clipping, schedule, optimiser, averages, loss scale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from dslc.network.network import Parameter, Training
from dslc.operation import Array
from dslc.reference.scaling import counts, reference_scale
from dslc.schedules.clock import Clock, Pace
from dslc.schedules.duration import updates


def reference_update(
    training: Training,
    gradients: Mapping[Parameter, Array],
    state: Mapping[str, Array],
    step: int,
    batches_per_epoch: int,
    validation: float,
) -> dict[str, Array]:
    """Return the next value of every parameter with a gradient, its slots and average, of schedule and loss scale.

    `step` counts the steps of the section, of which one is made for `every` batches.
    """
    every = training.accumulate
    exact = {p: np.asarray(gradient, np.float64) for p, gradient in gradients.items()}
    following: dict[str, Array] = {}
    if every > 1:
        exact = {
            p: state[training.slot_name(p, "accumulated")] + d / every for p, d in exact.items()
        }
        due = (step + 1) % every == 0
        following = {
            training.slot_name(p, "accumulated"): np.zeros_like(d) if due else d
            for p, d in exact.items()
        }
        if not due:
            names = [training.schedule_name(name) for name in training.schedule.state]
            names += [training.scale_name(), training.scale_name("good_updates")] * training.scaled
            return {**_kept(names, state), **_unchanged(training, exact, state), **following}
    clock = _clock(training, step, batches_per_epoch, validation)
    factor, schedule = _schedule(training, state, clock)
    following |= schedule
    if training.scaled:
        counted = counts(exact.values())
        following |= reference_scale(training, counted, state)
        if not counted:
            return {**_unchanged(training, exact, state), **following}
    return {**_updated(training, _clip(training, exact), state, factor, clock), **following}


def _unchanged(
    training: Training, gradients: Mapping[Parameter, Array], state: Mapping[str, Array]
) -> dict[str, Array]:
    """Return every weight, with what is kept beside it, as it is."""
    names = []
    for p in gradients:
        names += [p.name, *(training.slot_name(p, slot) for slot in training.optimizers[p].slots)]
        names += [training.slot_name(p, "ema")] if training.ema is not None else []
    return _kept(names, state)


def _kept(names: Iterable[str], state: Mapping[str, Array]) -> dict[str, Array]:
    return {name: np.asarray(state[name], np.float64) for name in names}


def _clock(
    training: Training, step: int, batches_per_epoch: int, validation: float
) -> Clock[float]:
    pace = Pace(training.every, training.accumulate)
    total = None
    if training.length is not None:
        per_unit = batches_per_epoch if training.length.unit == "epochs" else 1
        total = updates(round(training.length.amount) * per_unit, pace)
    now = step * training.every  # the batch of this step, which is the last that the update gathers
    begins = now >= pace.batches and (
        now // batches_per_epoch != (now - pace.batches) // batches_per_epoch
    )
    update = step // training.accumulate
    return Clock(update, batches_per_epoch, total, validation, begins, pace)


def _clip(training: Training, gradients: Mapping[Parameter, Array]) -> dict[Parameter, Array]:
    clipped = dict(gradients)
    if training.clip_grad_value is not None:
        limit = training.clip_grad_value
        clipped = {p: np.clip(gradient, -limit, limit) for p, gradient in clipped.items()}
    if training.clip_grad_norm is not None:
        norm = np.sqrt(sum(float(np.vdot(gradient, gradient)) for gradient in clipped.values()))
        scale = min(1.0, training.clip_grad_norm / (norm + 1e-6))
        clipped = {p: gradient * scale for p, gradient in clipped.items()}
    return clipped


def _schedule(
    training: Training, state: Mapping[str, Array], clock: Clock[float]
) -> tuple[float, dict[str, Array]]:
    """Return the factor of the schedule, and its next state by name."""
    own = {
        name: np.asarray(state[training.schedule_name(name)], np.float64)
        for name in training.schedule.state
    }
    factor, after = training.schedule.reference(clock, own)
    return factor, {training.schedule_name(name): value for name, value in after.items()}


def _updated(
    training: Training,
    gradients: Mapping[Parameter, Array],
    state: Mapping[str, Array],
    factor: float,
    clock: Clock[float],
) -> dict[str, Array]:
    following: dict[str, Array] = {}
    for parameter, gradient in gradients.items():
        optimizer, name = training.optimizers[parameter], parameter.name
        names = [training.slot_name(parameter, slot) for slot in optimizer.slots]
        current = np.asarray(state[name], np.float64)
        slots = tuple(np.asarray(state[slot], np.float64) for slot in names)
        gradient = gradient + optimizer.l1 * np.sign(current)
        new, after_slots = optimizer.reference(
            current, gradient, slots, optimizer.lr * factor, int(clock.step)
        )
        following[name] = new
        following.update(zip(names, after_slots, strict=True))
        if training.ema is not None:
            average = np.asarray(state[training.slot_name(parameter, "ema")], np.float64)
            following[training.slot_name(parameter, "ema")] = (
                training.ema * average + (1 - training.ema) * new
            )
    return following
