"""Losses and metrics of one or several batches, by the interpreter, against what a graph gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from dslc.checking import measure
from dslc.checking.measure import Finding, distance, size_of, within
from dslc.losses.base import Loss
from dslc.metrics.base import Metric
from dslc.network.network import Measure, Term, Training
from dslc.operation import Array
from dslc.reference.interpreter import Evaluation
from dslc.reference.run import Run
from dslc.train.losses import is_sum

RUN = Run(training=False, sizes={})
"""Metrics draw no random numbers and know no mode."""

SMALL = 1e-3
"""Figures are compared relative to their size, to that of what they are the difference of, and at least to this."""


Figure = Callable[[Sequence[Evaluation]], "float | Array"]
"""What a loss or metric comes to over one evaluation of each batch."""


@dataclass(frozen=True)
class Batch:
    """One batch as the interpreter saw it, exactly and in float32, and how many samples it has.

    `again` are further evaluations as `rounded`, where roundings are drawn.
    """

    exact: Evaluation
    rounded: Evaluation
    samples: int
    again: Callable[[], Sequence[Evaluation]] = tuple


def compare_figures(
    training: Training,
    found: Mapping[str, Array],
    batches: Sequence[Batch],
    least: float,
    *,
    tables: bool,
) -> list[Finding]:
    """Judge `loss`, every `loss.NAME` and every `metric.NAME` over all batches together, with or without tables.

    No bound is below `least`.
    """

    exact, rounded = [batch.exact for batch in batches], [batch.rounded for batch in batches]
    samples = [batch.samples for batch in batches]

    def judged(kind: str, name: str, figure: Figure, size: float = 0.0) -> Finding:
        floor, value = max(SMALL, size), np.asarray(figure(exact))

        def off(runs: Sequence[Evaluation]) -> float:
            return distance(np.asarray(figure(runs)), value, floor)

        return within(
            kind,
            name,
            distance(found[name], value, floor),
            max(measure.FORWARD, least),
            lambda: off(rounded),
            again=lambda: map(off, zip(*(batch.again() for batch in batches), strict=True)),
        )

    def judged_sum(name: str, terms: Sequence[Term]) -> Finding:
        size = max((size_of(term.value, done) for term in terms for done in exact), default=0.0)
        return judged(
            "loss", name, lambda runs: sum(loss_over(term, runs, samples) for term in terms), size
        )

    findings = [judged_sum(f"loss.{term.name}", [term]) for term in training.terms]
    findings.append(judged_sum("loss", training.terms))
    for measured in training.measures:
        if tables or not measured.metric.table:
            figure = partial(_metric, measured)
            findings.append(judged("metric", f"metric.{measured.name}", figure))
    return findings


def loss_over(term: Term, runs: Sequence[Evaluation], samples: Sequence[int]) -> float:
    """The loss over all batches: the mean over every label that counts, or the sum where the spec says so."""
    values = [float(done.arrays[term.value]) for done in runs]
    if is_sum(term):
        return sum(values)
    weights = [_weight(term, done, count) for done, count in zip(runs, samples, strict=True)]
    return float(np.average(values, weights=weights))


def _weight(term: Term, done: Evaluation, samples: int) -> float:
    if term.weighing is None:
        return samples
    operation = term.weighing.operation
    assert isinstance(operation, Loss)
    arrays = [done.arrays[value] for value in term.weighing.inputs if value is not None]
    return float(operation.reference_weight(*arrays))


def _metric(measured: Measure, evaluations: Sequence[Evaluation]) -> float | Array:
    metric: Metric = measured.metric
    sums: list[Array] | None = None
    for done in evaluations:
        batch = metric.reference(RUN, *(done.arrays[value] for value in measured.inputs))
        batch = list(batch) if isinstance(batch, tuple) else [batch]
        sums = batch if sums is None else [a + b for a, b in zip(sums, batch, strict=True)]
    value: float | Array = metric.reference_value(*(sums or []))
    return value
