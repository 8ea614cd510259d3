"""A confusion matrix as text."""

from __future__ import annotations

import numpy as np
from dslc_runtime.confusion import table_lines


def test_a_small_matrix_is_printed_whole() -> None:
    table = np.asarray([[12, 0], [3, 104]])
    assert list(table_lines("metric.confusion_matrix", table)) == [
        "metric.confusion_matrix (rows: true, columns: predicted)",
        "     |   0   1",
        "   0 |  12   0",
        "   1 |   3 104",
    ]


def test_of_many_classes_the_frequent_mistakes_are_told() -> None:
    table = 9 * np.eye(30, dtype=np.int64)
    table[3, 5], table[7, 29] = 4, 6
    assert list(table_lines("confusion", table)) == [
        "confusion (30 classes): 10 of 280 mistaken, most often",
        "  7 taken for 29: 6 times",
        "  3 taken for 5: 4 times",
    ]


def test_without_a_mistake_none_is_told() -> None:
    lines = list(table_lines("confusion", np.eye(21, dtype=np.int64)))
    assert lines == ["confusion (21 classes): 0 of 21 mistaken"]
