"""What the rows of `roi_align` leave open: its gradient is stopped at the boxes, so differences do not apply."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dslc.graph.builder import Builder
from dslc.layers.roi import RoiAlign
from tests.operations import evaluate as ev
from tests.operations.cases_roi import CASES
from tests.operations.harness import Case, N
from tests.operations.tolerance import assert_result

ALIGNED = [case for case in CASES if isinstance(case.operation, RoiAlign)]

every_case = pytest.mark.parametrize("case", ALIGNED, ids=lambda case: case.name)


def _evaluated(case: Case) -> tuple[Any, Any]:
    values, _ = ev.draw(case)
    return values, ev.evaluate(case, True, values)


@every_case
def test_the_backward_pass_is_the_transpose(case: Case) -> None:
    """The result is linear in the features: <dy, y> = <dx, x> for every dy."""
    values, found = _evaluated(case)
    (dy,) = ev.cotangents(found.results)
    dx = found.backward(dy)[0]
    np.testing.assert_allclose((dx * values[0]).sum(), (dy * found.results[0]).sum(), rtol=1e-10)
    assert np.any(dx)


@every_case
def test_the_products_take_a_free_number_of_images(case: Case) -> None:
    """A graph for inference that is differentiated does not know the number of images."""
    values, found = _evaluated(case)
    features, boxes, numbers = (type for type in case.inputs if type is not None)
    g = Builder()
    g.differentiated = True
    types = (features.with_axis(0, N), boxes, numbers)
    operands = [g.input(f"x{i}", type) for i, type in enumerate(types)]
    lowered = ev.Lowered(g, [*operands], (case.operation.lower(g, *operands),), ["y"])
    g.output("y", lowered.results[0])
    computed = ev.on_onnxruntime(lowered, values)["y"]
    yardstick = ev.evaluate(case, True, ev.cast(values, np.float32), np.float32).results[0]
    assert_result(computed, found.results[0], yardstick, "result")
