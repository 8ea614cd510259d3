"""The update of a training step: clipping, schedule, optimiser, and whether all of it is finite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx_ir as ir

from dslc.graph.builder import Builder
from dslc.lower import doc_of
from dslc.network.network import Parameter, Training
from dslc.schedules.base import Clock

Gradients = dict[Parameter, ir.Value]


def clip(g: Builder, training: Training, gradients: Gradients) -> Gradients:
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


def advance_schedule(
    g: Builder, training: Training, inputs: Mapping[str, ir.Value], state: Mapping[str, ir.Value]
) -> tuple[ir.Value, Mapping[str, ir.Value]]:
    """Return the factor on every rate, and the next state of the schedule."""
    with g.at("schedule", doc_of(training.span)):
        clock = Clock(
            step=inputs["step"],
            steps_per_epoch=inputs["steps_per_epoch"],
            total_steps=_total_steps(g, training, inputs),
            validation=inputs["validation"],
        )
        return training.schedule.lower(g, clock, state)


def update(
    g: Builder,
    training: Training,
    gradients: Gradients,
    current: Mapping[str, ir.Value],
    factor: ir.Value,
    step: ir.Value,
) -> dict[str, ir.Value]:
    """Return the next value of every trained parameter and its slots, by the name of the state."""
    following: dict[str, ir.Value] = {}
    rates: dict[float, ir.Value] = {}
    for parameter, gradient in gradients.items():
        optimizer = training.optimizers[parameter]
        if optimizer.lr not in rates:
            with g.at("rate", doc_of(training.span)):
                rates[optimizer.lr] = g.Mul(factor, optimizer.lr)
        names = [f"{parameter.name}.{slot}" for slot in optimizer.slots]
        with g.at(f"update.{parameter.name}", doc_of(parameter.span)):
            if optimizer.l1:
                penalty = g.Mul(g.Sign(current[parameter.name]), optimizer.l1)
                gradient = g.Add(gradient, penalty)
            new, slots = optimizer.lower(
                g,
                current[parameter.name],
                gradient,
                tuple(current[name] for name in names),
                rates[optimizer.lr],
                step,
            )
        following[parameter.name] = new
        following.update(zip(names, slots, strict=True))
    return following


def finite(g: Builder, values: Sequence[ir.Value]) -> ir.Value:
    """Tell whether every element of every value is a number.

    A sum carries each NaN and infinity to the end; a maximum may lose a NaN.
    """
    total = g.Sum(*(g.ReduceSum(value, keepdims=0) for value in values))
    result: ir.Value = g.Not(g.Or(g.IsNaN(total), g.IsInf(total)))
    return result


def _total_steps(g: Builder, training: Training, inputs: Mapping[str, ir.Value]) -> ir.Value | None:
    """The length of the training in steps: given, or epochs times the steps of one."""
    if training.length is None or not training.schedule.uses_total_steps:
        return None
    amount = round(training.length.amount)
    if training.length.unit == "steps":
        return g.constant(amount)
    total: ir.Value = g.Mul(inputs["steps_per_epoch"], amount)
    return total
