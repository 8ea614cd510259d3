"""How many labels of a batch count: what evaluation weighs the loss of a batch by."""

from __future__ import annotations

import numpy as np
import pytest

from dslc.graph.builder import type_of
from dslc.losses.base import Loss
from dslc.losses.classification import CrossEntropy
from dslc.registry import losses
from dslc.types import float32, int64
from tests.operations import evaluate as ev
from tests.operations import test_operations as rows
from tests.operations.harness import Case, N

CASES = [case for case in rows.CASES if isinstance(case.operation, Loss)]


def test_every_loss_says_that_it_is_one() -> None:
    assert all(issubclass(loss, Loss) and loss.is_loss for loss in losses().values())


@pytest.mark.parametrize("sizes", [{}, {"N": 3, "T": 4}], ids=["free", "fixed"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_graph_counts_as_the_reference(case: Case, sizes: dict[str, int]) -> None:
    assert isinstance(case.operation, Loss)
    lowered = ev.lower(case, False, sizes)
    weight = case.operation.lower_weight(lowered.builder, *lowered.operands)
    assert type_of(weight) == float32()
    lowered.builder.output("weight", weight)
    lowered.names.append("weight")
    values, _ = ev.draw(case)
    found = ev.on_onnxruntime(lowered, values)["weight"]
    arrays = [value for value in values if value is not None]
    np.testing.assert_allclose(found, case.operation.reference_weight(*arrays), rtol=1e-6)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (CrossEntropy(), 4.0),
        (CrossEntropy(ignore_index=0), 3.0),
        (CrossEntropy(weight=(1.0, 2.0, 4.0)), 9.0),
        (CrossEntropy(ignore_index=0, weight=(1.0, 2.0, 4.0)), 8.0),
    ],
)
def test_labels_that_count(loss: CrossEntropy, expected: float) -> None:
    assert loss.reference_weight(np.zeros((4, 3)), np.asarray([0, 1, 1, 2])) == expected


def test_mean_over_batches_is_the_mean_over_all() -> None:
    """Batches of different sizes, with labels left out, weigh as their labels do."""
    loss = CrossEntropy(ignore_index=0, weight=(1.0, 2.0, 4.0))
    rng = np.random.default_rng(3)
    scores, labels = rng.standard_normal((7, 3)), rng.integers(0, 3, 7)
    case = Case("", loss, (float32(N, 3), int64(N)))
    parts = [slice(0, 2), slice(2, 7)]
    weights = [loss.reference_weight(scores[part], labels[part]) for part in parts]
    means = [float(ev.evaluate(case, False, (scores[p], labels[p])).results[0]) for p in parts]
    whole = float(ev.evaluate(case, False, (scores, labels)).results[0])
    assert np.dot(weights, means) / sum(weights) == pytest.approx(whole, rel=1e-12)
