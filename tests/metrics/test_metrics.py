"""Every metric: its graph against its reference, in one batch, in several, and by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from dslc.errors import RuleError
from dslc.graph.builder import type_of
from dslc.metrics.base import Metric
from dslc.metrics.classification import Accuracy, Perplexity
from dslc.metrics.confusion import F1, ConfusionMatrix, MeanIou, Precision, Recall
from dslc.metrics.regression import R2, Mae, Rmse
from dslc.reference.run import Run
from dslc.registry import metrics
from dslc.types import DType, TensorType, float32, int64
from tests.operations import evaluate as ev
from tests.operations.harness import Array, Case, Domain, N, T, below, between, fixed, scaled

RUN = Run(training=False, sizes={})

PAIR = (float32(N, 4), float32(N, 4))
SCORES = (float32(N, 5), int64(N))
PIXELS = (float32(N, 3, 4, 2), int64(N, 4, 2))
LABELS: tuple[Domain | None, ...] = (None, below(5))
SINGLE = (float32(N), int64(N))
ODDS: tuple[Domain | None, ...] = (between(0, 1), below(2))
SOME: tuple[Domain | None, ...] = (None, fixed([[0, 255], [1, 2], [255, 1], [2, 2]]))


@dataclass(frozen=True)
class Row:
    """One metric on values of these types."""

    name: str
    metric: Metric
    inputs: tuple[TensorType, ...]
    domains: tuple[Domain | None, ...] = ()

    @property
    def case(self) -> Case:
        return Case(self.name, self.metric, self.inputs, self.domains)


ROWS = (
    Row("accuracy", Accuracy(), SCORES, LABELS),
    Row("accuracy of equal scores", Accuracy(), SCORES, (fixed(1.0), fixed([0, 0, 1]))),
    Row("accuracy among three", Accuracy(k=3), SCORES, LABELS),
    Row("accuracy among two, equal scores", Accuracy(k=2), SCORES, (fixed(1.0), fixed([0, 1, 2]))),
    Row("accuracy of pixels", Accuracy(1, ignore_index=255), PIXELS, SOME),
    Row("accuracy among two of pixels", Accuracy(1, 2), PIXELS, (None, below(3))),
    Row("accuracy of words", Accuracy(), (float32(N, T, 5), int64(N, T)), LABELS),
    Row("perplexity", Perplexity(), (float32(N, T, 5), int64(N, T)), LABELS),
    Row("perplexity, ignoring", Perplexity(1, 255), PIXELS, SOME),
    Row("mean_iou", MeanIou(1), PIXELS, (None, below(3))),
    Row("mean_iou, ignoring", MeanIou(1, 255), PIXELS, SOME),
    Row("mean_iou of rows", MeanIou(), SCORES, (None, below(2))),
    Row("confusion_matrix", ConfusionMatrix(), SCORES, LABELS),
    Row("confusion_matrix of pixels, ignoring", ConfusionMatrix(1, 255), PIXELS, SOME),
    Row(
        "confusion_matrix of one class",
        ConfusionMatrix(),
        (float32(N, 1), int64(N)),
        (None, below(1)),
    ),
    Row("precision", Precision(), SCORES, LABELS),
    Row("precision, micro", Precision("micro", 1, 255), PIXELS, SOME),
    Row("precision, binary", Precision("binary"), (float32(N, 2), int64(N)), (None, below(2))),
    Row("precision of single scores", Precision("binary"), SINGLE, (None, below(2))),
    Row("precision of nothing found", Precision("binary"), SINGLE, (fixed(-1.0), below(2))),
    Row("recall", Recall(), SCORES, LABELS),
    Row("recall, macro, ignoring", Recall("macro", 1, 255), PIXELS, SOME),
    Row("recall, micro", Recall("micro"), SCORES, LABELS),
    Row("recall of flags", Recall("binary"), (float32(N), TensorType(DType.BOOL, (N,)))),
    Row("recall of probabilities", Recall("binary", threshold=0.5), (float32(N, 1),) * 2, ODDS),
    Row("f1", F1(), SCORES, LABELS),
    Row("f1, micro", F1("micro"), SCORES, LABELS),
    Row("f1, binary", F1("binary"), (float32(N, 2), int64(N)), (None, below(2))),
    Row(
        "f1 of single scores, ignoring",
        F1("binary", ignore_index=9),
        SINGLE,
        (None, fixed([1, 9, 0])),
    ),
    Row("f1 of int32", F1("binary"), (float32(N), TensorType(DType.INT32, (N,))), (None, below(2))),
    Row("mae", Mae(), PAIR),
    Row("rmse", Rmse(), PAIR),
    Row("rmse of single numbers", Rmse(), (float32(), float32())),
    Row("r2", R2(), PAIR, (scaled(3.0, 1.0), scaled(3.0, 1.0))),
)

# Five rows of scores whose largest are those of the classes 0, 0, 1, 1 and 3; class 2 does not occur.
FIVE = np.eye(4)[[0, 0, 1, 1, 3]].tolist()
TRUE = [0, 1, 1, 0, 3]

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def _batch(metric: Metric, values: Any) -> tuple[Array, ...]:
    found = metric.reference(RUN, *values)
    return found if isinstance(found, tuple) else (found,)


def test_every_metric_has_a_row() -> None:
    assert {type(row.metric) for row in ROWS} == set(metrics().values())


@every_row
@pytest.mark.parametrize("sizes", [{}, {"N": 3, "T": 4}], ids=["free", "fixed"])
def test_graph_adds_up_the_reference(row: Row, sizes: dict[str, int]) -> None:
    """The sums of a batch and the figure, with free and with fixed sizes."""
    lowered = ev.lower(row.case, False, sizes)
    assert [type_of(y) for y in lowered.results] == list(row.metric.types(*row.inputs))
    assert len(row.metric.accumulators) == len(lowered.results)
    figure = row.metric.lower_value(lowered.builder, *lowered.results)
    (first, *_) = row.metric.types(*row.inputs)
    assert type_of(figure) == (first if row.metric.table else float32())
    lowered.builder.output("figure", figure)
    lowered.names.append("figure")
    values, _ = ev.draw(row.case)
    found = ev.on_onnxruntime(lowered, values)
    sums = _batch(row.metric, values)
    for i, expected in enumerate(sums):
        np.testing.assert_allclose(found[f"y{i}"], expected, rtol=1e-6)
        assert expected.dtype.kind != "i" or found[f"y{i}"].tolist() == expected.tolist()
    np.testing.assert_allclose(found["figure"], row.metric.reference_value(*sums), rtol=2e-6)


@pytest.mark.parametrize("row", [r for r in ROWS if r.inputs[0].rank], ids=lambda row: row.name)
def test_batches_add_up(row: Row) -> None:
    """The figure of a data set does not depend on how it is cut into batches."""
    values, _ = ev.draw(row.case)
    whole = _batch(row.metric, values)
    parts = [_batch(row.metric, [v[part] for v in values]) for part in (slice(2), slice(2, None))]
    sums = [a + b for a, b in zip(*parts, strict=True)]
    for one, other in zip(whole, sums, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize(
    ("metric", "values", "expected"),
    [
        (Accuracy(), ([[1, 2], [3, 0], [5, 5]], [1, 1, 0]), 2 / 3),
        (Accuracy(k=2), ([[3, 2, 1], [3, 2, 1]], [1, 2]), 0.5),
        (Accuracy(ignore_index=9), ([[1, 2], [3, 0]], [1, 9]), 1.0),
        (Perplexity(), ([[0, 0, 0, 0]], [2]), 4.0),
        (MeanIou(), ([[1, 0, 0], [1, 0, 0], [0, 1, 0]], [0, 1, 1]), 0.5),
        (Precision(), (FIVE, TRUE), (1 / 2 + 1 / 2 + 1) / 3),
        (Precision("micro"), (FIVE, TRUE), 3 / 5),
        (Recall(), (FIVE, TRUE), (1 / 2 + 1 / 2 + 1) / 3),
        (F1(), (FIVE, TRUE), (1 / 2 + 1 / 2 + 1) / 3),
        (Recall(), (FIVE, [0, 0, 0, 0, 3]), (1 / 2 + 0 + 1) / 3),
        (F1(), (FIVE, [0, 0, 0, 0, 3]), (2 / 3 + 0 + 1) / 3),
        (Precision("binary"), ([1, -1, 2, 3], [1, 1, 0, 0]), 1 / 3),
        (Recall("binary"), ([1, -1, 2, 3], [1, 1, 0, 0]), 1 / 2),
        (F1("binary"), ([1, -1, 2, 3], [1, 1, 0, 0]), 2 / 5),
        (F1("binary"), ([[0, 1], [1, 0], [0, 2], [0, 3]], [1, 1, 0, 0]), 2 / 5),
        (F1("binary"), ([-1, -1], [0, 0]), 0.0),
        (Mae(), ([1.0, 2.0], [2.0, 0.0]), 1.5),
        (Rmse(), ([1.0, 2.0], [2.0, 9.0]), 5.0),
        (R2(), ([1.0, 3.0], [1.0, 5.0]), 0.5),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, Metric) else "",
)
def test_figures_worked_out_by_hand(metric: Metric, values: Any, expected: float) -> None:
    arrays = [np.asarray(values[0], np.float64), np.asarray(values[1])]
    found = metric.reference_value(*_batch(metric, arrays))
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("metric", "inputs", "code", "says"),
    [
        (Accuracy(), PIXELS, "E0321", "axis=1"),
        (Accuracy(k=6), SCORES, "E0321", "6 largest of 5"),
        (Perplexity(), PAIR, "E0401", "whole numbers"),
        (MeanIou(), (float32(N, T), int64(N)), "E0321", "T is free"),
        (ConfusionMatrix(), (float32(N, T), int64(N)), "E0321", "T is free"),
        (Precision("binary"), SCORES, "E0321", "two classes; these are 5"),
        (Recall("binary"), (float32(N, 1), int64(T, 1)), "E0309", "do not go together"),
        (F1(), SINGLE, "E0321", "average=binary"),
        (F1("binary", ignore_index=9), (float32(N),) * 2, "E0321", "the target is float32"),
        (Precision("binary"), (int64(N),) * 2, "E0401", "floating-point"),
        (Rmse(), (float32(N, 1), float32(N)), "E0309", "every prediction against every target"),
    ],
)
def test_wrong_call_is_refused(
    metric: Metric, inputs: tuple[TensorType, ...], code: str, says: str
) -> None:
    with pytest.raises(RuleError) as caught:
        metric.infer(*inputs)
    error = caught.value
    assert error.code == code
    edits = [str(edit) for edit in error.edits]
    assert says in "\n".join((error.message, error.text, *error.facts, *error.helps, *edits))


def test_labels_are_limited() -> None:
    assert Accuracy(axis=1).index_limits(*PIXELS) == {1: 3}


def test_a_confusion_matrix_has_the_true_classes_in_its_rows() -> None:
    arrays = [np.asarray(FIVE), np.asarray([0, 1, 1, 0, 0])]
    metric = ConfusionMatrix()
    found = metric.reference_value(*_batch(metric, arrays))
    assert found.tolist() == [[1, 1, 0, 1], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
