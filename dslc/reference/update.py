"""One update of a training step in NumPy: clipping, schedule, optimiser."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dslc.network.network import Parameter, Training
from dslc.operation import Array
from dslc.schedules.base import Clock


def reference_update(
    training: Training,
    gradients: Mapping[Parameter, Array],
    state: Mapping[str, Array],
    step: int,
    steps_per_epoch: int,
    validation: float,
) -> dict[str, Array]:
    """Return the next value of every parameter with a gradient, its slots, and the schedule, by name."""
    clipped = _clip(training, gradients)
    clock = Clock(step, steps_per_epoch, _total_steps(training, steps_per_epoch), validation)
    schedule = {
        name: np.asarray(state[f"schedule.{name}"], np.float64) for name in training.schedule.state
    }
    factor, after = training.schedule.reference(clock, schedule)
    following: dict[str, Array] = {f"schedule.{name}": value for name, value in after.items()}
    for parameter, gradient in clipped.items():
        optimizer = training.optimizers[parameter]
        names = [f"{parameter.name}.{slot}" for slot in optimizer.slots]
        current = np.asarray(state[parameter.name], np.float64)
        slots = tuple(np.asarray(state[name], np.float64) for name in names)
        gradient = gradient + optimizer.l1 * np.sign(current)
        new, after_slots = optimizer.reference(
            current, gradient, slots, optimizer.lr * factor, step
        )
        following[parameter.name] = new
        following.update(zip(names, after_slots, strict=True))
    return following


def _clip(training: Training, gradients: Mapping[Parameter, Array]) -> dict[Parameter, Array]:
    clipped = {p: np.asarray(gradient, np.float64) for p, gradient in gradients.items()}
    if training.clip_grad_value is not None:
        limit = training.clip_grad_value
        clipped = {p: np.clip(gradient, -limit, limit) for p, gradient in clipped.items()}
    if training.clip_grad_norm is not None:
        norm = np.sqrt(sum(float(np.vdot(gradient, gradient)) for gradient in clipped.values()))
        scale = min(1.0, training.clip_grad_norm / (norm + 1e-6))
        clipped = {p: gradient * scale for p, gradient in clipped.items()}
    return clipped


def _total_steps(training: Training, steps_per_epoch: int) -> int | None:
    if training.length is None:
        return None
    per_unit = steps_per_epoch if training.length.unit == "epochs" else 1
    return round(training.length.amount) * per_unit
