"""Losses and metrics of one or several batches, by the interpreter, against what a graph gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Batch:
    """One batch as the interpreter saw it, exactly and in float32, and how many samples it has."""

    exact: Evaluation
    rounded: Evaluation
    samples: int


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

    def judged(
        kind: str, name: str, value: float | Array, rough: float | Array, size: float = 0.0
    ) -> Finding:
        floor = max(SMALL, size)
        error = distance(found[name], np.asarray(value), floor)
        yardstick = distance(np.asarray(rough), np.asarray(value), floor)
        return within(kind, name, error, max(measure.FORWARD, least), lambda: yardstick)

    exact = {term: loss_over(term, batches, rounded=False) for term in training.terms}
    rounded = {term: loss_over(term, batches, rounded=True) for term in training.terms}
    sizes = {t: max(size_of(t.value, batch.exact) for batch in batches) for t in training.terms}
    findings = [
        judged("loss", f"loss.{t.name}", exact[t], rounded[t], sizes[t]) for t in training.terms
    ]
    whole = sum(exact.values()), sum(rounded.values()), max(sizes.values(), default=0.0)
    findings.append(judged("loss", "loss", *whole))
    for measured in training.measures:
        if measured.metric.table and not tables:
            continue
        value = _metric(measured, [batch.exact for batch in batches])
        rough = _metric(measured, [batch.rounded for batch in batches])
        findings.append(judged("metric", f"metric.{measured.name}", value, rough))
    return findings


def loss_over(term: Term, batches: Sequence[Batch], *, rounded: bool) -> float:
    """The loss over all batches: the mean over every label that counts, or the sum where the spec says so."""
    runs = [batch.rounded if rounded else batch.exact for batch in batches]
    values = [float(done.arrays[term.value]) for done in runs]
    if is_sum(term):
        return sum(values)
    weights = [_weight(term, done, b.samples) for done, b in zip(runs, batches, strict=True)]
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
