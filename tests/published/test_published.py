"""ONNX's published cases hold for the interpreter and for the graph that an operation is compiled to.

`python -m tests.published.test_published` prints how many are used, and why others are not.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import pytest

from dslc.errors import RuleError
from dslc.types import DType, TensorType
from tests.operations import evaluate as ev
from tests.operations.harness import Case
from tests.published.cases import Array, Published, published
from tests.published.mapping import Matched, UnmatchedError, matched

FEWEST = 520
"""Cases that are used, at least: fewer would mean that a map has stopped matching."""

TOLERANCE = {"rtol": 1e-4, "atol": 1e-6}
ROUNDED = frozenset(
    [
        "test_averagepool_2d_ceil_last_window_starts_on_pad",
        "test_roialign_aligned_false",
        "test_roialign_aligned_true",
    ]
)
"""Inputs and outputs are published to four decimals: each gives half a unit of the last one."""


@cache
def found() -> tuple[dict[str, tuple[Published, Matched, Case]], Counter[str]]:
    """Return the cases that match something here, and how many do not, by reason."""
    used: dict[str, tuple[Published, Matched, Case]] = {}
    reasons: Counter[str] = Counter()
    for case in published():
        try:
            match = matched(case)
            used[case.name] = (case, match, _typed(case, match))
        except UnmatchedError as error:
            reasons[f"{case.node.op_type}: {error}"] += 1
        except (RuleError, ValueError, KeyError) as error:
            reasons[f"{case.node.op_type}: refused here ({str(error).splitlines()[0][:70]})"] += 1
    return used, reasons


def _typed(case: Published, match: Matched) -> Case:
    """Return the row of the table that a case amounts to; the shape rule accepts it."""
    types = tuple(
        None if array is None else TensorType(DType(str(array.dtype)), array.shape)
        for array in match.values
    )
    row = Case(case.name, match.operation, types, sizes={})
    ev.types_of(row)
    assert len(ev.parameters_of(row)) == len(match.parameters)
    return row


def _near(name: str, found: Array, expected: Array) -> None:
    assert found.shape == expected.shape
    tolerance = {"rtol": 0, "atol": 1e-4} if name in ROUNDED else TOLERANCE
    np.testing.assert_allclose(found.astype(np.float64), expected.astype(np.float64), **tolerance)


NAMES = sorted(found()[0])


def test_many_cases_are_used() -> None:
    assert len(NAMES) >= FEWEST


@pytest.mark.parametrize("name", NAMES)
def test_interpreter_and_graph_give_what_is_published(name: str) -> None:
    case, match, row = found()[0][name]
    operands = (*match.values, *match.parameters)
    published_results = match.expected or case.outputs[: match.outputs]
    with np.errstate(invalid="ignore"):  # roots of negative numbers are among the cases
        exact = ev.evaluate(row, False, ev.cast(operands, np.float64))
    for y, expected in zip(exact.results, published_results, strict=True):
        _near(name, y, expected)
    given = ev.on_onnxruntime(ev.lower(row, False, {}), operands)
    for index, expected in enumerate(published_results):
        _near(name, np.asarray(given[f"y{index}"]), expected)


def main() -> None:
    used, reasons = found()
    kinds = Counter(case.node.op_type for case, _, _ in used.values())
    print(f"{len(used)} published cases of {len(kinds)} operators are used:")
    print(", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
    print(f"{reasons.total()} are not:")
    for reason, count in reasons.most_common():
        print(f"{count:5d}  {reason}")


if __name__ == "__main__":
    main()
